//! How much one question may cost: anybody can send certificates and lists by the hundred that name
//! each other.

use std::cell::Cell;

/// The signatures that may still be verified for one question.
#[derive(Debug)]
pub struct Effort(Cell<u32>);

impl Effort {
    /// The most signatures that are verified for one question.
    const MOST: u32 = 1000;

    /// Takes one; `false` where there is none left.
    pub(super) fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self(Cell::new(Self::MOST))
    }
}
