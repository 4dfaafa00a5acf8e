//! Attempts and backoff of failed batches. Pure: it is handed its randomness.
//!
//! # Differs from Lambda
//! - Lambda's backoff is not documented. Ours doubles from 100 ms to 10 s, and a random part of up to a half is taken off, so that
//!   batches that failed together do not come back together. It starts anew when a partition moves to another poller, because the
//!   attempts do not move with it.

use std::time::Duration;

/// The reason why a batch is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryCause {
    /// The function failed. Counts as an attempt.
    Failed,
    /// The function was throttled (429). Not an attempt.
    Throttled,
    /// The function was not reached. Not an attempt.
    Unreachable,
}

/// Delays that double with each retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// The delay before the first retry.
    pub(crate) initial: Duration,
    /// The longest delay.
    pub(crate) maximum: Duration,
}

/// The backoffs of a mapping, by cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// The backoff after a failure of the function.
    pub(crate) failed: Backoff,
    /// The backoff after a throttle.
    pub(crate) throttled: Backoff,
    /// The backoff after the function was not reached.
    pub(crate) unreachable: Backoff,
}

/// The attempts to invoke a function with one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// Number of invocations that failed in the function.
    pub(crate) failed: u32,
    /// Number of throttles since the batch last reached the function.
    pub(crate) throttled: u32,
    /// Number of failures to reach the function since the batch last reached it.
    unreachable: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let backoff = Backoff {
            initial: Duration::from_millis(100),
            maximum: Duration::from_secs(10),
        };
        Self {
            failed: backoff,
            throttled: backoff,
            unreachable: backoff,
        }
    }
}

impl Backoff {
    /// Returns the delay before retry `nth`, counted from 1: whole milliseconds, from half of the doubled delay up to all of it.
    pub(crate) fn delay(&self, nth: u32, random: u64) -> Duration {
        // From the 33rd retry on the factor does not fit; the maximum is reached long before.
        let factor = 1u32.checked_shl(nth - 1).unwrap_or(u32::MAX);
        let full = self.initial.saturating_mul(factor).min(self.maximum);
        let half_ms = full.as_millis() as u64 / 2;
        full.saturating_sub(Duration::from_millis(random % (half_ms + 1)))
    }
}

impl Attempts {
    /// Counts one more failure and returns the delay before the next attempt.
    pub(crate) fn next_delay(&mut self, cause: RetryCause, policy: &RetryPolicy, random: u64) -> Duration {
        let (backoff, nth) = match cause {
            RetryCause::Failed => {
                self.failed = self.failed.saturating_add(1);
                (self.throttled, self.unreachable) = (0, 0);
                (policy.failed, self.failed)
            }
            RetryCause::Throttled => {
                self.throttled = self.throttled.saturating_add(1);
                (policy.throttled, self.throttled)
            }
            RetryCause::Unreachable => {
                self.unreachable = self.unreachable.saturating_add(1);
                (policy.unreachable, self.unreachable)
            }
        };
        backoff.delay(nth, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(cause: RetryCause, random: u64, count: usize) -> Vec<u128> {
        let mut attempts = Attempts::default();
        (0..count)
            .map(|_| {
                attempts
                    .next_delay(cause, &RetryPolicy::default(), random)
                    .as_millis()
            })
            .collect()
    }

    #[test]
    fn delays_double_up_to_the_maximum() {
        for cause in [RetryCause::Failed, RetryCause::Throttled, RetryCause::Unreachable] {
            assert_eq!(
                delays(cause, 0, 9),
                [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
            );
        }
    }

    #[test]
    fn jitter_takes_off_half_at_most() {
        assert_eq!(delays(RetryCause::Failed, 50, 2), [50, 150]);
        assert_eq!(delays(RetryCause::Failed, 51, 1), [100]);
        for random in 0..200 {
            let delay = delays(RetryCause::Failed, random, 8)[7];
            assert!((5000..=10_000).contains(&delay), "{delay}");
        }
    }

    #[test]
    fn the_hundredth_delay_is_still_the_maximum() {
        assert_eq!(delays(RetryCause::Unreachable, 0, 100)[99], 10_000);
    }

    #[test]
    fn throttles_are_no_attempts() {
        let mut attempts = Attempts::default();
        let policy = RetryPolicy::default();
        attempts.next_delay(RetryCause::Throttled, &policy, 0);
        attempts.next_delay(RetryCause::Unreachable, &policy, 0);
        assert_eq!(attempts.failed, 0);
        attempts.next_delay(RetryCause::Failed, &policy, 0);
        assert_eq!(attempts.failed, 1);
        assert_eq!(
            attempts.next_delay(RetryCause::Throttled, &policy, 0),
            Duration::from_millis(100)
        );
    }
}
