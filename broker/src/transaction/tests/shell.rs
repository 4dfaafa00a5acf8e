//! The shell: ids, the queue of markers, and the limit of memory.

use super::*;
use crate::pool::Pool;
use std::cell::Cell;

fn transactions() -> Transactions {
    Transactions::new(&Pool::new(1 << 20))
}

/// Gives out the producer ids 1, 2, ...
fn ids() -> impl Fn() -> ProducerId {
    let next = Cell::new(0);
    move || {
        next.set(next.get() + 1);
        ProducerId(next.get())
    }
}

fn commit(producer: (ProducerId, ProducerEpoch)) -> EndRequest {
    EndRequest {
        producer_id: producer.0,
        producer_epoch: producer.1,
        outcome: TransactionOutcome::Commit,
        client_version: TransactionVersion::V1,
    }
}

#[test]
fn a_decided_transaction_stays_prepared_until_its_last_marker() {
    let all = transactions();
    let producer = all.init_producer(NOW_MS, "id", TIMEOUT_MS, None, ids()).unwrap();
    assert_eq!(producer, (ProducerId(1), ProducerEpoch(0)));
    let wanted = partitions(&["a", "b"]);
    all.add_partitions(NOW_MS, "id", producer, &wanted, TransactionVersion::V1)
        .unwrap();
    assert_eq!(all.decided(), []);
    all.end(NOW_MS, "id", commit(producer), new_id).unwrap();
    let decided = all.decided();
    assert_eq!(decided.len(), 1);
    assert_eq!(
        (decided[0].outcome, &decided[0].partitions),
        (TransactionOutcome::Commit, &wanted)
    );
    all.markers_written(NOW_MS, &decided[0], &partitions(&["a"]));
    let metadata = all.get("id").unwrap();
    assert_eq!(metadata.state, TransactionState::PrepareCommit);
    assert_eq!(
        metadata.partitions,
        partitions(&["b"]),
        "those without a marker are described"
    );
    assert_eq!(
        all.init_producer(NOW_MS, "id", TIMEOUT_MS, None, new_id),
        Err(TransactionError::Concurrent.into())
    );
    all.markers_written(NOW_MS + 5, &decided[0], &partitions(&["b"]));
    let metadata = all.get("id").unwrap();
    assert_eq!(metadata.state, TransactionState::CompleteCommit);
    assert_eq!(metadata.last_update_ms, NOW_MS + 5);
    assert_eq!(all.decided(), []);
}

/// `TransactionCoordinator.handleInitProducerId` and `abortTimedOutTransactions`: `transactionVersionLevel`.
#[test]
fn what_no_client_ends_is_ended_by_the_level_of_the_cluster() {
    for (level, version) in [
        (0, TransactionVersion::V1),
        (1, TransactionVersion::V1),
        (2, TransactionVersion::V2),
    ] {
        let all = transactions();
        all.set_level(level);
        let new_id = ids();
        for id in ["replaced", "late"] {
            let producer = all.init_producer(NOW_MS, id, 1_000, None, &new_id).unwrap();
            all.add_partitions(NOW_MS, id, producer, &partitions(&["a"]), TransactionVersion::V2)
                .unwrap();
        }
        let refused = all.init_producer(NOW_MS, "replaced", 1_000, None, &new_id);
        assert_eq!(refused, Err(TransactionError::Concurrent.into()));
        all.abort_timed_out(NOW_MS + 1_001, |_| new_id());
        let decided = all.decided();
        let versions: Vec<_> = decided.iter().map(|one| one.client_version).collect();
        assert_eq!(versions, [version, version], "{level}");
    }
}

#[test]
fn timed_out_transactions_are_decided_and_expired_ids_are_forgotten() {
    let all = transactions();
    let new_id = ids();
    let late = all.init_producer(NOW_MS, "late", 1_000, None, &new_id).unwrap();
    all.init_producer(NOW_MS, "idle", TIMEOUT_MS, None, &new_id)
        .unwrap();
    let wanted = partitions(&["a"]);
    all.add_partitions(NOW_MS, "late", late, &wanted, TransactionVersion::V1)
        .unwrap();
    all.abort_timed_out(NOW_MS + 1_000, |_| new_id());
    assert_eq!(all.decided(), []);
    all.abort_timed_out(NOW_MS + 1_001, |_| new_id());
    assert_eq!(all.decided()[0].outcome, TransactionOutcome::Abort);
    all.expire(NOW_MS + 5_000, 5_000);
    let left = all.list(NOW_MS, &TransactionFilters::default());
    let left: Vec<_> = left.iter().map(|(id, ..)| &**id).collect();
    assert_eq!(left, ["late"]);
}

#[test]
fn ids_beyond_the_limit_of_memory_are_refused() {
    let all = transactions();
    let new_id = ids();
    let refused = (0..10_000).find_map(|number| {
        let id = format!("id{number}");
        all.init_producer(NOW_MS, &id, TIMEOUT_MS, None, &new_id).err()
    });
    assert!(
        matches!(refused, Some(RefusedTransaction::Full(_))),
        "{refused:?}"
    );
    // An id that exists goes on.
    assert!(
        all.init_producer(NOW_MS, "id0", TIMEOUT_MS, None, &new_id)
            .is_ok()
    );
    all.expire(i64::MAX, 0);
    assert!(
        all.init_producer(NOW_MS, "new", TIMEOUT_MS, None, &new_id)
            .is_ok()
    );
}
