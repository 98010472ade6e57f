//! How much one question may cost: anybody can send certificates and lists by the hundred that name
//! each other.

use std::sync::atomic::{AtomicU32, Ordering};

/// The signatures that may still be verified. Who has none left knows nothing: what was not verified
/// could have told something else.
#[derive(Debug)]
pub struct Effort(AtomicU32);

impl Effort {
    /// The most that is spent on one document.
    const MOST: u32 = 4000;
    /// So many signed bytes cost as much as a signature.
    const BYTES: usize = 64 << 10;

    /// Takes what verifying a signature over so many bytes costs; `false` where it is not left.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let cost = u32::try_from(1 + bytes / Self::BYTES).unwrap_or(u32::MAX);
        let less = |left: u32| Some(left.saturating_sub(cost));
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        left.is_ok_and(|left| left > cost)
    }

    /// Whether nothing is left.
    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self(AtomicU32::new(Self::MOST))
    }
}
