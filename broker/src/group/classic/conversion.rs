//! A classic group on its way to and from a consumer group (KIP-848): what it has, and a group that is made of what another had.
//!
//! Source: `ClassicGroup.fromConsumerGroup`, and the classic half of `GroupMetadataManager.convertToConsumerGroup`.

use super::*;

/// A member of a classic group as the other type of group sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConvertedMember {
    pub(crate) id: MemberId,
    pub(crate) group_instance_id: Option<crate::group::InstanceId>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    /// The preferred protocol first.
    pub(crate) protocols: Vec<Protocol>,
}

impl ClassicGroup {
    /// Creates a stable group at a generation. `assign` returns the assignment of a member, whose metadata for the chosen protocol is the second
    /// argument.
    pub(crate) fn from_members(
        limits: Limits,
        now_ms: i64,
        generation_id: GenerationId,
        members: Vec<ConvertedMember>,
        assign: impl Fn(&MemberId, &[u8]) -> Bytes,
    ) -> Self {
        let mut group = Self::new(limits, now_ms);
        // A group that was stable before does not wait for more members as an empty one does.
        group.state = ClassicGroupState::Stable;
        group.previous_state = ClassicGroupState::Stable;
        group.generation_id = generation_id;
        group.protocol_type = Some("consumer".into());
        group.leader = members.first().map(|member| Arc::clone(&member.id));
        for member in members {
            group.members.add(Member::converted(member));
        }
        group.protocol_name = group.members.elect_protocol();
        group.subscribed_topics = group.read_subscriptions();
        let protocol = group.protocol_name.clone().unwrap_or_default();
        let metadata = group
            .members
            .iter()
            .map(|member| (Arc::clone(&member.id), member.metadata(&protocol)));
        let metadata: std::collections::BTreeMap<_, _> = metadata.collect();
        group
            .members
            .assign(|member_id| assign(member_id, &metadata[member_id]));
        for member_id in group.members.ids() {
            group.renew_session(now_ms, &member_id);
        }
        group
    }

    /// Keeps a group that was just made of another, and begins a rebalance of it if there is a reason for one.
    pub(crate) fn begin(&mut self, now_ms: i64, rebalance: Option<&'static str>) -> Vec<Effect> {
        self.store();
        if let Some(reason) = rebalance {
            self.prepare_rebalance(now_ms, reason);
        }
        self.take_effects()
    }

    /// Returns the members, each with its metadata for the chosen protocol and its assignment; `None` if no protocol was chosen yet.
    pub(crate) fn converted_members(&self) -> Option<Vec<(ConvertedMember, Bytes, Bytes)>> {
        let protocol = self.protocol_name.as_deref()?;
        let members = self.members.iter().map(|member| {
            let timeout = |ms: i64| i32::try_from(ms).unwrap_or(i32::MAX);
            let converted = ConvertedMember {
                id: Arc::clone(&member.id),
                group_instance_id: member.group_instance_id.clone(),
                client_id: Arc::clone(&member.client_id),
                client_host: Arc::clone(&member.client_host),
                session_timeout_ms: timeout(member.session_timeout_ms),
                rebalance_timeout_ms: timeout(member.rebalance_timeout_ms),
                protocols: member.protocols.clone(),
            };
            (converted, member.metadata(protocol), member.assignment())
        });
        Some(members.collect())
    }

    /// Tells all parked requests to join again, because the group becomes one of another type.
    pub(crate) fn release_parked(&mut self) -> Vec<Effect> {
        for member_id in self.members.ids() {
            self.answer_join(&member_id, Err(JoinError::Converted));
            let member = self.members.get_mut(&member_id).expect("only members are listed");
            if let Some(ticket) = member.awaiting_sync.take() {
                self.effects
                    .push(Effect::AnswerSync(ticket, Err(SyncError::RebalanceInProgress)));
            }
        }
        self.take_effects()
    }

    /// Returns the generation.
    pub(crate) fn generation_id(&self) -> GenerationId {
        self.generation_id
    }

    /// Returns the number of members.
    pub(crate) fn member_count(&self) -> usize {
        self.members.len()
    }
}
