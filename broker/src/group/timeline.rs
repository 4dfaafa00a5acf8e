//! The time of groups.

use std::time::Duration;
use tokio::time::Instant;

/// Milliseconds that never go back: the wall clock when the groups began, plus tokio's clock since then. Session timers and the
/// timestamps of commits use the same clock, and both move with a paused one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeline {
    pub(super) origin: Instant,
    pub(super) epoch_ms: i64,
}

impl Timeline {
    /// Returns the time now.
    pub(super) fn now_ms(&self) -> i64 {
        self.epoch_ms + self.origin.elapsed().as_millis() as i64
    }

    /// Returns the moment of `at_ms`, at the earliest the origin.
    pub(super) fn instant(&self, at_ms: i64) -> Instant {
        let since_origin_ms = u64::try_from(at_ms - self.epoch_ms).unwrap_or(0);
        self.origin + Duration::from_millis(since_origin_ms)
    }
}
