use super::*;
use crate::destination::FunctionResponse;
use crate::source::{AssignmentNumber, Records, Span};
use bytes::Bytes;
use esmeralda_broker::TimestampType;
use std::ops::Range;

const RETRY: RetryPolicy = {
    let backoff = crate::retry::Backoff {
        initial: Duration::from_millis(100),
        maximum: Duration::from_millis(200),
    };
    RetryPolicy {
        failed: backoff,
        throttled: backoff,
        unreachable: backoff,
    }
};

fn envelope() -> Envelope {
    Envelope {
        event_source_arn: None,
        bootstrap_servers: "localhost:9092".into(),
        topic: "orders".into(),
    }
}

/// A part with the records of `offsets`, of which every one has its offset as its timestamp.
fn part(partition: i32, offsets: Range<i64>) -> BatchPart {
    let span = |offset: i64| Span {
        offset,
        timestamp_ms: offset,
        key: None,
        value: None,
        headers: 0..1,
    };
    let records = Records {
        partition,
        assignment: AssignmentNumber::default(),
        spans: offsets.clone().map(span).collect(),
        offsets,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from_static(&[0]),
        schemas: None,
    };
    BatchPart {
        range: 0..records.spans.len(),
        records: Arc::new(records),
    }
}

/// Ranges by partition.
type Ranges = Vec<(i32, Range<i64>)>;

/// The ranges of an item by partition.
fn offsets(item: &WorkItem) -> Ranges {
    let ranges = item.ranges().into_iter();
    ranges.map(|range| (range.partition, range.offsets)).collect()
}

fn item(parts: Vec<BatchPart>) -> WorkItem {
    WorkItem::new(envelope().batch(parts))
}

fn failure() -> Outcome {
    Outcome::Failure {
        reason: "Unhandled".into(),
        response: FunctionResponse {
            status: 200,
            function_error: Some("Unhandled".into()),
        },
    }
}

fn throttle() -> Outcome {
    Outcome::Throttled {
        reason: "ConcurrentInvocationLimitExceeded".into(),
    }
}

fn unreachable() -> Outcome {
    Outcome::Unreachable {
        reason: "connection refused".into(),
    }
}

/// The decision without jitter.
fn next(item: &mut WorkItem, outcome: &Outcome, failure: &FailureRules) -> Next {
    let rules = WorkRules {
        failure,
        retry: &RETRY,
        envelope: &envelope(),
    };
    item.next(outcome, &rules, || 0)
}

/// The decisions after each of these outcomes, in words.
fn decisions(item: &mut WorkItem, outcomes: &[Outcome], failure: &FailureRules) -> Vec<String> {
    let mut all = Vec::new();
    for outcome in outcomes {
        all.push(match next(item, outcome, failure) {
            Next::Retry { after } => format!("retry {}", after.as_millis()),
            Next::Split { halves, after } => {
                let halves = halves.map(|half| offsets(&half));
                format!("split {halves:?} {}", after.as_millis())
            }
            Next::Discard { condition } => format!("discard {condition}"),
            Next::Finished(_) => format!("finished {:?}", offsets(item)),
        });
    }
    all
}

#[test]
fn by_default_a_batch_is_retried_until_it_succeeds() {
    let mut item = item(vec![part(0, 5..9)]);
    let outcomes = [
        failure(),
        throttle(),
        unreachable(),
        failure(),
        failure(),
        Outcome::Success,
    ];
    assert_eq!(
        decisions(&mut item, &outcomes, &FailureRules::default()),
        [
            "retry 100",
            "retry 100",
            "retry 100",
            "retry 200",
            "retry 200",
            "finished [(0, 5..9)]"
        ]
    );
}

#[test]
fn success_asks_for_no_random_number() {
    let rules = WorkRules {
        failure: &FailureRules::default(),
        retry: &RETRY,
        envelope: &envelope(),
    };
    let next = item(vec![part(0, 0..1)]).next(&Outcome::Success, &rules, || panic!("asked"));
    assert!(matches!(next, Next::Finished(_)));
}

#[test]
fn runs_of_a_partition_that_follow_each_other_finish_as_one_range() {
    let item = item(vec![
        part(0, 5..9),
        part(0, 9..12),
        part(0, 20..21),
        part(1, 12..13),
    ]);
    assert_eq!(offsets(&item), [(0, 5..12), (0, 20..21), (1, 12..13)]);
}

#[test]
fn only_failures_of_the_function_exhaust_the_attempts() {
    let rules = FailureRules {
        maximum_retry_attempts: Some(1),
        ..FailureRules::default()
    };
    let mut item = item(vec![part(0, 5..9)]);
    let outcomes = [throttle(), throttle(), failure(), unreachable(), failure()];
    assert_eq!(
        decisions(&mut item, &outcomes, &rules),
        [
            "retry 100",
            "retry 200",
            "retry 100",
            "retry 100",
            "discard RetryAttemptsExhausted"
        ]
    );
}

#[test]
fn without_retry_attempts_the_first_failure_discards() {
    let rules = FailureRules {
        maximum_retry_attempts: Some(0),
        ..FailureRules::default()
    };
    let mut item = item(vec![part(0, 5..9)]);
    assert_eq!(
        decisions(&mut item, &[failure()], &rules),
        ["discard RetryAttemptsExhausted"]
    );
}

#[test]
fn records_that_are_too_old_leave_a_batch() {
    // The records are from 5 to 8 and from 7 to 8 ms, and it is 1,000 ms now.
    for (maximum_ms, kept, gone) in [
        (995, vec![(0, 5..9), (1, 7..9)], vec![]),
        (994, vec![(0, 6..9), (1, 7..9)], vec![(0, 5..6)]),
        (992, vec![(0, 8..9), (1, 8..9)], vec![(0, 5..8), (1, 7..8)]),
        (991, vec![], vec![(0, 5..9), (1, 7..9)]),
    ] {
        let mut item = item(vec![part(0, 5..9), part(1, 7..9)]);
        let maximum = Duration::from_millis(maximum_ms);
        let old = item.keep_young(maximum, &envelope(), 1_000);
        let ranges: Vec<_> = ranges(&old)
            .into_iter()
            .map(|range| (range.partition, range.offsets))
            .collect();
        assert_eq!((offsets(&item), ranges), (kept, gone), "{maximum_ms} ms");
    }
}

#[test]
fn a_record_from_the_future_has_no_age() {
    let mut item = item(vec![part(0, 5..9)]);
    assert!(item.keep_young(Duration::ZERO, &envelope(), i64::MIN).is_empty());
    assert_eq!(item.batch().record_count(), 4);
}

/// Returns the ranges that are kept and those that are finished of records 5 to 8 and 10 of partition 0 and records 0 and 1 of partition 1.
fn kept(failed: &[(&str, i64)]) -> Option<(Ranges, Ranges)> {
    let identifier = |(partition, offset): &(&str, i64)| ItemIdentifier {
        partition: (*partition).to_owned(),
        offset: *offset,
    };
    let failed: Vec<_> = failed.iter().map(identifier).collect();
    let mut item = item(vec![part(0, 5..9), part(0, 10..11), part(1, 0..2)]);
    let finished = item.keep_failed(&failed, &envelope());
    if finished.is_none() {
        assert_eq!(item.batch().record_count(), 7, "all are kept");
    }
    let mut event = Vec::new();
    envelope().write(item.batch(), &mut event);
    assert_eq!(item.batch().event_bytes, event.len());
    let finished = finished?.into_iter();
    Some((
        offsets(&item),
        finished.map(|range| (range.partition, range.offsets)).collect(),
    ))
}

#[test]
fn the_records_that_a_response_names_are_kept_and_the_others_are_finished() {
    assert_eq!(
        kept(&[
            ("orders-0", 6),
            ("orders-0", 8),
            ("orders-0", 10),
            ("orders-0", 6)
        ]),
        Some((
            vec![(0, 6..7), (0, 8..9), (0, 10..11)],
            vec![(0, 5..6), (0, 7..8), (1, 0..2)]
        ))
    );
    assert_eq!(
        kept(&[("orders-1", 0)]),
        Some((vec![(1, 0..1)], vec![(0, 5..9), (0, 10..11), (1, 1..2)]))
    );
}

#[test]
fn a_response_that_names_another_record_keeps_all() {
    for other in [
        ("orders-0", 9),
        ("orders-0", 4),
        ("orders-1", 5),
        ("orders-2", 0),
        ("orders-00", 5),
        ("orders-+0", 5),
        ("orders", 5),
        ("orders0", 5),
        ("other-0", 5),
        ("0", 5),
        ("", 5),
    ] {
        assert_eq!(kept(&[("orders-0", 5), other]), None, "{other:?}");
    }
}

#[test]
fn responses_count_as_attempts_and_split_nothing() {
    let rules = FailureRules {
        bisects_batch: true,
        maximum_retry_attempts: Some(2),
        ..FailureRules::default()
    };
    let outcomes = [
        Outcome::ItemFailures(Vec::new()),
        Outcome::InvalidResponse {
            reason: String::new(),
        },
        Outcome::ItemFailures(Vec::new()),
    ];
    let mut item = item(vec![part(0, 5..9)]);
    assert_eq!(
        decisions(&mut item, &outcomes, &rules),
        ["retry 100", "retry 200", "discard RetryAttemptsExhausted"]
    );
}

#[test]
fn a_failed_batch_is_bisected_down_to_one_record_before_attempts_count() {
    let rules = FailureRules {
        bisects_batch: true,
        maximum_retry_attempts: Some(1),
        ..FailureRules::default()
    };
    let mut item = item(vec![part(0, 5..7), part(1, 0..3)]);
    assert_eq!(
        decisions(&mut item, &[throttle(), failure()], &rules),
        ["retry 100", "split [[(0, 5..7), (1, 0..1)], [(1, 1..3)]] 100"]
    );
    let mut last = item;
    while last.batch().record_count() > 1 {
        let Next::Split { halves, .. } = next(&mut last, &failure(), &rules) else {
            panic!("a batch of {} records is split", last.batch().record_count())
        };
        let sizes = halves.each_ref().map(|half| half.batch().record_count());
        assert_eq!(sizes.iter().sum::<usize>(), last.batch().record_count());
        [_, last] = *halves;
    }
    assert_eq!(offsets(&last), [(1, 2..3)]);
    assert_eq!(
        decisions(&mut last, &[failure(), failure()], &rules),
        ["retry 100", "discard RetryAttemptsExhausted"]
    );
}

#[test]
fn the_events_of_halves_are_measured() {
    let rules = FailureRules {
        bisects_batch: true,
        ..FailureRules::default()
    };
    let mut item = item(vec![part(0, 5..9), part(11, 100..103)]);
    let Next::Split { halves, .. } = next(&mut item, &failure(), &rules) else {
        panic!("a batch of seven records is split")
    };
    for half in *halves {
        let mut event = Vec::new();
        envelope().write(half.batch(), &mut event);
        assert_eq!(half.batch().event_bytes, event.len());
    }
}

#[test]
fn a_half_follows_the_half_before_it_only_in_a_shared_partition() {
    let first = item(vec![part(0, 5..9), part(1, 0..2)]);
    assert!(item(vec![part(1, 2..3), part(2, 0..1)]).follows(first.batch()));
    assert!(!item(vec![part(2, 0..1)]).follows(first.batch()));
    assert!(!first.follows(item(vec![part(1, 2..3)]).batch()));
}
