//! The source of records: membership in a consumer group, the records of the partitions that a member owns, and commits.
//!
//! A source is one member. `source/consumer/` is the member of a classic group in any Kafka cluster that has a client;
//! `source/embedded.rs` is the client of the embedded cluster. A share group, or another kind of group, is another implementation of
//! [`EventSource`] beside them.

pub use esmeralda_broker::{OutOfMemory, Pool, TimestampType};

use bytes::Bytes;
use std::future::Future;
use std::ops::Range;
use std::time::Duration;

pub mod consumer;
pub mod embedded;

/// Records of one partition, in offset order: one owned buffer and where in it each record lies.
#[derive(Clone, Debug)]
pub struct Records {
    /// The partition's index.
    pub partition: i32,
    /// The offsets that were read: from where the records before these ended, up to and excluding where to read on. Offsets without
    /// a record (compacted, control batches) are in it, so `spans` may be empty.
    pub offsets: Range<i64>,
    /// Who set the timestamps.
    pub timestamp_type: TimestampType,
    /// The (decompressed) bytes that the spans point into.
    pub buffer: Bytes,
    /// The records.
    pub spans: Vec<Span>,
}

/// One record within [`Records::buffer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The record's offset.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// Where the key lies; `None` for a null key.
    pub key: Option<Range<u32>>,
    /// Where the value lies; `None` for a tombstone.
    pub value: Option<Range<u32>>,
    /// Where the headers lie, as on the wire: a varint count, then varint-length keys and values.
    pub headers: Range<u32>,
}

impl Span {
    /// The bytes of key, value and headers.
    pub fn record_bytes(&self) -> u64 {
        let optional = |range: &Option<Range<u32>>| range.as_ref().map_or(0, ExactSizeIterator::len);
        // Their count, a byte unless there are many, is nobody's payload.
        let headers = self.headers.len().saturating_sub(1);
        (optional(&self.key) + optional(&self.value) + headers) as u64
    }
}

impl Records {
    /// Where the record at `index` of the spans begins to count: its offset, but for the first one the start of `offsets`, and at the
    /// end of the spans the end of `offsets`.
    pub fn offset_at(&self, index: usize) -> i64 {
        match self.spans.get(index) {
            None => self.offsets.end,
            Some(_) if index == 0 => self.offsets.start,
            Some(span) => span.offset,
        }
    }

    /// The bytes of keys, values and headers.
    pub fn record_bytes(&self) -> u64 {
        self.spans.iter().map(Span::record_bytes).sum()
    }

    /// The bytes of a range of the buffer.
    pub fn slice(&self, range: &Range<u32>) -> &[u8] {
        &self.buffer[range.start as usize..range.end as usize]
    }
}

/// What happens to a member.
#[derive(Debug)]
pub enum SourceEvent {
    /// A rebalance completed: these partitions are the member's now, of this generation, each to be read from its committed offset
    /// or else from the mapping's starting position. Replaces what was assigned before.
    Assigned {
        /// Rises with each rebalance.
        generation: i32,
        /// The partitions, ascending.
        partitions: Vec<i32>,
    },
    /// A cooperative rebalance completed, through which the member kept its partitions: they go on, but for those it lost. What is in
    /// flight of these may finish and commit; then the member rejoins with [`EventSource::rejoin`], so that others can have them.
    Adjusted {
        /// Rises with each rebalance.
        generation: i32,
        /// New partitions, ascending.
        gained: Vec<i32>,
        /// Partitions to give up, ascending.
        lost: Vec<i32>,
    },
    /// An eager rebalance has begun. What is in flight may finish and commit until the member rejoins with
    /// [`EventSource::rejoin`]; records that were handed out but not invoked are to be discarded.
    Revoking,
    /// Records of one partition, in order, following those handed out before.
    Records(Records),
    /// The membership is gone (session expired, fenced): nothing of it can be committed any more; the source joins anew by itself.
    Lost,
}

/// Why a source failed. The member keeps trying; the mapping shows it as its last processing result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The topic does not exist.
    #[error("topic `{topic}` does not exist")]
    UnknownTopic {
        /// The topic.
        topic: String,
    },
    /// A commit came from a generation that is over; the records will be delivered again to their new owner.
    #[error("the commit was refused: {reason}")]
    CommitRefused {
        /// The coordinator's words.
        reason: String,
    },
    /// A commit came while a cooperative rebalance was being completed; it can be made when that is over.
    #[error("a rebalance is in progress")]
    Rebalancing,
    /// Anything else the cluster answered.
    #[error("{reason}")]
    Cluster {
        /// Its words.
        reason: String,
    },
}

/// One member of a mapping's consumer group.
pub trait EventSource: Send + 'static {
    /// The next thing that happens. Cancel safe: records that were not returned are not lost.
    fn next(&mut self) -> impl Future<Output = Result<SourceEvent, SourceError>> + Send;

    /// Stops and resumes reading of a partition; paused ones cost nothing.
    fn pause(&mut self, partition: i32, is_paused: bool);

    /// Ends the revocation: the member takes part in the rebalance. `next` then gives `Assigned`, or `Adjusted`.
    fn rejoin(&mut self) -> impl Future<Output = Result<(), SourceError>> + Send;

    /// Commits the next offset to read of each partition, under the generation of the last `Assigned`.
    fn commit(&mut self, offsets: &[(i32, i64)]) -> impl Future<Output = Result<(), SourceError>> + Send;

    /// A rebalance is about to begin: notice it sooner than at the next regular heartbeat.
    fn hasten(&mut self);

    /// Leaves the group.
    fn leave(self) -> impl Future<Output = ()> + Send;
}

/// The consumer group of a mapping, in its topic.
pub trait ConsumerGroup: Send + Sync + 'static {
    /// What its members are.
    type Source: EventSource;

    /// A new member, which joins when it is first asked for its next event.
    fn member(&self, client_id: &str) -> Self::Source;

    /// How many partitions the topic has.
    fn partition_count(&self) -> impl Future<Output = Result<usize, SourceError>> + Send;

    /// How far the group is. Commits are read before ends, so that no lag is negative.
    fn progress(&self) -> impl Future<Output = Result<Progress, SourceError>> + Send;
}

/// The progress of a group in a topic, for lag: one entry per partition, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The next offset that will be written, per partition.
    pub ends: Vec<i64>,
    /// The committed offset, or the log start where none is committed or the log starts later.
    pub positions: Vec<i64>,
}

impl Progress {
    /// Per partition: how many offsets lie between what was committed and the end.
    pub fn lags(&self) -> impl Iterator<Item = u64> {
        let pairs = self.ends.iter().zip(&self.positions);
        pairs.map(|(end, position)| u64::try_from(end - position).unwrap_or(0))
    }

    /// The lag of all partitions together.
    pub fn lag(&self) -> u64 {
        self.lags().sum()
    }
}

/// Where reading starts in a partition for which the group has committed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// At the oldest record that is kept.
    TrimHorizon,
    /// After the newest record.
    Latest,
}

/// How long a source's timers run, in the group's protocol.
#[derive(Clone, Copy, Debug)]
pub struct GroupTimeouts {
    /// Without a heartbeat for this long a member is removed.
    pub session: Duration,
    /// How long a rebalance waits for a member.
    pub rebalance: Duration,
    /// Between heartbeats.
    pub heartbeat: Duration,
}
