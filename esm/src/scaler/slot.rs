//! The rate of a slot, and how many pollers it takes at that rate.

use super::Terms;
use std::time::Duration;

/// The rounding error that sums of shares may have, in slots.
// Without it, shares that add up to three whole slots could ask for a fourth.
const ROUNDING: f64 = 1e-9;

/// The work of slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotWork {
    /// Number of records processed.
    pub records: u64,
    /// Their uncompressed bytes of keys, values and headers.
    pub record_bytes: u64,
    /// Time for which slots were busy with invocations, overhead included, added up over all slots.
    pub busy: Duration,
}

/// The work of a mapping's pollers since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// All of it, and the records that were filtered out.
    pub all: SlotWork,
    /// The part in batches that were full.
    pub full: SlotWork,
    /// Number of records filtered out, which take no time of a slot.
    pub filtered_out: u64,
    /// Number of invocations completed.
    pub invocations: u64,
    /// Number of invocations throttled.
    pub throttles: u64,
    /// The part of the busy time whose attempts were throttled.
    pub throttled_busy: Duration,
    /// Time for which invocations ran in the function, without overhead, added up over all of them.
    pub running: Duration,
}

/// The rate of one slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) records_per_s: f64,
    mean_record_bytes: f64,
    /// Whether it was measured on full batches. A slot that had to send part-filled ones can do more than it was seen to do.
    pub(super) is_of_full_batches: bool,
}

/// The records that arrived in an interval and those left at its end, by partition.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) lags: Vec<u64>,
    pub(super) arrivals_per_s: Vec<f64>,
}

/// The records that pollers are needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// The lag alone.
    Lag,
    /// The lag, and the records that arrive while it is cleared and for this time before.
    LagAndArrivals(Duration),
}

impl SlotWork {
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            records: self.records - before.records,
            record_bytes: self.record_bytes - before.record_bytes,
            busy: self.busy - before.busy,
        }
    }
}

impl Work {
    /// Returns the work that was done since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            all: self.all.since(&before.all),
            full: self.full.since(&before.full),
            filtered_out: self.filtered_out - before.filtered_out,
            invocations: self.invocations - before.invocations,
            throttles: self.throttles - before.throttles,
            throttled_busy: self.throttled_busy - before.throttled_busy,
            running: self.running - before.running,
        }
    }

    /// Returns the share of attempts that were throttled.
    pub(super) fn throttled_share(&self) -> f64 {
        match self.invocations + self.throttles {
            0 => 0.0,
            tried => self.throttles as f64 / tried as f64,
        }
    }

    /// Returns the number of slots that keep `running` invocations running at once: a slot is busy with the overhead of an invocation, too.
    /// `None` if nothing ran.
    pub(super) fn slots_for(&self, running: usize) -> Option<f64> {
        let useful = self.all.busy.saturating_sub(self.throttled_busy);
        let share = useful.as_secs_f64() / self.running.as_secs_f64();
        share.is_finite().then_some(running as f64 * share.max(1.0))
    }
}

impl Slot {
    /// Returns the rate after an interval with this work, or `before` if the interval says nothing new.
    pub(super) fn measured(work: &Work, before: Option<Self>) -> Option<Self> {
        let sent = work.all.records - work.filtered_out;
        let rate = |part: &SlotWork, is_of_full_batches| {
            if part.records == 0 || part.busy.is_zero() || sent == 0 {
                return None;
            }
            // Records that are filtered out are lag as well, and go with those that are sent.
            let read = work.all.records as f64 / sent as f64;
            Some(Self {
                records_per_s: part.records as f64 / part.busy.as_secs_f64() * read,
                mean_record_bytes: work.all.record_bytes as f64 / work.all.records as f64,
                is_of_full_batches,
            })
        };
        let measured = rate(&work.full, true).or_else(|| rate(&work.all, false));
        match (measured, before) {
            (None, before) => before,
            // Part-filled batches show the least that a slot can do.
            (Some(now), Some(before)) if before.is_of_full_batches && !now.is_of_full_batches => Some(Self {
                records_per_s: now.records_per_s.max(before.records_per_s),
                ..before
            }),
            (now, _) => now,
        }
    }

    /// Returns the number of slots that one poller can keep busy: its invocations in flight, or fewer if its byte rate allows fewer.
    pub(super) fn per_poller(&self, terms: &Terms<'_>) -> f64 {
        let in_flight = terms.mode().invocations_in_flight as f64;
        let slot_bytes_per_s = self.records_per_s * self.mean_record_bytes;
        match terms.profile.poller_bytes_per_second {
            limit if limit > 0 && slot_bytes_per_s > 0.0 => in_flight.min(limit as f64 / slot_bytes_per_s),
            _ => in_flight,
        }
    }

    /// Returns the number of pollers that meet a demand in time. A partition keeps at most one slot busy.
    pub(super) fn pollers(&self, load: &Load, terms: &Terms<'_>, demand: Demand) -> usize {
        let clear_s = terms.profile.clear_within.as_secs_f64();
        let arriving = match demand {
            Demand::Lag => 0.0,
            Demand::LagAndArrivals(extra) => 1.0 + extra.as_secs_f64() / clear_s,
        };
        let busy = load.lags.iter().zip(&load.arrivals_per_s).map(|(lag, arrival)| {
            let wanted_per_s = *lag as f64 / clear_s + arriving * arrival;
            (wanted_per_s / self.records_per_s).min(1.0)
        });
        let pollers = busy.sum::<f64>() / self.per_poller(terms);
        (pollers - ROUNDING).ceil().max(0.0) as usize
    }
}
