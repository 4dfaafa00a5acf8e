//! The requests that a group's task receives.

use crate::group::classic::{
    ClassicDescription, HeartbeatError, JoinError, Joined, Joiner, Leaver, NotClassic, SyncError,
    SyncRequest, Synced,
};
use crate::group::consumer::{
    ConsumerDescription, ConsumerGroupNotFound, Heartbeat, HeartbeatAnswer,
    HeartbeatError as ConsumerHeartbeatError,
};
use crate::group::offsets::{FetchedOffsets, OffsetsToCommit, PartitionsByTopic};
use crate::group::{
    CommitError, Committer, FetchOffsetsError, GroupError, GroupSummary, Membership, MembershipError,
    NonEmptyGroup, OffsetReader, OffsetsTransaction, SubscribedToTopic,
};
use crate::ids::{ProducerId, TransactionOutcome};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The way back to the client. Dropped without an answer if the group ends.
pub(in crate::group) type Answer<T, E> = oneshot::Sender<Result<T, GroupError<E>>>;

/// The result of an OffsetDelete for each topic, in order.
pub(in crate::group) type DeletedOffsets = Vec<Result<(), SubscribedToTopic>>;

/// A request to a group of any type.
#[derive(Debug)]
pub(in crate::group) enum Command {
    /// A request of the classic protocol.
    Classic(ClassicCommand),
    /// A request of the consumer protocol (KIP-848).
    Consumer(ConsumerCommand),
    Commit(Committer, OffsetsToCommit, Answer<(), CommitError>),
    /// Commits offsets in the transaction of a producer.
    Stage(
        Committer,
        Box<dyn OffsetsTransaction>,
        OffsetsToCommit,
        Answer<(), CommitError>,
    ),
    /// Tells that the transaction of a producer has ended.
    Complete(ProducerId, TransactionOutcome, Answer<(), Infallible>),
    /// Asks for the offsets of the partitions given, or with `None` for all.
    FetchOffsets(
        OffsetReader,
        Option<PartitionsByTopic>,
        Answer<FetchedOffsets, FetchOffsetsError>,
    ),
    Summarize(Answer<GroupSummary, Infallible>),
    Delete(Answer<(), NonEmptyGroup>),
    DeleteOffsets(PartitionsByTopic, Answer<DeletedOffsets, NonEmptyGroup>),
    /// Tells that topics were deleted. It has no answer.
    DeleteTopics(Arc<[Arc<str>]>),
    /// Tells that the journal of the group was deleted. It has no answer.
    Unload,
}

/// A request of the classic protocol.
#[derive(Debug)]
pub(in crate::group) enum ClassicCommand {
    Join(Joiner, Answer<Joined, JoinError>),
    Sync(SyncRequest, Answer<Synced, SyncError>),
    Heartbeat(Membership, Answer<(), HeartbeatError>),
    Leave(Vec<Leaver>, Answer<Vec<Result<(), MembershipError>>, Infallible>),
    Describe(Answer<ClassicDescription, NotClassic>),
}

/// A request of the consumer protocol.
#[derive(Debug)]
pub(in crate::group) enum ConsumerCommand {
    // Boxed, because every command of a mailbox has the size of the largest.
    Heartbeat(Box<Heartbeat>, Answer<HeartbeatAnswer, ConsumerHeartbeatError>),
    Describe(Answer<ConsumerDescription, ConsumerGroupNotFound>),
}

impl From<ConsumerCommand> for Command {
    fn from(command: ConsumerCommand) -> Self {
        Self::Consumer(command)
    }
}

impl From<ClassicCommand> for Command {
    fn from(command: ClassicCommand) -> Self {
        Self::Classic(command)
    }
}
