use super::*;
use crate::batch::MAXIMUM_EVENT_BYTES;
use crate::source::{AssignmentNumber, Span};
use bytes::Bytes;
use esmeralda_broker::TimestampType;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn envelope() -> Envelope {
    Envelope {
        event_source_arn: None,
        bootstrap_servers: "localhost:9092".into(),
        topic: "orders".into(),
    }
}

fn limits(batch_size: usize, window: Duration) -> BatchLimits {
    BatchLimits {
        batch_size,
        window,
        window_start: WindowStart::BatchClosed,
        event_bytes: MAXIMUM_EVENT_BYTES,
        read_ahead_bytes: 4 * MAXIMUM_EVENT_BYTES,
    }
}

fn batcher(batch_size: usize, window: Duration) -> Batcher {
    Batcher::new(limits(batch_size, window), envelope(), Duration::ZERO)
}

/// Returns records of the given offsets, each with a value of `value_bytes` bytes.
fn records_of(partition: i32, offsets: Range<i64>, value_bytes: impl Fn(i64) -> usize) -> Records {
    let mut buffer = vec![0]; // an empty list of headers
    let mut spans = Vec::new();
    for offset in offsets.clone() {
        let start = buffer.len() as u32;
        buffer.resize(buffer.len() + value_bytes(offset), b'x');
        spans.push(Span {
            offset,
            timestamp_ms: 0,
            key: None,
            value: Some(start..buffer.len() as u32),
            headers: 0..1,
        });
    }
    Records {
        partition,
        assignment: AssignmentNumber::default(),
        offsets,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from(buffer),
        spans,
        schemas: None,
    }
}

fn records(partition: i32, offsets: Range<i64>) -> Records {
    records_of(partition, offsets, |_| 10)
}

/// Partition and offsets of each part.
fn contents(batch: &Batch) -> Vec<(i32, Range<i64>)> {
    let part = |part: &BatchPart| (part.records.partition, part.offsets());
    batch.parts.iter().map(part).collect()
}

#[test]
fn a_batch_closes_when_it_has_batch_size_records() {
    let mut batcher = batcher(3, SECOND);
    batcher.add(records(0, 0..2), Duration::ZERO);
    assert!(batcher.take(Duration::ZERO).is_none());
    batcher.add(records(0, 2..7), Duration::ZERO);
    let batch = batcher.take(Duration::ZERO).unwrap();
    assert_eq!(contents(&batch), [(0, 0..2), (0, 2..3)]);
}

#[test]
fn a_batch_closes_when_its_window_has_passed() {
    let mut batcher = batcher(100, SECOND);
    batcher.add(records(0, 0..2), SECOND / 2);
    assert_eq!(batcher.deadline(), Some(SECOND));
    assert!(batcher.take(SECOND - Duration::from_nanos(1)).is_none());
    assert_eq!(contents(&batcher.take(SECOND).unwrap()), [(0, 0..2)]);
}

#[test]
fn a_window_that_passed_empty_starts_anew_with_the_first_record() {
    let mut batcher = batcher(100, SECOND);
    batcher.add(records(0, 0..1), 10 * SECOND);
    assert_eq!(batcher.deadline(), Some(11 * SECOND));
    batcher.add(records(0, 1..2), 10 * SECOND + SECOND / 2);
    assert_eq!(batcher.deadline(), Some(11 * SECOND));
}

#[test]
fn a_window_of_zero_closes_with_whatever_is_there() {
    let mut batcher = batcher(100, Duration::ZERO);
    assert!(batcher.take(SECOND).is_none());
    batcher.add(records(0, 0..2), SECOND);
    assert_eq!(contents(&batcher.take(SECOND).unwrap()), [(0, 0..2)]);
}

#[test]
fn trap_18_windows_start_when_the_batch_before_closed_or_its_invocation_completed() {
    for (window_start, next_deadline) in [
        (WindowStart::BatchClosed, 2 * SECOND),
        (WindowStart::InvocationCompleted, 4 * SECOND),
    ] {
        let limits = BatchLimits {
            window_start,
            ..limits(100, SECOND)
        };
        let mut batcher = Batcher::new(limits, envelope(), Duration::ZERO);
        batcher.add(records(0, 0..2), Duration::ZERO);
        batcher.take(SECOND).unwrap();
        batcher.add(records(0, 2..4), SECOND * 3 / 2);
        batcher.invocation_completed(3 * SECOND);
        batcher.free(&[0]);
        assert_eq!(batcher.deadline(), Some(next_deadline), "{window_start:?}");
    }
}

#[test]
fn a_batch_is_filled_from_one_partition_before_the_next_is_opened() {
    let mut batcher = batcher(10, SECOND);
    batcher.add(records(0, 0..4), Duration::ZERO);
    batcher.add(records(1, 0..4), Duration::ZERO);
    batcher.add(records(2, 0..4), Duration::ZERO);
    let batch = batcher.take(Duration::ZERO).unwrap();
    assert_eq!(contents(&batch), [(0, 0..4), (1, 0..4), (2, 0..2)]);
}

#[test]
fn partitions_take_turns() {
    let mut batcher = batcher(2, SECOND);
    for partition in 0..3 {
        batcher.add(records(partition, 0..6), Duration::ZERO);
    }
    let opened: Vec<i32> = (0..6)
        .map(|_| {
            let partitions = batcher.take(Duration::ZERO).unwrap().partitions();
            batcher.free(&partitions);
            partitions[0]
        })
        .collect();
    assert_eq!(opened, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn a_busy_partition_is_in_no_other_batch() {
    let mut batcher = batcher(2, SECOND);
    batcher.add(records(0, 0..6), Duration::ZERO);
    batcher.take(Duration::ZERO).unwrap();
    assert!(batcher.take(10 * SECOND).is_none());
    assert_eq!(batcher.deadline(), None);
    batcher.free(&[0]);
    assert_eq!(contents(&batcher.take(10 * SECOND).unwrap()), [(0, 2..4)]);
}

#[test]
fn trap_28_a_batch_closes_before_its_event_exceeds_the_limit() {
    let mut batcher = batcher(10_000, SECOND);
    batcher.add(records_of(0, 0..20, |_| 500_000), Duration::ZERO);
    let batch = batcher.take(Duration::ZERO).unwrap();
    // 500,000 bytes are 666,668 of base64; nine of them fit into 6 MiB.
    assert_eq!(contents(&batch), [(0, 0..9)]);
    let mut payload = Vec::new();
    envelope().write(&batch, &mut payload);
    assert_eq!(payload.len(), batch.event_bytes);
    assert!(payload.len() <= MAXIMUM_EVENT_BYTES);
}

#[test]
fn an_event_of_exactly_the_limit_closes_and_one_byte_less_does_not_hold_it() {
    let envelope = envelope();
    let few = records(0, 0..3);
    let exact = envelope.base_bytes()
        + envelope.partition_bytes(0)
        + few
            .spans
            .iter()
            .map(|span| envelope.record_bytes(&few, span))
            .sum::<usize>();
    for (event_bytes, taken) in [(exact, 3), (exact - 1, 2)] {
        let limits = BatchLimits {
            event_bytes,
            ..limits(100, SECOND)
        };
        let mut batcher = Batcher::new(limits, envelope.clone(), Duration::ZERO);
        batcher.add(few.clone(), Duration::ZERO);
        assert_eq!(batcher.take(Duration::ZERO).unwrap().record_count(), taken);
    }
}

#[test]
fn a_record_that_alone_exceeds_the_limit_is_dropped_and_its_neighbours_are_not() {
    let mut batcher = batcher(10, Duration::ZERO);
    let large = |offset| if offset == 2 { 6_000_000 } else { 10 };
    let oversized = batcher.add(records_of(0, 0..5, large), Duration::ZERO);
    let offsets: Vec<_> = oversized.iter().map(BatchPart::offsets).collect();
    assert_eq!(offsets, vec![2..3; 1]);
    let batch = batcher.take(Duration::ZERO).unwrap();
    assert_eq!(contents(&batch), [(0, 0..2), (0, 3..5)]);
}

#[test]
fn reading_ahead_stops_at_a_full_batch_and_at_its_bound() {
    let mut batcher = Batcher::new(
        BatchLimits {
            read_ahead_bytes: 1000,
            ..limits(10, SECOND)
        },
        envelope(),
        Duration::ZERO,
    );
    assert!(batcher.wants(0));
    batcher.add(records(0, 0..10), Duration::ZERO);
    assert!(!batcher.wants(0), "a full batch waits");
    batcher.add(records(1, 0..1), Duration::ZERO);
    assert!(!batcher.wants(1), "more than the bound waits");
    assert!(batcher.wants(2), "a partition with nothing is always read");
    batcher.discard();
    assert!(batcher.wants(0) && batcher.wants(1));
    assert!(batcher.take(10 * SECOND).is_none());
}

/// An event in the life of a batcher.
#[derive(Clone, Debug)]
enum Step {
    Add {
        partition: i32,
        count: i64,
        value_bytes: usize,
    },
    Take,
    Complete {
        pick: prop::sample::Index,
    },
    Pass {
        milliseconds: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4i32, 0..30i64, prop_oneof![0usize..100, Just(3000usize)])
            .prop_map(|(partition, count, value_bytes)| Step::Add { partition, count, value_bytes }),
        4 => Just(Step::Take),
        3 => any::<prop::sample::Index>().prop_map(|pick| Step::Complete { pick }),
        2 => (0..900u64).prop_map(|milliseconds| Step::Pass { milliseconds }),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    /// In any interleaving: each record comes out exactly once and in order or is dropped for its size, no two batches in flight share
    /// a partition, no batch exceeds a limit, its length is exact, and nothing waits beyond its window.
    #[test]
    fn no_record_is_lost_doubled_or_reordered(
        steps in steps(),
        batch_size in 1usize..40,
        provisioned in any::<bool>(),
    ) {
        let event_bytes = 2500;
        let window = Duration::from_millis(500);
        let window_start = match provisioned {
            true => WindowStart::BatchClosed,
            false => WindowStart::InvocationCompleted,
        };
        let limits = BatchLimits { batch_size, window, window_start, event_bytes, read_ahead_bytes: 10_000 };
        let mut batcher = Batcher::new(limits, envelope(), Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut added = [0i64; 4];
        let mut seen = [0i64; 4];
        let mut dropped: Vec<(i32, i64)> = Vec::new();
        let mut in_flight: Vec<Vec<i32>> = Vec::new();

        let check = |batch: &Batch, seen: &mut [i64; 4], dropped: &[(i32, i64)], in_flight: &[Vec<i32>]| {
            prop_assert!(batch.record_count() > 0 && batch.record_count() <= batch_size);
            let mut payload = Vec::new();
            envelope().write(batch, &mut payload);
            prop_assert_eq!(payload.len(), batch.event_bytes);
            prop_assert!(payload.len() <= event_bytes);
            for partition in batch.partitions() {
                prop_assert!(in_flight.iter().flatten().all(|busy| *busy != partition));
            }
            for part in &batch.parts {
                let next = &mut seen[part.records.partition as usize];
                for span in part.spans() {
                    while dropped.contains(&(part.records.partition, *next)) {
                        *next += 1;
                    }
                    prop_assert_eq!(span.offset, *next);
                    *next += 1;
                }
            }
            Ok(())
        };

        for step in steps {
            match step {
                Step::Add { partition, count, value_bytes } => {
                    let start = added[partition as usize];
                    added[partition as usize] += count;
                    let gone = batcher.add(records_of(partition, start..start + count, |_| value_bytes), now);
                    let offsets = gone.iter().flat_map(BatchPart::offsets);
                    dropped.extend(offsets.map(|offset| (partition, offset)));
                }
                Step::Take => {
                    if let Some(batch) = batcher.take(now) {
                        check(&batch, &mut seen, &dropped, &in_flight)?;
                        in_flight.push(batch.partitions());
                    }
                }
                Step::Complete { pick } if !in_flight.is_empty() => {
                    let partitions = in_flight.swap_remove(pick.index(in_flight.len()));
                    batcher.invocation_completed(now);
                    batcher.free(&partitions);
                }
                Step::Complete { .. } => {}
                Step::Pass { milliseconds } => {
                    now += Duration::from_millis(milliseconds);
                    if let Some(deadline) = batcher.deadline() {
                        prop_assert!(deadline <= now + window);
                    }
                }
            }
        }
        for partitions in in_flight.drain(..) {
            batcher.free(&partitions);
        }
        now += window;
        while let Some(batch) = batcher.take(now) {
            check(&batch, &mut seen, &dropped, &[])?;
            batcher.free(&batch.partitions());
            now += window;
        }
        for (partition, next) in (0..).zip(&mut seen) {
            while dropped.contains(&(partition, *next)) {
                *next += 1;
            }
        }
        prop_assert_eq!(seen, added);
        prop_assert_eq!(batcher.waiting_bytes, 0);
    }
}

#[test]
fn a_partition_is_busy_until_every_batch_that_shares_it_is_finished() {
    let mut batcher = Batcher::new(limits(2, Duration::ZERO), envelope(), Duration::ZERO);
    batcher.add(records(0, 0..4), Duration::ZERO);
    let batch = batcher.take(Duration::ZERO).unwrap();
    assert!(!batcher.shares_partitions(&batch));
    batcher.occupy(&[0]);
    assert!(batcher.shares_partitions(&batch));
    batcher.free(&[0]);
    assert!(batcher.take(Duration::ZERO).is_none());
    assert!(!batcher.shares_partitions(&batch));
    batcher.free(&[0]);
    assert_eq!(batcher.take(Duration::ZERO).unwrap().record_count(), 2);
}
