//! A classic group as its journal keeps it: what a coordinator would need to go on with the group. Source: `GroupMetadataValue.json`.

use super::*;
use crate::group::MemberIdentity;

/// A generation of a classic group, or an empty group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassicMetadata {
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) generation_id: GenerationId,
    pub(crate) protocol_name: Option<Arc<str>>,
    pub(crate) leader: Option<MemberId>,
    /// The time of the last change of the group's state.
    pub(crate) state_since_ms: i64,
    pub(crate) members: Vec<MemberMetadata>,
}

/// A member of that generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberMetadata {
    pub(crate) identity: MemberIdentity,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    /// The member's metadata for the protocol of the generation.
    pub(crate) subscription: Bytes,
    pub(crate) assignment: Bytes,
}

impl ClassicGroup {
    /// Returns the group as a group that was just created is kept: without anything but the time. Source: `newEmptyGroupMetadataRecord`.
    pub(crate) fn created_metadata(&self) -> ClassicMetadata {
        ClassicMetadata {
            state_since_ms: self.state_since_ms,
            ..ClassicMetadata::default()
        }
    }

    /// Tells the shell to keep the group as it is now.
    pub(super) fn store(&mut self) {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.iter().map(|member| member.stored(protocol));
        let metadata = ClassicMetadata {
            protocol_type: self.protocol_type.clone(),
            generation_id: self.generation_id,
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone(),
            state_since_ms: self.state_since_ms,
            members: members.collect(),
        };
        self.effects.push(Effect::Store(Box::new(metadata)));
    }
}

impl Member {
    fn stored(&self, protocol: &str) -> MemberMetadata {
        MemberMetadata {
            identity: self.identity(),
            // Both come from requests, in which they are 32 bits wide.
            rebalance_timeout_ms: self.rebalance_timeout_ms as i32,
            session_timeout_ms: self.session_timeout_ms as i32,
            subscription: self.metadata(protocol),
            assignment: self.assignment(),
        }
    }
}
