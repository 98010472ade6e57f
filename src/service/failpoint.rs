//! Named points at which a test may make the process kill itself, as a power failure would.
//! `SEALWRIGHT_FAILPOINT=name:n` dies at the n-th passing. Not part of any release.

use std::sync::atomic::{AtomicU64, Ordering};

static PASSED: AtomicU64 = AtomicU64::new(0);

/// Dies here if told so.
pub(super) fn pass(name: &str) {
    let Ok(wanted) = std::env::var("SEALWRIGHT_FAILPOINT") else { return };
    let Some((point, count)) = wanted.split_once(':') else { return };
    if point == name && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == count.parse().unwrap_or(1) {
        std::process::abort();
    }
}
