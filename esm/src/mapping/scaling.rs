//! Scaling of a mapping while it is Enabled: when the lag is evaluated, when a standstill ends, and what the trace is told.
//!
//! Owns the schedule and nothing of the fleet: it is told what is, and says what should be. Its times count from when the mapping became
//! Enabled, those it is asked by are the engine's.

use crate::Clock;
use crate::metrics::{Counters, Usage};
use crate::profile::ScalingProfile;
use crate::scaler::{Bounds, Decision, Sample, Scaler, Terms};
use crate::source::Progress;
use crate::trace::{Cause, Reading, Recorder, Trace, TraceSettings};
use std::sync::Arc;
use std::time::Duration;

/// The trace of a scaled clock is read at most so often in unscaled time, because each reading costs as much as ever.
const LEAST_BUCKET: Duration = Duration::from_millis(100);

/// A scaled run is behind its time when a reading that was due comes so much later, in buckets.
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
    /// The fleet stands still until then, and until its rebalance is over.
    pause_until: Option<Duration>,
    recorder: Recorder,
    has_ended: bool,
    /// Somebody was told already that the run is behind.
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
    /// Begins: the mapping has become Enabled.
    pub(super) fn new(
        clock: &Clock,
        profile: &Arc<ScalingProfile>,
        counters: &Arc<Counters>,
        settings: TraceSettings,
        progress: Progress,
        fleet: FleetState,
    ) -> Self {
        let now = clock.elapsed();
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

    /// When something is due next, in the engine's time.
    pub(super) fn due(&self) -> Duration {
        let next = match self.pause_until {
            // After its pause a rebalance is over when the group is, which is news of the fleet's.
            Some(until) if until <= self.now() => Duration::MAX,
            Some(until) => until,
            None => self.evaluation_due,
        };
        self.enabled_at.saturating_add(next.min(self.recorder.due()))
    }

    /// The fleet was changed: the standstill begins.
    pub(super) fn rebalance_begins(&mut self, from: usize, to: usize, cause: Cause) {
        let now = self.now();
        self.pause_until = Some(now + self.profile.rebalance_pause);
        self.recorder.rebalance_begins(now, from, to, cause);
        if cause != Cause::Evaluation {
            self.scaler.note_change(now);
        }
    }

    /// Ends the standstill when its pause is over and the rebalance is; whether it ended now.
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

    /// Whether an evaluation is to be made now.
    pub(super) fn evaluation_is_due(&self) -> bool {
        self.pause_until.is_none() && self.evaluation_due <= self.now()
    }

    /// Evaluates the lag; the decision is in the trace.
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
        self.evaluation_due = now + self.profile.evaluation_interval;
        tracing::debug!(%decision, "the lag was evaluated");
        self.recorder.evaluated(decision.clone());
        decision
    }

    /// Whether something is due that has to know how far the group is.
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
                "the run cannot keep up with its time: its numbers are not those of the time scale"
            );
        }
        self.is_behind |= is_behind;
        let engine_now = self.enabled_at + now;
        let usage = self.counters.in_flight.turn(engine_now);
        let reading = self.reading(engine_now, usage, progress, fleet);
        self.recorder.record(now, reading);
    }

    /// Nothing is recorded any more.
    pub(super) fn end(&mut self, progress: &Progress, fleet: FleetState) {
        self.record(progress, fleet);
        self.has_ended = true;
    }

    /// Event poller units that were billed in the last bucket.
    pub(super) fn event_poller_units(&self) -> u64 {
        match self.has_ended {
            true => 0,
            false => self.recorder.event_poller_units(),
        }
    }

    /// The trace until now, or until it ended.
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

    fn reading(&self, now: Duration, usage: Usage, progress: &Progress, fleet: FleetState) -> Reading {
        let reading = reading(&self.counters, now, usage, progress, fleet);
        Reading {
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
) -> Reading {
    let ends = progress.ends.iter().map(|end| u64::try_from(*end).unwrap_or(0));
    Reading {
        lag: progress.lag(),
        end_offsets: ends.sum(),
        committed: counters.committed_event_count(),
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
