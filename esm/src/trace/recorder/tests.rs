//! Tests of the recorder, on readings that are written out.

use super::*;
use crate::profile::ProfileName;

const SECOND: Duration = Duration::from_secs(1);

fn recorder(capacity: usize, reading: TraceReading) -> Recorder {
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
fn reading(committed: u64) -> TraceReading {
    TraceReading {
        lag: 300 - committed,
        end_offsets: 300,
        committed,
        last_commit: Duration::from_millis(committed * 10 - committed.min(50)),
        pollers: 2,
        minimum_pollers: Some(11),
        running_max: 1,
        running: Duration::from_micros(committed * 7_500),
        in_flight_max: 2,
        in_flight: Duration::from_millis(committed * 15),
        throttled: Duration::from_micros(committed * 2_500),
        waiting: Duration::from_millis(committed),
        invocations: committed / 10,
        records: committed,
        record_bytes: committed * 1_000,
        billed_ms: committed * 9,
        ..TraceReading::default()
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
        running_max: 1,
        running_mean: 0.75,
        in_flight_max: 2,
        in_flight_mean: 1.5,
        overhead_mean: 0.5,
        throttled_mean: 0.25,
        waiting_mean: 0.1,
        invocations: 5,
        records: 50,
        record_bytes: 50_000,
        event_poller_units: 2,
        billed_ms: 450,
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
        recorder.rebalance_begins(at * SECOND, from, to, RebalanceCause::Evaluation);
        recorder.rebalance_ends((at + 5) * SECOND);
    }
    recorder.rebalance_begins(50 * SECOND, 9, 3, RebalanceCause::Bounds);
    let trace = recorder.trace_until(SECOND, &reading(0));
    assert_eq!(trace.full_concurrency_after(), Some(45 * SECOND));
    assert_eq!(trace.rebalances[4].ended_at, None);
    assert_eq!((trace.largest_fleet(), trace.reversals()), (9, 3));
}

#[test]
fn records_that_arrive_wait_from_then_on() {
    let mut recorder = recorder(100, TraceReading::default());
    let mut now = TraceReading::default();
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
