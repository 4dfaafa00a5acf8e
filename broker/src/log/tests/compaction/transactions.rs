//! Compaction of transactions and of the batches of producers.

use super::*;

fn within(id: i64, epoch: i16, sequence: i32, records: &[(&str, Option<&str>)]) -> Batch {
    let mut batch = keyed(records, Compression::None);
    let (id, epoch) = (ProducerId(id), ProducerEpoch(epoch));
    batch.header.set_producer(id, epoch, Sequence(sequence));
    batch.header.set_transactional();
    batch.header.set_crc(batch.header.compute_crc(&batch.body));
    batch
}

pub(super) fn put_within(log: &mut PartitionLog, id: i64, sequence: i32, records: &[(&str, Option<&str>)]) {
    let settings = settings();
    log.append_on(within(id, 0, sequence, records), &terms(&settings, NOW_MS))
        .expect("appended");
    log.replicated(log.log_end_offset());
}

pub(super) fn end(log: &mut PartitionLog, id: i64, outcome: TransactionOutcome) {
    let settings = settings();
    let marker = TransactionMarker {
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(0),
        outcome,
        coordinator_epoch: 0,
        transaction_version: 0,
    };
    log.append_marker(&marker, &terms(&settings, NOW_MS))
        .expect("appended");
    log.replicated(log.log_end_offset());
}

#[test]
fn nothing_from_the_last_stable_offset_on_is_cleaned() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    put_within(&mut log, 1, 0, &[("a", Some("3"))]);
    put(&mut log, &[("a", Some("4"))]);
    put_last(&mut log);
    assert!(clean(&mut log, NOW_MS, &settings()));
    assert_eq!(offsets(&log), [1, 2, 3, 4], "the transaction is open at 2");
    end(&mut log, 1, TransactionOutcome::Commit);
    put_last(&mut log);
    assert!(clean(&mut log, NOW_MS, &settings()));
    // The batch of the transaction stays without its record, for the producer's sequence.
    assert_eq!(offsets(&log), [3, 4, 6]);
}

#[test]
fn aborted_records_go_and_their_marker_follows_once_its_horizon_has_passed() {
    let mut log = log();
    let settings = LogSettings {
        delete_retention_ms: 1_000,
        ..settings()
    };
    put(&mut log, &[("a", Some("1"))]); // 0
    put_within(&mut log, 1, 0, &[("a", Some("aborted"))]); // 1
    end(&mut log, 1, TransactionOutcome::Abort); // 2
    put_within(&mut log, 1, 1, &[("b", Some("2"))]); // 3
    end(&mut log, 1, TransactionOutcome::Commit); // 4
    put_last(&mut log); // 5
    assert_eq!(log.aborted_transactions(Offset(0), Offset(6)).len(), 1);
    assert!(clean(&mut log, NOW_MS, &settings));
    // The aborted record did not count as the last of its key.
    assert_eq!(offsets(&log), [0, 3, 5]);
    let kept = |log: &PartitionLog| -> Vec<i64> {
        let all = batches(log).into_iter();
        all.map(|(header, _)| header.base_offset().0).collect()
    };
    assert_eq!(
        kept(&log),
        [0, 2, 3, 4, 5],
        "the marker had records when it was read"
    );
    put_last(&mut log); // 6
    assert!(clean(&mut log, NOW_MS, &settings));
    assert_eq!(kept(&log), [0, 2, 3, 4, 5, 6], "the marker has a horizon now");
    assert_eq!(log.aborted_transactions(Offset(0), Offset(6)), []);
    put_last(&mut log); // 7
    assert!(clean(&mut log, NOW_MS + 1_000, &settings));
    assert_eq!(kept(&log), [0, 3, 4, 6, 7]);
}

#[test]
fn the_last_batch_of_a_producer_stays_without_records() {
    let mut log = log();
    put_within(&mut log, 1, 0, &[("a", Some("1"))]);
    put_within(&mut log, 1, 1, &[("a", Some("2"))]);
    end(&mut log, 1, TransactionOutcome::Commit);
    put(&mut log, &[("a", Some("3"))]);
    put_last(&mut log);
    clean(&mut log, NOW_MS, &settings());
    let header = batches(&log)[0].0;
    assert_eq!(
        (
            header.base_offset(),
            header.record_count(),
            header.last_sequence()
        ),
        (Offset(1), 0, Sequence(1))
    );
    assert_eq!(header.max_timestamp_ms(), NOW_MS);
    // A truncation reads the producer's state from the batches that are left.
    log.truncate(Offset(4), NOW_MS);
    let settings = settings();
    let next = log.append_on(within(1, 0, 2, &[("b", None)]), &terms(&settings, NOW_MS));
    assert_eq!(next.map(|appended| appended.base_offset), Ok(Offset(4)));
}
