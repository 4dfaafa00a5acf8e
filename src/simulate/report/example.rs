//! Outcomes for tests: a small one with known figures, and one that looks like the published runs.

use crate::simulate::{
    PollerBounds, PublishedFigures, RunEnding, RunLimit, SimulationOutcome, VariantOutcome,
};
use esmeralda_esm::trace::{Bucket, Rebalance, RebalanceCause, Trace};
use esmeralda_esm::trace::{Cap, Decision, Reason};
use serde_json::{Map, json};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Number of records of the published runs.
const BACKLOG: u64 = 20_000_000;

/// The times at which the fleet is evaluated, and the pause of a rebalance.
const FIRST_EVALUATION_S: u64 = 90;
const INTERVAL_S: u64 = 60;
const PAUSE_S: u64 = 30;

/// Returns a variant without any activity or trace.
pub(super) fn blank(name: &str) -> VariantOutcome {
    VariantOutcome {
        name: name.to_owned(),
        bounds: None,
        drained_in: None,
        ending: RunEnding::Behind,
        members: Map::new(),
        longest_wait: Duration::ZERO,
        peak_lag: 0,
        full_concurrency_after: Some(Duration::ZERO),
        records: 0,
        invocations: 0,
        invocation_errors: 0,
        throttles: 0,
        billed_ms: 0,
        invocations_usd: 0.0,
        is_scaled_by_keda: false,
        replicas_usd: None,
        limits: Vec::new(),
        payload_bytes: 0,
        digest: None,
        published: None,
        trace: Trace {
            bucket: SECOND,
            starting_pollers: 1,
            is_complete: true,
            drained_at: None,
            event_poller_unit_hours: 0.0,
            cost_usd: 0.0,
            buckets: Vec::new(),
            evaluations: Vec::new(),
            rebalances: Vec::new(),
        },
    }
}

/// Returns two seconds of one variant that drained and one that did not, with names that must be escaped.
pub(super) fn small() -> SimulationOutcome {
    let mut drained = blank("a <b> & \"c\"");
    drained.bounds = Some(PollerBounds {
        minimum: 1,
        maximum: 4,
    });
    drained.drained_in = Some(Duration::from_millis(1_500));
    drained.ending = RunEnding::Drained(Duration::from_millis(1_500));
    drained.members.insert("BatchSize".to_owned(), 100.into());
    (drained.longest_wait, drained.peak_lag) = (Duration::from_millis(1_500), 300);
    (drained.invocation_errors, drained.throttles, drained.billed_ms) = (1, 2, 345);
    drained.invocations_usd = 0.0001;
    drained.full_concurrency_after = Some(Duration::from_millis(1_250));
    (drained.records, drained.invocations, drained.payload_bytes) = (300, 3, 9_000);
    drained.digest = Some("0badc0de".to_owned());
    let bucket = |start, lag, committed, running_mean| Bucket {
        start: start * SECOND,
        length: SECOND,
        lag,
        committed,
        pollers: 2,
        running_max: 2,
        running_mean,
        in_flight_max: 2,
        in_flight_mean: running_mean + 0.25,
        overhead_mean: 0.25,
        invocations: committed / 100,
        records: committed,
        record_bytes: committed * 10,
        event_poller_units: 1,
        ..Bucket::default()
    };
    drained.trace = Trace {
        drained_at: drained.drained_in,
        event_poller_unit_hours: 2.0 / 3_600.0,
        cost_usd: 2.0 / 3_600.0 * 0.185,
        buckets: vec![bucket(0, 200, 100, 0.75), bucket(1, 0, 200, 0.5)],
        evaluations: vec![decision(1, 1, 2, 2, 200)],
        rebalances: vec![Rebalance {
            decided_at: SECOND,
            ended_at: drained.full_concurrency_after,
            from: 1,
            to: 2,
            cause: RebalanceCause::Evaluation,
        }],
        ..drained.trace
    };
    let mut stuck = blank("stuck");
    stuck.trace.buckets = vec![bucket(0, 1_234, 0, 0.0)];
    (stuck.longest_wait, stuck.peak_lag) = (SECOND, 1_234);
    stuck.limits = vec![RunLimit::HotPartition {
        partition: 7,
        share: 0.31,
    }];
    SimulationOutcome {
        title: "A \"small\" <run>".to_owned(),
        profile: "current".to_owned(),
        seed: 7,
        inputs: json!({ "run_for_s": null }),
        variants: vec![drained, stuck],
    }
}

/// Returns the announcement's four modes, with figures near the published ones.
pub(super) fn published_runs() -> SimulationOutcome {
    let provisioned = |minimum: usize, drained, full| PublishedRun {
        bounds: Some(PollerBounds {
            minimum: minimum as u32,
            maximum: 200,
        }),
        step: 18,
        ceiling: 100,
        start: minimum,
        invocation_s: 0.180,
        published: (drained, full),
    };
    let on_demand = PublishedRun {
        bounds: None,
        step: 17,
        ceiling: 50,
        start: 1,
        invocation_s: 0.245,
        published: (20.0, 4.0),
    };
    SimulationOutcome {
        title: "Provisioned mode's reference workload".to_owned(),
        profile: "announcement-2024".to_owned(),
        seed: 1,
        inputs: json!({}),
        variants: vec![
            on_demand.variant("on-demand"),
            provisioned(1, 12.0, 7.0).variant("minimum-1"),
            provisioned(10, 11.0, 6.0).variant("minimum-10"),
            provisioned(100, 6.0, 0.0).variant("minimum-100"),
        ],
    }
}

/// One of the published runs, as a fluid model: each poller processes 100 records per invocation, one invocation after another.
struct PublishedRun {
    bounds: Option<PollerBounds>,
    step: usize,
    ceiling: usize,
    start: usize,
    invocation_s: f64,
    published: (f64, f64),
}

impl PublishedRun {
    fn variant(&self, name: &str) -> VariantOutcome {
        let trace = self.trace();
        let (drained_in_minutes, full_concurrency_after_minutes) = self.published;
        VariantOutcome {
            name: name.to_owned(),
            bounds: self.bounds,
            drained_in: trace.drained_at,
            ending: trace.drained_at.map_or(RunEnding::Behind, RunEnding::Drained),
            longest_wait: trace.longest_wait(),
            peak_lag: BACKLOG,
            full_concurrency_after: trace.full_concurrency_after(),
            records: BACKLOG,
            invocations: BACKLOG / 100,
            billed_ms: BACKLOG,
            invocations_usd: 0.0817,
            payload_bytes: 29_467_040_000,
            digest: Some("5f0d3c7a".to_owned()),
            published: Some(PublishedFigures {
                drained_in_minutes,
                full_concurrency_after_minutes,
            }),
            trace,
            ..blank(name)
        }
    }

    fn trace(&self) -> Trace {
        let mut trace = blank("").trace;
        trace.starting_pollers = self.start;
        let (mut fleet, mut left, mut paused_until) = (self.start, BACKLOG as f64, 0);
        for second in 0.. {
            let is_due =
                second >= FIRST_EVALUATION_S && (second - FIRST_EVALUATION_S).is_multiple_of(INTERVAL_S);
            if is_due {
                let to = (fleet + self.step).min(self.ceiling);
                trace
                    .evaluations
                    .push(decision(second, fleet, to, self.ceiling, left as u64));
                if to > fleet {
                    paused_until = second + PAUSE_S;
                    trace.rebalances.push(rebalance(second, fleet, to));
                    fleet = to;
                }
            }
            let in_flight = if second < paused_until { 0 } else { fleet };
            // A wave in place of jitter.
            let wave = 1.0 + 0.02 * (second as f64 * 1.7).sin();
            let rate = in_flight as f64 * 100.0 / self.invocation_s * wave;
            let done = rate.min(left).round();
            let bucket = self.bucket(second, done as u64, (left - done) as u64, fleet, in_flight);
            left -= done;
            trace.event_poller_unit_hours += bucket.event_poller_units as f64 / 3_600.0;
            trace.buckets.push(bucket);
            if left < 1.0 {
                let into = if rate > 0.0 { done / rate } else { 0.0 };
                trace.drained_at = Some(Duration::from_secs_f64(second as f64 + into));
                break;
            }
        }
        trace.cost_usd = trace.event_poller_unit_hours * 0.185;
        trace
    }

    fn bucket(&self, second: u64, done: u64, left: u64, fleet: usize, in_flight: usize) -> Bucket {
        Bucket {
            start: Duration::from_secs(second),
            length: SECOND,
            lag: left,
            committed: done,
            pollers: fleet,
            running_max: in_flight,
            running_mean: in_flight as f64 * (0.97 + 0.02 * (second as f64).sin()),
            in_flight_max: in_flight,
            in_flight_mean: in_flight as f64 * (0.97 + 0.02 * (second as f64).sin()),
            invocations: done / 100,
            records: done,
            record_bytes: done * 1_024,
            event_poller_units: self.bounds.map_or(0, |_| fleet.div_ceil(10) as u64),
            ..Bucket::default()
        }
    }
}

fn decision(second: u64, from: usize, to: usize, wanted: usize, lag: u64) -> Decision {
    Decision {
        at: Duration::from_secs(second),
        from,
        to,
        reason: if to > from {
            Reason::LagTooLong
        } else {
            Reason::Enough
        },
        lag,
        arrival_per_s: 0.0,
        slot_per_s: Some(555.5),
        slots_per_poller: Some(1.0),
        throttled_share: 0.0,
        raw_target: Some(wanted),
        capped_by: (to > from && to < wanted).then_some(Cap::Step),
    }
}

fn rebalance(second: u64, from: usize, to: usize) -> Rebalance {
    Rebalance {
        decided_at: Duration::from_secs(second),
        ended_at: Some(Duration::from_secs(second + PAUSE_S)),
        from,
        to,
        cause: RebalanceCause::Evaluation,
    }
}
