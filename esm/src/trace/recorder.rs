//! The recorder of a trace, from readings of numbers that only rise. Pure: it is told the time.

use super::{Bucket, Rebalance, RebalanceCause, Trace, TraceReading};
use crate::billing::{UnitLoad, UnitMeter, added_units};
use crate::profile::EventPollerUnit;
use crate::scaler::Decision;
use std::collections::VecDeque;
use std::time::Duration;

/// The resolution and the size of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    /// Length of a bucket, in the engine's time. Must not be zero.
    pub bucket: Duration,
    /// The most buckets, evaluations and rebalances that are kept, the newest of each.
    pub capacity: usize,
}

impl Default for TraceSettings {
    /// Returns buckets of one second, kept for one hour.
    fn default() -> Self {
        Self {
            bucket: Duration::from_secs(1),
            capacity: 3_600,
        }
    }
}

/// Records the trace of one mapping, from the moment it became Enabled.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    settings: TraceSettings,
    unit: EventPollerUnit,
    starting_pollers: usize,
    /// The start of the present bucket.
    next: Duration,
    /// The reading at the start of the present bucket.
    before: TraceReading,
    is_complete: bool,
    drained_at: Option<Duration>,
    meter: UnitMeter,
    buckets: VecDeque<Bucket>,
    evaluations: VecDeque<Decision>,
    rebalances: VecDeque<Rebalance>,
}

impl Recorder {
    /// Returns a recorder that starts with `reading`.
    pub(crate) fn new(settings: TraceSettings, unit: EventPollerUnit, reading: TraceReading) -> Self {
        Self {
            settings,
            unit,
            starting_pollers: reading.pollers,
            next: Duration::ZERO,
            before: reading,
            is_complete: true,
            drained_at: (reading.lag == 0).then_some(Duration::ZERO),
            meter: UnitMeter::default(),
            buckets: VecDeque::new(),
            evaluations: VecDeque::new(),
            rebalances: VecDeque::new(),
        }
    }

    /// Returns the end of the present bucket.
    pub(crate) fn due(&self) -> Duration {
        self.next + self.settings.bucket
    }

    /// Returns the length of buckets.
    pub(crate) fn bucket(&self) -> Duration {
        self.settings.bucket
    }

    /// Ends the present bucket `now`, with this reading.
    pub(crate) fn record(&mut self, now: Duration, reading: TraceReading) {
        let bucket = self.bucket_until(now, &reading);
        self.meter.add(bucket.event_poller_units, bucket.length);
        self.drained_at = self.drained(&reading);
        self.next = now;
        self.before = reading;
        match self.buckets.back_mut() {
            Some(last) if bucket.continues(last) => last.length += bucket.length,
            _ => self.is_complete &= keep(&mut self.buckets, bucket, self.settings.capacity),
        }
    }

    /// Ends the buckets until `now` in which nothing has happened, all together.
    pub(crate) fn rest_until(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.next).as_nanos() / self.settings.bucket.as_nanos();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        if passed > 0 {
            let reading = TraceReading {
                running_max: 0,
                in_flight_max: 0,
                ..self.before
            };
            self.record(self.next + self.settings.bucket * passed, reading);
        }
    }

    /// Returns the memory that it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
            + self.evaluations.capacity() * size_of::<Decision>()
            + self.rebalances.capacity() * size_of::<Rebalance>()
    }

    /// Drops the older half of all that is kept, and the memory for it.
    pub(crate) fn drop_older_half(&mut self) {
        drop_older_half(&mut self.buckets);
        drop_older_half(&mut self.evaluations);
        drop_older_half(&mut self.rebalances);
        self.is_complete = false;
    }

    /// Adds an evaluation.
    pub(crate) fn evaluated(&mut self, decision: Decision) {
        self.is_complete &= keep(&mut self.evaluations, decision, self.settings.capacity);
    }

    /// Adds a change of the fleet, which begins with the decision.
    pub(crate) fn rebalance_begins(&mut self, now: Duration, from: usize, to: usize, cause: RebalanceCause) {
        let rebalance = Rebalance {
            decided_at: now,
            ended_at: None,
            from,
            to,
            cause,
        };
        self.is_complete &= keep(&mut self.rebalances, rebalance, self.settings.capacity);
    }

    /// Ends the changes of the fleet that are not over.
    pub(crate) fn rebalance_ends(&mut self, now: Duration) {
        // The fleet can change again during a standstill, and then all changes end together.
        for open in self
            .rebalances
            .iter_mut()
            .filter(|rebalance| rebalance.ended_at.is_none())
        {
            open.ended_at = Some(now);
        }
    }

    /// Returns the event poller units that were billed in the last bucket.
    pub(crate) fn event_poller_units(&self) -> u64 {
        self.buckets.back().map_or(0, |bucket| bucket.event_poller_units)
    }

    /// Returns the trace up to the last bucket that ended.
    pub(crate) fn trace(&self) -> Trace {
        self.trace_until(self.next, &self.before)
    }

    /// Returns the trace until `now`, whose last bucket ends with this reading.
    pub(crate) fn trace_until(&self, now: Duration, reading: &TraceReading) -> Trace {
        // A copy, because the trace is read while the recorder goes on.
        let mut meter = self.meter;
        let mut buckets: Vec<Bucket> = self.buckets.iter().copied().collect();
        let rest = self.bucket_until(now, reading);
        match buckets.last_mut() {
            // Events in the moment in which the last bucket ended belong to it.
            Some(last) if rest.length.is_zero() => last.extend(&rest),
            _ if rest.length.is_zero() => {}
            Some(last) if rest.continues(last) => {
                meter.add(rest.event_poller_units, rest.length);
                last.length += rest.length;
            }
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

    /// Returns when the lag was gone: with the last commit, if there was any lag before.
    fn drained(&self, reading: &TraceReading) -> Option<Duration> {
        let has_worked = reading.committed > self.before.committed || self.before.lag > 0;
        match reading.lag {
            0 if has_worked => Some(reading.last_commit),
            0 => self.drained_at,
            _ => None,
        }
    }

    fn bucket_until(&self, now: Duration, reading: &TraceReading) -> Bucket {
        let before = &self.before;
        let length = now.saturating_sub(self.next);
        let record_bytes = reading.record_bytes - before.record_bytes;
        let units = |minimum: usize| {
            // AWS bills the minimum also where the topic has fewer partitions than that.
            let own = UnitLoad {
                pollers: reading.pollers.max(minimum),
                bytes: record_bytes,
            };
            let older = UnitLoad {
                pollers: reading.older.pollers,
                // Another poller group begins with no bytes.
                bytes: reading.older.bytes.saturating_sub(before.older.bytes),
            };
            added_units(&self.unit, older, own, length)
        };
        let mean = |count: fn(&TraceReading) -> Duration| match length.as_secs_f64() {
            0.0 => 0.0,
            seconds => (count(reading) - count(before)).as_secs_f64() / seconds,
        };
        let (running_mean, in_flight_mean) = (mean(|now| now.running), mean(|now| now.in_flight));
        let throttled_mean = mean(|now| now.throttled);
        Bucket {
            start: self.next,
            length,
            lag: reading.lag,
            // A topic that was deleted and created again starts at offset 0.
            arrived: reading.end_offsets.saturating_sub(before.end_offsets),
            committed: reading.committed - before.committed,
            pollers: reading.pollers,
            running_max: reading.running_max,
            running_mean,
            in_flight_max: reading.in_flight_max,
            in_flight_mean,
            // A throttled attempt is counted when it is over, which can be in the bucket after.
            overhead_mean: (in_flight_mean - running_mean - throttled_mean).max(0.0),
            throttled_mean,
            waiting_mean: mean(|now| now.waiting),
            invocations: reading.invocations - before.invocations,
            invocation_errors: reading.invocation_errors - before.invocation_errors,
            throttles: reading.throttles - before.throttles,
            records: reading.records - before.records,
            record_bytes,
            event_poller_units: reading.minimum_pollers.map_or(0, units),
            billed_ms: reading.billed_ms - before.billed_ms,
        }
    }
}

fn drop_older_half<T>(items: &mut VecDeque<T>) {
    items.drain(..items.len() / 2);
    items.shrink_to_fit();
}

/// Adds `item` and drops the oldest one if there are too many. Returns whether none was dropped.
fn keep<T>(items: &mut VecDeque<T>, item: T, capacity: usize) -> bool {
    let is_full = items.len() >= capacity.max(1);
    if is_full {
        items.pop_front();
    }
    items.push_back(item);
    !is_full
}

#[cfg(test)]
mod tests;
