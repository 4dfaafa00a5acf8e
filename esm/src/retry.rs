//! Attempts and backoff of failed batches. Pure: it is handed its randomness.
//!
//! A batch is retried until it succeeds, as Lambda does by default in both modes; what it blocks is the caller's matter.
//!
//! # Differs from Lambda
//! - Lambda's backoff is not documented. Ours doubles from 100 ms to 10 s, each with up to a half taken off at random. It starts
//!   anew when the partition moves to another poller, because a poller takes no attempts with it.

use std::time::Duration;

/// Why a batch has to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The function failed: an attempt.
    Failed,
    /// 429: not an attempt.
    Throttled,
    /// The function was not reached: not an attempt.
    Unreachable,
}

/// What is to be done with the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Invoke again after so long.
    RetryAfter(Duration),
}

/// Waiting times that double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// Before the first retry.
    pub(crate) initial: Duration,
    /// Never longer than that.
    pub(crate) maximum: Duration,
}

/// How batches are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// After a failure of the function.
    pub(crate) failed: Backoff,
    /// After a throttle.
    pub(crate) throttled: Backoff,
    /// When the function was not reached.
    pub(crate) unreachable: Backoff,
}

/// What has been tried with one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// Invocations that failed in the function.
    pub(crate) failed: u32,
    /// Throttles since it last reached the function.
    throttled: u32,
    /// Failures to reach it since.
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
    /// Before retry `nth`, from 1 on: whole milliseconds, from half of the doubled time up to all of it.
    fn delay(&self, nth: u32, random: u64) -> Duration {
        let factor = 1u32.checked_shl(nth - 1).unwrap_or(u32::MAX);
        let full = self.initial.saturating_mul(factor).min(self.maximum);
        let half_ms = full.as_millis() as u64 / 2;
        full.saturating_sub(Duration::from_millis(random % (half_ms + 1)))
    }
}

impl Attempts {
    /// Counts one more and says what follows.
    pub(crate) fn next(&mut self, cause: Cause, policy: &RetryPolicy, random: u64) -> Verdict {
        let (backoff, nth) = match cause {
            Cause::Failed => {
                self.failed = self.failed.saturating_add(1);
                (self.throttled, self.unreachable) = (0, 0);
                (policy.failed, self.failed)
            }
            Cause::Throttled => {
                self.throttled = self.throttled.saturating_add(1);
                (policy.throttled, self.throttled)
            }
            Cause::Unreachable => {
                self.unreachable = self.unreachable.saturating_add(1);
                (policy.unreachable, self.unreachable)
            }
        };
        Verdict::RetryAfter(backoff.delay(nth, random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(cause: Cause, random: u64, count: usize) -> Vec<u128> {
        let mut attempts = Attempts::default();
        (0..count)
            .map(|_| match attempts.next(cause, &RetryPolicy::default(), random) {
                Verdict::RetryAfter(delay) => delay.as_millis(),
            })
            .collect()
    }

    #[test]
    fn delays_double_up_to_the_maximum() {
        for cause in [Cause::Failed, Cause::Throttled, Cause::Unreachable] {
            assert_eq!(
                delays(cause, 0, 9),
                [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
            );
        }
    }

    #[test]
    fn jitter_takes_off_half_at_most() {
        assert_eq!(delays(Cause::Failed, 50, 2), [50, 150]);
        assert_eq!(delays(Cause::Failed, 51, 1), [100]);
        for random in 0..200 {
            let delay = delays(Cause::Failed, random, 8)[7];
            assert!((5000..=10_000).contains(&delay), "{delay}");
        }
    }

    #[test]
    fn the_hundredth_delay_is_still_the_maximum() {
        assert_eq!(delays(Cause::Unreachable, 0, 100)[99], 10_000);
    }

    #[test]
    fn throttles_are_no_attempts() {
        let mut attempts = Attempts::default();
        let policy = RetryPolicy::default();
        attempts.next(Cause::Throttled, &policy, 0);
        attempts.next(Cause::Unreachable, &policy, 0);
        assert_eq!(attempts.failed, 0);
        attempts.next(Cause::Failed, &policy, 0);
        assert_eq!(attempts.failed, 1);
        assert_eq!(
            attempts.next(Cause::Throttled, &policy, 0),
            Verdict::RetryAfter(Duration::from_millis(100))
        );
    }
}
