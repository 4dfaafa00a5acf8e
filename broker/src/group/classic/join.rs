//! JoinGroup: who is let in, who waits for a rebalance, who gets the generation as it is.
//!
//! Source: `GroupMetadataManager.classicGroupJoinToClassicGroup` and what it calls.

use super::*;
use tracing::debug;

/// Why a member's join, update or departure asks for another generation; for the log.
pub(super) type Reason = &'static str;

impl ClassicGroup {
    /// A member joins, or joins again. Answered at once or when the rebalance completes.
    pub(crate) fn join(&mut self, now_ms: i64, ticket: Ticket, request: &JoinRequest) -> Vec<Effect> {
        let is_new = request.member_id.is_empty();
        let reason = request.reason.as_deref().unwrap_or("not provided");
        debug!(member_id = %request.member_id, client_id = %request.client_id, reason, "member joins");
        let answer = match self.admit(&request.member_id) {
            Err(error) => {
                self.remove_member(&request.member_id);
                Err(error)
            }
            Ok(()) if self.state == GroupState::Dead => Err(JoinError::Dead),
            Ok(()) if !self.supports(request) => Err(JoinError::InconsistentProtocol),
            Ok(()) if is_new && request.group_instance_id.is_some() => {
                self.join_static(now_ms, ticket, request)
            }
            Ok(()) if is_new => self.join_dynamic(now_ms, ticket, request),
            Ok(()) => self.rejoin(now_ms, ticket, request),
        };
        if let Some(answer) = answer.transpose() {
            self.effects.push(Effect::AnswerJoin(ticket, answer));
        }
        self.take_effects()
    }

    /// How much more memory the group takes with the member that the request describes.
    pub(crate) fn join_growth_bytes(&self, request: &JoinRequest) -> usize {
        let instance = request.group_instance_id.as_deref();
        let holder = instance.and_then(|instance| self.members.by_instance(instance));
        let before = self.members.get(holder.unwrap_or(&request.member_id));
        let after = Member::new(Arc::clone(&request.new_member_id), request);
        let assignment_bytes = before.map_or(0, |before| before.assignment().len());
        (after.held_bytes() + assignment_bytes).saturating_sub(before.map_or(0, Member::held_bytes))
    }

    /// Source: `acceptJoiningMember`. While a rebalance gathers members those that wait are counted, so that a group whose
    /// maximum was lowered shrinks to it.
    fn admit(&self, member_id: &str) -> Result<(), JoinError> {
        let is_member = self.members.contains(member_id);
        let is_admitted = match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                self.members.get(member_id).is_some_and(Member::is_awaiting_join)
                    || self.members.awaiting_join_count() < self.limits.max_size
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                is_member || self.members.len() < self.limits.max_size
            }
        };
        let limit = self.limits.max_size;
        if !is_admitted {
            return Err(JoinError::MaxSizeReached { limit });
        }
        let is_known = is_member || self.members.is_promised(member_id);
        let limit = self.limits.max_members;
        if !is_known && self.members.len() + self.members.promised_count() >= limit {
            return Err(JoinError::MaxSizeReached { limit });
        }
        Ok(())
    }

    /// Source: `ClassicGroup.supportsProtocols`.
    fn supports(&self, request: &JoinRequest) -> bool {
        if self.state == GroupState::Empty {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && self.members.share_one_of(&request.protocols)
    }

    fn join_dynamic(
        &mut self,
        now_ms: i64,
        ticket: Ticket,
        request: &JoinRequest,
    ) -> Result<Option<Joined>, JoinError> {
        let member_id = Arc::clone(&request.new_member_id);
        if request.requires_known_member_id {
            self.members.promise(Arc::clone(&member_id));
            let deadline_ms = now_ms + request.session_timeout_ms;
            self.timers
                .set(Timer::Session(Arc::clone(&member_id)), deadline_ms);
            return Err(JoinError::MemberIdRequired { member_id });
        }
        self.add_member(member_id, now_ms, ticket, request);
        Ok(None)
    }

    fn join_static(
        &mut self,
        now_ms: i64,
        ticket: Ticket,
        request: &JoinRequest,
    ) -> Result<Option<Joined>, JoinError> {
        let instance = request.group_instance_id.as_deref().unwrap_or_default();
        match self.members.by_instance(instance).cloned() {
            Some(old_id) => Ok(self.replace_static_member(&old_id, now_ms, ticket, request)),
            None => {
                self.add_member(Arc::clone(&request.new_member_id), now_ms, ticket, request);
                Ok(None)
            }
        }
    }

    /// A JoinGroup with a member id. Source: `classicGroupJoinExistingMember`.
    fn rejoin(
        &mut self,
        now_ms: i64,
        ticket: Ticket,
        request: &JoinRequest,
    ) -> Result<Option<Joined>, JoinError> {
        let member_id = &request.member_id;
        if self.members.is_promised(member_id) {
            // Ids are promised to dynamic members only; one that comes back as a static member is not who it was.
            if request.group_instance_id.is_some() {
                return Err(MembershipError::UnknownMemberId.into());
            }
            self.add_member(Arc::clone(member_id), now_ms, ticket, request);
            return Ok(None);
        }
        self.members
            .validate(member_id, request.group_instance_id.as_deref())?;
        let member = self.members.get(member_id).expect("just validated");
        let is_unchanged = member.protocols == request.protocols;
        let reason = match self.state {
            GroupState::PreparingRebalance => "a member joins",
            // The answer got lost, most likely.
            GroupState::CompletingRebalance if is_unchanged => return Ok(Some(self.joined(member_id))),
            // The leader joins again when something that affects the assignment changed, such as a topic's partitions.
            GroupState::Stable if self.is_leader(member_id) => "the leader joins again",
            // A follower has nothing to say that would change the assignment.
            GroupState::Stable if is_unchanged => return Ok(Some(self.joined(member_id))),
            GroupState::CompletingRebalance | GroupState::Stable => "a member's metadata changed",
            GroupState::Empty | GroupState::Dead => return Err(MembershipError::UnknownMemberId.into()),
        };
        self.update_member(member_id, ticket, request);
        self.rebalance_or_complete_join(now_ms, reason);
        Ok(None)
    }

    /// The generation as it is, for one member.
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
    fn add_member(&mut self, member_id: MemberId, now_ms: i64, ticket: Ticket, request: &JoinRequest) {
        if let Some(initial) = &mut self.initial_rebalance {
            initial.is_member_added = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Some(Arc::clone(&request.protocol_type));
        }
        self.members.add(Member::new(Arc::clone(&member_id), request));
        self.members.park_join(&member_id, ticket);
        if self.leader.is_none() {
            self.leader = Some(Arc::clone(&member_id));
        }
        // It cannot send heartbeats before it knows its id, and a parked join does not show that its client hung up: without
        // this bound a client that times out and tries again would fill the group with members that nobody is behind.
        let deadline_ms = now_ms + self.limits.new_member_join_timeout_ms;
        self.timers.set(Timer::Session(member_id), deadline_ms);
        self.rebalance_or_complete_join(now_ms, "a member was added");
    }

    fn update_member(&mut self, member_id: &str, ticket: Ticket, request: &JoinRequest) {
        self.members.update(member_id, request);
        if let Some(superseded) = self.members.park_join(member_id, ticket) {
            self.effects
                .push(Effect::AnswerJoin(superseded, Err(JoinError::Superseded)));
        }
    }

    /// A static member that came back without its member id: the old id is fenced, the assignment stays.
    /// Source: `updateStaticMemberThenRebalanceOrCompleteJoin`.
    fn replace_static_member(
        &mut self,
        old_id: &MemberId,
        now_ms: i64,
        ticket: Ticket,
        request: &JoinRequest,
    ) -> Option<Joined> {
        let old_leader = self.leader.clone().unwrap_or_default();
        let new_id = &request.new_member_id;
        let (join, sync) = self.members.replace(old_id, Arc::clone(new_id));
        let fenced = MembershipError::FencedInstanceId;
        let join = join.map(|ticket| Effect::AnswerJoin(ticket, Err(fenced.into())));
        let sync = sync.map(|ticket| Effect::AnswerSync(ticket, Err(fenced.into())));
        self.effects.extend(join.into_iter().chain(sync));
        if self.is_leader(old_id) {
            self.leader = Some(Arc::clone(new_id));
        }
        self.timers.cancel(&Timer::Session(Arc::clone(old_id)));
        if self.members.pending_sync.is_empty() {
            self.timers.cancel(&Timer::Sync);
        }
        self.update_member(new_id, ticket, request);
        self.arm_session(new_id, now_ms);

        let reason = match self.state {
            GroupState::Stable if self.members.elect_protocol() == self.protocol_name => {
                self.members.take_join(new_id);
                return Some(self.rejoined_static(new_id, old_leader, request));
            }
            GroupState::Stable => "a static member's return changes the protocol",
            // The leader may be assigning to the old id right now.
            GroupState::CompletingRebalance => "a static member returned before the assignment",
            _ => "a static member joins",
        };
        self.rebalance_or_complete_join(now_ms, reason);
        None
    }

    /// What a returning static member is told of a stable generation. One that leads must not assign again; where the
    /// version cannot say so it is told of the leader that it was itself, whose id it no longer has.
    fn rejoined_static(&self, member_id: &MemberId, old_leader: MemberId, request: &JoinRequest) -> Joined {
        let joined = self.joined(member_id);
        if request.supports_skipping_assignment {
            return Joined {
                skip_assignment: self.is_leader(member_id),
                ..joined
            };
        }
        Joined {
            leader: old_leader,
            members: Vec::new(),
            ..joined
        }
    }
}
