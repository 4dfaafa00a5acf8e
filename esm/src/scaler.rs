//! How many pollers a mapping should have. Pure: samples, bounds, profile and fleet in; a decision with its reasons out.
//!
//! AWS publishes no formula. This one adds pollers when the lag will not clear soon, and takes them away only after quiet. A rebalance
//! stands the fleet still and so makes lag itself; hence the allowance for it before pollers are taken away, without which each change
//! would call for the next one.

use crate::profile::ScalingProfile;
use crate::source::Progress;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// More pollers are added only if they are at least so many times the fleet, or as many as there may be.
const UP_TOLERANCE: f64 = 1.1;

/// No pollers are added while a larger share of the invocations than this was throttled: more of them would be throttled too.
const THROTTLED_SHARE: f64 = 0.1;

/// What sums of shares may be wrong by, in slots.
const ROUNDING: f64 = 1e-9;

/// What the pollers of a mapping have done since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Records that were processed.
    pub records: u64,
    /// Their uncompressed bytes of keys, values and headers.
    pub record_bytes: u64,
    /// For how long slots were busy with invocations, overhead included, all slots together.
    pub busy: Duration,
    /// Invocations that were completed.
    pub invocations: u64,
    /// Invocations that were throttled.
    pub throttles: u64,
}

/// A mapping at one moment, in numbers that only rise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Of the group in its topic.
    pub progress: Progress,
    /// Of the fleet.
    pub work: Work,
}

/// What a fleet may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `MinimumPollers`, 1 or more; the partitions bound it too.
    pub minimum: usize,
    /// `MaximumPollers`, or what an on-demand mapping may have.
    pub maximum: usize,
    /// Of the topic. More pollers than that would have nothing to do.
    pub partitions: usize,
}

impl Bounds {
    /// The most pollers.
    pub fn cap(&self) -> usize {
        self.maximum.min(self.partitions).max(1)
    }

    /// The fewest pollers.
    pub fn floor(&self) -> usize {
        self.minimum.clamp(1, self.cap())
    }

    /// `pollers` brought within the bounds.
    pub fn clamp(&self, pollers: usize) -> usize {
        pollers.clamp(self.floor(), self.cap())
    }
}

/// What kept a decision from being what the formula wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// `MaximumPollers`, or what on-demand mode allows.
    Maximum,
    /// The topic has no more partitions.
    Partitions,
    /// `MinimumPollers`.
    Minimum,
    /// One evaluation adds no more.
    Step,
}

/// Why the fleet is what it is after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The lag will not clear soon enough.
    LagTooLong,
    /// There is lag, and it is not known yet how fast a poller is.
    RateUnknown,
    /// It has long been more than was needed.
    Quiet,
    /// It is what is needed.
    Enough,
    /// A little more is needed, which is not worth a rebalance.
    WithinTolerance,
    /// More is needed, and invocations are being throttled.
    Throttled,
    /// Less is needed, but not for long enough.
    NotQuietYet,
}

impl Reason {
    /// As a person would say it.
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
    /// As a person would say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Maximum => "capped by the maximum",
            Self::Partitions => "capped by the partitions",
            Self::Minimum => "raised to the minimum",
            Self::Step => "capped by the step",
        }
    }
}

/// What one evaluation saw and decided. Times are seconds since the mapping became Enabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// When.
    #[serde(rename = "at_s", serialize_with = "crate::seconds::seconds")]
    pub at: Duration,
    /// Pollers before.
    pub from: usize,
    /// Pollers after.
    pub to: usize,
    /// Why.
    pub reason: Reason,
    /// OffsetLag of all partitions together.
    pub lag: u64,
    /// Records that arrived, per second, since the evaluation before.
    pub arrival_per_s: f64,
    /// Records that one slot processes in a second; `None` while nothing has been processed.
    pub slot_per_s: Option<f64>,
    /// Slots that one poller can keep busy.
    pub slots_per_poller: Option<f64>,
    /// The share of the last interval's invocations that was throttled.
    pub throttled_share: f64,
    /// The pollers that the formula asks for, before any bound; `None` while the rate is unknown.
    pub raw_target: Option<usize>,
    /// What bound it.
    pub capped_by: Option<Cap>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_secs_f64();
        match self.to == self.from {
            true => write!(f, "{at:8.1} s  {} pollers stay", self.from)?,
            false => write!(f, "{at:8.1} s  {} -> {} pollers", self.from, self.to)?,
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

/// What is decided by: constants and bounds.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The constants.
    pub profile: &'a ScalingProfile,
    /// Provisioned mode, or on-demand.
    pub is_provisioned: bool,
    /// What the fleet may be.
    pub bounds: Bounds,
}

/// What is remembered between evaluations.
#[derive(Clone, Debug)]
pub struct Scaler {
    before: (Duration, Sample),
    /// Of the last interval in which anything was processed.
    slot: Option<Slot>,
    last_change: Duration,
    /// What evaluations found to be needed, as far back as quiet is asked for.
    needs: VecDeque<(Duration, usize)>,
}

/// How fast one slot is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    records_per_s: f64,
    mean_record_bytes: f64,
}

/// What happened in the interval that an evaluation looks back on.
struct Interval {
    lags: Vec<u64>,
    arrivals_per_s: Vec<f64>,
    throttled_share: f64,
}

impl Scaler {
    /// Starts `now`, with the mapping as `sample` shows it.
    pub fn new(now: Duration, sample: Sample) -> Self {
        Self {
            before: (now, sample),
            slot: None,
            last_change: now,
            needs: VecDeque::new(),
        }
    }

    /// The fleet was changed `now` for another reason, such as new bounds.
    pub fn note_change(&mut self, now: Duration) {
        self.last_change = now;
    }

    /// Decides what the fleet of `from` pollers should be.
    pub fn evaluate(&mut self, now: Duration, sample: Sample, from: usize, terms: &Terms<'_>) -> Decision {
        let interval = self.look_back(now, sample);
        let Terms { profile, bounds, .. } = terms;
        let slots = self.slot.map(|slot| slot.per_poller(terms));
        let raw = |extra| Some(self.slot?.pollers(&interval, slots?, profile.clear_within, extra));
        let lag = interval.lags.iter().sum();
        let raw_target = raw(Duration::ZERO);
        let target = match raw_target {
            Some(target) => target,
            None if lag == 0 => 0,
            None => from + profile.mode(terms.is_provisioned).step_pollers,
        };
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
        let target = bounds.clamp(raw);
        let bound = match target {
            target if target > raw => Some(Cap::Minimum),
            target if target == raw => None,
            _ if bounds.partitions < bounds.maximum => Some(Cap::Partitions),
            _ => Some(Cap::Maximum),
        };
        if target > from {
            let is_worth_it = target as f64 >= UP_TOLERANCE * from as f64 || target == bounds.cap();
            return match () {
                () if throttled_share > THROTTLED_SHARE => (from, Reason::Throttled, bound),
                () if !is_worth_it => (from, Reason::WithinTolerance, bound),
                () => {
                    let reason = match self.slot {
                        Some(_) => Reason::LagTooLong,
                        None => Reason::RateUnknown,
                    };
                    let most = from + terms.profile.mode(terms.is_provisioned).step_pollers;
                    match target > most {
                        true => (most, reason, Some(Cap::Step)),
                        false => (target, reason, bound),
                    }
                }
            };
        }
        let needed = self
            .needs
            .iter()
            .map(|(_, needed)| *needed)
            .max()
            .unwrap_or(target);
        match () {
            () if target == from => (from, Reason::Enough, bound),
            () if now - self.last_change < terms.profile.down_after || needed >= from => {
                (from, Reason::NotQuietYet, bound)
            }
            () => (needed, Reason::Quiet, bound),
        }
    }

    /// Takes `sample` in the place of the one before; what happened in between.
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
            // Partitions that were not there before began at 0.
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
    /// How many slots one poller can keep busy: its invocations in flight, or what its bytes allow.
    fn per_poller(&self, terms: &Terms<'_>) -> f64 {
        let in_flight = terms.profile.mode(terms.is_provisioned).invocations_in_flight as f64;
        let slot_bytes_per_s = self.records_per_s * self.mean_record_bytes;
        match terms.profile.poller_bytes_per_second {
            limit if limit > 0 && slot_bytes_per_s > 0.0 => in_flight.min(limit as f64 / slot_bytes_per_s),
            _ => in_flight,
        }
    }

    /// The pollers that clear the lag in time, and what arrives meanwhile and in `extra`. A partition keeps one slot busy at most.
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
