//! The parts of a group's description that all types of groups have. The rest is in each type's folder.

use super::{GroupState, GroupType, InstanceId, MemberId};
use std::sync::Arc;

/// A group in a list of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupSummary {
    pub(crate) group_id: Arc<str>,
    pub(crate) group_type: GroupType,
    /// Empty for a group that only stores offsets.
    pub(crate) protocol_type: Arc<str>,
    pub(crate) state: GroupState,
}

/// The identity of a described member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberIdentity {
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
}
