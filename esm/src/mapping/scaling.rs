//! The schedule of scaling while a mapping is Enabled: when the lag is evaluated, when a standstill ends, and what the trace records.
//!
//! It knows nothing of the fleet but the state that it is handed, and returns decisions. Its own times count from when the mapping
//! became Enabled; [`Scaling::due`] is in the engine's time.

use crate::Clock;
use crate::metrics::{Counters, Usage};
use crate::profile::ScalingProfile;
use crate::scaler::{Bounds, Decision, Sample, Scaler, Terms};
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
    clock: Clock,
    profile: Arc<ScalingProfile>,
    counters: Arc<Counters>,
    enabled_at: Duration,
    scaler: Scaler,
    evaluation_due: Duration,
    /// The end of the pause. The fleet stands still until then, and until its rebalance is over.
    pause_until: Option<Duration>,
    recorder: Recorder,
    has_ended: bool,
    /// Set once the warning that the run is behind has been logged.
    is_behind: bool,
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
        clock: &Clock,
        profile: &Arc<ScalingProfile>,
        counters: &Arc<Counters>,
        settings: TraceSettings,
        progress: Progress,
        fleet: FleetState,
    ) -> Self {
        let now = clock.elapsed();
        // A new count of the most in flight begins, so that the first bucket shows nothing from before.
        let usage = counters.in_flight.turn(now);
        let settings = TraceSettings {
            bucket: settings.bucket.max(match clock.scale() {
                1 => Duration::ZERO,
                _ => clock.in_real_time(LEAST_BUCKET),
            }),
            ..settings
        };
        let reading = reading(counters, now, usage, &progress, fleet);
        let sample = Sample {
            progress,
            work: counters.work(),
        };
        Self {
            clock: clock.clone(),
            profile: Arc::clone(profile),
            counters: Arc::clone(counters),
            enabled_at: now,
            scaler: Scaler::new(Duration::ZERO, sample),
            evaluation_due: profile.first_evaluation,
            pause_until: None,
            recorder: Recorder::new(settings, profile.event_poller_unit, reading),
            has_ended: false,
            is_behind: false,
        }
    }

    /// Returns when something is due next, in the engine's time.
    pub(super) fn due(&self) -> Duration {
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
        let now = self.now();
        self.pause_until = Some(now + self.profile.rebalance_pause);
        self.recorder.rebalance_begins(now, from, to, cause);
        // The scaler has noted the changes that it decided on itself.
        if cause != RebalanceCause::Evaluation {
            self.scaler.note_change(now);
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
        if self.clock.scale() > 1 && late > self.profile.rebalance_pause / 10 {
            tracing::warn!(
                pause_s = self.profile.rebalance_pause.as_secs_f64(),
                late_s = late.as_secs_f64(),
                time_scale = self.clock.scale(),
                "a rebalance took longer than its pause: the group's protocol is not scaled, so the time scale is too large"
            );
        }
        true
    }

    /// Returns whether an evaluation is due.
    pub(super) fn evaluation_is_due(&self) -> bool {
        // No change is decided while another one is under way: the rates of a standstill say nothing about the fleet.
        self.pause_until.is_none() && self.evaluation_due <= self.now()
    }

    /// Evaluates the lag, records the decision in the trace and returns it.
    pub(super) fn evaluate(&mut self, progress: Progress, fleet: FleetState) -> Decision {
        let now = self.now();
        let sample = Sample {
            progress,
            work: self.counters.work(),
        };
        let terms = Terms {
            profile: &self.profile,
            is_provisioned: fleet.is_provisioned,
            bounds: fleet.bounds,
        };
        let decision = self.scaler.evaluate(now, sample, fleet.pollers, &terms);
        // A whole interval from now: an evaluation that a standstill has put off does not bring the next one closer.
        self.evaluation_due = now + self.profile.evaluation_interval;
        tracing::debug!(%decision, "the lag was evaluated");
        self.recorder.evaluated(decision.clone());
        decision
    }

    /// Returns whether something is due that needs the group's progress.
    pub(super) fn wants_a_look(&self) -> bool {
        self.evaluation_due.min(self.recorder.due()) <= self.now()
    }

    /// Ends the trace's present bucket when it is over.
    pub(super) fn record_if_due(&mut self, progress: &Progress, fleet: FleetState) {
        if self.recorder.due() <= self.now() {
            self.record(progress, fleet);
        }
    }

    fn record(&mut self, progress: &Progress, fleet: FleetState) {
        let now = self.now();
        let late = now.saturating_sub(self.recorder.due());
        let is_behind = self.clock.scale() > 1 && late > self.recorder.bucket() * BEHIND_BUCKETS;
        if is_behind && !self.is_behind {
            tracing::warn!(
                behind_s = late.as_secs_f64(),
                time_scale = self.clock.scale(),
                "the run is behind its scaled time, so its numbers are not those of the time scale"
            );
        }
        self.is_behind |= is_behind;
        let engine_now = self.enabled_at + now;
        let usage = self.counters.in_flight.turn(engine_now);
        let reading = self.reading(engine_now, usage, progress, fleet);
        self.recorder.record(now, reading);
    }

    /// Ends the trace: nothing is recorded after this.
    pub(super) fn end(&mut self, progress: &Progress, fleet: FleetState) {
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
        let usage = self.counters.in_flight.read(engine_now);
        self.recorder
            .trace_until(now, &self.reading(engine_now, usage, progress, fleet))
    }

    fn now(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.enabled_at)
    }

    fn reading(&self, now: Duration, usage: Usage, progress: &Progress, fleet: FleetState) -> TraceReading {
        let reading = reading(&self.counters, now, usage, progress, fleet);
        TraceReading {
            last_commit: reading.last_commit.saturating_sub(self.enabled_at),
            ..reading
        }
    }
}

fn reading(
    counters: &Counters,
    now: Duration,
    usage: Usage,
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
        in_flight_max: usage.most,
        in_flight: usage.total,
        invocations: counters.invocations.get(),
        invocation_errors: counters.invocation_errors.get(),
        throttles: counters.throttles.get(),
        records: counters.records.get(),
        record_bytes: counters.record_bytes.get(),
    }
}
