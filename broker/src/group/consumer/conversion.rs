//! A group with members on its way between the protocols: from a classic group when the first member of the consumer protocol joins, and
//! back when the last of them has gone.
//!
//! Source: `ConsumerGroup.fromClassicGroup`, `GroupMetadataManager.convertToConsumerGroup`, `convertToClassicGroup`.
//!
//! # Differs from Apache Kafka
//! A partition that does not exist is left out of an assignment that the leader of the classic group has made. Kafka takes it over, and then
//! has no place for some partition that exists: each heartbeat gets UNKNOWN_SERVER_ERROR.

use super::assignment::with_epoch;
use super::classic_members::{by_id, epoch_of, named};
use super::member::{ClassicMember, ConsumerMember};
use super::{ConsumerGroup, Limits, UpgradeError};
use crate::group::MemberId;
use crate::group::catalog::{SharedCatalog, TopicCatalog};
use crate::group::classic::{self, ClassicGroup, ConvertedMember, Effect};
use crate::group::consumer_protocol::{read_assignment, read_subscription, version, write_assignment};
use crate::ids::GroupEpoch;
use bytes::Bytes;
use std::sync::Arc;
use tracing::debug;

impl ConsumerGroup {
    /// Creates the group that a classic group with members becomes. The classic group stays as it is.
    pub(crate) fn from_classic(
        now_ms: i64,
        group_id: Arc<str>,
        limits: Limits,
        catalog: SharedCatalog,
        classic: &ClassicGroup,
    ) -> Result<Self, UpgradeError> {
        let mut group = Self::new(group_id, limits, catalog);
        group.check_upgrade(classic)?;
        let topics = group.catalog.get();
        let epoch = epoch_of(classic.generation_id());
        let members = classic.converted_members().ok_or(UpgradeError::NoProtocol)?;
        for (member, metadata, assignment) in members {
            group.take_over(member, &metadata, &assignment, epoch, &topics)?;
        }
        group.set_epoch(epoch);
        group.reach_target(epoch, None);
        group.metadata = group.subscriptions.metadata(&topics);
        let ids: Vec<_> = group.members.keys().cloned().collect();
        for member_id in ids {
            group.renew_session(now_ms, &member_id);
        }
        debug!(
            epoch = epoch.0,
            members = group.members.len(),
            "a classic group becomes a consumer group"
        );
        Ok(group)
    }

    /// Source: `validateOnlineUpgrade`.
    fn check_upgrade(&self, classic: &ClassicGroup) -> Result<(), UpgradeError> {
        let group_id = || Arc::clone(&self.group_id);
        if !self.limits.migration.allows_upgrade() {
            return Err(UpgradeError::Disabled(group_id()));
        }
        if classic.protocol_type().map(|name| &**name) != Some("consumer") {
            return Err(UpgradeError::NotConsumers(group_id()));
        }
        if classic.member_count() > self.limits.max_size {
            return Err(UpgradeError::TooLarge(group_id()));
        }
        Ok(())
    }

    fn take_over(
        &mut self,
        member: ConvertedMember,
        metadata: &[u8],
        assignment: &[u8],
        epoch: GroupEpoch,
        topics: &TopicCatalog,
    ) -> Result<(), UpgradeError> {
        let malformed = || UpgradeError::Malformed(Arc::clone(&self.group_id));
        let target = if assignment.is_empty() {
            super::assignment::Partitions::new()
        } else {
            let assignment = read_assignment(assignment).ok_or_else(malformed)?;
            if assignment.has_user_data {
                return Err(UpgradeError::CustomAssignor(Arc::clone(&self.group_id)));
            }
            by_id(&assignment.partitions, topics)
        };
        let subscription = read_subscription(metadata).ok_or_else(malformed)?;
        if let Some((topic, partition)) =
            super::assignment::iter(&target).find(|partition| self.owners.contains_key(partition))
        {
            return Err(UpgradeError::OwnedTwice { topic, partition });
        }
        self.set_target(Arc::clone(&member.id), target.clone());
        self.set_member(ConsumerMember {
            group_instance_id: member.group_instance_id,
            rack_id: subscription.rack_id,
            client_id: member.client_id,
            client_host: member.client_host,
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            subscribed_topic_names: subscription.topics.into_iter().collect(),
            epoch,
            previous_epoch: epoch,
            assigned: with_epoch(&target, epoch),
            classic: Some(ClassicMember {
                session_timeout_ms: member.session_timeout_ms,
                protocols: member.protocols,
            }),
            ..ConsumerMember::new(member.id)
        });
        Ok(())
    }

    /// Returns true if all members but those in `without` speak the classic protocol, so that the group may become a classic one.
    /// Source: `validateOnlineDowngradeWithFencedMembers`, `validateOnlineDowngradeWithReplacedMember`, which leaves the place taken.
    pub(super) fn leaves_only_classic(&self, without: &[MemberId], leaving_count: usize) -> bool {
        let mut rest = self
            .members
            .values()
            .filter(|member| !without.contains(&member.id));
        let replaces_consumer = leaving_count > 0
            || without.iter().all(|id| {
                self.members
                    .get(id)
                    .is_some_and(|member| member.classic.is_none())
            });
        let rest_count = self.members.len() - leaving_count;
        rest.all(|member| member.classic.is_some())
            && replaces_consumer
            && rest_count > 0
            && self.limits.migration.allows_downgrade()
            && rest_count <= self.limits.classic_max_size
    }

    /// Returns the classic group that this group becomes, if it does, and what the shell has to do for it.
    pub(crate) fn take_classic(
        &mut self,
        now_ms: i64,
        limits: classic::Limits,
    ) -> Option<(ClassicGroup, Vec<Effect>)> {
        let downgrade = self.downgrade.take()?;
        let catalog = self.catalog.get();
        let members = self
            .members
            .values()
            .filter(|member| !downgrade.leaving.contains(&member.id));
        let members: Vec<_> = members.filter_map(converted).collect();
        debug!(
            epoch = self.epoch.0,
            members = members.len(),
            "a consumer group becomes a classic group"
        );
        let assign = |member_id: &MemberId, metadata: &[u8]| -> Bytes {
            let version = version(metadata).unwrap_or(0);
            write_assignment(version, &named(self.target.get(member_id), &catalog))
        };
        let mut classic =
            ClassicGroup::from_members(limits, now_ms, downgrade.generation_id, members, assign);
        let reason = "the last member of the consumer protocol has left";
        let effects = classic.begin(now_ms, downgrade.needs_rebalance.then_some(reason));
        Some((classic, effects))
    }
}

fn converted(member: &ConsumerMember) -> Option<ConvertedMember> {
    let classic = member.classic.as_ref()?;
    Some(ConvertedMember {
        id: Arc::clone(&member.id),
        group_instance_id: member.group_instance_id.clone(),
        client_id: Arc::clone(&member.client_id),
        client_host: Arc::clone(&member.client_host),
        session_timeout_ms: classic.session_timeout_ms,
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        protocols: classic.protocols.clone(),
    })
}
