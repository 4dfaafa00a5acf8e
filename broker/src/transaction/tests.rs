//! Tests of the rules and of the shell: tables of cases, and an exploration of all short histories.

mod exploration;
mod rules;
mod shell;

use super::*;
use crate::ids::{ProducerEpoch, ProducerId, TransactionOutcome};
use std::collections::BTreeSet;

const NOW_MS: i64 = 1_700_000_000_000;
const TIMEOUT_MS: i32 = 60_000;

fn partition(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition {
        topic: topic.into(),
        partition,
    }
}

fn partitions(names: &[&str]) -> BTreeSet<TopicPartition> {
    names.iter().map(|topic| partition(topic, 0)).collect()
}

/// An id whose producer 7 has the epoch, in that state.
fn metadata(epoch: i16, state: TransactionState) -> TransactionMetadata {
    let has_partitions = state == TransactionState::Ongoing || state.is_prepared();
    TransactionMetadata {
        producer_epoch: ProducerEpoch(epoch),
        state,
        partitions: if has_partitions {
            partitions(&["a"])
        } else {
            BTreeSet::new()
        },
        start_ms: if has_partitions { NOW_MS } else { -1 },
        ..TransactionMetadata::new(ProducerId(7), TIMEOUT_MS, NOW_MS)
    }
}

/// The producer id that is given out next.
fn new_id() -> ProducerId {
    ProducerId(8)
}
