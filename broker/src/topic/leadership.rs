//! Who may answer for a partition: its leader, to clients whose leader epoch is the current one (KIP-320).

use super::partition::{Offline, State};
use crate::ids::{LeaderEpoch, NodeId};

/// Where a partition's leader is, for clients that asked another broker (KIP-951).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CurrentLeader {
    pub(crate) leader_id: NodeId,
    pub(crate) leader_epoch: LeaderEpoch,
}

/// Why a broker does not answer for a partition.
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

impl State {
    /// Where clients find the leader.
    pub(crate) fn current_leader(&self) -> CurrentLeader {
        CurrentLeader {
            leader_id: self.leader,
            leader_epoch: self.leader_epoch,
        }
    }

    /// Whether `node` may answer a client that takes `claimed` for the current epoch. `None` for a node asks nobody in particular, `None` for
    /// an epoch claims nothing. The epoch is looked at first, as in Kafka's `Partition.getLocalLog`.
    pub(crate) fn check_leadership(
        &self,
        node: Option<NodeId>,
        claimed: Option<LeaderEpoch>,
    ) -> Result<(), NotServed> {
        if self.is_deleted {
            return Err(NotServed::UnknownTopicOrPartition);
        }
        if let Some(epoch) = claimed {
            if epoch < self.leader_epoch {
                return Err(NotServed::FencedLeaderEpoch(self.current_leader()));
            }
            if epoch > self.leader_epoch {
                return Err(NotServed::UnknownLeaderEpoch);
            }
        }
        if node.is_some_and(|node| node != self.leader) {
            return Err(NotServed::NotLeader(self.current_leader()));
        }
        Ok(())
    }
}
