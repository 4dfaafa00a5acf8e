//! The requests of the classic protocol and their answers, as values.

use super::{ClassicMetadata, JoinError, SyncError};
use crate::group::{InstanceId, MemberId, Membership};
use crate::ids::GenerationId;
use bytes::Bytes;
use std::sync::Arc;

/// A parked request, by a number that the shell gives out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// An assignor (or a protocol of Kafka Connect) by name, with the member's metadata for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: Arc<str>,
    pub(crate) metadata: Bytes,
}

/// A JoinGroup.
#[derive(Clone, Debug)]
pub(crate) struct JoinRequest {
    /// Empty at the first join.
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) session_timeout_ms: i32,
    /// Negative values count as 0.
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) protocol_type: Arc<str>,
    /// The preferred protocol first.
    pub(crate) protocols: Vec<Protocol>,
    /// True from version 4 on: a dynamic member first gets an id, then joins with it (KIP-394).
    pub(crate) requires_known_member_id: bool,
    /// True from version 9 on: the answer can tell a returning static leader not to assign (KIP-814).
    pub(crate) supports_skipping_assignment: bool,
    /// The client's reason to join, for the log (KIP-800).
    pub(crate) reason: Option<Arc<str>>,
}

/// A client that joins: its request, and the values that the broker adds.
#[derive(Clone, Debug)]
pub(crate) struct Joiner {
    pub(crate) request: JoinRequest,
    /// The id for a member that has none: `clientid-uuid`, or `instanceid-uuid` for a static member.
    pub(crate) new_member_id: MemberId,
    /// The same in a consumer group: a UUID alone.
    pub(crate) new_consumer_member_id: MemberId,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
}

/// A completed join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) generation_id: GenerationId,
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol_name: Option<Arc<str>>,
    pub(crate) leader: MemberId,
    pub(crate) member_id: MemberId,
    pub(crate) skip_assignment: bool,
    /// All members if this member leads; otherwise empty.
    pub(crate) members: Vec<JoinedMember>,
}

/// A member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JoinedMember {
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) metadata: Bytes,
}

/// A SyncGroup.
#[derive(Clone, Debug)]
pub(crate) struct SyncRequest {
    pub(crate) membership: Membership,
    /// Must be the group's if given (KIP-559).
    pub(crate) protocol_type: Option<Arc<str>>,
    /// Must be the group's if given (KIP-559).
    pub(crate) protocol_name: Option<Arc<str>>,
    /// The assignments of all members, from the leader; those of other members are ignored.
    pub(crate) assignments: Vec<(MemberId, Bytes)>,
}

/// A member's assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol_name: Option<Arc<str>>,
    pub(crate) assignment: Bytes,
}

/// One of the members that a LeaveGroup names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaver {
    /// Empty if an administrator removes a static member by its instance id.
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    /// The client's reason to leave, for the log (KIP-800).
    pub(crate) reason: Option<Arc<str>>,
}

/// The consequence of a change, which the shell has to bring about, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Answers a JoinGroup.
    AnswerJoin(Ticket, Result<Joined, JoinError>),
    /// Answers a SyncGroup.
    AnswerSync(Ticket, Result<Synced, SyncError>),
    /// Keeps the group in its journal. The answers that follow tell of what is kept.
    Store(Box<ClassicMetadata>),
}
