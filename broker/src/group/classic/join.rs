//! JoinGroup: which member is let in, which waits for a rebalance, and which gets the generation as it is.
//!
//! Source: `GroupMetadataManager.classicGroupJoinToClassicGroup` and the methods that it calls.

use super::*;

impl ClassicGroup {
    /// Lets a member join, or join again. The answer comes at once or when the rebalance completes.
    pub(crate) fn join(&mut self, now_ms: i64, ticket: Ticket, joiner: &Joiner) -> Vec<Effect> {
        let request = &joiner.request;
        let is_new = request.member_id.is_empty();
        let answer = match self.check_size(&request.member_id) {
            Err(error) => {
                // As in Kafka, a member that finds no room loses its place too: the last ones to join again
                // are those that go.
                self.remove_member(&request.member_id);
                Err(error)
            }
            Ok(()) if !self.supports(request) => Err(JoinError::InconsistentProtocol),
            Ok(()) if is_new && request.group_instance_id.is_some() => {
                self.join_static(now_ms, ticket, joiner)
            }
            Ok(()) if is_new => self.join_dynamic(now_ms, ticket, joiner),
            Ok(()) => self.rejoin(now_ms, ticket, joiner),
        };
        if let Some(answer) = answer.transpose() {
            self.effects.push(Effect::AnswerJoin(ticket, answer));
        }
        self.take_effects()
    }

    /// Returns the additional memory of the group with the member that joins.
    pub(crate) fn join_growth_bytes(&self, joiner: &Joiner) -> usize {
        let request = &joiner.request;
        let instance = request.group_instance_id.as_deref();
        let holder = instance.and_then(|instance| self.members.by_instance(instance));
        let before = self.members.get(holder.unwrap_or(&request.member_id));
        let after = Member::new(Arc::clone(&joiner.new_member_id), joiner);
        let assignment_bytes = before.map_or(0, |before| before.assignment().len());
        (after.held_bytes() + assignment_bytes).saturating_sub(before.map_or(0, Member::held_bytes))
    }

    /// Checks that the group has room for the member. While a rebalance gathers members only those that have joined count, so that a
    /// group shrinks to a maximum that was lowered. Source: `acceptJoiningMember`.
    fn check_size(&self, member_id: &str) -> Result<(), JoinError> {
        let is_member = self.members.contains(member_id);
        // Members that do not join again are removed at the end of the rebalance, so they do not count there.
        let has_room = match self.state {
            ClassicGroupState::Empty => true,
            ClassicGroupState::PreparingRebalance => {
                self.members.get(member_id).is_some_and(Member::is_awaiting_join)
                    || self.members.awaiting_join_count() < self.limits.max_size
            }
            ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => {
                is_member || self.members.len() < self.limits.max_size
            }
        };
        let limit = self.limits.max_size;
        if !has_room {
            return Err(JoinError::MaxSizeReached { limit });
        }
        let is_known = is_member || self.members.is_pending(member_id);
        let limit = self.limits.max_members;
        if !is_known && self.members.len() + self.members.pending_count() >= limit {
            return Err(JoinError::MaxSizeReached { limit });
        }
        Ok(())
    }

    /// Source: `ClassicGroup.supportsProtocols`.
    fn supports(&self, request: &JoinRequest) -> bool {
        // The first member of an empty group decides the protocol type.
        if self.state == ClassicGroupState::Empty {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && self.members.share_one_of(&request.protocols)
    }

    fn join_dynamic(
        &mut self,
        now_ms: i64,
        ticket: Ticket,
        joiner: &Joiner,
    ) -> Result<Option<Joined>, JoinError> {
        let member_id = Arc::clone(&joiner.new_member_id);
        // The member is not in the group yet. Before KIP-394 each retry of a client that had not heard its id
        // left a member behind.
        if joiner.request.requires_known_member_id {
            debug!(%member_id, client_id = %joiner.client_id, "member id given out");
            self.members.add_pending(Arc::clone(&member_id));
            let deadline_ms = now_ms + i64::from(joiner.request.session_timeout_ms);
            self.timers
                .set(Timer::Session(Arc::clone(&member_id)), deadline_ms);
            return Err(JoinError::MemberIdRequired { member_id });
        }
        self.add_member(member_id, now_ms, ticket, joiner);
        Ok(None)
    }

    /// Handles a JoinGroup with a member id. Source: `classicGroupJoinExistingMember`.
    fn rejoin(&mut self, now_ms: i64, ticket: Ticket, joiner: &Joiner) -> Result<Option<Joined>, JoinError> {
        let request = &joiner.request;
        let member_id = &request.member_id;
        if self.members.is_pending(member_id) {
            // Only dynamic members are pending: a static member cannot have got this id here.
            if request.group_instance_id.is_some() {
                return Err(MembershipError::UnknownMemberId.into());
            }
            self.add_member(Arc::clone(member_id), now_ms, ticket, joiner);
            return Ok(None);
        }
        self.members
            .validate(member_id, request.group_instance_id.as_deref())?;
        let member = self.members.get(member_id).expect("just validated");
        let is_unchanged = member.protocols == request.protocols;
        let reason = match self.state {
            ClassicGroupState::PreparingRebalance => "a member joined",
            // The client asks again, most likely because it did not get the answer.
            ClassicGroupState::CompletingRebalance if is_unchanged => {
                return Ok(Some(self.joined(member_id)));
            }
            // The leader joins again if something that affects the assignment changed, such as a topic's partitions.
            ClassicGroupState::Stable if self.is_leader(member_id) => "the leader joined again",
            // Nothing in this request can change the assignment.
            ClassicGroupState::Stable if is_unchanged => return Ok(Some(self.joined(member_id))),
            ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable => {
                "the metadata of a member changed"
            }
            // As in Kafka, the client then forgets its id and joins anew.
            ClassicGroupState::Empty => return Err(MembershipError::UnknownMemberId.into()),
        };
        debug!(
            %member_id,
            generation_id = self.generation_id.0,
            reason = request.reason.as_deref().unwrap_or("not provided"),
            "member joins again"
        );
        self.update_member(member_id, ticket, request);
        self.rebalance_or_complete_join(now_ms, reason);
        Ok(None)
    }

    /// Returns the answer to a member that joined the current generation.
    pub(super) fn joined(&self, member_id: &MemberId) -> Joined {
        let members = if self.is_leader(member_id) {
            self.joined_members()
        } else {
            Vec::new()
        };
        Joined {
            generation_id: self.generation_id,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: Arc::clone(member_id),
            skip_assignment: false,
            members,
        }
    }

    fn joined_members(&self) -> Vec<JoinedMember> {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.iter().map(|member| JoinedMember {
            member_id: Arc::clone(&member.id),
            group_instance_id: member.group_instance_id.clone(),
            metadata: member.metadata(protocol),
        });
        members.collect()
    }

    /// Source: `addMemberThenRebalanceOrCompleteJoin`.
    pub(super) fn add_member(&mut self, member_id: MemberId, now_ms: i64, ticket: Ticket, joiner: &Joiner) {
        let request = &joiner.request;
        debug!(
            %member_id,
            group_instance_id = request.group_instance_id.as_deref(),
            client_id = %joiner.client_id,
            generation_id = self.generation_id.0,
            reason = request.reason.as_deref().unwrap_or("not provided"),
            "member joins"
        );
        if let Some(initial) = &mut self.initial_rebalance {
            initial.is_member_added = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Some(Arc::clone(&request.protocol_type));
        }
        self.members.add(Member::new(Arc::clone(&member_id), joiner));
        self.members.park_join(&member_id, ticket);
        if self.leader.is_none() {
            self.leader = Some(Arc::clone(&member_id));
        }
        // The member cannot send heartbeats before it knows its id, and its parked join does not show whether the client hung up. Without
        // this timer a client that times out and tries again would fill the group with members that do not exist.
        let deadline_ms = now_ms + self.limits.new_member_join_timeout_ms;
        self.timers.set(Timer::Session(member_id), deadline_ms);
        self.rebalance_or_complete_join(now_ms, "a member joined");
    }

    pub(super) fn update_member(&mut self, member_id: &str, ticket: Ticket, request: &JoinRequest) {
        self.members.update(member_id, request);
        if let Some(superseded) = self.members.park_join(member_id, ticket) {
            // The client no longer waits for its earlier request, but each parked request is answered once.
            self.effects
                .push(Effect::AnswerJoin(superseded, Err(JoinError::Superseded)));
        }
    }

    pub(super) fn answer_join(&mut self, member_id: &str, answer: Result<Joined, JoinError>) {
        if let Some(ticket) = self.members.take_join(member_id) {
            self.effects.push(Effect::AnswerJoin(ticket, answer));
        }
    }
}
