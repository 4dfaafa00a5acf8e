//! The rate of bytes that one poller may take. Pure: it is told the time.
//!
//! A token bucket that holds one second's bytes. It is kept as the time at which it is full again, so no timer has to fill it: a batch moves
//! that time on by the time that its bytes take at the rate. A batch may start while the bucket is not in debt, and may overdraw it, so that
//! a batch of more than one second's bytes is possible too. The rate holds all the same.

use std::time::Duration;

const CAPACITY: Duration = Duration::from_secs(1);

/// The token bucket of one poller.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByteAllowance {
    full_at: Duration,
}

impl ByteAllowance {
    /// Returns the time at which the next batch may start; it is in the past if the batch may start now.
    pub(crate) fn ready_at(&self) -> Duration {
        self.full_at.saturating_sub(CAPACITY)
    }

    /// Takes the bytes of a batch that starts `now`. A `bytes_per_second` of 0 is no limit.
    pub(crate) fn take(&mut self, now: Duration, bytes: u64, bytes_per_second: u64) {
        if bytes_per_second > 0 {
            let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second);
            let lasts = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
            // A bucket that is full stays full: what was not taken in an idle time is not saved up.
            self.full_at = self.full_at.max(now).saturating_add(lasts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u64 = 5_000_000;

    #[test]
    fn a_second_of_bytes_may_go_at_once_and_then_the_rate_holds() {
        let mut allowance = ByteAllowance::default();
        let mut now = Duration::from_secs(10);
        let mut starts = Vec::new();
        for _ in 0..14 {
            now = now.max(allowance.ready_at());
            starts.push(now.as_millis());
            allowance.take(now, 500_000, RATE);
        }
        // Eleven: the bucket's ten, and the one that overdraws it.
        let expected = [vec![10_000; 11], vec![10_100, 10_200, 10_300]].concat();
        assert_eq!(starts, expected);
    }

    #[test]
    fn a_batch_larger_than_the_bucket_is_paid_off_before_the_next() {
        let mut allowance = ByteAllowance::default();
        allowance.take(Duration::from_secs(10), 15_000_000, RATE);
        assert_eq!(allowance.ready_at(), Duration::from_secs(12));
    }

    #[test]
    fn what_was_not_taken_is_kept_for_one_second_only() {
        let mut allowance = ByteAllowance::default();
        allowance.take(Duration::from_secs(10), 10_000_000, RATE);
        assert_eq!(allowance.ready_at(), Duration::from_secs(11));
        allowance.take(Duration::from_secs(100), 10_000_000, RATE);
        assert_eq!(allowance.ready_at(), Duration::from_secs(101));
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut allowance = ByteAllowance::default();
        allowance.take(Duration::from_secs(10), u64::MAX, 0);
        assert_eq!(allowance.ready_at(), Duration::ZERO);
    }
}
