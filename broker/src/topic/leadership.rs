//! The check whether a broker may answer for a partition: it must be the leader, and the client's leader epoch must be the current
//! one (KIP-320).

use super::partition::{Offline, State};
use crate::ids::{LeaderEpoch, NodeId};

/// A partition's leader, for clients that asked another broker (KIP-951).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CurrentLeader {
    pub(crate) leader_id: NodeId,
    pub(crate) leader_epoch: LeaderEpoch,
}

/// The reason why a broker does not answer for a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotServed {
    #[error("Topic authorization failed.")]
    Unauthorized,
    #[error("this server does not host this topic-partition")]
    UnknownTopicOrPartition,
    #[error("broker {} leads this partition", .0.leader_id)]
    NotLeader(CurrentLeader),
    #[error("the partition's leader epoch is {} now", .0.leader_epoch)]
    FencedLeaderEpoch(CurrentLeader),
    #[error("the partition has not had this leader epoch yet")]
    UnknownLeaderEpoch,
    #[error(transparent)]
    Offline(#[from] Offline),
}

/// Returns the replica that is to lead: the present leader while it is a replica and alive, or else the first one alive in the order of
/// the assignment; [`NodeId::NONE`] if none is. Every replica counts as in sync. Source: Kafka's `PartitionChangeBuilder.electLeader`.
pub(crate) fn elect(leader: NodeId, replicas: &[NodeId], is_alive: impl Fn(NodeId) -> bool) -> NodeId {
    // A leader stays while it is alive, even if it is not the preferred one: Kafka moves the leadership
    // back only by a preferred leader election.
    if replicas.contains(&leader) && is_alive(leader) {
        return leader;
    }
    let mut alive = replicas.iter().copied().filter(|node| is_alive(*node));
    alive.next().unwrap_or(NodeId::NONE)
}

impl State {
    /// Returns the leader, as clients are told.
    pub(crate) fn current_leader(&self) -> CurrentLeader {
        CurrentLeader {
            leader_id: self.leader,
            leader_epoch: self.leader_epoch,
        }
    }

    /// Checks that `node` may answer a client that takes `claimed` for the current epoch; `None` claims no epoch. The epoch is checked
    /// first, as in Kafka's `Partition.getLocalLog`.
    pub(crate) fn check_leadership(
        &self,
        node: NodeId,
        claimed: Option<LeaderEpoch>,
    ) -> Result<(), NotServed> {
        self.check_epoch(claimed)?;
        if node != self.leader {
            return Err(NotServed::NotLeader(self.current_leader()));
        }
        Ok(())
    }

    /// Checks that a client may be answered that takes `claimed` for the current epoch; `None` claims no epoch.
    pub(crate) fn check_epoch(&self, claimed: Option<LeaderEpoch>) -> Result<(), NotServed> {
        if self.is_deleted {
            return Err(NotServed::UnknownTopicOrPartition);
        }
        if let Some(epoch) = claimed {
            if epoch < self.leader_epoch {
                return Err(NotServed::FencedLeaderEpoch(self.current_leader()));
            }
            if epoch > self.leader_epoch {
                // This error names no leader (KIP-951 has it for the other two): the client knows a later one
                // than this broker.
                return Err(NotServed::UnknownLeaderEpoch);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_replica_alive_leads_and_keeps_leading() {
        let replicas = [NodeId(2), NodeId(3), NodeId(1)];
        for (leader, alive, elected) in [
            (2, &[1, 2, 3][..], 2),
            (2, &[1, 3], 3),
            (3, &[1, 2, 3], 3),
            (3, &[1], 1),
            (1, &[4], -1),
            // It was a replica before a reassignment.
            (4, &[1, 2, 4], 2),
            (-1, &[1, 2], 2),
            (-1, &[], -1),
        ] {
            let is_alive = |node: NodeId| alive.contains(&node.0);
            assert_eq!(elect(NodeId(leader), &replicas, is_alive), NodeId(elected));
        }
    }
}
