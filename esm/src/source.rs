//! The source of records: membership in a consumer group, the records of the partitions that a member owns, and commits.
//!
//! A source is one member. `source/consumer/` is the member of a classic group in any Kafka cluster that has a client;
//! `source/embedded.rs` is the client of the embedded cluster. A share group, or another kind of group, is another implementation of
//! [`EventSource`] beside them.

pub(crate) use esmeralda_broker::{MemoryCharge, OutOfMemory};
pub use esmeralda_broker::{MemoryPool, TimestampType};

use crate::schema::DecodingSettings;
use bytes::Bytes;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

pub(crate) mod charged;
pub(crate) mod cluster;
pub(crate) mod consumer;
pub(crate) mod embedded;
pub(crate) mod producer;
pub(crate) mod remote;

/// Records of one partition, in offset order: one owned buffer, and the place of each record in it.
#[derive(Clone, Debug)]
pub struct Records {
    /// The partition's index.
    pub partition: i32,
    /// The assignment under which the source handed them out.
    pub assignment: AssignmentNumber,
    /// The offsets that were read: from the end of the records before these up to, and excluding, the offset to read on from. Offsets
    /// without a record (compacted, control batches, filtered out) are in it.
    pub offsets: Range<i64>,
    /// The origin of the timestamps.
    pub timestamp_type: TimestampType,
    /// The (decompressed) bytes that the spans point into.
    pub buffer: Bytes,
    /// The records.
    pub spans: Vec<Span>,
    /// The schemas by which they were decoded; `None` if they are as they were read.
    pub schemas: Option<Arc<RecordSchemas>>,
}

/// The schemas of decoded records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSchemas {
    /// The bytes of the records before they were decoded.
    pub polled_bytes: u64,
    /// The schemas of keys by the record's offset, ascending. A record whose key was not decoded has none.
    pub keys: Vec<(i64, SchemaLabel)>,
    /// The schemas of values.
    pub values: Vec<(i64, SchemaLabel)>,
}

impl RecordSchemas {
    /// Returns the schema of the key of the record at `offset`.
    pub(crate) fn key(&self, offset: i64) -> Option<SchemaLabel> {
        find_label(&self.keys, offset)
    }

    /// Returns the schema of the value of the record at `offset`.
    pub(crate) fn value(&self, offset: i64) -> Option<SchemaLabel> {
        find_label(&self.values, offset)
    }
}

fn find_label(labels: &[(i64, SchemaLabel)], offset: i64) -> Option<SchemaLabel> {
    let index = labels.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
    labels.get(index).map(|(_, label)| *label)
}

/// The name of a schema in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaLabel {
    /// AVRO or JSON.
    pub data_format: &'static str,
    /// The id in its registry.
    pub id: i32,
}

/// The reason why a record cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UndecodableReason {
    /// The registry does not have its schema.
    SchemaNotFound,
    /// It is not data of its schema.
    DeserializationError,
}

/// The number of an assignment of a partition to a member. It rises with each, so that what was read under an earlier one can be told
/// apart when it finishes late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssignmentNumber(pub u64);

/// A range of offsets of one partition that a source has handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRange {
    /// The partition's index.
    pub partition: i32,
    /// The assignment under which the source handed them out.
    pub assignment: AssignmentNumber,
    /// The offsets. Each offset of [`Records::offsets`] belongs to one record of it ([`Records::offset_at`]).
    pub offsets: Range<i64>,
}

impl RecordRange {
    /// Returns whether `next` is of the same partition and assignment and begins where this range ends.
    pub fn precedes(&self, next: &Self) -> bool {
        (self.partition, self.assignment, self.offsets.end)
            == (next.partition, next.assignment, next.offsets.start)
    }
}

/// One record within [`Records::buffer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    // A buffer is one batch and shorter than 2^32 bytes, and there is a span for each record in memory, so ranges are of u32.
    /// The record's offset.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The place of the key; `None` for a null key.
    pub key: Option<Range<u32>>,
    /// The place of the value; `None` for a tombstone.
    pub value: Option<Range<u32>>,
    /// The place of the headers, in the form that they have on the wire: a varint count, then varint-length keys and values.
    pub headers: Range<u32>,
}

impl Span {
    /// Returns the number of bytes of key, value and headers.
    pub fn record_bytes(&self) -> u64 {
        let optional = |range: &Option<Range<u32>>| range.as_ref().map_or(0, ExactSizeIterator::len);
        // The count of the headers, one byte for up to 63 of them, is not payload.
        let headers = self.headers.len().saturating_sub(1);
        (optional(&self.key) + optional(&self.value) + headers) as u64
    }
}

impl Records {
    /// Returns the first offset that belongs to the record at `index` of the spans: its own, but for the first record the start of
    /// `offsets`, and at the end of the spans the end of `offsets`. So offsets without a record belong to the record before them.
    pub fn offset_at(&self, index: usize) -> i64 {
        match self.spans.get(index) {
            None => self.offsets.end,
            Some(_) if index == 0 => self.offsets.start,
            Some(span) => span.offset,
        }
    }

    /// Returns the range of the records at `indexes` of the spans.
    pub fn range(&self, indexes: &Range<usize>) -> RecordRange {
        RecordRange {
            partition: self.partition,
            assignment: self.assignment,
            offsets: self.offset_at(indexes.start)..self.offset_at(indexes.end),
        }
    }

    /// Returns the number of bytes of all keys, values and headers.
    pub fn record_bytes(&self) -> u64 {
        self.spans.iter().map(Span::record_bytes).sum()
    }

    /// Returns the bytes of a range of the buffer.
    pub fn slice(&self, range: &Range<u32>) -> &[u8] {
        &self.buffer[range.start as usize..range.end as usize]
    }
}

/// An event in the life of a member.
#[derive(Debug)]
pub(crate) enum SourceEvent {
    /// A rebalance completed: these partitions are the member's now, each to be read from its committed offset or else from the
    /// mapping's starting position. They replace those that were assigned before.
    Assigned {
        /// The group's generation, which rises with each rebalance.
        generation: i32,
        /// The partitions, ascending.
        partitions: Vec<i32>,
    },
    /// A cooperative rebalance completed, through which the member kept its partitions: they go on, but for those that it lost. When all
    /// records of those are finished or released, the source gives them up, and another member gets them.
    Adjusted {
        /// The group's generation, which rises with each rebalance.
        generation: i32,
        /// New partitions, ascending.
        gained: Vec<i32>,
        /// Partitions to give up, ascending.
        lost: Vec<i32>,
    },
    /// An eager rebalance has begun. No more records come, those that are not in flight are to be released, and those in flight
    /// may finish. When all are finished or released, the source takes part in the rebalance.
    Revoking,
    /// Records of one partition, at least one, following those that were handed out before. Every one of them is to be finished or
    /// released in the end.
    Records(Records),
    /// One record that cannot be decoded, as it was read. It follows those that were handed out before, like [`SourceEvent::Records`].
    Undecodable {
        /// The record.
        records: Records,
        /// The reason.
        reason: UndecodableReason,
    },
    /// Finished records were committed.
    Committed {
        /// The number of offsets by which the commits have advanced.
        offsets: u64,
    },
    /// Finished records were not committed, and will not be: they are delivered again.
    CommitRefused {
        /// The reason, in the cluster's words.
        reason: String,
    },
    /// The source works again after an earlier [`SourceError`].
    Recovered,
    /// The membership is gone (session expired, fenced): nothing that was handed out can be committed any more. The source joins again
    /// by itself.
    Lost,
}

/// A failure of a source. The source keeps trying; the mapping shows the failure as its last processing result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SourceError {
    /// The topic does not exist.
    #[error("topic `{topic}` does not exist")]
    UnknownTopic {
        /// The topic.
        topic: String,
    },
    /// A schema could not be looked up. The records that need it wait.
    #[error("{reason}")]
    SchemaRegistry {
        /// The error.
        reason: String,
    },
    /// Any other error that the cluster answered.
    #[error("{reason}")]
    Cluster {
        /// The error, in the cluster's words.
        reason: String,
    },
}

/// One member of a mapping's group.
///
/// A source hands out records and is told what became of them; how that is kept (commits of a consumer group, acknowledgements of a share
/// group) is its own matter. Only `next` does work, and it never keeps its caller from anything: heartbeats, commits and decoding go on
/// while the caller waits for something else beside it.
pub(crate) trait EventSource: Send + 'static {
    /// Returns the next event. Cancel safe: an event that was not returned is not lost.
    fn next(&mut self) -> impl Future<Output = Result<SourceEvent, SourceError>> + Send;

    /// Stops or resumes the reading of a partition. A paused one costs nothing.
    fn pause(&mut self, partition: i32, is_paused: bool);

    /// Tells that all records in `ranges` are finished: processed, or dropped for good. They will not be delivered again, unless the
    /// membership under which they were handed out is over; then `next` gives [`SourceEvent::CommitRefused`], once for each call.
    fn finished(&mut self, ranges: impl IntoIterator<Item = RecordRange>);

    /// Tells that the records in `ranges` will not be finished by this poller. They are delivered again: those of a consumer group to the
    /// partition's next owner.
    fn released(&mut self, ranges: impl IntoIterator<Item = RecordRange>);

    /// Returns whether records of `partition` that were handed out under `assignment` may still be invoked: false once the
    /// partition was lost or is about to be given up.
    fn is_assigned(&self, partition: i32, assignment: AssignmentNumber) -> bool;

    /// Returns whether every record that was handed out is finished and committed, or released.
    fn is_settled(&self) -> bool;

    /// Prepares for a rebalance that is about to begin: the source looks for it more often than its heartbeats do.
    fn expect_rebalance(&mut self);

    /// Hands out nothing more that it has read already and holds back; the poller is about to leave.
    fn stop_reading(&mut self) {}

    /// Leaves the group.
    fn leave(self) -> impl Future<Output = ()> + Send;
}

/// The group of a mapping, in its topic.
pub(crate) trait ConsumerGroup: Send + Sync + 'static {
    /// The type of its members.
    type Source: EventSource;

    /// Returns a new member, which joins when it is first asked for its next event.
    fn member(&self, client_id: &str) -> Self::Source;

    /// Decodes the records that members hand out from now on, or with `None` hands them out as they are. A group whose records are never
    /// decoded ignores it.
    fn decode(&self, _settings: Option<Arc<DecodingSettings>>) {}

    /// Returns the number of partitions of the topic.
    fn partition_count(&self) -> impl Future<Output = Result<usize, SourceError>> + Send;

    /// Returns the progress of the group. Commits are read before ends, so that no lag is negative.
    fn progress(&self) -> impl Future<Output = Result<Progress, SourceError>> + Send;
}

/// The progress of a group in a topic, for lag: one entry per partition, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The next offset that will be written, per partition.
    pub ends: Vec<i64>,
    /// The committed offset, or the log start where none is committed or the log starts later.
    pub positions: Vec<i64>,
}

impl Progress {
    /// Returns the number of offsets between the committed one and the end, per partition.
    pub(crate) fn lags(&self) -> impl Iterator<Item = u64> {
        let pairs = self.ends.iter().zip(&self.positions);
        pairs.map(|(end, position)| u64::try_from(end - position).unwrap_or(0))
    }

    /// Returns the lag of all partitions together.
    pub(crate) fn lag(&self) -> u64 {
        self.lags().sum()
    }
}

/// The position at which reading starts in a partition for which the group has committed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartingPosition {
    /// At the oldest record that is kept.
    TrimHorizon,
    /// After the newest record.
    Latest,
    /// At the first record with this timestamp or a later one, in milliseconds since the Unix epoch; after the newest record if there is
    /// none.
    AtTimestamp(i64),
}

/// The timers of the group's protocol.
#[derive(Clone, Copy, Debug)]
pub struct GroupTimeouts {
    /// The time after which a member that sends no heartbeat is removed.
    pub session: Duration,
    /// The time that a rebalance waits for a member.
    pub rebalance: Duration,
    /// The interval of heartbeats.
    pub heartbeat: Duration,
}
