//! A group as an administrator sees it. Source: `GroupMetadataManager.describeGroups`.

use super::*;

/// What DescribeGroups tells of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) state: GroupState,
    /// Empty for a group that only stores offsets.
    pub(crate) protocol_type: Arc<str>,
    /// The chosen protocol; empty unless the group is stable.
    pub(crate) protocol_name: Arc<str>,
    pub(crate) members: Vec<DescribedMember>,
}

/// One member of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedMember {
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    /// Under the chosen protocol; empty unless the group is stable.
    pub(crate) metadata: Bytes,
    pub(crate) assignment: Bytes,
}

impl ClassicGroup {
    /// The group as it is now.
    pub(crate) fn describe(&self) -> Description {
        let chosen = self.protocol_name.clone();
        let protocol_name = chosen
            .filter(|_| self.state == GroupState::Stable)
            .unwrap_or_default();
        let members = self.members.iter().map(|member| DescribedMember {
            member_id: Arc::clone(&member.id),
            group_instance_id: member.group_instance_id.clone(),
            client_id: Arc::clone(&member.client_id),
            client_host: Arc::clone(&member.client_host),
            metadata: member.metadata(&protocol_name),
            assignment: member.assignment(),
        });
        Description {
            state: self.state,
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            members: members.collect(),
            protocol_name,
        }
    }
}
