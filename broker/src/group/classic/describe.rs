//! A classic group as DescribeGroups shows it. Source: `GroupMetadataManager.describeGroups`.

use super::*;
use crate::group::{GroupState, MemberIdentity};

/// The description of a classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicDescription {
    pub(crate) state: GroupState,
    /// Empty for a group that only stores offsets.
    pub(crate) protocol_type: Arc<str>,
    /// The chosen protocol; empty unless the group is stable.
    pub(crate) protocol_name: Arc<str>,
    pub(crate) members: Vec<DescribedMember>,
}

/// The description of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedMember {
    pub(crate) identity: MemberIdentity,
    /// The member's metadata for the chosen protocol; empty unless the group is stable.
    pub(crate) metadata: Bytes,
    pub(crate) assignment: Bytes,
}

impl ClassicGroup {
    /// Describes the group as it is now.
    pub(crate) fn describe(&self) -> ClassicDescription {
        let chosen = self.protocol_name.clone();
        let protocol_name = chosen
            .filter(|_| self.state == ClassicGroupState::Stable)
            .unwrap_or_default();
        let members = self.members.iter().map(|member| DescribedMember {
            identity: member.identity(),
            metadata: member.metadata(&protocol_name),
            assignment: member.assignment(),
        });
        ClassicDescription {
            state: self.state.into(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            members: members.collect(),
            protocol_name,
        }
    }
}
