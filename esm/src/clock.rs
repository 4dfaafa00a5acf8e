//! The engine's clock: the only file of this crate that names `tokio::time`. It divides the engine's intervals by the time scale, so that
//! nothing else knows whether time is real, scaled or virtual.
//!
//! There are two kinds of time. The engine's time is scaled, a [`Duration`] since the clock was made ([`Clock::elapsed`]), and is what the
//! pure rules are told. Timers of the group's protocol are an [`Instant`] and are never scaled, because outside clients have their own.

use std::future::Future;
use std::time::Duration;

/// The source of random numbers, handed down beside the clock.
pub use esmeralda_broker::Entropy;
/// An instant of unscaled time, for timers of the group's protocol.
pub(crate) use tokio::time::Instant;

/// The shortest scaled interval that is kept with any precision. A shorter one is mostly the timer's resolution of one millisecond and the
/// scheduler's delays.
const LEAST_SCALED: Duration = Duration::from_millis(5);

/// Sleeps, deadlines and wall time of the engine, with the time scale applied.
#[derive(Clone, Debug)]
pub struct Clock {
    wall: esmeralda_broker::Clock,
    origin: Instant,
    /// The wall time at `origin`, in milliseconds since the Unix epoch.
    origin_ms: i64,
    scale: u32,
}

impl Clock {
    /// Returns a clock with unscaled time over `wall`.
    pub fn new(wall: esmeralda_broker::Clock) -> Self {
        Self::scaled(wall, 1)
    }

    /// Returns a clock in which the engine's intervals pass `scale` times as fast; `scale` is 1 or more.
    pub fn scaled(wall: esmeralda_broker::Clock, scale: u32) -> Self {
        Self {
            origin_ms: wall.now_ms(),
            wall,
            origin: Instant::now(),
            scale: scale.max(1),
        }
    }

    /// Returns the factor by which the engine's time is faster than real time.
    pub fn scale(&self) -> u32 {
        self.scale
    }

    /// Returns the engine's time that passes in `interval` of unscaled time: for waits on people, or on other processes.
    pub fn in_real_time(&self, interval: Duration) -> Duration {
        interval * self.scale
    }

    /// Returns whether `interval` of the engine's time is too short to be kept with any precision on this time scale.
    pub fn is_too_fine(&self, interval: Duration) -> bool {
        self.scale > 1 && !interval.is_zero() && interval / self.scale < LEAST_SCALED
    }

    /// Warns if an interval is too short for the time scale.
    pub(crate) fn check(&self, what: &str, interval: Duration) {
        if self.is_too_fine(interval) {
            tracing::warn!(
                what,
                interval_ms = interval.as_secs_f64() * 1_000.0,
                time_scale = self.scale,
                "scaled, this is less than 5 ms of real time and will not be kept precisely: choose a smaller time scale"
            );
        }
    }

    /// Returns the wall time in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.wall.now_ms()
    }

    /// Returns a moment of the engine's time in milliseconds since the Unix epoch. On a scaled clock the engine's time begins with the wall
    /// time at which the clock was made, and runs ahead of it.
    pub fn unix_ms(&self, moment: Duration) -> i64 {
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        match self.scale {
            // By the wall and not by what has passed, which does not count the time that a machine was suspended.
            1 => {
                let passed = self.elapsed();
                self.now_ms() - milliseconds(passed.saturating_sub(moment))
                    + milliseconds(moment.saturating_sub(passed))
            }
            _ => self.origin_ms.saturating_add(milliseconds(moment)),
        }
    }

    /// Returns the engine's time that has passed since the clock was made.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed() * self.scale
    }

    /// Sleeps until `moment` of the engine's time. It is absolute, so that the rounding of a chain of sleeps does not add up.
    pub async fn reach(&self, moment: Duration) {
        // Rounded up: a sleeper that wakes a nanosecond early would find nothing due and wake again.
        let nanoseconds = moment.as_nanos().div_ceil(u128::from(self.scale));
        let since_origin = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        tokio::time::sleep_until(self.origin + since_origin).await;
    }

    /// Returns the present instant, for measuring and for [`Clock::sleep_until`].
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Returns the instant that is `interval` of the engine's time after `from`.
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

    /// Sleeps for `interval` of unscaled time.
    pub(crate) async fn pause_in_real_time(interval: Duration) {
        tokio::time::sleep(interval).await;
    }

    /// Sleeps until `deadline`.
    pub async fn sleep_until(&self, deadline: Instant) {
        tokio::time::sleep_until(deadline).await;
    }

    /// Returns the output of `future`, or `None` if it takes longer than `limit`, which is not scaled, because people wait for it.
    pub async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(limit, future).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn absolute_sleeps_gather_no_rounding() {
        let clock = Clock::new(esmeralda_broker::Clock::tokio(0));
        let mut moment = Duration::ZERO;
        for _ in 0..1000 {
            moment += Duration::from_millis(80);
            clock.reach(moment).await;
            moment += Duration::from_millis(100);
            clock.reach(moment).await;
        }
        assert_eq!(clock.elapsed(), Duration::from_secs(180));
    }

    #[tokio::test(start_paused = true)]
    async fn scaled_intervals_of_less_than_five_milliseconds_are_too_fine() {
        let clock = |scale| Clock::scaled(esmeralda_broker::Clock::tokio(0), scale);
        let overhead = Duration::from_millis(80);
        assert!(!clock(1).is_too_fine(Duration::from_millis(1)));
        assert!(!clock(16).is_too_fine(overhead));
        assert!(clock(17).is_too_fine(overhead));
        assert!(!clock(1_000).is_too_fine(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_has_wall_time_of_its_own() {
        for (scale, expected_ms) in [(1, 5_000 + 2_000), (60, 5_000 + 120_000)] {
            let clock = Clock::scaled(esmeralda_broker::Clock::tokio(5_000), scale);
            let start_ms = clock.unix_ms(Duration::ZERO);
            clock.sleep_until(clock.now() + Duration::from_secs(2)).await;
            assert_eq!(clock.unix_ms(clock.elapsed()) - start_ms, expected_ms - 5_000);
            assert_eq!(clock.unix_ms(Duration::ZERO), start_ms);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_has_reached_the_moment_when_it_wakes() {
        let clock = Clock::scaled(esmeralda_broker::Clock::tokio(0), 7);
        let moment = Duration::from_nanos(1_000_000_001);
        clock.reach(moment).await;
        assert!(clock.elapsed() >= moment);
        assert!(clock.origin.elapsed() < Duration::from_millis(145));
    }
}
