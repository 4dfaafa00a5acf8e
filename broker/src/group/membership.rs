//! Ids of members, and the claim to be a member that requests carry. Common to all types of groups.

use crate::ids::GenerationId;
use std::sync::Arc;

/// A member's id; empty on the wire as long as the member has none.
pub(crate) type MemberId = Arc<str>;
/// A static member's `group.instance.id` (KIP-345).
pub(crate) type InstanceId = Arc<str>;

/// The wire field `GenerationIdOrMemberEpoch`: a generation for members of the classic protocol, a member epoch for members of the
/// consumer protocol (KIP-848). The group decides which. Negative if the client is not a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GenerationOrEpoch(pub(crate) i32);

impl GenerationOrEpoch {
    /// Returns true if the client does not claim to be a member.
    pub(crate) fn is_none(self) -> bool {
        self.0 < 0
    }

    /// Returns the value as a generation, for a member of the classic protocol.
    pub(crate) fn generation_id(self) -> GenerationId {
        GenerationId(self.0)
    }
}

impl From<GenerationId> for GenerationOrEpoch {
    fn from(generation_id: GenerationId) -> Self {
        Self(generation_id.0)
    }
}

/// The claim to be a member, in SyncGroup, Heartbeat and OffsetCommit.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) generation_or_epoch: GenerationOrEpoch,
}

#[cfg(test)]
impl Membership {
    /// Returns the membership of an administrator, who is no member.
    pub(crate) fn none() -> Self {
        Self {
            member_id: "".into(),
            group_instance_id: None,
            generation_or_epoch: GenerationOrEpoch(-1),
        }
    }
}

impl Membership {
    /// Returns true if the client claims nothing: a consumer that assigns itself, or an administrator.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.generation_or_epoch.is_none() && self.member_id.is_empty() && self.group_instance_id.is_none()
    }
}

/// A client that commits offsets. Source: the parameters of Kafka's `Group.validateOffsetCommit`.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    pub(crate) membership: Membership,
    /// True for TxnOffsetCommit, whose older versions name no member.
    pub(crate) is_transactional: bool,
    /// The version of the request: older ones do not know the errors of the consumer protocol.
    pub(crate) api_version: i16,
}

/// A client that reads committed offsets. Source: the parameters of Kafka's `Group.validateOffsetFetch`.
#[derive(Clone, Debug)]
pub(crate) struct OffsetReader {
    /// `None` if the client does not claim to be a member.
    pub(crate) member_id: Option<MemberId>,
    /// The member's epoch; negative if it claims none.
    pub(crate) epoch: GenerationOrEpoch,
    /// True if the client refuses offsets that an open transaction may replace (KIP-447).
    pub(crate) requires_stable: bool,
}

impl OffsetReader {
    /// Returns a client that does not claim to be a member.
    pub(crate) fn anonymous() -> Self {
        Self {
            member_id: None,
            epoch: GenerationOrEpoch(-1),
            requires_stable: false,
        }
    }
}
