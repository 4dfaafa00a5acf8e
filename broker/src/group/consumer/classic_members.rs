//! Members of a consumer group that speak the classic protocol: JoinGroup, SyncGroup, Heartbeat and LeaveGroup. The coordinator assigns for
//! them too; they learn of a new target by REBALANCE_IN_PROGRESS, and report what they own when they join again.
//!
//! Source: `GroupMetadataManager.classicGroupJoinToConsumerGroup`, `classicGroupSyncToConsumerGroup`,
//! `classicGroupHeartbeatToConsumerGroup`, `classicGroupLeaveToConsumerGroup`.

use super::assignment::{Partitions, without_epochs};
use super::heartbeat::{Found, returning};
use super::member::{ClassicMember, ConsumerMember, MemberState};
use super::requests::OwnedPartitions;
use super::timers::Timer;
use super::{ConsumerGroup, MemberError};
use crate::group::catalog::TopicCatalog;
use crate::group::classic::{
    ConsumerJoinError, HeartbeatError, Joined, Joiner, Leaver, Protocol, SyncError, SyncRequest, Synced,
};
use crate::group::consumer_protocol::{
    NamedTopics, Subscription, read_subscription, version, write_assignment,
};
use crate::group::{IllegalGeneration, MemberId, Membership, MembershipError};
use crate::ids::{GenerationId, GroupEpoch};
use bytes::Bytes;
use std::sync::Arc;
use tracing::debug;

/// The protocol type of consumers.
const CONSUMER: &str = "consumer";

impl ConsumerGroup {
    /// Lets a member of the classic protocol join, or join again.
    pub(crate) fn join_classic(&mut self, now_ms: i64, joiner: &Joiner) -> Result<Joined, ConsumerJoinError> {
        if self.limits.migration == super::MigrationPolicy::Disabled {
            return Err(ConsumerJoinError::MigrationDisabled);
        }
        let request = &joiner.request;
        let is_new = request.member_id.is_empty();
        let member_id = if is_new {
            &joiner.new_consumer_member_id
        } else {
            &request.member_id
        };
        let instance = request.group_instance_id.as_ref();
        self.check_size(member_id, instance)
            .map_err(|_| ConsumerJoinError::MaxSizeReached {
                limit: self.limits.max_size,
            })?;
        if !self.supports(&request.protocol_type, &request.protocols) {
            return Err(ConsumerJoinError::Inconsistent);
        }
        if is_new && instance.is_none() && request.requires_known_member_id {
            let member_id = Arc::clone(member_id);
            return Err(ConsumerJoinError::MemberIdRequired { member_id });
        }
        let Found { member, replaces } = self.find_classic(member_id, joiner)?;
        let is_downgrade = replaces
            .as_ref()
            .is_some_and(|replaced| self.leaves_only_classic(std::slice::from_ref(replaced), 0));
        let subscription =
            read_subscription(&request.protocols[0].metadata).ok_or(ConsumerJoinError::Malformed)?;
        let mut updated = updated(member.clone(), joiner, &subscription);
        // Nothing fails from here on, so the group may change.
        let generation_id = GenerationId(self.epoch.0);
        if let Some(replaced) = replaces {
            self.replace_member(&replaced, member.clone());
        }
        let catalog = self.catalog.get();
        let change = self.update_member(now_ms, &member, &updated, &catalog);
        let owned = owned(&subscription.owned, &catalog);
        let is_behind = self.target.epoch() < self.epoch;
        if !is_downgrade {
            self.update_target(now_ms, &catalog, change.assignor);
        }
        if !is_downgrade || !is_behind {
            self.reconcile(now_ms, &mut updated, change.has_changed, Some(&owned), &catalog);
        }
        self.timers.cancel(&Timer::Join(Arc::clone(&updated.id)));
        if is_downgrade {
            self.downgrade = Some(super::Downgrade {
                leaving: Vec::new(),
                generation_id,
                needs_rebalance: is_behind,
            });
        } else {
            self.renew_session(now_ms, &updated.id);
            let deadline_ms = now_ms + i64::from(request.rebalance_timeout_ms);
            self.timers.set(Timer::Sync(Arc::clone(&updated.id)), deadline_ms);
            self.search_topics(now_ms, false, &catalog);
        }
        Ok(joined(&updated))
    }

    /// Returns true if the protocols are ones of consumers, and one of them is supported by every member of the classic protocol.
    /// Source: `ConsumerGroup.supportsClassicProtocols`.
    fn supports(&self, protocol_type: &str, protocols: &[Protocol]) -> bool {
        let classic: Vec<_> = self
            .members
            .values()
            .filter_map(|member| member.classic.as_ref())
            .collect();
        let is_common = |protocol: &Protocol| {
            let mut members = classic.iter();
            members.all(|member| member.protocols.iter().any(|other| other.name == protocol.name))
        };
        protocol_type == CONSUMER && protocols.iter().any(is_common)
    }

    fn find_classic(&self, member_id: &MemberId, joiner: &Joiner) -> Result<Found, ConsumerJoinError> {
        let existing = || {
            let member = self.members.get(member_id).cloned();
            member.unwrap_or_else(|| ConsumerMember::new(Arc::clone(member_id)))
        };
        let Some(instance) = &joiner.request.group_instance_id else {
            return Ok(Found {
                member: existing(),
                replaces: None,
            });
        };
        let holder = self.static_member(instance);
        if !joiner.request.member_id.is_empty() {
            let member = self.check_static_member(holder, member_id, instance);
            let member = member.map_err(|error| MembershipError::from(&error))?.clone();
            return Ok(Found {
                member,
                replaces: None,
            });
        }
        Ok(match holder {
            None => Found {
                member: existing(),
                replaces: None,
            },
            Some(holder) => Found {
                member: returning(holder, member_id),
                replaces: Some(Arc::clone(&holder.id)),
            },
        })
    }

    /// Gives a member of the classic protocol its assignment.
    pub(crate) fn sync_classic(&mut self, now_ms: i64, request: &SyncRequest) -> Result<Synced, SyncError> {
        let member = self.classic_member(&request.membership)?;
        check_generation(member, &request.membership)?;
        check_protocol(member, request)?;
        let (id, rebalance_timeout_ms) = (Arc::clone(&member.id), member.rebalance_timeout_ms);
        if self.target.epoch() > member.epoch && member.state != MemberState::UnrevokedPartitions {
            self.expect_join(now_ms, &id, rebalance_timeout_ms);
            return Err(SyncError::RebalanceInProgress);
        }
        let assignment = self.embedded_assignment(member);
        self.timers.cancel(&Timer::Sync(Arc::clone(&id)));
        self.renew_session(now_ms, &id);
        Ok(Synced {
            protocol_type: request.protocol_type.clone(),
            protocol_name: request.protocol_name.clone(),
            assignment,
        })
    }

    fn embedded_assignment(&self, member: &ConsumerMember) -> Bytes {
        let classic = member
            .classic
            .as_ref()
            .expect("the member speaks the classic protocol");
        // A member whose metadata could not be read was not let in.
        let version = version(&classic.protocol().metadata).unwrap_or(0);
        write_assignment(
            version,
            &named(&without_epochs(&member.assigned), &self.catalog.get()),
        )
    }

    /// Checks a heartbeat of the classic protocol and renews the session.
    pub(crate) fn heartbeat_classic(
        &mut self,
        now_ms: i64,
        membership: &Membership,
    ) -> Result<(), HeartbeatError> {
        let member = self.classic_member(membership)?;
        check_generation(member, membership)?;
        let has_news = match member.state {
            MemberState::UnrevokedPartitions => true,
            MemberState::UnreleasedPartitions => !self.waits_for_others(member),
            MemberState::Stable => false,
        };
        let must_join = member.epoch < self.target.epoch() || has_news;
        let (id, rebalance_timeout_ms) = (Arc::clone(&member.id), member.rebalance_timeout_ms);
        self.renew_session(now_ms, &id);
        if must_join {
            self.expect_join(now_ms, &id, rebalance_timeout_ms);
            return Err(HeartbeatError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Returns true if a partition of the member's target is still held by another. Source: `waitingOnUnreleasedPartition`.
    fn waits_for_others(&self, member: &ConsumerMember) -> bool {
        let mut target = super::assignment::iter(self.target.get(&member.id));
        target.any(|(topic, partition)| {
            let is_own = super::assignment::epoch_of(&member.assigned, topic, partition).is_some();
            !is_own && self.owners.contains_key(&(topic, partition))
        })
    }

    /// Removes members, of either protocol. Returns one result each, in order.
    pub(crate) fn leave_classic(&mut self, leavers: &[Leaver]) -> Vec<Result<(), MembershipError>> {
        let found = leavers.iter().map(|leaver| self.find_leaver(leaver));
        let found: Vec<_> = found.collect();
        let mut leaving: Vec<_> = found.iter().filter_map(|found| found.clone().ok()).collect();
        leaving.sort();
        leaving.dedup();
        if !leaving.is_empty() {
            debug!(members = leaving.len(), epoch = self.epoch.0, "members leave");
            self.remove_members(&leaving);
        }
        found.into_iter().map(|found| found.map(drop)).collect()
    }

    fn find_leaver(&self, leaver: &Leaver) -> Result<MemberId, MembershipError> {
        let Some(instance) = &leaver.group_instance_id else {
            let member = self.members.get(&leaver.member_id);
            return member
                .map(|member| Arc::clone(&member.id))
                .ok_or(MembershipError::UnknownMemberId);
        };
        let holder = self
            .static_member(instance)
            .ok_or(MembershipError::UnknownMemberId)?;
        if !leaver.member_id.is_empty() && holder.id != leaver.member_id {
            return Err(MembershipError::FencedInstanceId);
        }
        Ok(Arc::clone(&holder.id))
    }

    /// Returns the member of the classic protocol that a request is from. Source: `validateConsumerGroupMember`.
    fn classic_member(&self, membership: &Membership) -> Result<&ConsumerMember, MembershipError> {
        let member = match &membership.group_instance_id {
            None => self.members.get(&membership.member_id),
            Some(instance) => self.static_member(instance),
        };
        let member = member.ok_or(MembershipError::UnknownMemberId)?;
        if membership.group_instance_id.is_some() && member.id != membership.member_id {
            return Err(MembershipError::FencedInstanceId);
        }
        match member.classic {
            Some(_) => Ok(member),
            None => Err(MembershipError::UnknownMemberId),
        }
    }

    /// Gives the member its rebalance timeout to join again, from the first time that it is told to.
    fn expect_join(&mut self, now_ms: i64, member_id: &MemberId, rebalance_timeout_ms: i32) {
        let timer = Timer::Join(Arc::clone(member_id));
        if !self.timers.is_set(&timer) {
            self.timers.set(timer, now_ms + i64::from(rebalance_timeout_ms));
        }
    }
}

impl From<&MemberError> for MembershipError {
    fn from(error: &MemberError) -> Self {
        match error {
            MemberError::UnknownMember { .. } | MemberError::UnknownInstance { .. } => Self::UnknownMemberId,
            MemberError::FencedInstance { .. } => Self::FencedInstanceId,
        }
    }
}

fn check_generation(member: &ConsumerMember, membership: &Membership) -> Result<(), IllegalGeneration> {
    let given = membership.generation_or_epoch.generation_id();
    let current = GenerationId(member.epoch.0);
    if given == current {
        Ok(())
    } else {
        Err(IllegalGeneration { given, current })
    }
}

/// Source: `throwIfClassicProtocolUnmatched`.
fn check_protocol(member: &ConsumerMember, request: &SyncRequest) -> Result<(), SyncError> {
    let protocol = member.classic.as_ref().map(|classic| &*classic.protocol().name);
    let has_type = request
        .protocol_type
        .as_deref()
        .is_none_or(|name| name == CONSUMER);
    let has_name = request.protocol_name.is_none() || request.protocol_name.as_deref() == protocol;
    if has_type && has_name {
        Ok(())
    } else {
        Err(SyncError::InconsistentProtocol)
    }
}

/// Returns the member with what the request says.
fn updated(member: ConsumerMember, joiner: &Joiner, subscription: &Subscription) -> ConsumerMember {
    let request = &joiner.request;
    ConsumerMember {
        group_instance_id: request.group_instance_id.clone().or(member.group_instance_id),
        rack_id: subscription.rack_id.clone().or(member.rack_id),
        rebalance_timeout_ms: match request.rebalance_timeout_ms {
            -1 => member.rebalance_timeout_ms,
            timeout_ms => timeout_ms,
        },
        subscribed_topic_names: subscription.topics.iter().cloned().collect(),
        subscribed_topic_regex: Some(Arc::default()),
        client_id: Arc::clone(&joiner.client_id),
        client_host: Arc::clone(&joiner.client_host),
        classic: Some(ClassicMember {
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols.clone(),
        }),
        ..member
    }
}

fn joined(member: &ConsumerMember) -> Joined {
    let classic = member
        .classic
        .as_ref()
        .expect("the member speaks the classic protocol");
    Joined {
        generation_id: GenerationId(member.epoch.0),
        protocol_type: Some(CONSUMER.into()),
        protocol_name: Some(Arc::clone(&classic.protocol().name)),
        leader: Arc::default(),
        member_id: Arc::clone(&member.id),
        skip_assignment: false,
        members: Vec::new(),
    }
}

/// Returns the partitions that exist, by the ids of their topics.
pub(super) fn by_id(topics: &NamedTopics, catalog: &TopicCatalog) -> Partitions {
    let mut partitions = Partitions::new();
    for (name, of_topic) in topics {
        if let Some(topic) = catalog.get(name) {
            let exists = |partition: &i32| {
                usize::try_from(*partition).is_ok_and(|index| index < topic.partition_count)
            };
            // As in Kafka, the last entry of a topic counts.
            partitions.insert(topic.id, of_topic.iter().copied().filter(exists).collect());
        }
    }
    partitions.retain(|_, of_topic| !of_topic.is_empty());
    partitions
}

/// Returns partitions of topics that exist, by name.
pub(super) fn named(partitions: &Partitions, catalog: &TopicCatalog) -> NamedTopics {
    let topics = partitions.iter().filter_map(|(topic, of_topic)| {
        let name = catalog.name(*topic)?;
        Some((Arc::clone(name), of_topic.iter().copied().collect()))
    });
    topics.collect()
}

fn owned(topics: &NamedTopics, catalog: &TopicCatalog) -> Vec<OwnedPartitions> {
    let topics = topics.iter().filter_map(|(name, partitions)| {
        Some(OwnedPartitions {
            topic: catalog.get(name)?.id,
            partitions: partitions.clone(),
        })
    });
    topics.collect()
}

/// Returns the epoch that a generation of the classic protocol stands for.
pub(super) fn epoch_of(generation_id: GenerationId) -> GroupEpoch {
    GroupEpoch(generation_id.0)
}
