//! The number of pollers that a mapping should have. Pure: samples, bounds, profile and fleet in; a decision with its reasons out.
//!
//! AWS publishes no formula. This one adds pollers when the lag will not clear soon, and removes them only after a quiet time. A rebalance
//! makes lag itself, because the fleet stands still meanwhile. Before pollers are removed, the lag of that rebalance is allowed for;
//! otherwise each change would call for the next one.

use crate::profile::ScalingProfile;
use crate::source::Progress;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// Pollers are added only if the fleet grows by at least this factor, or to its upper bound.
// Each change stops the fleet for a rebalance, which a few more pollers do not make up for.
const UP_TOLERANCE: f64 = 1.1;

/// No pollers are added while a larger share of invocations than this is throttled, because theirs would be throttled too.
const THROTTLED_SHARE: f64 = 0.1;

/// The rounding error that sums of shares may have, in slots.
// Without it, shares that add up to three whole slots could ask for a fourth.
const ROUNDING: f64 = 1e-9;

/// The work of a mapping's pollers since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Number of records processed.
    pub records: u64,
    /// Their uncompressed bytes of keys, values and headers.
    pub record_bytes: u64,
    /// Time for which slots were busy with invocations, overhead included, added up over all slots.
    pub busy: Duration,
    /// Number of invocations completed.
    pub invocations: u64,
    /// Number of invocations throttled.
    pub throttles: u64,
}

/// The numbers of a mapping at one moment. They only rise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// The progress of the group in its topic.
    pub progress: Progress,
    /// The work of the fleet.
    pub work: Work,
}

/// The bounds of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// `MinimumPollers`, 1 or more. The number of partitions bounds it, too.
    pub minimum: usize,
    /// `MaximumPollers`, or the profile's maximum for on-demand mode.
    pub maximum: usize,
    /// Number of partitions of the topic. Further pollers would have nothing to do.
    pub partitions: usize,
}

impl Bounds {
    /// Returns the upper bound.
    pub(crate) fn cap(&self) -> usize {
        self.maximum.min(self.partitions).max(1)
    }

    /// Returns the lower bound.
    pub(crate) fn floor(&self) -> usize {
        self.minimum.clamp(1, self.cap())
    }

    /// Returns `pollers` brought within the bounds.
    pub(crate) fn clamp(&self, pollers: usize) -> usize {
        pollers.clamp(self.floor(), self.cap())
    }
}

/// The bound that kept a decision from the formula's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// `MaximumPollers`, or the maximum of on-demand mode.
    Maximum,
    /// The number of partitions.
    Partitions,
    /// `MinimumPollers`.
    Minimum,
    /// The most pollers that one evaluation adds.
    Step,
}

/// The reason for the size of the fleet after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The lag will not clear soon enough.
    LagTooLong,
    /// There is lag, and the rate of a poller is not known yet.
    RateUnknown,
    /// The fleet has been larger than needed for long enough.
    Quiet,
    /// The fleet has the size that is needed.
    Enough,
    /// A few more pollers are needed, but not enough to be worth a rebalance.
    WithinTolerance,
    /// More pollers are needed, but invocations are being throttled.
    Throttled,
    /// Fewer pollers are needed, but not for long enough.
    NotQuietYet,
}

impl Reason {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::LagTooLong => "the lag is too long",
            Self::RateUnknown => "the rate of a poller is unknown",
            Self::Quiet => "quiet for long enough",
            Self::Enough => "enough",
            Self::WithinTolerance => "not worth a rebalance",
            Self::Throttled => "throttled",
            Self::NotQuietYet => "not quiet for long enough",
        }
    }
}

impl Cap {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Maximum => "capped by the maximum",
            Self::Partitions => "capped by the partitions",
            Self::Minimum => "raised to the minimum",
            Self::Step => "capped by the step",
        }
    }
}

/// The decision of one evaluation, with the numbers that it was made from. Times count from when the mapping became Enabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Time of the evaluation.
    #[serde(rename = "at_s", serialize_with = "crate::seconds::seconds")]
    pub at: Duration,
    /// Number of pollers before.
    pub from: usize,
    /// Number of pollers after.
    pub to: usize,
    /// The reason.
    pub reason: Reason,
    /// OffsetLag of all partitions together.
    pub lag: u64,
    /// Records per second that arrived since the evaluation before.
    pub arrival_per_s: f64,
    /// Records per second that one slot processes; `None` before anything was processed.
    pub slot_per_s: Option<f64>,
    /// Number of slots that one poller can keep busy.
    pub slots_per_poller: Option<f64>,
    /// The share of the last interval's invocations that was throttled, 0.0 to 1.0.
    pub throttled_share: f64,
    /// Number of pollers that the formula asks for, before any bound; `None` while the rate is unknown.
    pub raw_target: Option<usize>,
    /// The bound that was reached.
    pub capped_by: Option<Cap>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_secs_f64();
        if self.to == self.from {
            write!(f, "{at:8.1} s  {} pollers stay", self.from)?;
        } else {
            write!(f, "{at:8.1} s  {} -> {} pollers", self.from, self.to)?;
        }
        write!(
            f,
            ": lag {}, {:.0} records/s arrive",
            self.lag, self.arrival_per_s
        )?;
        if let (Some(slot), Some(slots)) = (self.slot_per_s, self.slots_per_poller) {
            write!(f, ", a slot does {slot:.1}/s, {slots:.2} slots a poller")?;
        }
        if self.throttled_share > 0.0 {
            write!(f, ", {:.0} % throttled", self.throttled_share * 100.0)?;
        }
        if let Some(target) = self.raw_target {
            write!(f, ", wants {target}")?;
        }
        let reason = self.reason.words();
        write!(f, " ({reason}")?;
        match self.capped_by {
            None => write!(f, ")"),
            Some(cap) => write!(f, "; {})", cap.words()),
        }
    }
}

/// The terms of a decision: constants and bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    /// The constants of scaling.
    pub profile: &'a ScalingProfile,
    /// Whether the mapping is in provisioned mode.
    pub is_provisioned: bool,
    /// The bounds of the fleet.
    pub bounds: Bounds,
}

/// The state that evaluations leave for the next.
#[derive(Clone, Debug)]
pub(crate) struct Scaler {
    before: (Duration, Sample),
    /// The rate of a slot in the last interval in which anything was processed.
    slot: Option<Slot>,
    last_change: Duration,
    /// The numbers of pollers that evaluations found to be needed, as far back as the quiet time reaches.
    needs: VecDeque<(Duration, usize)>,
}

/// The rate of one slot.
#[derive(Clone, Copy, Debug)]
struct Slot {
    records_per_s: f64,
    mean_record_bytes: f64,
}

/// The interval between two evaluations.
struct Interval {
    lags: Vec<u64>,
    arrivals_per_s: Vec<f64>,
    throttled_share: f64,
}

impl Scaler {
    /// Returns a scaler that starts `now` from `sample`.
    pub(crate) fn new(now: Duration, sample: Sample) -> Self {
        Self {
            before: (now, sample),
            slot: None,
            last_change: now,
            needs: VecDeque::new(),
        }
    }

    /// Notes that the fleet was changed `now` for another reason, such as new bounds: the quiet time starts again.
    pub(crate) fn note_change(&mut self, now: Duration) {
        self.last_change = now;
    }

    /// Decides what the fleet of `from` pollers should be.
    pub(crate) fn evaluate(
        &mut self,
        now: Duration,
        sample: Sample,
        from: usize,
        terms: &Terms<'_>,
    ) -> Decision {
        let interval = self.look_back(now, sample);
        let Terms { profile, bounds, .. } = terms;
        let slots = self.slot.map(|slot| slot.per_poller(terms));
        let raw = |extra| Some(self.slot?.pollers(&interval, slots?, profile.clear_within, extra));
        let lag = interval.lags.iter().sum();
        let raw_target = raw(Duration::ZERO);
        let target = match raw_target {
            Some(target) => target,
            // Without a rate there is no number to work out, so any lag asks for one step.
            None if lag == 0 => 0,
            None => from + profile.mode(terms.is_provisioned).step_pollers,
        };
        // The lag of its own rebalance counts before a poller is removed. A steady 10,000 records/s over two hours makes 6 changes by
        // this rule, and 52 without it.
        let needed = bounds.clamp(target.max(raw(profile.rebalance_pause).unwrap_or(0)));
        self.needs.push_back((now, needed));
        self.needs.retain(|(at, _)| now - *at < profile.down_after);

        let (to, reason, capped_by) = self.choose(now, from, target, interval.throttled_share, terms);
        if to != from {
            self.last_change = now;
        }
        Decision {
            at: now,
            from,
            to,
            reason,
            lag,
            arrival_per_s: interval.arrivals_per_s.iter().sum(),
            slot_per_s: self.slot.map(|slot| slot.records_per_s),
            slots_per_poller: slots,
            throttled_share: interval.throttled_share,
            raw_target,
            capped_by,
        }
    }

    fn choose(
        &self,
        now: Duration,
        from: usize,
        raw: usize,
        throttled_share: f64,
        terms: &Terms<'_>,
    ) -> (usize, Reason, Option<Cap>) {
        let bounds = &terms.bounds;
        // The bounds apply after rounding up. KEDA's scaler applies its cap before, and can ask for one replica more than there are
        // partitions.
        let target = bounds.clamp(raw);
        let bound = match target {
            target if target > raw => Some(Cap::Minimum),
            target if target == raw => None,
            _ if bounds.partitions < bounds.maximum => Some(Cap::Partitions),
            _ => Some(Cap::Maximum),
        };
        if target > from {
            // The cap is reached however little is missing: autoscalers whose tolerance holds there, too, stay just below their maximum.
            let is_worth_it = target as f64 >= UP_TOLERANCE * from as f64 || target == bounds.cap();
            if throttled_share > THROTTLED_SHARE {
                return (from, Reason::Throttled, bound);
            }
            if !is_worth_it {
                return (from, Reason::WithinTolerance, bound);
            }
            let reason = match self.slot {
                Some(_) => Reason::LagTooLong,
                None => Reason::RateUnknown,
            };
            let most = from + terms.profile.mode(terms.is_provisioned).step_pollers;
            return if target > most {
                (most, reason, Some(Cap::Step))
            } else {
                (target, reason, bound)
            };
        }
        // The largest need of the quiet time counts, so that a short lull removes no poller.
        let needed = self
            .needs
            .iter()
            .map(|(_, needed)| *needed)
            .max()
            .unwrap_or(target);
        if target == from {
            (from, Reason::Enough, bound)
        } else if now - self.last_change < terms.profile.down_after || needed >= from {
            (from, Reason::NotQuietYet, bound)
        } else {
            (needed, Reason::Quiet, bound)
        }
    }

    /// Replaces the sample before by `sample`, and returns the interval between them.
    fn look_back(&mut self, now: Duration, sample: Sample) -> Interval {
        let (then, before) = std::mem::replace(&mut self.before, (now, sample));
        let after = &self.before.1;
        let work = Work {
            records: after.work.records - before.work.records,
            record_bytes: after.work.record_bytes - before.work.record_bytes,
            busy: after.work.busy - before.work.busy,
            invocations: after.work.invocations - before.work.invocations,
            throttles: after.work.throttles - before.work.throttles,
        };
        if work.records > 0 && !work.busy.is_zero() {
            self.slot = Some(Slot {
                records_per_s: work.records as f64 / work.busy.as_secs_f64(),
                mean_record_bytes: work.record_bytes as f64 / work.records as f64,
            });
        }
        let seconds = (now - then).as_secs_f64();
        let ends = &before.progress.ends;
        let arrival = |(partition, end): (usize, &i64)| {
            // A partition that was added since began at offset 0, and so does a topic that was deleted and created again.
            let arrived = (end - ends.get(partition).copied().unwrap_or(0)).max(0);
            if seconds > 0.0 {
                arrived as f64 / seconds
            } else {
                0.0
            }
        };
        let tried = work.invocations + work.throttles;
        Interval {
            lags: after.progress.lags().collect(),
            arrivals_per_s: after.progress.ends.iter().enumerate().map(arrival).collect(),
            throttled_share: if tried > 0 {
                work.throttles as f64 / tried as f64
            } else {
                0.0
            },
        }
    }
}

impl Slot {
    /// Returns the number of slots that one poller can keep busy: its invocations in flight, or fewer if its byte rate allows fewer.
    fn per_poller(&self, terms: &Terms<'_>) -> f64 {
        let in_flight = terms.profile.mode(terms.is_provisioned).invocations_in_flight as f64;
        let slot_bytes_per_s = self.records_per_s * self.mean_record_bytes;
        match terms.profile.poller_bytes_per_second {
            limit if limit > 0 && slot_bytes_per_s > 0.0 => in_flight.min(limit as f64 / slot_bytes_per_s),
            _ => in_flight,
        }
    }

    /// Returns the number of pollers that clear in time the lag, and the records that arrive meanwhile and in `extra`. A partition keeps
    /// at most one slot busy.
    fn pollers(&self, interval: &Interval, slots: f64, clear_within: Duration, extra: Duration) -> usize {
        let clear_s = clear_within.as_secs_f64();
        let arriving = 1.0 + extra.as_secs_f64() / clear_s;
        let busy = interval
            .lags
            .iter()
            .zip(&interval.arrivals_per_s)
            .map(|(lag, arrival)| {
                let wanted_per_s = *lag as f64 / clear_s + arriving * arrival;
                (wanted_per_s / self.records_per_s).min(1.0)
            });
        let pollers = busy.sum::<f64>() / slots;
        (pollers - ROUNDING).ceil().max(0.0) as usize
    }
}

#[cfg(test)]
mod tests;
