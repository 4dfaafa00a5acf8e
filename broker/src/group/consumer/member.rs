//! A member of a consumer group. Source: Kafka's `ConsumerGroupMember`.

use super::assignment::{AssignedPartitions, epoch_of};
use super::assignor::Assignor;
use crate::group::classic::Protocol;
use crate::group::{InstanceId, MemberId};
use crate::ids::GroupEpoch;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// The progress of a member from its assignment to the target. Source: Kafka's `MemberState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberState {
    /// The member has what it may have at its epoch.
    Stable,
    /// The member has to give up partitions before it may go on.
    UnrevokedPartitions,
    /// The member waits for partitions that other members have not given up.
    UnreleasedPartitions,
}

/// The part of a member that speaks the classic protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClassicMember {
    pub(super) session_timeout_ms: i32,
    /// The preferred protocol first; at least one.
    pub(super) protocols: Vec<Protocol>,
}

impl ClassicMember {
    /// Returns the protocol that the member's answers name: its preferred one.
    pub(super) fn protocol(&self) -> &Protocol {
        &self.protocols[0]
    }
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConsumerMember {
    pub(super) id: MemberId,
    pub(super) group_instance_id: Option<InstanceId>,
    pub(super) rack_id: Option<Arc<str>>,
    pub(super) client_id: Arc<str>,
    pub(super) client_host: Arc<str>,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) subscribed_topic_names: BTreeSet<Arc<str>>,
    /// `None` and the empty expression both subscribe to nothing, and are described differently.
    pub(super) subscribed_topic_regex: Option<Arc<str>>,
    pub(super) server_assignor: Option<Assignor>,
    pub(super) state: MemberState,
    pub(super) epoch: GroupEpoch,
    /// The epoch before, with which a member may ask again if it did not get the answer.
    pub(super) previous_epoch: GroupEpoch,
    pub(super) assigned: AssignedPartitions,
    pub(super) pending_revocation: AssignedPartitions,
    /// Set for a member that speaks the classic protocol.
    pub(super) classic: Option<ClassicMember>,
}

/// The memory of a member without its texts and partitions: the value, its timers, and its places in the maps.
const MEMBER_BYTES: usize = 768;
/// The memory of a partition in the maps of assigned, target and owned partitions.
const PARTITION_BYTES: usize = 96;
/// The memory of a subscribed name without its letters.
const NAME_BYTES: usize = 64;

impl ConsumerMember {
    /// Creates a member that has joined nothing yet.
    pub(super) fn new(id: MemberId) -> Self {
        Self {
            id,
            group_instance_id: None,
            rack_id: None,
            client_id: Arc::default(),
            client_host: Arc::default(),
            rebalance_timeout_ms: -1,
            subscribed_topic_names: BTreeSet::new(),
            subscribed_topic_regex: Some(Arc::default()),
            server_assignor: None,
            state: MemberState::Stable,
            epoch: GroupEpoch(0),
            previous_epoch: GroupEpoch(-1),
            assigned: AssignedPartitions::new(),
            pending_revocation: AssignedPartitions::new(),
            classic: None,
        }
    }

    /// Moves the member to an epoch, and keeps the one before.
    pub(super) fn advance(&mut self, epoch: GroupEpoch) {
        self.previous_epoch = self.epoch;
        self.epoch = epoch;
    }

    /// Returns true if the member has reached the target assignment of that epoch.
    pub(super) fn is_reconciled_to(&self, epoch: GroupEpoch) -> bool {
        self.state == MemberState::Stable && self.epoch == epoch
    }

    /// Returns the regular expression, unless it is empty.
    pub(super) fn regex(&self) -> Option<&Arc<str>> {
        self.subscribed_topic_regex
            .as_ref()
            .filter(|regex| !regex.is_empty())
    }

    /// Returns the epoch at which the member got a partition that it has or has to give up.
    pub(super) fn epoch_of(&self, topic: Uuid, partition: i32) -> Option<GroupEpoch> {
        epoch_of(&self.assigned, topic, partition)
            .or_else(|| epoch_of(&self.pending_revocation, topic, partition))
    }

    /// Returns the memory of the member.
    pub(super) fn held_bytes(&self) -> usize {
        let length = |text: Option<&Arc<str>>| text.map_or(0, |text| text.len());
        let texts_bytes = self.id.len()
            + length(self.group_instance_id.as_ref())
            + length(self.rack_id.as_ref())
            + self.client_id.len()
            + self.client_host.len()
            + length(self.subscribed_topic_regex.as_ref());
        let names = self.subscribed_topic_names.iter();
        let names_bytes: usize = names.map(|name| NAME_BYTES + name.len()).sum();
        let partitions = self.assigned.values().chain(self.pending_revocation.values());
        let partition_count: usize = partitions.map(|of_topic| of_topic.len()).sum();
        let protocols = self.classic.iter().flat_map(|classic| &classic.protocols);
        let protocols_bytes: usize = protocols
            .map(|protocol| size_of::<Protocol>() + protocol.name.len() + protocol.metadata.len())
            .sum();
        MEMBER_BYTES + texts_bytes + names_bytes + PARTITION_BYTES * partition_count + protocols_bytes
    }
}
