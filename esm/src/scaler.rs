//! The number of pollers that a mapping should have. Pure: samples, bounds, profile and fleet in; a decision with its reasons out.
//!
//! AWS publishes no formula. This one adds pollers when the lag will not clear soon, and removes them only after a quiet time. A rebalance
//! makes lag itself, because the fleet stands still meanwhile. Before pollers are removed, the lag of that rebalance is allowed for;
//! otherwise each change would call for the next one.
//!
//! AWS documents for on-demand mode that Lambda reduces the number of pollers when the function is throttled. Here they are reduced to what
//! the function's concurrency can use, and grow again when invocations have not been throttled for the quiet time.

mod decision;
mod keda;
mod slot;

pub use decision::{Cap, Decision, Reason};
pub(crate) use keda::KedaScaler;
pub(crate) use slot::{SlotWork, Work};

use crate::profile::{ModeProfile, ScalingProfile};
use crate::source::Progress;
use slot::{Demand, Load, Slot};
use std::collections::VecDeque;
use std::time::Duration;

/// Pollers are added or removed only if the fleet changes by at least this factor, or to its bound.
// Each change stops the fleet for a rebalance, which a few more pollers do not make up for.
const TOLERANCE: f64 = 1.1;

/// No pollers are added while a larger share of invocations than this is throttled, because theirs would be throttled too.
const THROTTLED_SHARE: f64 = 0.1;

/// The numbers of a mapping at one moment. Those without "since" only rise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// The progress of the group in its topic.
    pub progress: Progress,
    /// The work of the fleet.
    pub work: Work,
    /// The most invocations that ran at once since the evaluation before.
    pub running_max: usize,
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

impl Terms<'_> {
    fn mode(&self) -> &ModeProfile {
        self.profile.mode(self.is_provisioned)
    }
}

/// The state that evaluations leave for the next.
#[derive(Clone, Debug)]
pub(crate) struct Scaler {
    before: (Duration, Sample),
    /// Records per second that arrived in the interval before.
    arrival_before_per_s: f64,
    /// The rate of a slot as far as it is known.
    slot: Option<Slot>,
    saw_nothing: bool,
    last_change: Duration,
    /// The last evaluation that found too many invocations throttled.
    last_throttled: Option<Duration>,
    /// The numbers of pollers that evaluations found to be needed, as far back as the quiet time reaches.
    needs: VecDeque<(Duration, usize)>,
}

/// The findings of an evaluation, before the fleet is considered.
struct Finding {
    /// The time of the evaluation.
    now: Duration,
    /// The number of pollers that there are.
    from: usize,
    load: Load,
    work: Work,
    running_max: usize,
    /// Records per second that arrived, in all partitions.
    arrival_per_s: f64,
    /// Whether more of them arrived than in the interval before.
    is_rising: bool,
    /// The number of pollers that the formula asks for; `None` while the rate is unknown.
    raw_target: Option<usize>,
}

/// A choice: the fleet, the reason, and the bound that was reached.
type Choice = (usize, Reason, Option<Cap>);

impl Scaler {
    /// Returns a scaler that starts `now` from `sample`.
    pub(crate) fn new(now: Duration, sample: Sample) -> Self {
        Self {
            before: (now, sample),
            arrival_before_per_s: 0.0,
            slot: None,
            saw_nothing: false,
            last_change: now,
            last_throttled: None,
            needs: VecDeque::new(),
        }
    }

    /// Notes that the fleet was changed `now` for another reason, such as new bounds: the quiet time starts again.
    pub(crate) fn note_change(&mut self, now: Duration) {
        self.last_change = now;
    }

    /// Leaves out the evaluations until `now`, since the last of which nothing has happened: they would have changed nothing.
    pub(crate) fn skip_to(&mut self, now: Duration) {
        self.before.0 = now;
        self.arrival_before_per_s = 0.0;
    }

    /// Returns whether the interval before the last evaluation had neither records nor work, and left no lag.
    pub(crate) fn saw_nothing(&self) -> bool {
        self.saw_nothing
    }

    /// Decides what the fleet of `from` pollers should be.
    pub(crate) fn evaluate(
        &mut self,
        now: Duration,
        sample: Sample,
        from: usize,
        terms: &Terms<'_>,
    ) -> Decision {
        let finding = self.look_back(now, sample, from, terms);
        let Terms { profile, bounds, .. } = terms;
        let lag = finding.load.lags.iter().sum();
        let target = match finding.raw_target {
            Some(target) => target,
            // Without a rate there is no number to work out, so any lag asks for one step.
            None if lag == 0 => 0,
            None => from + terms.mode().step_pollers,
        };
        // The lag of its own rebalance counts before a poller is removed. A steady 10,000 records/s over two hours makes 6 changes by
        // this rule, and 52 without it.
        let demand = Demand::LagAndArrivals(profile.rebalance_pause);
        let needed = self
            .slot
            .map_or(0, |slot| slot.pollers(&finding.load, terms, demand));
        self.needs.push_back((now, bounds.clamp(target.max(needed))));
        self.needs.retain(|(at, _)| now - *at < profile.down_after);

        let throttled_share = finding.work.throttled_share();
        if throttled_share > THROTTLED_SHARE {
            self.last_throttled = Some(now);
        }
        let (to, reason, capped_by) = self.choose(target, &finding, terms);
        if to != from {
            self.last_change = now;
        }
        Decision {
            at: now,
            from,
            to,
            reason,
            lag,
            arrival_per_s: finding.arrival_per_s,
            slot_per_s: self.slot.map(|slot| slot.records_per_s),
            slots_per_poller: self.slot.map(|slot| slot.per_poller(terms)),
            throttled_share,
            raw_target: finding.raw_target,
            capped_by,
        }
    }

    fn choose(&self, raw: usize, finding: &Finding, terms: &Terms<'_>) -> Choice {
        let (bounds, from) = (&terms.bounds, finding.from);
        // The bounds apply after rounding up. KEDA's scaler applies its cap before, and can ask for one replica more than there are
        // partitions.
        let target = bounds.clamp(raw);
        let bound = match target {
            target if target > raw => Some(Cap::Minimum),
            target if target == raw => None,
            _ if bounds.partitions < bounds.maximum => Some(Cap::Partitions),
            _ => Some(Cap::Maximum),
        };
        if let Some(throttled) = self.throttled(target, finding, terms) {
            return throttled;
        }
        if target == from {
            (from, Reason::Enough, bound)
        } else if target > from {
            self.grow(from, target, bound, terms)
        } else {
            self.shrink(target, bound, finding, terms)
        }
    }

    /// Returns the choice if throttled invocations decide.
    fn throttled(&self, target: usize, finding: &Finding, terms: &Terms<'_>) -> Option<Choice> {
        let Finding { now, from, .. } = *finding;
        let last = self.last_throttled?;
        let bounds = &terms.bounds;
        if last < now {
            // In provisioned mode the pollers are paid for, and their growth goes on with the next interval.
            let is_late = terms.is_provisioned || now - last >= terms.profile.down_after;
            return (target > from && !is_late).then_some((from, Reason::ThrottledLately, None));
        }
        if terms.is_provisioned {
            return (target > from).then_some((from, Reason::Throttled, None));
        }
        let Some(slots) = finding.work.slots_for(finding.running_max) else {
            return Some((from, Reason::Throttled, None));
        };
        let usable = (slots / terms.mode().invocations_in_flight as f64).ceil() as usize;
        let least = from.saturating_sub(terms.mode().step_pollers);
        let (usable, cap) = match bounds.clamp(usable) {
            usable if usable < least => (least, Some(Cap::Step)),
            usable => (usable, None),
        };
        let is_worth_it = from as f64 >= TOLERANCE * usable as f64;
        let to = if is_worth_it { usable } else { from };
        Some((to, Reason::Throttled, cap.filter(|_| is_worth_it)))
    }

    fn grow(&self, from: usize, target: usize, bound: Option<Cap>, terms: &Terms<'_>) -> Choice {
        // The cap is reached however little is missing: autoscalers whose tolerance holds there, too, stay just below their maximum.
        let is_worth_it = target as f64 >= TOLERANCE * from as f64 || target == terms.bounds.cap();
        if !is_worth_it {
            return (from, Reason::WithinTolerance, bound);
        }
        let reason = match self.slot {
            Some(_) => Reason::LagTooLong,
            None => Reason::RateUnknown,
        };
        let most = from + terms.mode().step_pollers;
        if target > most {
            (most, reason, Some(Cap::Step))
        } else {
            (target, reason, bound)
        }
    }

    fn shrink(&self, target: usize, bound: Option<Cap>, finding: &Finding, terms: &Terms<'_>) -> Choice {
        let Finding { now, from, .. } = *finding;
        // The largest need of the quiet time counts, so that a short lull removes no poller.
        let needed = self.needs.iter().map(|(_, needed)| *needed);
        let needed = needed.max().unwrap_or(target);
        let is_quiet = now - self.last_change >= terms.profile.down_after && !finding.is_rising;
        if !is_quiet || needed >= from {
            (from, Reason::NotQuietYet, bound)
        } else if self.is_worth_keeping(needed, finding, terms) {
            (from, Reason::WorthKeeping, bound)
        } else {
            (needed, Reason::Quiet, bound)
        }
    }

    /// Returns whether the pollers above `needed` cost less than the rebalance without them: they are few, or they would not have processed in the
    /// quiet time the records that arrive in the standstill.
    fn is_worth_keeping(&self, needed: usize, finding: &Finding, terms: &Terms<'_>) -> bool {
        let from = finding.from;
        // The bound is reached however few pollers are left, as when the fleet grows.
        let are_few = (from as f64) < TOLERANCE * needed as f64 && needed > terms.bounds.floor();
        let profile = terms.profile;
        let stopped = finding.arrival_per_s * profile.rebalance_pause.as_secs_f64();
        let processed = self.slot.map_or(0.0, |slot| {
            let per_poller = slot.records_per_s * slot.per_poller(terms);
            (from - needed) as f64 * per_poller * profile.down_after.as_secs_f64()
        });
        are_few || stopped > processed
    }

    /// Replaces the sample before by `sample`, and returns what the interval between them shows.
    fn look_back(&mut self, now: Duration, sample: Sample, from: usize, terms: &Terms<'_>) -> Finding {
        let (then, before) = std::mem::replace(&mut self.before, (now, sample));
        let after = &self.before.1;
        let work = after.work.since(&before.work);
        self.slot = Slot::measured(&work, self.slot);
        self.saw_nothing =
            work == Work::default() && after.progress == before.progress && after.progress.lag() == 0;
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
        let load = Load {
            lags: after.progress.lags().collect(),
            arrivals_per_s: after.progress.ends.iter().enumerate().map(arrival).collect(),
        };
        let arrival_per_s = load.arrivals_per_s.iter().sum();
        let before_per_s = std::mem::replace(&mut self.arrival_before_per_s, arrival_per_s);
        let raw_target = self.slot.map(|slot| {
            // A rate of part-filled batches is too low, so that a fleet that keeps up would grow for the records that arrive. A lag fills
            // the batches, and their rate is known then.
            let demand = match slot.is_of_full_batches {
                true => Demand::LagAndArrivals(Duration::ZERO),
                false => Demand::Lag,
            };
            slot.pollers(&load, terms, demand)
        });
        Finding {
            now,
            from,
            work,
            running_max: after.running_max,
            arrival_per_s,
            is_rising: arrival_per_s > TOLERANCE * before_per_s,
            raw_target,
            load,
        }
    }
}

#[cfg(test)]
mod tests;
