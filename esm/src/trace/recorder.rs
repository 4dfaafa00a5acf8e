//! Writes a trace from readings of numbers that only rise. Pure: it is told the time.

use super::{Bucket, Cause, Rebalance, Trace};
use crate::billing::{Meter, event_poller_units};
use crate::profile::EventPollerUnit;
use crate::scaler::Decision;
use std::collections::VecDeque;
use std::time::Duration;

/// How finely and how much is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    /// Length of a bucket, in the engine's time; not zero.
    pub bucket: Duration,
    /// The newest so many buckets, evaluations and rebalances are kept.
    pub capacity: usize,
}

impl Default for TraceSettings {
    /// Buckets of a second, kept for an hour.
    fn default() -> Self {
        Self {
            bucket: Duration::from_secs(1),
            capacity: 3_600,
        }
    }
}

/// A mapping at one moment; what is not said to be otherwise has only risen since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// OffsetLag now.
    pub lag: u64,
    /// End offsets of all partitions together.
    pub end_offsets: u64,
    /// Offsets that commits advanced by.
    pub committed: u64,
    /// When the last commit was, since the mapping became Enabled.
    pub last_commit: Duration,
    /// Pollers now.
    pub pollers: usize,
    /// What provisioned mode bills at least; `None` in on-demand mode, which bills no units.
    pub minimum_pollers: Option<usize>,
    /// The most batches in flight since the reading before.
    pub in_flight_max: usize,
    /// Batches in flight, added up over time: 1 for each second that each was in flight.
    pub in_flight: Duration,
    /// Invocations that were completed.
    pub invocations: u64,
    /// Of them, those that failed.
    pub invocation_errors: u64,
    /// Invocations that were throttled.
    pub throttles: u64,
    /// Records that were processed.
    pub records: u64,
    /// Their bytes.
    pub record_bytes: u64,
}

/// Writes the trace of one mapping, from the moment it became Enabled.
#[derive(Clone, Debug)]
pub struct Recorder {
    settings: TraceSettings,
    unit: EventPollerUnit,
    starting_pollers: usize,
    /// When the next bucket begins, and what was read then.
    next: Duration,
    before: Reading,
    is_complete: bool,
    drained_at: Option<Duration>,
    meter: Meter,
    buckets: VecDeque<Bucket>,
    evaluations: VecDeque<Decision>,
    rebalances: VecDeque<Rebalance>,
}

impl Recorder {
    /// Starts with the mapping as `reading` shows it.
    pub fn new(settings: TraceSettings, unit: EventPollerUnit, reading: Reading) -> Self {
        Self {
            settings,
            unit,
            starting_pollers: reading.pollers,
            next: Duration::ZERO,
            before: reading,
            is_complete: true,
            drained_at: (reading.lag == 0).then_some(Duration::ZERO),
            meter: Meter::default(),
            buckets: VecDeque::new(),
            evaluations: VecDeque::new(),
            rebalances: VecDeque::new(),
        }
    }

    /// When the present bucket ends.
    pub fn due(&self) -> Duration {
        self.next + self.settings.bucket
    }

    /// How long buckets are.
    pub fn bucket(&self) -> Duration {
        self.settings.bucket
    }

    /// Ends the present bucket with what was read `now`.
    pub fn record(&mut self, now: Duration, reading: Reading) {
        let bucket = self.bucket_until(now, &reading);
        self.meter.add(bucket.event_poller_units, bucket.length);
        self.drained_at = self.drained(&reading);
        self.next = now;
        self.before = reading;
        self.is_complete &= keep(&mut self.buckets, bucket, self.settings.capacity);
    }

    /// An evaluation was made.
    pub fn evaluated(&mut self, decision: Decision) {
        self.is_complete &= keep(&mut self.evaluations, decision, self.settings.capacity);
    }

    /// The fleet's size was decided to change.
    pub fn rebalance_begins(&mut self, now: Duration, from: usize, to: usize, cause: Cause) {
        let rebalance = Rebalance {
            decided_at: now,
            ended_at: None,
            from,
            to,
            cause,
        };
        self.is_complete &= keep(&mut self.rebalances, rebalance, self.settings.capacity);
    }

    /// Every poller goes on.
    pub fn rebalance_ends(&mut self, now: Duration) {
        for open in self
            .rebalances
            .iter_mut()
            .filter(|rebalance| rebalance.ended_at.is_none())
        {
            open.ended_at = Some(now);
        }
    }

    /// Event poller units that were billed in the last bucket.
    pub fn event_poller_units(&self) -> u64 {
        self.buckets.back().map_or(0, |bucket| bucket.event_poller_units)
    }

    /// The trace up to the last bucket that ended.
    pub fn trace(&self) -> Trace {
        self.trace_until(self.next, &self.before)
    }

    /// The trace so far, its last bucket cut short by what was read `now`.
    pub fn trace_until(&self, now: Duration, reading: &Reading) -> Trace {
        let mut meter = self.meter;
        let mut buckets: Vec<Bucket> = self.buckets.iter().copied().collect();
        let rest = self.bucket_until(now, reading);
        match buckets.last_mut() {
            // What happened in the very moment in which the last bucket ended.
            Some(last) if rest.length.is_zero() => last.extend(&rest),
            _ if rest.length.is_zero() => {}
            _ => {
                meter.add(rest.event_poller_units, rest.length);
                buckets.push(rest);
            }
        }
        Trace {
            bucket: self.settings.bucket,
            starting_pollers: self.starting_pollers,
            is_complete: self.is_complete,
            drained_at: self.drained(reading),
            event_poller_unit_hours: meter.unit_hours(),
            cost_usd: meter.unit_hours() * self.unit.usd_per_hour,
            buckets,
            evaluations: self.evaluations.iter().cloned().collect(),
            rebalances: self.rebalances.iter().copied().collect(),
        }
    }

    /// Lag that was there and is gone went with the last commit.
    fn drained(&self, reading: &Reading) -> Option<Duration> {
        let has_worked = reading.committed > self.before.committed || self.before.lag > 0;
        match reading.lag {
            0 if has_worked => Some(reading.last_commit),
            0 => self.drained_at,
            _ => None,
        }
    }

    fn bucket_until(&self, now: Duration, reading: &Reading) -> Bucket {
        let before = &self.before;
        let length = now.saturating_sub(self.next);
        let record_bytes = reading.record_bytes - before.record_bytes;
        let units = |minimum: usize| {
            let pollers = reading.pollers.max(minimum);
            event_poller_units(&self.unit, pollers, record_bytes, length)
        };
        Bucket {
            start: self.next,
            length,
            lag: reading.lag,
            // A topic that was made anew starts from nothing.
            arrived: reading.end_offsets.saturating_sub(before.end_offsets),
            committed: reading.committed - before.committed,
            pollers: reading.pollers,
            in_flight_max: reading.in_flight_max,
            in_flight_mean: match length.as_secs_f64() {
                0.0 => 0.0,
                seconds => (reading.in_flight - before.in_flight).as_secs_f64() / seconds,
            },
            invocations: reading.invocations - before.invocations,
            invocation_errors: reading.invocation_errors - before.invocation_errors,
            throttles: reading.throttles - before.throttles,
            records: reading.records - before.records,
            record_bytes,
            event_poller_units: reading.minimum_pollers.map_or(0, units),
        }
    }
}

/// Keeps `item`, and of all only the newest; whether nothing was forgotten.
fn keep<T>(items: &mut VecDeque<T>, item: T, capacity: usize) -> bool {
    let is_full = items.len() >= capacity.max(1);
    if is_full {
        items.pop_front();
    }
    items.push_back(item);
    !is_full
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ProfileName;

    const SECOND: Duration = Duration::from_secs(1);

    fn recorder(capacity: usize, reading: Reading) -> Recorder {
        let settings = TraceSettings {
            bucket: SECOND,
            capacity,
        };
        Recorder::new(
            settings,
            ProfileName::Current.profile().event_poller_unit,
            reading,
        )
    }

    /// A backlog of 300 that two pollers work off at 100 a second.
    fn reading(committed: u64) -> Reading {
        Reading {
            lag: 300 - committed,
            end_offsets: 300,
            committed,
            last_commit: Duration::from_millis(committed * 10 - committed.min(50)),
            pollers: 2,
            minimum_pollers: Some(11),
            in_flight_max: 2,
            in_flight: Duration::from_millis(committed * 15),
            invocations: committed / 10,
            records: committed,
            record_bytes: committed * 1_000,
            ..Reading::default()
        }
    }

    #[test]
    fn buckets_are_differences_and_the_last_one_may_be_short() {
        let mut recorder = recorder(10, reading(0));
        recorder.record(SECOND, reading(100));
        assert_eq!(recorder.due(), 2 * SECOND);
        recorder.record(2 * SECOND, reading(200));
        let trace = recorder.trace_until(Duration::from_millis(2_500), &reading(250));
        let starts: Vec<_> = trace
            .buckets
            .iter()
            .map(|bucket| bucket.start.as_secs_f64())
            .collect();
        assert_eq!(starts, [0.0, 1.0, 2.0]);
        let bucket = Bucket {
            start: 2 * SECOND,
            length: Duration::from_millis(500),
            lag: 50,
            arrived: 0,
            committed: 50,
            pollers: 2,
            in_flight_max: 2,
            in_flight_mean: 1.5,
            invocations: 5,
            records: 50,
            record_bytes: 50_000,
            event_poller_units: 2,
            ..Bucket::default()
        };
        assert_eq!(trace.buckets[2], bucket);
        assert_eq!(trace.event_poller_unit_hours, 5.0 / 3600.0);
        assert_eq!(trace.cost_usd, 5.0 / 3600.0 * 0.185);
        assert_eq!((trace.drained_at, trace.is_complete), (None, true));
    }

    #[test]
    fn what_is_drained_was_drained_by_the_last_commit() {
        let mut recorder = recorder(10, reading(0));
        recorder.record(SECOND, reading(100));
        let drained = Duration::from_millis(2_950);
        assert_eq!(
            recorder.trace_until(3 * SECOND, &reading(300)).drained_at,
            Some(drained)
        );
        recorder.record(3 * SECOND, reading(300));
        recorder.record(4 * SECOND, reading(300));
        let trace = recorder.trace_until(4 * SECOND, &reading(300));
        assert_eq!(trace.drained_at, Some(drained));
        assert_eq!(trace.buckets.len(), 3);
        assert_eq!(trace.longest_wait(), drained);
    }

    #[test]
    fn what_happens_in_the_moment_in_which_a_bucket_ends_is_not_lost() {
        let mut recorder = recorder(10, reading(0));
        recorder.record(SECOND, reading(200));
        let trace = recorder.trace_until(SECOND, &reading(300));
        let shown: Vec<_> = trace
            .buckets
            .iter()
            .map(|bucket| (bucket.lag, bucket.records, bucket.committed))
            .collect();
        assert_eq!(shown, [(0, 300, 300)]);
        assert_eq!(trace.buckets[0].length, SECOND);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut recorder = recorder(2, reading(0));
        for second in 1..=3 {
            recorder.record(second * SECOND, reading(0));
        }
        let trace = recorder.trace_until(3 * SECOND, &reading(0));
        assert_eq!(trace.buckets.first().map(|bucket| bucket.start), Some(SECOND));
        assert!(!trace.is_complete);
    }

    #[test]
    fn full_concurrency_is_the_end_of_the_last_growth_to_the_largest_fleet() {
        let mut recorder = recorder(10, reading(0));
        assert_eq!(
            recorder.trace_until(SECOND, &reading(0)).full_concurrency_after(),
            Some(Duration::ZERO)
        );
        for (at, from, to) in [(10, 2, 8), (20, 8, 9), (30, 9, 4), (40, 4, 9)] {
            recorder.rebalance_begins(at * SECOND, from, to, Cause::Evaluation);
            recorder.rebalance_ends((at + 5) * SECOND);
        }
        recorder.rebalance_begins(50 * SECOND, 9, 3, Cause::Bounds);
        let trace = recorder.trace_until(SECOND, &reading(0));
        assert_eq!(trace.full_concurrency_after(), Some(45 * SECOND));
        assert_eq!(trace.rebalances[4].ended_at, None);
        assert_eq!((trace.largest_fleet(), trace.reversals()), (9, 3));
    }

    #[test]
    fn records_that_arrive_wait_from_then_on() {
        let mut recorder = recorder(100, Reading::default());
        let mut now = Reading::default();
        // 100 arrive in second 5; 40 of them go in second 6, 60 in second 9.
        for second in 1..=12u32 {
            now.end_offsets = if second >= 5 { 100 } else { 0 };
            now.committed = match second {
                ..6 => 0,
                6..9 => 40,
                _ => 100,
            };
            now.lag = now.end_offsets - now.committed;
            now.last_commit = Duration::from_millis(if second >= 9 { 8_700 } else { 5_500 });
            recorder.record(second * SECOND, now);
        }
        let trace = recorder.trace_until(12 * SECOND, &now);
        assert_eq!(trace.drained_at, Some(Duration::from_millis(8_700)));
        assert_eq!(trace.longest_wait(), Duration::from_millis(4_700));
    }
}
