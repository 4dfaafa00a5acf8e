//! The schedule of scaling while a mapping is Enabled: when the lag is evaluated, when a standstill ends, and what the trace records.
//!
//! It knows nothing of the fleet but the state that it is handed, and returns decisions. Its own times count from when the mapping
//! became Enabled; [`Scaling::due`] is in the engine's time.

use super::policy::Policy;
use super::trace_memory::TraceMemory;
use crate::metrics::{Counters, Usage};
use crate::poller::PollerContext;
use crate::scaler::{Bounds, Decision, Sample, Terms};
use crate::source::Progress;
use crate::trace::{RebalanceCause, Recorder, Trace, TraceReading, TraceSettings};
use std::sync::Arc;
use std::time::Duration;

/// The shortest bucket of a trace on a scaled clock, in unscaled time: scaling makes readings more frequent, but not cheaper.
const LEAST_BUCKET: Duration = Duration::from_millis(100);

/// A scaled run is behind its time when a reading comes later than it was due by this number of buckets.
const BEHIND_BUCKETS: u32 = 5;

/// A mapping's evaluations and its trace.
#[derive(Debug)]
pub(super) struct Scaling {
    context: Arc<PollerContext>,
    enabled_at: Duration,
    policy: Policy,
    evaluation_due: Duration,
    /// The end of the pause. The fleet stands still until then, and until its rebalance is over.
    pause_until: Option<Duration>,
    recorder: Recorder,
    has_ended: bool,
    /// Set once the warning that the run is behind has been logged.
    is_behind: bool,
    /// The most invocations that ran at once since the last evaluation.
    running_max: usize,
    /// Number of records that had been read at the last evaluation.
    polled: u64,
    /// Whether evaluations and the trace wait until something happens.
    is_resting: bool,
    memory: TraceMemory,
}

/// The gauges of a mapping at one moment.
#[derive(Clone, Copy, Debug)]
struct Usages {
    running: Usage,
    in_flight: Usage,
    waiting: Usage,
}

impl Usages {
    /// Returns the gauges at `now`, and begins new counts of their most.
    fn turn(counters: &Counters, now: Duration) -> Self {
        Self {
            running: counters.running.turn(now),
            in_flight: counters.in_flight.turn(now),
            waiting: counters.waiting.turn(now),
        }
    }

    /// Returns the gauges at `now`.
    fn read(counters: &Counters, now: Duration) -> Self {
        Self {
            running: counters.running.read(now),
            in_flight: counters.in_flight.read(now),
            waiting: counters.waiting.read(now),
        }
    }
}

/// The fleet as the trace shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FleetState {
    pub(super) pollers: usize,
    pub(super) bounds: Bounds,
    pub(super) is_provisioned: bool,
}

impl Scaling {
    /// Returns the scaling of a mapping that becomes Enabled now.
    pub(super) fn new(
        context: &Arc<PollerContext>,
        settings: TraceSettings,
        progress: Progress,
        fleet: FleetState,
    ) -> Self {
        let PollerContext {
            clock,
            profile,
            counters,
            ..
        } = &**context;
        let now = clock.elapsed();
        // A new count of the most in flight begins, so that the first bucket shows nothing from before.
        let usage = Usages::turn(counters, now);
        let settings = TraceSettings {
            bucket: settings.bucket.max(match clock.scale() {
                1 => Duration::ZERO,
                _ => clock.in_real_time(LEAST_BUCKET),
            }),
            ..settings
        };
        let reading = TraceReading {
            older: context.recorder.older_load(),
            ..reading(counters, now, usage, &progress, fleet)
        };
        let sample = Sample {
            progress,
            work: counters.work(usage.running.total),
            running_max: 0,
        };
        Self {
            context: Arc::clone(context),
            enabled_at: now,
            policy: Policy::new(profile, Duration::ZERO, sample),
            evaluation_due: profile.first_evaluation,
            pause_until: None,
            recorder: Recorder::new(settings, profile.event_poller_unit, reading),
            has_ended: false,
            is_behind: false,
            running_max: 0,
            polled: 0,
            is_resting: false,
            memory: TraceMemory::new(context.memory.clone()),
        }
    }

    /// Returns when something is due next, in the engine's time.
    pub(super) fn due(&self) -> Duration {
        if self.is_resting {
            return Duration::MAX;
        }
        let next = match self.pause_until {
            // The pause is over but the rebalance is not: a change in the fleet will tell, and needs no timer.
            Some(until) if until <= self.now() => Duration::MAX,
            Some(until) => until,
            None => self.evaluation_due,
        };
        self.enabled_at.saturating_add(next.min(self.recorder.due()))
    }

    /// Begins the standstill of a change of the fleet.
    pub(super) fn rebalance_begins(&mut self, from: usize, to: usize, cause: RebalanceCause) {
        self.wake();
        let now = self.now();
        self.pause_until = Some(now + self.context.profile.rebalance_pause);
        self.recorder.rebalance_begins(now, from, to, cause);
        // The scaler has noted the changes that it decided on itself.
        if cause != RebalanceCause::Evaluation {
            self.policy.note_change(now);
        }
    }

    /// Ends the standstill if both the pause and the rebalance are over. Returns whether it ended now.
    pub(super) fn end_rebalance(&mut self, is_settled: bool) -> bool {
        let now = self.now();
        let Some(until) = self.pause_until.filter(|until| *until <= now && is_settled) else {
            return false;
        };
        self.pause_until = None;
        self.recorder.rebalance_ends(now);
        let late = now - until;
        if self.context.clock.scale() > 1 && late > self.context.profile.rebalance_pause / 10 {
            tracing::warn!(
                pause_s = self.context.profile.rebalance_pause.as_secs_f64(),
                late_s = late.as_secs_f64(),
                time_scale = self.context.clock.scale(),
                "a rebalance took longer than its pause: the group's protocol is not scaled, so the time scale is too large"
            );
        }
        true
    }

    /// Returns whether an evaluation is due.
    pub(super) fn evaluation_is_due(&self) -> bool {
        // No change is decided while another one is under way: the rates of a standstill say nothing about the fleet.
        !self.is_resting && self.pause_until.is_none() && self.evaluation_due <= self.now()
    }

    /// Evaluates the lag, records the decision in the trace and returns it.
    pub(super) fn evaluate(&mut self, progress: Progress, fleet: FleetState) -> Decision {
        let now = self.now();
        let running = self.context.counters.running.read(self.enabled_at + now);
        let sample = Sample {
            progress,
            work: self.context.counters.work(running.total),
            running_max: std::mem::take(&mut self.running_max).max(running.most),
        };
        let terms = Terms {
            profile: &self.context.profile,
            is_provisioned: fleet.is_provisioned,
            bounds: fleet.bounds,
        };
        let decision = self.policy.evaluate(now, sample, fleet.pollers, &terms);
        // A whole interval from now: an evaluation that a standstill has put off does not bring the next one closer.
        self.evaluation_due = now + self.context.profile.evaluation_interval;
        tracing::debug!(%decision, "the lag was evaluated");
        self.recorder.evaluated(decision.clone());
        self.memory.hold(&mut self.recorder);
        self.rest(&decision, fleet);
        decision
    }

    /// Begins a rest if the fleet cannot become smaller, and neither a record nor a result has come since the evaluation before: as long as
    /// that lasts, no evaluation would decide anything.
    fn rest(&mut self, decision: &Decision, fleet: FleetState) {
        let counters = &self.context.counters;
        let polled = counters.polled_event_count.get();
        let has_polled = std::mem::replace(&mut self.polled, polled) != polled;
        let is_busy = counters.in_flight.count() + counters.waiting.count() > 0;
        let is_least = decision.to == decision.from && decision.to == fleet.bounds.floor();
        // The units of a mapping in a poller group change with those that joined it before.
        let is_dependent = self.context.recorder.has_older();
        if has_polled || is_busy || !is_least || is_dependent || !self.policy.may_rest() {
            return;
        }
        self.context.rest.begin_rest();
        // What was read since is not announced any more.
        self.is_resting = self.context.counters.polled_event_count.get() == polled;
        if !self.is_resting {
            self.context.rest.end_rest();
        }
    }

    /// Ends a rest: what was left out would have shown nothing.
    pub(super) fn wake(&mut self) {
        if !std::mem::take(&mut self.is_resting) {
            return;
        }
        self.context.rest.end_rest();
        let now = self.now();
        self.recorder.rest_until(now);
        self.memory.hold(&mut self.recorder);
        let interval = self.context.profile.evaluation_interval;
        let late = now.saturating_sub(self.evaluation_due).as_nanos();
        if let Ok(missed @ 1..) = u32::try_from(late.div_ceil(interval.as_nanos())) {
            // Evaluations keep their times, as if none had been left out.
            self.policy.skip_to(self.evaluation_due + interval * (missed - 1));
            self.evaluation_due += interval * missed;
        }
    }

    /// Returns whether something is due that needs the group's progress.
    pub(super) fn wants_a_look(&self) -> bool {
        !self.is_resting && self.evaluation_due.min(self.recorder.due()) <= self.now()
    }

    /// Ends the trace's present bucket when it is over.
    pub(super) fn record_if_due(&mut self, progress: &Progress, fleet: FleetState) {
        if !self.is_resting && self.recorder.due() <= self.now() {
            self.record(progress, fleet);
        }
    }

    fn record(&mut self, progress: &Progress, fleet: FleetState) {
        let now = self.now();
        let late = now.saturating_sub(self.recorder.due());
        let is_behind = self.context.clock.scale() > 1 && late > self.recorder.bucket() * BEHIND_BUCKETS;
        if is_behind && !self.is_behind {
            tracing::warn!(
                behind_s = late.as_secs_f64(),
                time_scale = self.context.clock.scale(),
                "the run is behind its scaled time, so its numbers are not those of the time scale"
            );
        }
        self.is_behind |= is_behind;
        let engine_now = self.enabled_at + now;
        let usage = Usages::turn(&self.context.counters, engine_now);
        self.running_max = self.running_max.max(usage.running.most);
        let reading = self.reading(engine_now, usage, progress, fleet);
        self.recorder.record(now, reading);
        self.memory.hold(&mut self.recorder);
    }

    /// Ends the trace: nothing is recorded after this.
    pub(super) fn end(&mut self, progress: &Progress, fleet: FleetState) {
        self.wake();
        self.record(progress, fleet);
        self.has_ended = true;
    }

    /// Returns the event poller units that were billed in the last bucket.
    pub(super) fn event_poller_units(&self) -> u64 {
        match self.has_ended {
            true => 0,
            false => self.recorder.event_poller_units(),
        }
    }

    /// Returns the trace until now, or until it ended.
    pub(super) fn trace(&self, progress: &Progress, fleet: FleetState) -> Trace {
        if self.has_ended {
            return self.recorder.trace();
        }
        let now = self.now();
        let engine_now = self.enabled_at + now;
        let usage = Usages::read(&self.context.counters, engine_now);
        self.recorder
            .trace_until(now, &self.reading(engine_now, usage, progress, fleet))
    }

    fn now(&self) -> Duration {
        self.context.clock.elapsed().saturating_sub(self.enabled_at)
    }

    fn reading(&self, now: Duration, usage: Usages, progress: &Progress, fleet: FleetState) -> TraceReading {
        let reading = reading(&self.context.counters, now, usage, progress, fleet);
        TraceReading {
            last_commit: reading.last_commit.saturating_sub(self.enabled_at),
            older: self.context.recorder.older_load(),
            ..reading
        }
    }
}

fn reading(
    counters: &Counters,
    now: Duration,
    usage: Usages,
    progress: &Progress,
    fleet: FleetState,
) -> TraceReading {
    let ends = progress.ends.iter().map(|end| u64::try_from(*end).unwrap_or(0));
    TraceReading {
        lag: progress.lag(),
        end_offsets: ends.sum(),
        committed: counters.committed_event_count(),
        // Pollers run on other threads, so a commit can be later than the moment that is read here.
        last_commit: counters.last_commit().min(now),
        pollers: fleet.pollers,
        minimum_pollers: fleet.is_provisioned.then_some(fleet.bounds.minimum),
        running_max: usage.running.most,
        running: usage.running.total,
        in_flight_max: usage.in_flight.most,
        in_flight: usage.in_flight.total,
        throttled: Duration::from_nanos(counters.throttled_busy_ns.get()),
        waiting: usage.waiting.total,
        invocations: counters.invocations.get(),
        invocation_errors: counters.invocation_errors.get(),
        throttles: counters.throttles.get(),
        records: counters.records.get(),
        record_bytes: counters.record_bytes.get(),
        billed_ms: counters.billed_ms.get(),
        ..TraceReading::default()
    }
}
