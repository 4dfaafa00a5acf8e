//! The rate of bytes that one poller may take. Pure: it is told the time.
//!
//! No second, wherever it begins, has more bytes than the rate: a batch starts when those of the second before it leave room. A batch of more
//! than one second's bytes starts after a second without any, and the next one when its bytes are paid for at the rate.

use std::collections::VecDeque;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// The bytes that one poller has taken lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByteAllowance {
    /// The batches that count still, oldest first.
    batches: VecDeque<TakenBatch>,
    /// The bytes of all of them.
    bytes: u64,
    /// The start of the last one, which may lie in the future.
    last_start: Duration,
}

#[derive(Clone, Copy, Debug)]
struct TakenBatch {
    bytes: u64,
    /// The time from which it counts no longer.
    until: Duration,
}

impl ByteAllowance {
    /// Returns the time at which the next batch may be taken; it is in the past if no batch waits for its start.
    pub(crate) fn ready_at(&self) -> Duration {
        self.last_start
    }

    /// Takes the bytes of a batch that could start `now`, and returns when it may. A `bytes_per_second` of 0 is no limit.
    pub(crate) fn take(&mut self, now: Duration, bytes: u64, bytes_per_second: u64) -> Duration {
        if bytes_per_second == 0 {
            return now;
        }
        let mut start = now.max(self.last_start);
        while let Some(oldest) = self.batches.front()
            && (oldest.until <= start || self.bytes.saturating_add(bytes) > bytes_per_second)
        {
            start = start.max(oldest.until);
            self.bytes -= oldest.bytes;
            self.batches.pop_front();
        }
        let nanoseconds = u128::from(bytes) * SECOND.as_nanos() / u128::from(bytes_per_second);
        let lasts = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        self.batches.push_back(TakenBatch {
            bytes,
            until: start.saturating_add(lasts.max(SECOND)),
        });
        self.bytes += bytes;
        self.last_start = start;
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u64 = 5_000_000;

    /// The starts of batches of these sizes that could all start at 10 s, in milliseconds after that.
    fn starts(sizes: impl IntoIterator<Item = u64>) -> Vec<u128> {
        let mut allowance = ByteAllowance::default();
        let now = Duration::from_secs(10);
        let start = |bytes| allowance.take(now, bytes, RATE) - now;
        sizes
            .into_iter()
            .map(start)
            .map(|after| after.as_millis())
            .collect()
    }

    #[test]
    fn a_second_of_bytes_may_go_at_once_and_no_more_in_the_same_second() {
        let expected = [vec![0; 10], vec![1_000; 10], vec![2_000]].concat();
        assert_eq!(starts([500_000; 21]), expected);
        // What does not fit any longer waits, however little is missing.
        assert_eq!(
            starts([3_000_000, 2_000_001, 2_000_000, 999_999]),
            [0, 1_000, 1_000, 1_000]
        );
    }

    #[test]
    fn a_batch_of_more_than_a_second_is_paid_off_before_the_next() {
        assert_eq!(starts([1, 15_000_000, 1, 5_000_000]), [0, 1_000, 4_000, 5_000]);
    }

    #[test]
    fn no_second_has_more_bytes_than_the_rate() {
        let mut allowance = ByteAllowance::default();
        let mut random = 1_u64;
        let mut taken: Vec<(Duration, u64)> = Vec::new();
        let mut now = Duration::ZERO;
        for _ in 0..2_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            now += Duration::from_millis((random >> 33) % 20);
            let bytes = (random >> 20) % 200_000;
            let start = allowance.take(now, bytes, RATE);
            assert!(start >= now && taken.last().is_none_or(|(last, _)| *last <= start));
            assert_eq!(allowance.ready_at(), start);
            now = start;
            taken.push((start, bytes));
        }
        for (start, _) in &taken {
            let second = taken
                .iter()
                .filter(|(time, _)| time >= start && *time < *start + SECOND);
            assert!(second.map(|(_, bytes)| bytes).sum::<u64>() <= RATE);
        }
        let total: u64 = taken.iter().map(|(_, bytes)| bytes).sum();
        assert!(
            total as f64 / now.as_secs_f64() > 0.95 * RATE as f64,
            "the rate is used"
        );
    }

    #[test]
    fn what_was_not_taken_is_not_saved_up() {
        let mut allowance = ByteAllowance::default();
        allowance.take(Duration::from_secs(10), 10_000_000, RATE);
        let later = Duration::from_secs(100);
        assert_eq!(allowance.take(later, RATE, RATE), later);
        assert_eq!(allowance.take(later, 1, RATE), Duration::from_secs(101));
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut allowance = ByteAllowance::default();
        let now = Duration::from_secs(10);
        assert_eq!(allowance.take(now, u64::MAX, 0), now);
        assert_eq!(allowance.ready_at(), Duration::ZERO);
    }
}
