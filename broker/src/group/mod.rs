//! The groups of the cluster: the rules of each type of group, the committed offsets, and the task that runs a group.
//!
//! [`Group`] has the operations that all types of groups share, as Kafka's `Group.java` has. The rules of each type are pure and have
//! a folder of their own ([`classic`]); [`offsets`] keeps the committed offsets of a group of any type; [`task`] brings the time and
//! the requests. This module knows topics by name only, and does not know which broker coordinates a group: operations know both.

mod catalog;
pub(crate) mod classic;
mod command;
pub(crate) mod config;
pub(crate) mod consumer;
mod consumer_protocol;
mod description;
mod errors;
mod groups;
mod journal;
mod membership;
mod memory;
pub(crate) mod offsets;
mod registry;
mod state;
mod task;
#[cfg(test)]
mod tests;
mod timeline;
mod timers;

pub(crate) use catalog::{CatalogTopic, TopicCatalog};
pub(crate) use description::{GroupSummary, MemberIdentity};
pub(crate) use errors::{
    AccessError, CommitError, FetchOffsetsError, GroupError, IllegalGeneration, MembershipError,
    NonEmptyGroup, SubscribedToTopic, TransactionOver,
};
pub(crate) use groups::Groups;
pub(crate) use journal::{GroupJournal, GroupRecords, OffsetsTransaction};
pub(crate) use membership::{Committer, GenerationOrEpoch, InstanceId, MemberId, Membership, OffsetReader};
pub(crate) use memory::GroupsFull;
pub(crate) use offsets::{FetchedOffsets, OffsetsToCommit, PartitionsByTopic};
pub(crate) use state::{GroupState, GroupType};

use classic::{ClassicGroup, Effect};
use consumer::ConsumerGroup;
use offsets::OffsetExpirationCondition;
use std::sync::{Arc, LazyLock};

/// One group. Source: Kafka's `Group` interface.
///
/// Another type of group is another variant with a folder of rules beside [`classic`] and [`consumer`]: share groups (KIP-932), streams
/// groups (KIP-1071). The matches below are the questions that the new type has to answer.
///
/// # Requests that are meant for another type
/// The requests of each protocol are handled in one file of [`task`]. It asks here for its type of group and refuses the request if the
/// group is of another type: JoinGroup, SyncGroup, Heartbeat, LeaveGroup and DescribeGroups ask [`Group::classic_mut`]. Kafka's codes:
///
/// | request | group of another type |
/// | --- | --- |
/// | JoinGroup | INCONSISTENT_GROUP_PROTOCOL |
/// | SyncGroup, Heartbeat, LeaveGroup | UNKNOWN_MEMBER_ID |
/// | DescribeGroups, ConsumerGroupDescribe, ShareGroupDescribe | GROUP_ID_NOT_FOUND |
/// | ConsumerGroupHeartbeat, ShareGroupHeartbeat | GROUP_ID_NOT_FOUND |
/// | OffsetCommit, OffsetFetch, OffsetDelete of a share group | GROUP_ID_NOT_FOUND |
///
/// # Conversion between types
/// With KIP-848 a classic group of consumers becomes a consumer group when a member joins with ConsumerGroupHeartbeat, and becomes a
/// classic group again when the last such member leaves. An empty group becomes the type of the next member. The task owns this value
/// and can replace it; the group's id, mailbox, memory and offsets belong to the task and stay.
/// Source: `GroupMetadataManager.convertToConsumerGroup`, `convertToClassicGroup`.
#[derive(Debug)]
pub(crate) enum Group {
    /// The members' leader assigns the partitions.
    Classic(Box<ClassicGroup>),
    /// The coordinator assigns the partitions (KIP-848).
    Consumer(Box<ConsumerGroup>),
}

/// The protocol type of groups of consumers.
static CONSUMER_PROTOCOL_TYPE: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("consumer"));

impl Group {
    /// Returns the type of the group.
    pub(crate) fn group_type(&self) -> GroupType {
        match self {
            Self::Classic(_) => GroupType::Classic,
            Self::Consumer(_) => GroupType::Consumer,
        }
    }

    /// Returns the state that administrators are told.
    pub(crate) fn state(&self) -> GroupState {
        match self {
            Self::Classic(group) => group.state().into(),
            Self::Consumer(group) => group.state(),
        }
    }

    /// Returns the protocol type that ListGroups gives: `consumer` for consumers, `None` for a group that only stores offsets.
    pub(crate) fn protocol_type(&self) -> Option<&Arc<str>> {
        match self {
            Self::Classic(group) => group.protocol_type(),
            Self::Consumer(_) => Some(&CONSUMER_PROTOCOL_TYPE),
        }
    }

    /// Returns true if the group has no members and expects none.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.is_empty(),
            Self::Consumer(group) => group.is_empty(),
        }
    }

    /// Checks that the committer may commit offsets.
    pub(crate) fn validate_offset_commit(
        &self,
        committer: &Committer,
        offsets: &OffsetsToCommit,
    ) -> Result<(), CommitError> {
        match self {
            Self::Classic(group) => group.validate_offset_commit(committer),
            Self::Consumer(group) => group.validate_offset_commit(committer, offsets),
        }
    }

    /// Notes that a commit of the member was accepted. For a classic group this counts as a heartbeat.
    /// Source: `OffsetMetadataManager.commitOffset`.
    pub(crate) fn note_commit(&mut self, now_ms: i64, member_id: &str) {
        match self {
            Self::Classic(group) => group.renew_session(now_ms, member_id),
            Self::Consumer(_) => {}
        }
    }

    /// Checks that the committed offsets may be read. Any client may read those of a classic group.
    pub(crate) fn validate_offset_fetch(&self, reader: &OffsetReader) -> Result<(), FetchOffsetsError> {
        match self {
            Self::Classic(_) => Ok(()),
            Self::Consumer(group) => group.validate_offset_fetch(reader),
        }
    }

    /// Checks that committed offsets may be deleted, topics that members subscribe to aside.
    pub(crate) fn validate_offset_delete(&self) -> Result<(), NonEmptyGroup> {
        match self {
            Self::Classic(group) => group.validate_offset_delete(),
            Self::Consumer(_) => Ok(()),
        }
    }

    /// Checks that the group may be deleted.
    pub(crate) fn validate_delete(&self) -> Result<(), NonEmptyGroup> {
        match self {
            Self::Classic(group) => group.validate_delete(),
            Self::Consumer(group) => group.validate_delete(),
        }
    }

    /// Returns true if members read the topic, so that its offsets are in use.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match self {
            Self::Classic(group) => group.is_subscribed_to(topic),
            Self::Consumer(group) => group.is_subscribed_to(topic),
        }
    }

    /// Returns the condition under which offsets of topics that no member reads expire; `None` if they do not expire now.
    pub(crate) fn offset_expiration_condition(&self) -> Option<OffsetExpirationCondition> {
        match self {
            Self::Classic(group) => group.offset_expiration_condition(),
            Self::Consumer(_) => Some(OffsetExpirationCondition::SinceCommit),
        }
    }

    /// Returns the classic group that a request of the classic protocol is meant for; `None` if the group is of another type.
    pub(crate) fn classic_mut(&mut self) -> Option<&mut ClassicGroup> {
        match self {
            Self::Classic(group) => Some(group),
            Self::Consumer(_) => None,
        }
    }

    /// Takes the records of the changes of a consumer group. A classic group tells of its changes by effects.
    pub(crate) fn take_records(&mut self) -> GroupRecords {
        match self {
            Self::Classic(_) => GroupRecords::default(),
            Self::Consumer(group) => group.take_records(),
        }
    }

    /// Adds the removal of the group to `records`, if the group itself has been kept.
    pub(crate) fn put_removal(&self, group_id: &str, records: &mut GroupRecords) {
        match self {
            Self::Classic(_) => records.classic_group_removed(group_id),
            Self::Consumer(group) => group.put_removal(records),
        }
    }

    /// Returns the number of bytes that the members take.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Self::Classic(group) => group.held_bytes(),
            Self::Consumer(group) => group.held_bytes(),
        }
    }

    /// Returns the time at which [`Self::expire`] has something to do.
    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        match self {
            Self::Classic(group) => group.next_deadline_ms(),
            Self::Consumer(group) => group.next_deadline_ms(),
        }
    }

    /// Handles the timers that are due at `now_ms`, and returns the answers to parked requests.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<Effect> {
        match self {
            Self::Classic(group) => group.expire(now_ms),
            Self::Consumer(group) => {
                group.expire(now_ms);
                Vec::new()
            }
        }
    }
}
