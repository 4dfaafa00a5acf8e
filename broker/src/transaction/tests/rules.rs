//! The rules of one transactional id.

use super::*;
use crate::transaction::end::Ended;
use crate::transaction::init::Initialised;
use TransactionError::{Concurrent, Fenced, InvalidProducerIdMapping, InvalidState};
use TransactionOutcome::{Abort, Commit};
use TransactionState::{CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit};
use TransactionVersion::{V1, V2};

const LAST: i16 = i16::MAX - 1;

fn former(id: i64, epoch: i16) -> Option<FormerProducer> {
    Some(FormerProducer {
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(epoch),
    })
}

/// Returns the producer id, the epoch and the last epoch of an initialised producer.
fn initialised(
    before: &TransactionMetadata,
    former: Option<FormerProducer>,
) -> Result<(i64, i16, i16), TransactionError> {
    let initialised = before.init_producer(NOW_MS + 1, V2, 5_000, former, new_id)?;
    let Initialised::Producer(next) = initialised else {
        panic!("no transaction is open");
    };
    assert!(next.may_follow(before), "{next:?} after {before:?}");
    assert_eq!((next.state, next.timeout_ms, next.start_ms), (Empty, 5_000, -1));
    assert_eq!(next.last_update_ms, NOW_MS + 1);
    Ok((
        next.producer_id.0,
        next.producer_epoch.0,
        next.last_producer_epoch.0,
    ))
}

#[test]
fn each_initialisation_bumps_the_epoch() {
    let new = TransactionMetadata::new(ProducerId(7), TIMEOUT_MS, NOW_MS);
    assert_eq!(initialised(&new, None), Ok((7, 0, -1)));
    for state in [Empty, CompleteCommit, CompleteAbort] {
        assert_eq!(initialised(&metadata(4, state), None), Ok((7, 5, -1)));
    }
}

#[test]
fn a_producer_that_names_its_epoch_goes_on_unless_another_came_in_between() {
    let before = TransactionMetadata {
        previous_producer_id: ProducerId(6),
        last_producer_epoch: ProducerEpoch(3),
        ..metadata(4, Empty)
    };
    for (former, expected) in [
        (former(7, 4), Ok((7, 5, 4))),
        // The answer was lost: it is given again.
        (former(7, 3), Ok((7, 4, 3))),
        (former(7, 2), Err(Fenced)),
        (former(7, 5), Err(Fenced)),
        (former(6, 4), Err(Fenced)),
        // The epochs of the former id ran out, but its last one is not the one before.
        (former(6, LAST), Err(Fenced)),
        (former(5, LAST), Err(Fenced)),
    ] {
        assert_eq!(initialised(&before, former), expected, "{former:?}");
    }
    // An id that expired and was created again accepts any producer.
    let new = TransactionMetadata::new(ProducerId(7), TIMEOUT_MS, NOW_MS);
    assert_eq!(initialised(&new, former(5, 9)), Ok((7, 0, -1)));
}

#[test]
fn a_producer_whose_epochs_ran_out_gets_a_new_id() {
    assert_eq!(initialised(&metadata(LAST - 1, Empty), None), Ok((7, LAST, -1)));
    assert_eq!(initialised(&metadata(LAST, Empty), None), Ok((8, 0, -1)));
    assert_eq!(initialised(&metadata(i16::MAX, Empty), None), Ok((8, 0, -1)));
    assert_eq!(
        initialised(&metadata(LAST, Empty), former(7, LAST)),
        Ok((8, 0, LAST))
    );
    // Its answer was lost: it still has the former id.
    let rotated = TransactionMetadata {
        producer_id: ProducerId(8),
        previous_producer_id: ProducerId(7),
        last_producer_epoch: ProducerEpoch(LAST),
        ..metadata(0, Empty)
    };
    assert_eq!(initialised(&rotated, former(7, LAST)), Ok((8, 0, LAST)));
}

#[test]
fn an_open_transaction_is_aborted_under_a_higher_epoch_before_a_new_producer_begins() {
    let before = metadata(4, Ongoing);
    let aborting = before.init_producer(NOW_MS + 1, V2, 5_000, None, new_id);
    let Ok(Initialised::Aborting(next)) = aborting else {
        panic!("{aborting:?}");
    };
    assert!(next.may_follow(&before));
    assert_eq!(
        (next.state, next.producer_epoch),
        (PrepareAbort, ProducerEpoch(5))
    );
    assert_eq!(next.partitions, before.partitions, "each gets a marker");
    assert_eq!(
        next.timeout_ms, TIMEOUT_MS,
        "the new producer's begins with its own epoch"
    );
    let refused = next.init_producer(NOW_MS + 2, V2, 5_000, None, new_id);
    assert_eq!(refused, Err(Concurrent), "until the markers are written");
    let complete = next.without_partitions(&next.partitions).completed(NOW_MS + 3);
    assert_eq!(
        (complete.state, complete.producer_epoch),
        (CompleteAbort, ProducerEpoch(5))
    );
    assert_eq!(initialised(&complete, None), Ok((7, 6, -1)));
}

#[test]
fn fencing_with_the_last_epoch_leads_to_a_new_id() {
    let before = metadata(LAST, Ongoing);
    let Ok(Initialised::Aborting(next)) = before.init_producer(NOW_MS, V2, 5_000, None, new_id) else {
        panic!("a transaction is open");
    };
    // The greatest epoch is kept back for this.
    assert_eq!(
        (next.producer_id, next.producer_epoch),
        (ProducerId(7), ProducerEpoch(i16::MAX))
    );
    let complete = next.without_partitions(&next.partitions).completed(NOW_MS);
    assert!(complete.may_follow(&next.without_partitions(&next.partitions)));
    assert_eq!(
        (complete.producer_id, complete.producer_epoch),
        (ProducerId(8), ProducerEpoch(0))
    );
    assert_eq!(complete.previous_producer_id, ProducerId(7));
}

#[test]
fn partitions_are_added_by_the_current_producer_while_nothing_is_being_ended() {
    for (state, producer, expected) in [
        (Empty, (7, 4), Ok(())),
        (Ongoing, (7, 4), Ok(())),
        (CompleteCommit, (7, 4), Ok(())),
        (CompleteAbort, (7, 4), Ok(())),
        (PrepareCommit, (7, 4), Err(Concurrent)),
        (PrepareAbort, (7, 4), Err(Concurrent)),
        // Whether it is the current producer is not looked at before that.
        (PrepareCommit, (9, 9), Err(Concurrent)),
        (Ongoing, (9, 4), Err(InvalidProducerIdMapping)),
        (Ongoing, (7, 3), Err(Fenced)),
        (Ongoing, (7, 5), Err(Fenced)),
    ] {
        let before = metadata(4, state);
        let producer = (ProducerId(producer.0), ProducerEpoch(producer.1));
        let added = before.add_partitions(NOW_MS + 1, producer, &partitions(&["b", "c"]), V1);
        assert_eq!(
            added.as_ref().map(|_| ()),
            expected.as_ref().copied(),
            "{state:?}"
        );
        if let Ok(Some(next)) = added {
            assert!(next.may_follow(&before));
            assert_eq!(next.state, Ongoing);
            let (names, start_ms): (&[_], _) = match state {
                Ongoing => (&["a", "b", "c"], NOW_MS),
                _ => (&["b", "c"], NOW_MS + 1),
            };
            assert_eq!((next.partitions, next.start_ms), (partitions(names), start_ms));
        }
    }
}

#[test]
fn adding_partitions_again_changes_nothing() {
    let before = metadata(4, Ongoing);
    let producer = (ProducerId(7), ProducerEpoch(4));
    let again = before.add_partitions(NOW_MS + 1, producer, &partitions(&["a"]), V1);
    assert_eq!(again, Ok(None));
    // A transaction can begin with no partition at all.
    let empty = metadata(4, Empty).add_partitions(NOW_MS, producer, &BTreeSet::new(), V1);
    assert_eq!(empty.unwrap().map(|next| next.state), Some(Ongoing));
}

#[test]
fn a_write_is_verified_against_the_partitions_of_the_open_transaction() {
    for (state, producer, expected) in [
        (Ongoing, (7, 4), Ok(partitions(&["a"]))),
        (Empty, (7, 4), Ok(BTreeSet::new())),
        (CompleteCommit, (7, 4), Ok(BTreeSet::new())),
        (PrepareCommit, (7, 4), Err(Concurrent)),
        (PrepareAbort, (9, 4), Err(InvalidProducerIdMapping)),
        (PrepareAbort, (7, 3), Err(Fenced)),
    ] {
        let metadata = metadata(4, state);
        let found = metadata.verify(ProducerId(producer.0), ProducerEpoch(producer.1));
        assert_eq!(found.cloned(), expected, "{state:?} {producer:?}");
    }
}

fn end_by(
    before: &TransactionMetadata,
    client_version: TransactionVersion,
    (id, epoch): (i64, i16),
    outcome: TransactionOutcome,
) -> Result<Option<TransactionMetadata>, TransactionError> {
    let request = EndRequest {
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(epoch),
        outcome,
        client_version,
    };
    match before.end(NOW_MS + 1, request, new_id)? {
        Ended::Before => Ok(None),
        Ended::Prepared(next) => {
            assert!(next.may_follow(before), "{next:?} after {before:?}");
            Ok(Some(next))
        }
    }
}

/// Returns the state and the epoch after a request to end; `None` if it was carried out before.
fn ended(
    before: &TransactionMetadata,
    version: TransactionVersion,
    producer: (i64, i16),
    outcome: TransactionOutcome,
) -> Result<Option<(TransactionState, i16)>, TransactionError> {
    let next = end_by(before, version, producer, outcome)?;
    Ok(next.map(|next| (next.state, next.producer_epoch.0)))
}

#[test]
fn version_1_ends_a_transaction_under_its_own_epoch() {
    for (state, producer, outcome, expected) in [
        (Ongoing, (7, 4), Commit, Ok(Some((PrepareCommit, 4)))),
        (Ongoing, (7, 4), Abort, Ok(Some((PrepareAbort, 4)))),
        (Ongoing, (9, 4), Commit, Err(InvalidProducerIdMapping)),
        (Ongoing, (7, 3), Commit, Err(Fenced)),
        (Ongoing, (7, 5), Commit, Err(Fenced)),
        (PrepareCommit, (9, 4), Commit, Err(InvalidProducerIdMapping)),
        (PrepareCommit, (7, 3), Commit, Err(Fenced)),
        (PrepareCommit, (7, 4), Commit, Err(Concurrent)),
        (PrepareCommit, (7, 4), Abort, Err(Concurrent)),
        (PrepareAbort, (7, 4), Commit, Err(Concurrent)),
        // The client asks again because it lost the answer.
        (CompleteCommit, (7, 4), Commit, Ok(None)),
        (CompleteAbort, (7, 4), Abort, Ok(None)),
        (CompleteCommit, (7, 4), Abort, Err(InvalidState)),
        (CompleteAbort, (7, 4), Commit, Err(InvalidState)),
        (Empty, (7, 4), Commit, Err(InvalidState)),
        (Empty, (7, 4), Abort, Err(InvalidState)),
    ] {
        let found = ended(&metadata(4, state), V1, producer, outcome);
        assert_eq!(found, expected, "{state:?} {producer:?} {outcome:?}");
    }
}

#[test]
fn version_2_bumps_the_epoch_with_each_end() {
    for (state, producer, outcome, expected) in [
        (Ongoing, (7, 4), Commit, Ok(Some((PrepareCommit, 5)))),
        (Ongoing, (7, 4), Abort, Ok(Some((PrepareAbort, 5)))),
        (Ongoing, (9, 4), Commit, Err(InvalidProducerIdMapping)),
        (Ongoing, (7, 3), Commit, Err(Fenced)),
        (Ongoing, (7, 5), Commit, Err(Fenced)),
        // Nothing is looked at before the markers are written.
        (PrepareCommit, (9, 9), Abort, Err(Concurrent)),
        (PrepareAbort, (7, 3), Abort, Err(Concurrent)),
        (CompleteCommit, (7, 4), Commit, Err(InvalidState)),
        (CompleteAbort, (7, 4), Commit, Err(InvalidState)),
        (CompleteCommit, (7, 2), Commit, Err(Fenced)),
        (CompleteCommit, (7, 5), Commit, Err(Fenced)),
        (Empty, (7, 4), Commit, Err(InvalidState)),
        (Empty, (7, 3), Abort, Err(Fenced)),
    ] {
        let found = ended(&metadata(4, state), V2, producer, outcome);
        assert_eq!(found, expected, "{state:?} {producer:?} {outcome:?}");
    }
}

/// Row 60 of the list of behaviours.
#[test]
fn an_end_that_is_sent_again_with_the_epoch_before_succeeds_in_the_same_direction_only() {
    for (state, outcome, expected) in [
        (CompleteCommit, Commit, Ok(None)),
        (CompleteAbort, Abort, Ok(None)),
        (CompleteCommit, Abort, Err(InvalidState)),
        (CompleteAbort, Commit, Err(InvalidState)),
        // In a new transaction the epoch before is a fenced producer's.
        (Ongoing, Commit, Err(Fenced)),
        (Empty, Abort, Err(Fenced)),
    ] {
        let found = ended(&metadata(4, state), V2, (7, 3), outcome);
        assert_eq!(found, expected, "{state:?} {outcome:?}");
    }
}

/// Row 61 of the list of behaviours.
#[test]
fn version_2_aborts_a_transaction_without_partitions_and_bumps_the_epoch() {
    for state in [Empty, CompleteCommit, CompleteAbort] {
        let next = end_by(&metadata(4, state), V2, (7, 4), Abort).unwrap();
        let next = next.expect("it is not a retry");
        assert_eq!(
            (next.state, next.producer_epoch),
            (PrepareAbort, ProducerEpoch(5))
        );
        assert_eq!((next.start_ms, next.partitions.len()), (NOW_MS + 1, 0));
        assert_eq!(next.completed(NOW_MS + 1).state, CompleteAbort);
    }
}

#[test]
fn version_2_gets_a_new_id_when_the_epochs_run_out() {
    let next = end_by(&metadata(LAST, Ongoing), V2, (7, LAST), Commit).unwrap();
    let next = next.expect("it is not a retry");
    assert_eq!(
        (next.producer_id, next.producer_epoch),
        (ProducerId(7), ProducerEpoch(i16::MAX))
    );
    assert_eq!(next.producer_when_complete(), (ProducerId(8), ProducerEpoch(0)));
    let complete = next.without_partitions(&next.partitions).completed(NOW_MS);
    assert_eq!(
        (complete.producer_id, complete.producer_epoch),
        (ProducerId(8), ProducerEpoch(0))
    );
    // The client sends the request again, with the id that it had.
    assert_eq!(ended(&complete, V2, (7, LAST), Commit), Ok(None));
    assert_eq!(ended(&complete, V2, (7, LAST), Abort), Err(InvalidState));
    assert_eq!(
        ended(&complete, V2, (7, LAST - 1), Commit),
        Err(InvalidProducerIdMapping)
    );
}

/// Row 64 of the list of behaviours.
#[test]
fn a_transaction_that_lasts_longer_than_its_timeout_is_aborted_under_a_higher_epoch() {
    let before = metadata(4, Ongoing);
    let timeout_ms = i64::from(TIMEOUT_MS);
    assert!(!before.has_timed_out(NOW_MS + timeout_ms));
    assert!(before.has_timed_out(NOW_MS + timeout_ms + 1));
    for state in [Empty, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort] {
        assert!(!metadata(4, state).has_timed_out(i64::MAX), "{state:?}");
    }
    let fenced = before.fence(NOW_MS, V2, new_id);
    assert!(fenced.may_follow(&before));
    assert_eq!(
        (fenced.state, fenced.producer_epoch),
        (PrepareAbort, ProducerEpoch(5))
    );
    // Its producer still has epoch 4.
    let complete = fenced.without_partitions(&fenced.partitions).completed(NOW_MS);
    assert_eq!(ended(&complete, V1, (7, 4), Commit), Err(Fenced));
}

#[test]
fn before_transactions_of_version_2_fencing_keeps_the_producer_id_and_forgets_the_last_epoch() {
    for (epoch, fenced_epoch, next_producer) in [(4, 5, (7, 6, -1)), (LAST, i16::MAX, (8, 0, -1))] {
        let before = TransactionMetadata {
            last_producer_epoch: ProducerEpoch(3),
            ..metadata(epoch, Ongoing)
        };
        let fenced = before.fence(NOW_MS, V1, new_id);
        assert!(fenced.may_follow(&before));
        let complete = fenced.without_partitions(&fenced.partitions).completed(NOW_MS);
        for value in [&fenced, &complete] {
            let producer = (value.producer_id, value.producer_epoch, value.last_producer_epoch);
            let expected = (ProducerId(7), ProducerEpoch(fenced_epoch), ProducerEpoch::NONE);
            assert_eq!((producer, value.client_version), (expected, V1), "{epoch}");
        }
        assert_eq!(initialised(&complete, None), Ok(next_producer));
    }
}

#[test]
fn an_id_expires_only_while_it_has_no_transaction() {
    for (state, expected) in [
        (Empty, true),
        (CompleteCommit, true),
        (CompleteAbort, true),
        (Ongoing, false),
        (PrepareCommit, false),
        (PrepareAbort, false),
    ] {
        let metadata = metadata(4, state);
        assert_eq!(metadata.has_expired(NOW_MS + 1_000, 1_000), expected, "{state:?}");
        assert!(!metadata.has_expired(NOW_MS + 999, 1_000), "{state:?}");
    }
}

#[test]
fn ids_are_listed_by_producer_state_and_duration() {
    let filters = TransactionFilters::default;
    let ongoing = metadata(4, Ongoing);
    let empty = metadata(4, Empty);
    for (filters, lists_ongoing, lists_empty) in [
        (filters(), true, true),
        (
            TransactionFilters {
                producer_ids: BTreeSet::from([ProducerId(9)]),
                ..filters()
            },
            false,
            false,
        ),
        (
            TransactionFilters {
                producer_ids: BTreeSet::from([ProducerId(7)]),
                states: Some(BTreeSet::from([Ongoing])),
                ..filters()
            },
            true,
            false,
        ),
        (
            TransactionFilters {
                states: Some(BTreeSet::new()),
                ..filters()
            },
            false,
            false,
        ),
        (
            // As in Kafka, an id without a transaction counts as very old.
            TransactionFilters {
                duration_ms: Some(1_000),
                ..filters()
            },
            false,
            true,
        ),
    ] {
        assert_eq!(
            filters.matches(&ongoing, NOW_MS + 1_000),
            lists_ongoing,
            "{filters:?}"
        );
        assert_eq!(
            filters.matches(&empty, NOW_MS + 1_000),
            lists_empty,
            "{filters:?}"
        );
    }
}
