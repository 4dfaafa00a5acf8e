//! The journal of groups: each change that Kafka's coordinator would load again after a restart, as a record of `__consumer_offsets`.
//!
//! The groups themselves live in their tasks and are never read from the journal; tools and clients read it. This file has the records
//! and their encoding, and does not know where they are kept: that is [`GroupJournal`], which the cluster implements.
//!
//! Source: Kafka's `GroupCoordinatorRecordHelpers`, `GroupCoordinatorRecordSerde` and the message definitions that they write.

mod encoding;

use super::TransactionOver;
use super::classic::ClassicMetadata;
use super::offsets::OffsetToCommit;
use crate::ids::ProducerId;
use std::fmt::Debug;
use uuid::Uuid;

pub(in crate::group) use encoding::RecordType;

/// The place where the records of groups are kept.
pub(crate) trait GroupJournal: Debug + Send + Sync {
    /// Returns the id of a topic, which commits carry; zero if there is no such topic.
    fn topic_id(&self, topic: &str) -> Uuid;

    /// Keeps the records of one change, as one batch.
    fn append(&self, group_id: &str, now_ms: i64, records: &GroupRecords);
}

/// The transaction of a producer in which a group commits offsets. Their records are a part of it.
pub(crate) trait OffsetsTransaction: Debug + Send {
    /// Returns the producer of the transaction.
    fn producer_id(&self) -> ProducerId;

    /// Keeps the records of one change, as one batch.
    ///
    /// # Errors
    /// [`TransactionOver`] if the transaction has ended meanwhile. The group must not keep the offsets then.
    fn append(&self, group_id: &str, now_ms: i64, records: &GroupRecords) -> Result<(), TransactionOver>;
}

/// The records of one change of a group, in one buffer.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct GroupRecords {
    bytes: Vec<u8>,
    /// The end of each record's key in `bytes`, and the end of its value; without a value the record is a tombstone.
    ends: Vec<(usize, Option<usize>)>,
}

impl GroupRecords {
    /// Returns true if there is no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns each record as key and value; a tombstone has no value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let mut start = 0;
        self.ends.iter().map(move |(key_end, value_end)| {
            let key = &self.bytes[start..*key_end];
            let value = value_end.map(|end| &self.bytes[*key_end..end]);
            start = value_end.unwrap_or(*key_end);
            (key, value)
        })
    }

    /// Adds a committed offset.
    pub(crate) fn offset_committed(
        &mut self,
        group_id: &str,
        (topic, topic_id, partition): (&str, Uuid, i32),
        commit: &OffsetToCommit,
        now_ms: i64,
    ) {
        self.put_offset_key(group_id, topic, partition);
        self.put_value(|value| encoding::put_offset(value, topic_id, commit, now_ms));
    }

    /// Adds the removal of a committed offset.
    pub(crate) fn offset_removed(&mut self, group_id: &str, topic: &str, partition: i32) {
        self.put_offset_key(group_id, topic, partition);
    }

    /// Adds a generation of a classic group, or that it is empty.
    pub(crate) fn classic_group(&mut self, group_id: &str, metadata: &ClassicMetadata) {
        self.put_key(RecordType::GroupMetadata, &[group_id]);
        self.put_value(|value| encoding::put_classic_group(value, metadata));
    }

    /// Adds the removal of a classic group.
    pub(crate) fn classic_group_removed(&mut self, group_id: &str) {
        self.put_key(RecordType::GroupMetadata, &[group_id]);
    }

    fn put_offset_key(&mut self, group_id: &str, topic: &str, partition: i32) {
        self.put_key(RecordType::OffsetCommit, &[group_id, topic]);
        self.bytes.extend_from_slice(&partition.to_be_bytes());
        let end = self.bytes.len();
        self.last().0 = end;
    }

    /// Begins a record by the names in its key. It is a tombstone until it gets a value.
    pub(in crate::group) fn put_key(&mut self, record_type: RecordType, names: &[&str]) {
        self.bytes.extend_from_slice(&(record_type as i16).to_be_bytes());
        for name in names {
            encoding::put_string(&mut self.bytes, name);
        }
        self.ends.push((self.bytes.len(), None));
    }

    /// Writes the value of the last record.
    pub(in crate::group) fn put_value(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        put(&mut self.bytes);
        let end = self.bytes.len();
        self.last().1 = Some(end);
    }

    fn last(&mut self) -> &mut (usize, Option<usize>) {
        self.ends.last_mut().expect("a key comes first")
    }
}
