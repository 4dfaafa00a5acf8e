//! Time for the engine: the only file of this crate that names `tokio::time`. Intervals of the engine are divided by the time
//! scale here, so nothing else knows whether time is real, scaled or virtual.

use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// Sleeps, deadlines and wall time of the engine, with the time scale applied.
#[derive(Clone, Debug)]
pub struct Clock {
    wall: esmeralda_broker::Clock,
    scale: u32,
}

impl Clock {
    /// Unscaled time over `wall`.
    pub fn new(wall: esmeralda_broker::Clock) -> Self {
        Self { wall, scale: 1 }
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.wall.now_ms()
    }

    /// Now, for measuring and for [`Clock::sleep_until`].
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// The instant that lies `interval` of the engine's time after `from`.
    pub fn after(&self, from: Instant, interval: Duration) -> Instant {
        from + interval / self.scale
    }

    /// Sleeps for `interval` of the engine's time.
    pub async fn sleep(&self, interval: Duration) {
        tokio::time::sleep_until(self.after(self.now(), interval)).await;
    }

    /// Waits for `future` for at most `limit` of unscaled time: for peers outside this process, whose time is their own. `None` when it
    /// took longer; the future is dropped then.
    pub async fn within_real_time<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(limit, future).await.ok()
    }

    /// Sleeps until `deadline`.
    pub async fn sleep_until(&self, deadline: Instant) {
        tokio::time::sleep_until(deadline).await;
    }
}
