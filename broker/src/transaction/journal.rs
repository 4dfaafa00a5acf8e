//! The journal of transactional ids: each change that Kafka's coordinator would load again after a restart, as a record of
//! `__transaction_state`. Nothing here is read from it; tools and clients read it. This file has the encoding and does not know where the
//! records are kept: that is [`TransactionJournal`], which the cluster implements.
//!
//! Source: Kafka's `TransactionLog`, `TransactionLogKey.json` and `TransactionLogValue.json`.

use super::metadata::TransactionMetadata;
use super::state::{TransactionState, TransactionVersion};
use crate::ids::ProducerId;
use crate::wire::{put_count, put_string, put_unsigned_varint};
use bytes::BufMut;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The place where the records of transactional ids are kept.
pub(crate) trait TransactionJournal: Debug + Send + Sync {
    /// Keeps one record; without a value it is a tombstone.
    fn append(&self, transactional_id: &str, now_ms: i64, key: &[u8], value: Option<&[u8]>);
}

/// The `apiKey` of `TransactionLogKey`, which begins the key.
const TRANSACTION_LOG: i16 = 0;

/// The level of `transaction.version` from which on values have compact encoding and tagged fields
/// (`TransactionVersion.transactionLogValueVersion`).
const FLEXIBLE_FROM: i16 = 1;

const PREVIOUS_PRODUCER_ID_TAG: u32 = 0;
const NEXT_PRODUCER_ID_TAG: u32 = 1;
const CLIENT_VERSION_TAG: u32 = 2;

/// Returns the key of an id's records.
pub(super) fn key(transactional_id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(4 + transactional_id.len());
    key.put_i16(TRANSACTION_LOG);
    put_string(&mut key, false, transactional_id);
    key
}

/// Returns the value that keeps `metadata` at a level of `transaction.version`.
pub(super) fn value(metadata: &TransactionMetadata, level: i16) -> Vec<u8> {
    let is_flexible = level >= FLEXIBLE_FROM;
    let mut value = Vec::with_capacity(96);
    value.put_i16(i16::from(is_flexible));
    value.put_i64(metadata.producer_id.0);
    value.put_i16(metadata.producer_epoch.0);
    value.put_i32(metadata.timeout_ms);
    value.put_i8(metadata.state as i8);
    put_partitions(&mut value, is_flexible, metadata);
    value.put_i64(metadata.last_update_ms);
    value.put_i64(metadata.start_ms);
    if is_flexible {
        put_tagged_fields(&mut value, metadata);
    }
    value
}

/// Writes the partitions by topic, which are null before the first transaction.
fn put_partitions(value: &mut Vec<u8>, is_flexible: bool, metadata: &TransactionMetadata) {
    if metadata.state == TransactionState::Empty {
        return if is_flexible {
            put_unsigned_varint(value, 0);
        } else {
            value.put_i32(-1);
        };
    }
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for place in &metadata.partitions {
        by_topic.entry(&place.topic).or_default().push(place.partition);
    }
    put_count(value, is_flexible, by_topic.len());
    for (topic, partitions) in by_topic {
        put_string(value, is_flexible, topic);
        put_count(value, is_flexible, partitions.len());
        partitions
            .into_iter()
            .for_each(|partition| value.put_i32(partition));
        if is_flexible {
            put_unsigned_varint(value, 0);
        }
    }
}

/// Writes the fields that have a tag, those with their default left out, in the order of their tags.
fn put_tagged_fields(value: &mut Vec<u8>, metadata: &TransactionMetadata) {
    let producer_id = |id: ProducerId| (id != ProducerId::NONE).then(|| id.0.to_be_bytes());
    let previous = producer_id(metadata.previous_producer_id);
    let next = producer_id(metadata.next_producer_id);
    // Kafka's `TransactionVersion.featureLevel`: the requests of clients that do not know version 2 count as version 0, the default.
    let client_version = match metadata.client_version {
        TransactionVersion::V1 => None,
        TransactionVersion::V2 => Some(2i16.to_be_bytes()),
    };
    let fields = [
        (
            PREVIOUS_PRODUCER_ID_TAG,
            previous.as_ref().map(|bytes| &bytes[..]),
        ),
        (NEXT_PRODUCER_ID_TAG, next.as_ref().map(|bytes| &bytes[..])),
        (
            CLIENT_VERSION_TAG,
            client_version.as_ref().map(|bytes| &bytes[..]),
        ),
    ];
    let count = fields.iter().filter(|(_, field)| field.is_some()).count();
    put_unsigned_varint(value, count as u32);
    for (tag, field) in fields {
        if let Some(bytes) = field {
            put_unsigned_varint(value, tag);
            put_unsigned_varint(value, bytes.len() as u32);
            value.put_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProducerEpoch;
    use crate::transaction::metadata::TopicPartition;

    #[test]
    fn a_new_id_has_no_partitions_and_leaves_out_defaults() {
        let metadata = TransactionMetadata::new(ProducerId(0x0102), 60_000, 1_000);
        let expected = [
            &b"\0\x01\0\0\0\0\0\0\x01\x02\xff\xff"[..],
            &60_000i32.to_be_bytes(),
            b"\0\0",
            &1_000i64.to_be_bytes(),
            &(-1i64).to_be_bytes(),
            b"\0",
        ];
        assert_eq!(value(&metadata, 2), expected.concat());
        assert_eq!(key("tx"), b"\0\0\0\x02tx");
    }

    #[test]
    fn an_open_transaction_has_its_partitions_by_topic() {
        let place = |topic: &str, partition| TopicPartition {
            topic: topic.into(),
            partition,
        };
        let metadata = TransactionMetadata {
            previous_producer_id: ProducerId(7),
            next_producer_id: ProducerId(9),
            producer_epoch: ProducerEpoch(3),
            state: TransactionState::Ongoing,
            partitions: [place("b", 1), place("a", 2), place("a", 0)].into(),
            start_ms: 900,
            client_version: TransactionVersion::V2,
            ..TransactionMetadata::new(ProducerId(8), 60_000, 1_000)
        };
        let expected = [
            &b"\0\x01\0\0\0\0\0\0\0\x08\0\x03"[..],
            &60_000i32.to_be_bytes(),
            b"\x01",
            b"\x03\x02a\x03\0\0\0\0\0\0\0\x02\0\x02b\x02\0\0\0\x01\0",
            &1_000i64.to_be_bytes(),
            &900i64.to_be_bytes(),
            b"\x03\0\x08\0\0\0\0\0\0\0\x07\x01\x08\0\0\0\0\0\0\0\x09\x02\x02\0\x02",
        ];
        assert_eq!(value(&metadata, 2), expected.concat());
        assert_eq!(value(&metadata, 1), expected.concat());
        // Before level 1 nothing is compact, and no field has a tag.
        let expected = [
            &b"\0\0\0\0\0\0\0\0\0\x08\0\x03"[..],
            &60_000i32.to_be_bytes(),
            b"\x01\0\0\0\x02",
            b"\0\x01a\0\0\0\x02\0\0\0\0\0\0\0\x02",
            b"\0\x01b\0\0\0\x01\0\0\0\x01",
            &1_000i64.to_be_bytes(),
            &900i64.to_be_bytes(),
        ];
        assert_eq!(value(&metadata, 0), expected.concat());
        let empty = TransactionMetadata::new(ProducerId(8), 60_000, 1_000);
        assert_eq!(value(&empty, 0)[17..21], (-1i32).to_be_bytes());
    }
}
