//! ConsumerGroupHeartbeat of a member that joins or stays.
//!
//! Source: `GroupMetadataManager.consumerGroupHeartbeat` and the methods that it calls.

use super::assignor::Assignor;
use super::member::{ConsumerMember, MemberState};
use super::reconcile::{Reconciliation, is_subset};
use super::requests::OwnedPartitions;
use super::timers::Timer;
use super::{ConsumerGroup, Heartbeat, HeartbeatAnswer, HeartbeatError, HeartbeatRequest, MemberError};
use crate::group::catalog::TopicCatalog;
use crate::group::{InstanceId, MemberId};
use crate::ids::GroupEpoch;
use crate::pattern::Pattern;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::debug;

/// The least time between two searches for the topics of regular expressions. Source: `REGEX_BATCH_REFRESH_MIN_INTERVAL_MS`.
const REGEX_MIN_INTERVAL_MS: i64 = 10_000;

/// The change of a member's subscription by a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubscriptionChange {
    /// The member subscribes to something else than before.
    pub(super) has_changed: bool,
    /// The group needs another epoch for it.
    pub(super) needs_epoch: bool,
    /// The topics of a new regular expression have to be searched.
    needs_search: bool,
    /// The assignor that most members prefer now.
    pub(super) assignor: Assignor,
}

/// The member that a request is from.
pub(super) struct Found {
    /// The member as it was; a new one if it joins.
    pub(super) member: ConsumerMember,
    /// The static member whose place it takes.
    pub(super) replaces: Option<MemberId>,
}

impl ConsumerGroup {
    /// Handles a heartbeat of any kind.
    pub(crate) fn heartbeat(
        &mut self,
        now_ms: i64,
        heartbeat: &Heartbeat,
    ) -> Result<HeartbeatAnswer, HeartbeatError> {
        let request = &heartbeat.request;
        self.config = heartbeat.config;
        if request.is_leave() {
            return self.leave(request);
        }
        self.check_size(&request.member_id, request.group_instance_id.as_ref())?;
        let member_id = if request.member_id.is_empty() {
            &heartbeat.new_member_id
        } else {
            &request.member_id
        };
        let Found { member, replaces } = self.find_member(member_id, request)?;
        let mut updated = updated(member.clone(), heartbeat);
        self.check_regex(&member, &updated)?;
        // Nothing fails from here on, so the group may change.
        if let Some(replaced) = replaces {
            self.replace_member(&replaced, member.clone());
        }
        let catalog = self.catalog.get();
        let change = self.update_member(now_ms, &member, &updated, &catalog);
        self.update_target(now_ms, &catalog, change.assignor);
        self.reconcile(
            now_ms,
            &mut updated,
            change.has_changed,
            request.owned.as_deref(),
            &catalog,
        );
        self.renew_session(now_ms, &updated.id);
        self.search_topics(now_ms, change.needs_search, &catalog);
        let has_assignment_changed = member.assigned != updated.assigned;
        let is_news = request.is_join() || request.is_full() || has_assignment_changed;
        Ok(HeartbeatAnswer {
            member_epoch: updated.epoch.0,
            heartbeat_interval_ms: self.config.heartbeat_interval_ms,
            assignment: is_news.then(|| super::assignment::without_epochs(&updated.assigned)),
            member_id: updated.id,
        })
    }

    /// Returns the additional memory of the group with the member as the request has it.
    pub(crate) fn heartbeat_growth_bytes(&self, heartbeat: &Heartbeat) -> usize {
        let request = &heartbeat.request;
        // Only these requests bring something to keep. All others pass even at the limit, so that consumers go on.
        if request.is_leave() || (request.subscribed_topic_names.is_none() && !request.is_join()) {
            return 0;
        }
        let before = self.members.get(&request.member_id);
        let new = || ConsumerMember::new(Arc::clone(&heartbeat.new_member_id));
        let after = updated(before.cloned().unwrap_or_else(new), heartbeat);
        after
            .held_bytes()
            .saturating_sub(before.map_or(0, ConsumerMember::held_bytes))
    }

    /// Checks that the group has room for the member. Source: `throwIfConsumerGroupIsFull`.
    pub(super) fn check_size(
        &self,
        member_id: &str,
        instance: Option<&InstanceId>,
    ) -> Result<(), HeartbeatError> {
        if instance.is_some_and(|instance| self.static_members.contains_key(instance)) {
            return Ok(());
        }
        let limit = self.limits.max_size.min(self.limits.max_members);
        if self.members.len() >= limit && !self.members.contains_key(member_id) {
            return Err(HeartbeatError::MaxSizeReached { limit });
        }
        Ok(())
    }

    fn find_member(&self, member_id: &MemberId, request: &HeartbeatRequest) -> Result<Found, HeartbeatError> {
        let Some(instance) = &request.group_instance_id else {
            let member = match self.members.get(member_id) {
                Some(member) => member.clone(),
                None if request.is_join() => ConsumerMember::new(Arc::clone(member_id)),
                None => return Err(self.unknown_member(member_id).into()),
            };
            check_epoch(&member, request)?;
            return Ok(Found {
                member,
                replaces: None,
            });
        };
        let existing = self.static_member(instance);
        if !request.is_join() {
            let member = self.check_static_member(existing, member_id, instance)?;
            check_epoch(member, request)?;
            return Ok(Found {
                member: member.clone(),
                replaces: None,
            });
        }
        match existing {
            None => {
                let existing = self.members.get(member_id).cloned();
                Ok(Found {
                    member: existing.unwrap_or_else(|| ConsumerMember::new(Arc::clone(member_id))),
                    replaces: None,
                })
            }
            // A member of the consumer protocol has to have left; one of the classic protocol is being upgraded.
            Some(owner) if owner.classic.is_none() && owner.epoch != LEFT => {
                Err(HeartbeatError::UnreleasedInstanceId {
                    member_id: Arc::clone(member_id),
                    instance_id: Arc::clone(instance),
                    owner: Arc::clone(&owner.id),
                })
            }
            Some(owner) => Ok(Found {
                member: returning(owner, member_id),
                replaces: Some(Arc::clone(&owner.id)),
            }),
        }
    }

    /// Returns the static member that holds the instance id.
    pub(super) fn static_member(&self, instance: &str) -> Option<&ConsumerMember> {
        self.members.get(self.static_members.get(instance)?)
    }

    /// Checks that the instance id is known and belongs to the member of that id.
    pub(super) fn check_static_member<'a>(
        &self,
        holder: Option<&'a ConsumerMember>,
        member_id: &MemberId,
        instance: &InstanceId,
    ) -> Result<&'a ConsumerMember, MemberError> {
        let holder = holder.ok_or_else(|| MemberError::UnknownInstance {
            instance_id: Arc::clone(instance),
        })?;
        if holder.id != *member_id {
            return Err(MemberError::FencedInstance {
                member_id: Arc::clone(member_id),
                instance_id: Arc::clone(instance),
                owner: Arc::clone(&holder.id),
            });
        }
        Ok(holder)
    }

    /// Returns the error for an id that no member has.
    pub(super) fn unknown_member(&self, member_id: &MemberId) -> MemberError {
        MemberError::UnknownMember {
            member_id: Arc::clone(member_id),
            group_id: Arc::clone(&self.group_id),
        }
    }

    fn check_regex(&self, member: &ConsumerMember, updated: &ConsumerMember) -> Result<(), HeartbeatError> {
        match updated.regex() {
            // An expression that another member has was checked when it came.
            Some(regex) if member.regex() != Some(regex) && self.subscriptions.regex_count(regex) == 0 => {
                let invalid = |reason| HeartbeatError::InvalidRegularExpression {
                    regex: Arc::clone(regex),
                    reason,
                };
                Pattern::parse(regex).map(drop).map_err(invalid)
            }
            _ => Ok(()),
        }
    }

    /// Gives the place of a static member, with its target, to the one that returns. Source: `replaceMember`.
    pub(super) fn replace_member(&mut self, replaced: &MemberId, by: ConsumerMember) {
        debug!(member_id = %by.id, old_member_id = %replaced, "static member returns");
        let (_, target) = self
            .remove_member(replaced)
            .expect("an instance id points to a member");
        self.set_target(Arc::clone(&by.id), target);
        self.set_member(by);
    }

    /// Takes over what the request says of the member, and moves the group to its next epoch if this or the topics call for it.
    pub(super) fn update_member(
        &mut self,
        now_ms: i64,
        member: &ConsumerMember,
        updated: &ConsumerMember,
        catalog: &TopicCatalog,
    ) -> SubscriptionChange {
        if !self.members.contains_key(&updated.id) {
            debug!(member_id = %updated.id, client_id = %updated.client_id, epoch = self.epoch.0, now_ms, "member joins");
        }
        let mut change = self.subscription_change(member, updated);
        // A member of the classic protocol has no vote, and Kafka does not count the others' when it joins.
        change.needs_epoch |= updated.classic.is_none() && change.assignor != self.preferred_assignor();
        self.set_member(updated.clone());
        self.forget_unused_expressions();
        if change.needs_epoch || self.compared_version != Some(catalog.version()) {
            self.compare_metadata(change.needs_epoch, catalog);
        }
        change
    }

    /// Source: `hasMemberSubscriptionChanged`, `maybeUpdateRegularExpressions`.
    fn subscription_change(&self, member: &ConsumerMember, updated: &ConsumerMember) -> SubscriptionChange {
        let has_other_names = member.subscribed_topic_names != updated.subscribed_topic_names;
        let has_other_regex = member.subscribed_topic_regex != updated.subscribed_topic_regex;
        let mut change = SubscriptionChange {
            has_changed: has_other_names || has_other_regex,
            needs_epoch: has_other_names,
            needs_search: false,
            assignor: self.preferred_assignor_after(member, updated),
        };
        if has_other_regex {
            match updated.regex() {
                Some(regex) if self.subscriptions.regex_count(regex) == 0 => change.needs_search = true,
                // The topics of an expression that is being searched bring an epoch of their own.
                Some(regex) => change.needs_epoch |= self.subscriptions.resolved(regex).is_some(),
                None => change.needs_epoch |= member.regex().is_some(),
            }
        }
        change
    }

    /// Compares the subscribed topics with those that the last epoch was made for, and begins another epoch if they differ or if
    /// `needs_epoch`. Source: `updateSubscriptionMetadata`.
    pub(super) fn compare_metadata(&mut self, needs_epoch: bool, catalog: &TopicCatalog) {
        let metadata = self.subscriptions.metadata(catalog);
        let has_changed = metadata != self.metadata;
        self.compared_version = Some(catalog.version());
        if needs_epoch || has_changed {
            self.metadata = metadata;
            self.bump_epoch();
            debug!(
                epoch = self.epoch.0,
                topics = self.metadata.len(),
                "group epoch bumped"
            );
        }
    }

    /// Moves the member towards its target. Source: `maybeReconcile`.
    pub(super) fn reconcile(
        &mut self,
        now_ms: i64,
        member: &mut ConsumerMember,
        has_subscription_changed: bool,
        owned: Option<&[OwnedPartitions]>,
        catalog: &TopicCatalog,
    ) {
        let target_epoch = self.target.epoch();
        if !has_subscription_changed && member.is_reconciled_to(target_epoch) {
            return;
        }
        let before = member.clone();
        let subscribed: BTreeMap<_, _> = self.subscriptions.topics_of(member, catalog);
        Reconciliation {
            target_epoch,
            target: self.target.get(&member.id),
            subscribed: subscribed.into_keys().collect(),
            has_subscription_changed,
            owned,
            is_held: &|topic, partition| self.owners.contains_key(&(topic, partition)),
        }
        .apply(member);
        if *member == before {
            return;
        }
        debug!(
            member_id = %member.id,
            epoch = member.epoch.0,
            state = ?member.state,
            "member moves towards its target"
        );
        self.set_member(member.clone());
        if member.classic.is_none() {
            let timer = Timer::Rebalance(Arc::clone(&member.id));
            if member.state == MemberState::UnrevokedPartitions {
                let deadline_ms = now_ms + i64::from(member.rebalance_timeout_ms);
                self.timers.set(timer, deadline_ms);
            } else {
                self.timers.cancel(&timer);
            }
        }
    }

    /// Searches the topics of the regular expressions if one is new, topics have come, or the last search is long ago. Kafka does this
    /// beside the requests, so that the request that causes it is answered from the state before.
    /// Source: `maybeUpdateRegularExpressions`, `handleRegularExpressionsResult`.
    pub(super) fn search_topics(&mut self, now_ms: i64, is_needed: bool, catalog: &TopicCatalog) {
        let regex_count = self.subscriptions.regexes().len();
        let last = self.subscriptions.last_resolved();
        let last = last.map(|last| (last.resolved_at_ms, last.catalog_version));
        let is_due = match last {
            None => is_needed || regex_count > 0,
            Some((at_ms, _)) if now_ms <= at_ms + REGEX_MIN_INTERVAL_MS => false,
            Some((at_ms, version)) => {
                is_needed
                    || regex_count != self.subscriptions.resolved_count()
                    || version < catalog.created_version()
                    || now_ms > at_ms + self.limits.regex_refresh_interval_ms
            }
        };
        if !is_due || regex_count == 0 {
            return;
        }
        let has_changed = self.resolve_expressions(now_ms, catalog);
        self.compare_metadata(has_changed, catalog);
    }
}

/// The epoch of a static member that has left and will return.
const LEFT: GroupEpoch = GroupEpoch(super::requests::LEAVE_STATIC_EPOCH);

/// Returns the member that takes the place of a static one under a new member id.
pub(super) fn returning(owner: &ConsumerMember, member_id: &MemberId) -> ConsumerMember {
    ConsumerMember {
        id: Arc::clone(member_id),
        epoch: GroupEpoch(0),
        previous_epoch: GroupEpoch(0),
        ..owner.clone()
    }
}

/// Checks that the member is at its epoch, or did not get the answer that brought it there.
/// Source: `throwIfConsumerGroupMemberEpochIsInvalid`.
fn check_epoch(member: &ConsumerMember, request: &HeartbeatRequest) -> Result<(), HeartbeatError> {
    let given = GroupEpoch(request.member_epoch);
    let current = member.epoch;
    if request.is_join() || given == current {
        return Ok(());
    }
    // The answer to the request before was lost. The member then still owns at most what it was assigned.
    let has_lost_an_answer =
        given == member.previous_epoch && is_subset(request.owned.as_deref(), &member.assigned);
    if given < current && has_lost_an_answer {
        return Ok(());
    }
    Err(HeartbeatError::FencedMemberEpoch { given, current })
}

/// Returns the member with what the request says.
fn updated(member: ConsumerMember, heartbeat: &Heartbeat) -> ConsumerMember {
    let request = &heartbeat.request;
    let names = request.subscribed_topic_names.as_ref();
    let names = names.map(|names| names.iter().cloned().collect());
    ConsumerMember {
        group_instance_id: request.group_instance_id.clone().or(member.group_instance_id),
        rack_id: request.rack_id.clone().or(member.rack_id),
        rebalance_timeout_ms: match request.rebalance_timeout_ms {
            -1 => member.rebalance_timeout_ms,
            timeout_ms => timeout_ms,
        },
        server_assignor: request.assignor().or(member.server_assignor),
        subscribed_topic_names: names.unwrap_or(member.subscribed_topic_names),
        subscribed_topic_regex: request
            .subscribed_topic_regex
            .clone()
            .or(member.subscribed_topic_regex),
        client_id: Arc::clone(&heartbeat.client_id),
        client_host: Arc::clone(&heartbeat.client_host),
        classic: None,
        id: member.id,
        state: member.state,
        epoch: member.epoch,
        previous_epoch: member.previous_epoch,
        assigned: member.assigned,
        pending_revocation: member.pending_revocation,
    }
}
