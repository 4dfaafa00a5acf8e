//! Who is in a classic group: members, the static ones by instance id, those that were only promised an id, those that still owe
//! a SyncGroup, and how many members speak each protocol. Keeps the counts true; decides no rule of rebalancing.
//!
//! Source: Kafka's `ClassicGroup` and `ClassicGroupMember`. Maps are ordered, so that the same requests give the same group.

use super::{InstanceId, JoinRequest, MemberId, MembershipError, Ticket};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a member takes beside what it says: itself, its timer, and its places in the maps.
const MEMBER_BYTES: usize = 512;

/// What a promised id takes beside itself.
const PROMISE_BYTES: usize = 256;

fn promise_bytes(id: &str) -> usize {
    PROMISE_BYTES + id.len()
}

/// An assignor (or a connector's protocol) by name, with what the member says under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: Arc<str>,
    pub(crate) metadata: Bytes,
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
    /// Most wanted first.
    pub(super) protocols: Vec<Protocol>,
    /// Empty until the leader has assigned.
    assignment: Bytes,
    /// The JoinGroup that waits for the rebalance.
    awaiting_join: Option<Ticket>,
    /// The SyncGroup that waits for the leader.
    pub(super) awaiting_sync: Option<Ticket>,
    /// Has not been told its id yet, so that it cannot send heartbeats and expires even while its join is parked.
    pub(super) is_new: bool,
}

impl Member {
    /// A member as its JoinGroup describes it.
    pub(super) fn new(id: MemberId, request: &JoinRequest) -> Self {
        Self {
            id,
            group_instance_id: request.group_instance_id.clone(),
            client_id: Arc::clone(&request.client_id),
            client_host: Arc::clone(&request.client_host),
            session_timeout_ms: request.session_timeout_ms,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            protocols: request.protocols.clone(),
            assignment: Bytes::new(),
            awaiting_join: None,
            awaiting_sync: None,
            is_new: true,
        }
    }

    pub(super) fn assignment(&self) -> Bytes {
        self.assignment.clone()
    }

    /// The memory that the member takes.
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

    /// True while a parked request proves that the member lives. A new member must show up again all the same.
    pub(super) fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// What the member says under the protocol; empty if it does not speak it.
    pub(super) fn metadata(&self, protocol: &str) -> Bytes {
        let spoken = self.protocols.iter().find(|spoken| *spoken.name == *protocol);
        spoken.map(|spoken| spoken.metadata.clone()).unwrap_or_default()
    }
}

/// The members of one group.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_id: BTreeMap<MemberId, Member>,
    by_instance: BTreeMap<InstanceId, MemberId>,
    /// Ids handed out with MEMBER_ID_REQUIRED that have not come back.
    pending_join: BTreeSet<MemberId>,
    /// Members of this generation that have not sent SyncGroup.
    pub(super) pending_sync: BTreeSet<MemberId>,
    awaiting_join_count: usize,
    speakers: BTreeMap<Arc<str>, usize>,
    /// The memory of the members and of the ids promised.
    held_bytes: usize,
}

impl Members {
    /// The memory that the members take, and the ids promised.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// How many ids are promised.
    pub(super) fn promised_count(&self) -> usize {
        self.pending_join.len()
    }

    /// The id is promised to a member that has not joined with it.
    pub(super) fn is_promised(&self, id: &str) -> bool {
        self.pending_join.contains(id)
    }

    /// Promises the id.
    pub(super) fn promise(&mut self, id: MemberId) {
        let bytes = promise_bytes(&id);
        if self.pending_join.insert(id) {
            self.held_bytes += bytes;
        }
    }

    fn fulfil_promise(&mut self, id: &str) {
        if self.pending_join.remove(id) {
            self.held_bytes -= promise_bytes(id);
        }
    }

    /// Gives each member the assignment that `assignment` has for it.
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

    /// Everybody waits in JoinGroup, and nobody was promised a place that is still empty.
    pub(super) fn have_all_joined(&self) -> bool {
        self.by_id.len() == self.awaiting_join_count && self.pending_join.is_empty()
    }

    /// The member that holds the instance id.
    pub(super) fn by_instance(&self, instance: &str) -> Option<&MemberId> {
        self.by_instance.get(instance)
    }

    /// The longest of the members' rebalance timeouts; 0 without members.
    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        let timeouts = self.by_id.values().map(|member| member.rebalance_timeout_ms);
        timeouts.max().unwrap_or(0)
    }

    /// The request comes from a member and, if it names an instance id, from the one that holds it now.
    pub(super) fn validate(&self, id: &str, instance: Option<&str>) -> Result<(), MembershipError> {
        if let Some(instance) = instance {
            match self.by_instance.get(instance) {
                None => return Err(MembershipError::UnknownMemberId),
                Some(holder) if **holder != *id => return Err(MembershipError::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.contains(id) {
            Ok(())
        } else {
            Err(MembershipError::UnknownMemberId)
        }
    }

    /// Adds a member, or the one that a pending id was promised to.
    pub(super) fn add(&mut self, member: Member) {
        if let Some(instance) = &member.group_instance_id {
            let previous = self
                .by_instance
                .insert(Arc::clone(instance), Arc::clone(&member.id));
            assert!(previous.is_none(), "an instance id belongs to one member");
        }
        self.fulfil_promise(&member.id);
        self.count_protocols(&member.protocols, true);
        self.held_bytes += member.held_bytes();
        let previous = self.by_id.insert(Arc::clone(&member.id), member);
        assert!(previous.is_none(), "a member id belongs to one member");
    }

    /// Removes a member, or the promise of a place.
    pub(super) fn remove(&mut self, id: &str) -> Option<Member> {
        self.fulfil_promise(id);
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

    /// The static member comes back under another id and keeps its assignment; gives the requests that its predecessor
    /// has parked.
    pub(super) fn replace(&mut self, old_id: &str, new_id: MemberId) -> (Option<Ticket>, Option<Ticket>) {
        let mut member = self.remove(old_id).expect("an instance id points to a member");
        let parked = (member.awaiting_join.take(), member.awaiting_sync.take());
        member.id = new_id;
        member.is_new = false;
        self.add(member);
        parked
    }

    /// The member asks again, perhaps with other protocols and timeouts.
    pub(super) fn update(&mut self, id: &str, request: &JoinRequest) {
        let member = self.by_id.get_mut(id).expect("only members are updated");
        self.held_bytes -= member.held_bytes();
        let before = std::mem::replace(&mut member.protocols, request.protocols.clone());
        self.held_bytes += member.held_bytes();
        member.session_timeout_ms = request.session_timeout_ms;
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
        self.count_protocols(&before, false);
        self.count_protocols(&request.protocols, true);
    }

    /// Parks a JoinGroup of the member; the one that it takes the place of, if the member had one.
    pub(super) fn park_join(&mut self, id: &str, ticket: Ticket) -> Option<Ticket> {
        let member = self.by_id.get_mut(id).expect("only members are parked");
        let superseded = member.awaiting_join.replace(ticket);
        self.awaiting_join_count += usize::from(superseded.is_none());
        superseded
    }

    /// The member's parked JoinGroup, which is about to be answered.
    pub(super) fn take_join(&mut self, id: &str) -> Option<Ticket> {
        let ticket = self.by_id.get_mut(id)?.awaiting_join.take();
        self.awaiting_join_count -= usize::from(ticket.is_some());
        ticket
    }

    /// True if some protocol of these is spoken by every member.
    pub(super) fn share_one_of(&self, protocols: &[Protocol]) -> bool {
        let spoken_by = |protocol: &Protocol| self.speakers.get(&protocol.name).copied().unwrap_or(0);
        protocols.iter().any(|protocol| spoken_by(protocol) == self.len())
    }

    /// The protocol of the next generation: each member votes for the first of its own that all members speak, the most votes win,
    /// and of equals the first by name (Kafka leaves that to its hash map).
    pub(super) fn elect_protocol(&self) -> Option<Arc<str>> {
        let mut votes: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for member in self.by_id.values() {
            let is_candidate = |protocol: &&Protocol| self.speakers.get(&protocol.name) == Some(&self.len());
            let vote = member.protocols.iter().find(is_candidate)?;
            *votes.entry(&vote.name).or_default() += 1;
        }
        let most = *votes.values().max()?;
        let winner = votes.into_iter().find(|(_, count)| *count == most)?;
        Some(Arc::clone(winner.0))
    }

    /// A name that a member lists twice counts once.
    fn count_protocols(&mut self, protocols: &[Protocol], is_added: bool) {
        let names: BTreeSet<_> = protocols.iter().map(|protocol| &protocol.name).collect();
        for name in names {
            if is_added {
                *self.speakers.entry(Arc::clone(name)).or_default() += 1;
            } else if let Some(count) = self.speakers.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.speakers.remove(name);
                }
            }
        }
    }
}

#[cfg(test)]
impl Members {
    /// The ids promised.
    pub(super) fn promised(&self) -> impl Iterator<Item = &MemberId> {
        self.pending_join.iter()
    }

    /// The counts and indexes say what the members say.
    pub(super) fn assert_consistent(&self) {
        let awaiting = self.iter().filter(|member| member.is_awaiting_join()).count();
        assert_eq!(self.awaiting_join_count, awaiting);
        let members_bytes: usize = self.iter().map(Member::held_bytes).sum();
        let promises_bytes: usize = self.pending_join.iter().map(|id| promise_bytes(id)).sum();
        assert_eq!(self.held_bytes, members_bytes + promises_bytes);
        let mut speakers = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for (id, member) in &self.by_id {
            assert_eq!(*id, member.id);
            let names: BTreeSet<_> = member
                .protocols
                .iter()
                .map(|protocol| Arc::clone(&protocol.name))
                .collect();
            for name in names {
                *speakers.entry(name).or_insert(0) += 1;
            }
            if let Some(instance) = &member.group_instance_id {
                instances.insert(Arc::clone(instance), Arc::clone(id));
            }
        }
        assert_eq!(self.speakers, speakers);
        assert_eq!(self.by_instance, instances);
        assert!(self.pending_sync.iter().all(|id| self.contains(id)));
        assert!(self.pending_join.iter().all(|id| !self.contains(id)));
    }
}
