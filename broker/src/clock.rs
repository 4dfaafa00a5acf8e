//! The wall clock: milliseconds from the system's clock or from tokio's.
//!
//! Only for timestamps that are stored or sent. Durations (timeouts, waits) are tokio's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Wall time in milliseconds since the Unix epoch, given to all code that stores or compares timestamps.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Wall time that moves with tokio's clock, which a simulation pauses.
    Tokio {
        epoch_ms: i64,
        origin: Instant,
    },
}

impl Clock {
    /// Returns the system's wall clock.
    pub fn system() -> Self {
        Self {
            source: Source::System,
        }
    }

    /// Returns a wall clock that reads `epoch_ms` now and moves with tokio's clock, paused or not.
    pub fn tokio(epoch_ms: i64) -> Self {
        Self {
            source: Source::Tokio {
                epoch_ms,
                origin: Instant::now(),
            },
        }
    }

    /// Returns the time in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        match &self.source {
            Source::System => system_now().as_millis() as i64,
            Source::Tokio { epoch_ms, origin } => epoch_ms + origin.elapsed().as_millis() as i64,
        }
    }
}

#[allow(clippy::disallowed_methods)] // the one place that may ask the system
fn system_now() -> Duration {
    // A clock that is set before 1970 must not end the process.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
