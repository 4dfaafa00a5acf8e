//! Waiting for a condition.

use std::time::{Duration, Instant};

/// Repeats `holds` until it returns true.
///
/// # Panics
/// With `what` at `deadline`.
pub(crate) fn until(deadline: Instant, what: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {}", what());
        std::thread::sleep(Duration::from_millis(20));
    }
}
