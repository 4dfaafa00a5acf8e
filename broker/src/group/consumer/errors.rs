//! Errors of ConsumerGroupHeartbeat. The texts are Kafka's, because clients are told them.

use crate::group::{InstanceId, MemberId};
use crate::ids::GroupEpoch;
use std::sync::Arc;

/// The rules refuse a ConsumerGroupHeartbeat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeartbeatError {
    /// The request contradicts itself.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// No assignor of the broker has that name.
    #[error("ServerAssignor {name} is not supported. Supported assignors: {supported}.")]
    UnsupportedAssignor {
        /// The name in the request.
        name: Arc<str>,
        /// The names of the broker's assignors.
        supported: String,
    },
    /// No group has the id, and only a member that joins creates one.
    #[error(transparent)]
    NotFound(#[from] ConsumerGroupNotFound),
    /// The classic group of that id cannot become a consumer group.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    /// The group has its maximum number of members.
    #[error("The consumer group has reached its maximum capacity of {limit} members.")]
    MaxSizeReached {
        /// `group.consumer.max.size`.
        limit: usize,
    },
    /// The request does not come from a member.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The member's epoch is neither the current one nor the one before with partitions that it may own.
    #[error(
        "The consumer group member has a {} member epoch ({given}) than the one known by the group coordinator ({current}). The member must abandon all its partitions and rejoin.",
        if given > current { "greater" } else { "smaller" }
    )]
    FencedMemberEpoch {
        /// The epoch in the request.
        given: GroupEpoch,
        /// The member's epoch.
        current: GroupEpoch,
    },
    /// The instance id belongs to a static member that has not left.
    #[error(
        "Static member {member_id} with instance id {instance_id} cannot join the group because the instance id is owned by {owner} member."
    )]
    UnreleasedInstanceId {
        /// The member that joins.
        member_id: MemberId,
        /// The instance id.
        instance_id: InstanceId,
        /// The member that holds it.
        owner: MemberId,
    },
    /// The regular expression cannot be read.
    #[error("SubscribedTopicRegex `{regex}` is not a valid regular expression: {reason}.")]
    InvalidRegularExpression {
        /// The expression.
        regex: Arc<str>,
        /// The reason why it cannot be read.
        reason: String,
    },
}

/// No consumer group has the id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConsumerGroupNotFound {
    /// No group has the id, and the member claims to be in it.
    #[error("Consumer group {0} not found.")]
    ForMember(Arc<str>),
    /// No group has the id.
    #[error("Group {0} not found.")]
    Missing(Arc<str>),
    /// The group is of another type.
    #[error("Group {0} is not a consumer group.")]
    OtherType(Arc<str>),
}

/// The request does not come from a member of the consumer group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MemberError {
    /// No member has the id.
    #[error("Member {member_id} is not a member of group {group_id}.")]
    UnknownMember {
        /// The id.
        member_id: MemberId,
        /// The group.
        group_id: Arc<str>,
    },
    /// No static member has the instance id.
    #[error("Instance id {instance_id} is unknown.")]
    UnknownInstance {
        /// The instance id.
        instance_id: InstanceId,
    },
    /// The instance id belongs to another member.
    #[error("Static member {member_id} with instance id {instance_id} was fenced by member {owner}.")]
    FencedInstance {
        /// The member of the request.
        member_id: MemberId,
        /// The instance id.
        instance_id: InstanceId,
        /// The member that holds it.
        owner: MemberId,
    },
}

/// A classic group cannot become a consumer group. Source: `GroupMetadataManager.validateOnlineUpgrade`, `convertToConsumerGroup`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpgradeError {
    /// `group.consumer.migration.policy` forbids it.
    #[error("Cannot upgrade classic group {0} to consumer group because online upgrade is disabled.")]
    Disabled(Arc<str>),
    /// The members are not consumers.
    #[error(
        "Cannot upgrade classic group {0} to consumer group because the group does not use the consumer embedded protocol."
    )]
    NotConsumers(Arc<str>),
    /// The group is larger than `group.consumer.max.size`.
    #[error(
        "Cannot upgrade classic group {0} to consumer group because the group size exceeds the consumer group maximum size."
    )]
    TooLarge(Arc<str>),
    /// A member's subscription or assignment cannot be read.
    #[error(
        "Cannot upgrade classic group {0} to consumer group because the embedded consumer protocol is malformed."
    )]
    Malformed(Arc<str>),
    /// An assignment has data of an assignor of the client, which would be lost.
    #[error(
        "Cannot upgrade classic group {0} to consumer group because an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade."
    )]
    CustomAssignor(Arc<str>),
    /// The classic group has not chosen a protocol yet.
    #[error("No value present")]
    NoProtocol,
    /// The leader has assigned a partition to two members.
    #[error("partition {partition} of topic {topic} is assigned to two members")]
    OwnedTwice {
        /// The topic.
        topic: uuid::Uuid,
        /// The partition.
        partition: i32,
    },
}
