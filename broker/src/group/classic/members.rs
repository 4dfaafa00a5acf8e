//! The members of a classic group by member id, static members also by instance id; the pending members, which have an id but have not
//! joined with it; the members that have not sent SyncGroup; and the number of members that support each protocol. This file keeps
//! them consistent and decides no rule of rebalancing.
//!
//! Source: Kafka's `ClassicGroup` and `ClassicGroupMember`. Maps are ordered, so that the same requests give the same group.

use super::{ConvertedMember, JoinRequest, Joiner, Protocol, Ticket};
use crate::group::{InstanceId, MemberId, MemberIdentity, MembershipError};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The memory of a member without its ids, protocols and assignment: the value, its timer, and its places in the maps.
const MEMBER_BYTES: usize = 512;

/// The memory of a pending member without its id: its timer and its places in the maps.
const PENDING_MEMBER_BYTES: usize = 256;

fn pending_bytes(id: &str) -> usize {
    PENDING_MEMBER_BYTES + id.len()
}

/// A member of the group.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: MemberId,
    pub(super) group_instance_id: Option<InstanceId>,
    pub(super) client_id: Arc<str>,
    pub(super) client_host: Arc<str>,
    pub(super) session_timeout_ms: i64,
    pub(super) rebalance_timeout_ms: i64,
    /// The preferred protocol first.
    pub(super) protocols: Vec<Protocol>,
    /// Empty until the leader has assigned.
    assignment: Bytes,
    /// The JoinGroup that waits for the rebalance.
    awaiting_join: Option<Ticket>,
    /// The SyncGroup that waits for the leader.
    pub(super) awaiting_sync: Option<Ticket>,
    /// True until the member has been told its id. It cannot send heartbeats before, and expires even while its join is parked.
    pub(super) is_new: bool,
}

impl Member {
    /// Creates a member from its JoinGroup.
    pub(super) fn new(id: MemberId, joiner: &Joiner) -> Self {
        let request = &joiner.request;
        Self {
            id,
            group_instance_id: request.group_instance_id.clone(),
            client_id: Arc::clone(&joiner.client_id),
            client_host: Arc::clone(&joiner.client_host),
            session_timeout_ms: i64::from(request.session_timeout_ms),
            rebalance_timeout_ms: i64::from(request.rebalance_timeout_ms.max(0)),
            protocols: request.protocols.clone(),
            assignment: Bytes::new(),
            awaiting_join: None,
            awaiting_sync: None,
            is_new: true,
        }
    }

    /// Returns the names of the member, as others see them.
    pub(super) fn identity(&self) -> MemberIdentity {
        MemberIdentity {
            member_id: Arc::clone(&self.id),
            group_instance_id: self.group_instance_id.clone(),
            client_id: Arc::clone(&self.client_id),
            client_host: Arc::clone(&self.client_host),
        }
    }

    /// Creates a member that was in a consumer group before.
    pub(super) fn converted(member: ConvertedMember) -> Self {
        Self {
            id: member.id,
            group_instance_id: member.group_instance_id,
            client_id: member.client_id,
            client_host: member.client_host,
            session_timeout_ms: i64::from(member.session_timeout_ms),
            rebalance_timeout_ms: i64::from(member.rebalance_timeout_ms.max(0)),
            protocols: member.protocols,
            assignment: Bytes::new(),
            awaiting_join: None,
            awaiting_sync: None,
            is_new: false,
        }
    }

    pub(super) fn assignment(&self) -> Bytes {
        self.assignment.clone()
    }

    /// Returns the memory of the member.
    pub(super) fn held_bytes(&self) -> usize {
        let protocols = self.protocols.iter();
        let protocols_bytes: usize = protocols
            .map(|protocol| size_of::<Protocol>() + protocol.name.len() + protocol.metadata.len())
            .sum();
        let instance_bytes = self.group_instance_id.as_ref().map_or(0, |id| id.len());
        let names_bytes = self.id.len() + instance_bytes + self.client_id.len() + self.client_host.len();
        MEMBER_BYTES + names_bytes + protocols_bytes + self.assignment.len()
    }

    pub(super) fn is_awaiting_join(&self) -> bool {
        self.awaiting_join.is_some()
    }

    /// Returns true while a parked request shows that the member is alive. It does not show it of a new member.
    pub(super) fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// Returns the member's metadata for the protocol; empty if the member does not support it.
    pub(super) fn metadata(&self, protocol: &str) -> Bytes {
        let mut protocols = self.protocols.iter();
        let supported = protocols.find(|supported| *supported.name == *protocol);
        supported
            .map(|supported| supported.metadata.clone())
            .unwrap_or_default()
    }
}

/// The members of one group.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_id: BTreeMap<MemberId, Member>,
    by_instance: BTreeMap<InstanceId, MemberId>,
    /// Members that were given an id with MEMBER_ID_REQUIRED and have not joined with it.
    pending_join: BTreeSet<MemberId>,
    /// Members of this generation that have not sent SyncGroup.
    pub(super) pending_sync: BTreeSet<MemberId>,
    // Both counts are kept up to date, because each join asks for them and a group may have 20,000 members.
    awaiting_join_count: usize,
    /// The number of members that support each protocol.
    supporters: BTreeMap<Arc<str>, usize>,
    /// The memory of the members and pending members.
    held_bytes: usize,
}

impl Members {
    /// Returns the memory of the members and pending members.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Returns the number of pending members.
    pub(super) fn pending_count(&self) -> usize {
        self.pending_join.len()
    }

    /// Returns true if the id was given out and no member has joined with it.
    pub(super) fn is_pending(&self, id: &str) -> bool {
        self.pending_join.contains(id)
    }

    /// Adds a pending member.
    pub(super) fn add_pending(&mut self, id: MemberId) {
        let bytes = pending_bytes(&id);
        if self.pending_join.insert(id) {
            self.held_bytes += bytes;
        }
    }

    fn remove_pending(&mut self, id: &str) {
        if self.pending_join.remove(id) {
            self.held_bytes -= pending_bytes(id);
        }
    }

    /// Sets the assignment of each member.
    pub(super) fn assign(&mut self, mut assignment: impl FnMut(&MemberId) -> Bytes) {
        for member in self.by_id.values_mut() {
            self.held_bytes -= member.assignment.len();
            member.assignment = assignment(&member.id);
            self.held_bytes += member.assignment.len();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Member> {
        self.by_id.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.by_id.get_mut(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.by_id.values()
    }

    pub(super) fn ids(&self) -> Vec<MemberId> {
        self.by_id.keys().cloned().collect()
    }

    pub(super) fn awaiting_join_count(&self) -> usize {
        self.awaiting_join_count
    }

    /// Returns true if the JoinGroup of every member is parked and there is no pending member.
    pub(super) fn have_all_joined(&self) -> bool {
        self.by_id.len() == self.awaiting_join_count && self.pending_join.is_empty()
    }

    /// Returns the id of the static member that holds the instance id.
    pub(super) fn by_instance(&self, instance: &str) -> Option<&MemberId> {
        self.by_instance.get(instance)
    }

    /// Returns the longest of the members' rebalance timeouts; 0 without members.
    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        let timeouts = self.by_id.values().map(|member| member.rebalance_timeout_ms);
        timeouts.max().unwrap_or(0)
    }

    /// Checks that the id is a member's and, if an instance id is given, that this member holds it.
    pub(super) fn validate(&self, id: &str, instance: Option<&str>) -> Result<(), MembershipError> {
        if let Some(instance) = instance {
            // The instance comes first, as in `ClassicGroup.validateMember`: FENCED_INSTANCE_ID stops the
            // client, while after UNKNOWN_MEMBER_ID it would join and fence the other one in turn.
            match self.by_instance.get(instance) {
                None => return Err(MembershipError::UnknownMemberId),
                Some(holder) if **holder != *id => return Err(MembershipError::FencedInstanceId),
                Some(_) => {}
            }
        }
        if !self.contains(id) {
            return Err(MembershipError::UnknownMemberId);
        }
        Ok(())
    }

    /// Adds a member, which may have been pending.
    pub(super) fn add(&mut self, member: Member) {
        if let Some(instance) = &member.group_instance_id {
            let previous = self
                .by_instance
                .insert(Arc::clone(instance), Arc::clone(&member.id));
            assert!(previous.is_none(), "an instance id belongs to one member");
        }
        self.remove_pending(&member.id);
        self.count_protocols(&member.protocols, true);
        self.held_bytes += member.held_bytes();
        let previous = self.by_id.insert(Arc::clone(&member.id), member);
        assert!(previous.is_none(), "a member id belongs to one member");
    }

    /// Removes a member or a pending member.
    pub(super) fn remove(&mut self, id: &str) -> Option<Member> {
        self.remove_pending(id);
        self.pending_sync.remove(id);
        let member = self.by_id.remove(id)?;
        self.held_bytes -= member.held_bytes();
        self.count_protocols(&member.protocols, false);
        self.awaiting_join_count -= usize::from(member.awaiting_join.is_some());
        if let Some(instance) = &member.group_instance_id {
            self.by_instance.remove(instance);
        }
        Some(member)
    }

    /// Gives a static member another id. Returns the JoinGroup and the SyncGroup that are parked under the old id.
    pub(super) fn replace(&mut self, old_id: &str, new_id: MemberId) -> (Option<Ticket>, Option<Ticket>) {
        // Removing and adding keeps all counts and indexes right, and the assignment stays in the value.
        let mut member = self.remove(old_id).expect("an instance id points to a member");
        let parked = (member.awaiting_join.take(), member.awaiting_sync.take());
        member.id = new_id;
        member.is_new = false;
        self.add(member);
        parked
    }

    /// Updates the protocols and timeouts of a member that joins again.
    pub(super) fn update(&mut self, id: &str, request: &JoinRequest) {
        let member = self.by_id.get_mut(id).expect("only members are updated");
        // The new metadata may have another length, so the member is counted out here and in again below.
        self.held_bytes -= member.held_bytes();
        let before = std::mem::replace(&mut member.protocols, request.protocols.clone());
        self.held_bytes += member.held_bytes();
        member.session_timeout_ms = i64::from(request.session_timeout_ms);
        member.rebalance_timeout_ms = i64::from(request.rebalance_timeout_ms.max(0));
        self.count_protocols(&before, false);
        self.count_protocols(&request.protocols, true);
    }

    /// Parks a JoinGroup of the member, and returns the one that was parked before.
    pub(super) fn park_join(&mut self, id: &str, ticket: Ticket) -> Option<Ticket> {
        let member = self.by_id.get_mut(id).expect("only members are parked");
        let superseded = member.awaiting_join.replace(ticket);
        self.awaiting_join_count += usize::from(superseded.is_none());
        superseded
    }

    /// Takes the member's parked JoinGroup in order to answer it.
    pub(super) fn take_join(&mut self, id: &str) -> Option<Ticket> {
        let ticket = self.by_id.get_mut(id)?.awaiting_join.take();
        self.awaiting_join_count -= usize::from(ticket.is_some());
        ticket
    }

    /// Returns true if at least one of the protocols is supported by every member.
    pub(super) fn share_one_of(&self, protocols: &[Protocol]) -> bool {
        let supporters = |protocol: &Protocol| self.supporters.get(&protocol.name).copied().unwrap_or(0);
        protocols
            .iter()
            .any(|protocol| supporters(protocol) == self.len())
    }

    /// Returns the protocol of the next generation: each member votes for the first of its protocols that all members support, and the
    /// most votes win. A tie goes to the first by name, which Kafka leaves to the order of a hash map.
    pub(super) fn elect_protocol(&self) -> Option<Arc<str>> {
        let mut votes: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for member in self.by_id.values() {
            let is_candidate =
                |protocol: &&Protocol| self.supporters.get(&protocol.name) == Some(&self.len());
            // The order of a member's protocols is its preference, which lets a group move from one assignor
            // to another by rolling restarts.
            let vote = member.protocols.iter().find(is_candidate)?;
            *votes.entry(&vote.name).or_default() += 1;
        }
        let most = *votes.values().max()?;
        let winner = votes.into_iter().find(|(_, count)| *count == most)?;
        Some(Arc::clone(winner.0))
    }

    /// Counts the member's protocols in or out. A name that the member lists twice counts once.
    fn count_protocols(&mut self, protocols: &[Protocol], is_added: bool) {
        let names: BTreeSet<_> = protocols.iter().map(|protocol| &protocol.name).collect();
        for name in names {
            if is_added {
                *self.supporters.entry(Arc::clone(name)).or_default() += 1;
            } else if let Some(count) = self.supporters.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.supporters.remove(name);
                }
            }
        }
    }
}

#[cfg(test)]
impl Members {
    /// Returns the ids of the pending members.
    pub(super) fn pending(&self) -> impl Iterator<Item = &MemberId> {
        self.pending_join.iter()
    }

    /// Checks the counts and indexes against the members.
    pub(super) fn assert_consistent(&self) {
        let awaiting = self.iter().filter(|member| member.is_awaiting_join()).count();
        assert_eq!(self.awaiting_join_count, awaiting);
        let members_bytes: usize = self.iter().map(Member::held_bytes).sum();
        let pending_members_bytes: usize = self.pending_join.iter().map(|id| pending_bytes(id)).sum();
        assert_eq!(self.held_bytes, members_bytes + pending_members_bytes);
        let mut supporters = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for (id, member) in &self.by_id {
            assert_eq!(*id, member.id);
            let names: BTreeSet<_> = member
                .protocols
                .iter()
                .map(|protocol| Arc::clone(&protocol.name))
                .collect();
            for name in names {
                *supporters.entry(name).or_insert(0) += 1;
            }
            if let Some(instance) = &member.group_instance_id {
                instances.insert(Arc::clone(instance), Arc::clone(id));
            }
        }
        assert_eq!(self.supporters, supporters);
        assert_eq!(self.by_instance, instances);
        assert!(self.pending_sync.iter().all(|id| self.contains(id)));
        assert!(self.pending_join.iter().all(|id| !self.contains(id)));
    }
}
