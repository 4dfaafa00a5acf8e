//! The rules of consumer groups (KIP-848), in which the coordinator assigns: (state, now, request) -> answer. No clock, no task, no wire:
//! the shell (`group::task`) brings the time and the requests.
//!
//! A group has three kinds of epochs on one sequence. The group's epoch rises when members or their topics change. The target assignment is
//! computed for an epoch of the group ([`target`]). Each member moves to the target's epoch by itself, heartbeat by heartbeat: it gives
//! up what is no longer its own, then gets what no other member holds ([`reconcile`]).
//!
//! # Invariants
//! - No partition is held by two members, where a member also holds what it has been told to give up.
//! - No member's epoch is above the target's, and the target's is never above the group's. Neither group nor target goes back.
//! - If nothing changes and all members send heartbeats that report what they were given, each has its target after some turns.
//!
//! Source: Apache Kafka's `ConsumerGroup` and the consumer half of `GroupMetadataManager`.

mod assignment;
mod assignor;
mod changes;
mod classic_members;
mod conversion;
mod describe;
mod errors;
mod heartbeat;
mod leave;
mod limits;
mod member;
mod offsets;
mod reconcile;
mod records;
mod requests;
mod subscriptions;
mod target;
#[cfg(test)]
mod tests;
mod timers;

pub(crate) use assignor::Assignor;
pub(crate) use describe::{ConsumerDescription, DescribedMember, NamedPartitions};
pub(crate) use errors::{ConsumerGroupNotFound, HeartbeatError, MemberError, UpgradeError};
pub(crate) use limits::{Limits, MigrationPolicy};
pub(crate) use requests::{Heartbeat, HeartbeatAnswer, HeartbeatRequest, OwnedPartitions};

use super::catalog::SharedCatalog;
use super::config::ConsumerGroupConfig;
use super::timers::Timers;
use super::{GroupRecords, GroupState, InstanceId, MemberId};
use crate::ids::{GenerationId, GroupEpoch};
use member::ConsumerMember;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use subscriptions::{GroupMetadata, Subscriptions};
use target::TargetAssignment;
use timers::Timer;
use uuid::Uuid;

/// A consumer group.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct ConsumerGroup {
    group_id: Arc<str>,
    limits: Limits,
    /// The group's configs as the last heartbeat brought them.
    config: ConsumerGroupConfig,
    catalog: SharedCatalog,
    epoch: GroupEpoch,
    members: BTreeMap<MemberId, ConsumerMember>,
    static_members: BTreeMap<InstanceId, MemberId>,
    target: TargetAssignment,
    /// The partitions that members hold, with the epochs of these members.
    owners: HashMap<(Uuid, i32), GroupEpoch>,
    subscriptions: Subscriptions,
    /// The subscribed topics as they were when the group's epoch last took them into account.
    metadata: GroupMetadata,
    /// The version of the catalog that `metadata` was compared with; `None` if it has to be compared again.
    compared_version: Option<u64>,
    timers: Timers<Timer>,
    members_bytes: usize,
    /// The records of the changes since the shell last took them.
    records: GroupRecords,
    /// Set when the group has to become a classic one, which the shell then takes.
    downgrade: Option<Downgrade>,
}

/// The end of a consumer group as one: it goes on as a classic group.
#[derive(Clone, Debug)]
struct Downgrade {
    /// The members that do not come along.
    leaving: Vec<MemberId>,
    generation_id: GenerationId,
    /// True if the members have to join again at once.
    needs_rebalance: bool,
}

impl ConsumerGroup {
    /// Creates an empty group.
    pub(crate) fn new(group_id: Arc<str>, limits: Limits, catalog: SharedCatalog) -> Self {
        Self {
            group_id,
            limits,
            config: ConsumerGroupConfig::default(),
            catalog,
            // As in Kafka, the first member that subscribes to something brings the group to epoch 2.
            epoch: GroupEpoch(1),
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            target: TargetAssignment::default(),
            owners: HashMap::new(),
            subscriptions: Subscriptions::default(),
            metadata: GroupMetadata::new(),
            compared_version: None,
            timers: Timers::default(),
            members_bytes: 0,
            records: GroupRecords::default(),
            downgrade: None,
        }
    }

    /// Takes the records of the changes since the last call.
    pub(crate) fn take_records(&mut self) -> GroupRecords {
        std::mem::take(&mut self.records)
    }

    /// Adds the removal of the group, with what members it has, to `records`.
    pub(crate) fn put_removal(&self, records: &mut GroupRecords) {
        for member_id in self.members.keys() {
            records::member_removed(records, &self.group_id, member_id);
        }
        for (regex, _) in self.subscriptions.all_resolved() {
            records::expression_removed(records, &self.group_id, regex);
        }
        records::group_removed(records, &self.group_id);
    }

    /// Returns the state. Source: `ConsumerGroup.maybeUpdateGroupState`.
    pub(crate) fn state(&self) -> GroupState {
        let is_reconciled = |member: &ConsumerMember| member.is_reconciled_to(self.target.epoch());
        if self.members.is_empty() {
            GroupState::Empty
        } else if self.epoch > self.target.epoch() {
            GroupState::Assigning
        } else if self.members.values().all(is_reconciled) {
            GroupState::Stable
        } else {
            GroupState::Reconciling
        }
    }

    /// Returns true if the group has no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the memory of the members. Each partition counts once with its member and once as a target.
    pub(crate) fn held_bytes(&self) -> usize {
        self.members_bytes
    }
}
