//! ConsumerGroupHeartbeat as values.

use super::HeartbeatError;
use super::assignment::Partitions;
use super::assignor::Assignor;
use super::limits::Limits;
use crate::group::config::ConsumerGroupConfig;
use crate::group::{InstanceId, MemberId};
use std::sync::Arc;
use uuid::Uuid;

/// The epoch of a member that joins.
pub(super) const JOIN_EPOCH: i32 = 0;
/// The epoch of a member that leaves.
const LEAVE_EPOCH: i32 = -1;
/// The epoch of a static member that leaves and will return.
pub(super) const LEAVE_STATIC_EPOCH: i32 = -2;

/// The partitions of one topic that a member owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnedPartitions {
    pub(crate) topic: Uuid,
    pub(crate) partitions: Vec<i32>,
}

/// A ConsumerGroupHeartbeat. What is `None` has not changed since the last request.
#[derive(Clone, Debug)]
pub(crate) struct HeartbeatRequest {
    /// May be empty at the first join of version 0.
    pub(crate) member_id: MemberId,
    /// 0 to join, -1 to leave, -2 to leave as a static member that will return.
    pub(crate) member_epoch: i32,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) rack_id: Option<Arc<str>>,
    /// -1 if it has not changed.
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) subscribed_topic_names: Option<Vec<Arc<str>>>,
    pub(crate) subscribed_topic_regex: Option<Arc<str>>,
    pub(crate) server_assignor: Option<Arc<str>>,
    pub(crate) owned: Option<Vec<OwnedPartitions>>,
    /// True from version 1 on: the client makes the member id (KIP-1082).
    pub(crate) brings_member_id: bool,
}

/// A heartbeat with the values that the broker adds.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) request: HeartbeatRequest,
    /// The id for a member that brings none.
    pub(crate) new_member_id: MemberId,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    /// The configs of the group as they are now.
    pub(crate) config: ConsumerGroupConfig,
}

/// The answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeartbeatAnswer {
    pub(crate) member_id: MemberId,
    pub(crate) member_epoch: i32,
    /// 0 for a member that leaves.
    pub(crate) heartbeat_interval_ms: i32,
    /// `None` if the member has it already.
    pub(crate) assignment: Option<Partitions>,
}

impl HeartbeatRequest {
    /// Returns true if the member joins, so that a missing group is created.
    pub(crate) fn is_join(&self) -> bool {
        self.member_epoch == JOIN_EPOCH
    }

    /// Returns true if the member leaves, for good or for a while.
    pub(crate) fn is_leave(&self) -> bool {
        matches!(self.member_epoch, LEAVE_EPOCH | LEAVE_STATIC_EPOCH)
    }

    /// Returns true if the request has all that a first request has.
    pub(super) fn is_full(&self) -> bool {
        let has_subscription = self.subscribed_topic_names.is_some() || self.subscribed_topic_regex.is_some();
        self.rebalance_timeout_ms != -1 && has_subscription && self.owned.is_some()
    }

    /// Returns the assignor; `None` if it has not changed.
    pub(super) fn assignor(&self) -> Option<Assignor> {
        self.server_assignor.as_deref().and_then(Assignor::parse)
    }

    /// Checks what needs no group. Source: `GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid`.
    ///
    /// # Errors
    /// [`HeartbeatError::InvalidRequest`] and [`HeartbeatError::UnsupportedAssignor`].
    pub(crate) fn validate(&self, group_id: &str, limits: &Limits) -> Result<(), HeartbeatError> {
        let invalid = |text| Err(HeartbeatError::InvalidRequest(text));
        let is_empty = |text: &Option<Arc<str>>| text.as_deref().is_some_and(str::is_empty);
        let needs_id = self.brings_member_id || self.member_epoch > 0 || self.member_epoch == LEAVE_EPOCH;
        if needs_id && self.member_id.is_empty() {
            return invalid("MemberId can't be empty.");
        }
        if group_id.is_empty() {
            return invalid("GroupId can't be empty.");
        }
        if is_empty(&self.group_instance_id) {
            return invalid("InstanceId can't be empty.");
        }
        if is_empty(&self.rack_id) {
            return invalid("RackId can't be empty.");
        }
        match self.member_epoch {
            JOIN_EPOCH => self.validate_join()?,
            LEAVE_STATIC_EPOCH if self.group_instance_id.is_none() => {
                return invalid("InstanceId can't be null.");
            }
            ..LEAVE_STATIC_EPOCH => return invalid("MemberEpoch is invalid."),
            _ => {}
        }
        match &self.server_assignor {
            Some(name)
                if !self
                    .assignor()
                    .is_some_and(|assignor| limits.assignors.contains(&assignor)) =>
            {
                Err(HeartbeatError::UnsupportedAssignor {
                    name: Arc::clone(name),
                    supported: limits.assignor_names(),
                })
            }
            _ => Ok(()),
        }
    }

    fn validate_join(&self) -> Result<(), HeartbeatError> {
        let invalid = |text| Err(HeartbeatError::InvalidRequest(text));
        if self.rebalance_timeout_ms == -1 {
            return invalid("RebalanceTimeoutMs must be provided in first request.");
        }
        if !self.owned.as_ref().is_some_and(Vec::is_empty) {
            return invalid("TopicPartitions must be empty when (re-)joining.");
        }
        if self.subscribed_topic_names.is_none() && self.subscribed_topic_regex.is_none() {
            return invalid(
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
            );
        }
        Ok(())
    }
}
