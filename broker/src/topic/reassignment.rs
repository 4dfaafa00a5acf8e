//! The move of a partition's replicas to other brokers: those that are added and removed meanwhile, and those at the end. Pure.
//! Source: Kafka's `PartitionReassignmentReplicas`, `PartitionReassignmentRevert` and `PartitionChangeBuilder`.

use crate::ids::NodeId;

/// The replicas of one partition, and those that come and go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The replicas, the preferred leader first. Those that go come last.
    pub(crate) replicas: Vec<NodeId>,
    /// Replicas that come.
    pub(crate) adding: Vec<NodeId>,
    /// Those of `adding` that have the records, and are in sync until all are.
    pub(crate) joined: Vec<NodeId>,
    /// Replicas that go when the others have the records.
    pub(crate) removing: Vec<NodeId>,
}

impl Assignment {
    /// Returns the assignment on the way to `target`.
    pub(crate) fn toward(&self, target: &[NodeId]) -> Self {
        let removing = sorted(self.replicas.iter().filter(|node| !target.contains(node)));
        let adding = sorted(target.iter().filter(|node| !self.replicas.contains(node)));
        // As in Kafka's builder, what does not change is kept: replicas may still be on their way from an earlier request.
        let adding = if adding.is_empty() {
            self.adding.clone()
        } else {
            adding
        };
        let joined = self.joined.iter().copied();
        Self {
            replicas: [target, &removing].concat(),
            joined: joined.filter(|node| adding.contains(node)).collect(),
            adding,
            removing: if removing.is_empty() {
                self.removing.clone()
            } else {
                removing
            },
        }
    }

    /// Returns the assignment before anything was added.
    pub(crate) fn reverted(&self) -> Self {
        Self {
            replicas: self
                .replicas
                .iter()
                .copied()
                .filter(|node| !self.adding.contains(node))
                .collect(),
            ..Self::default()
        }
    }

    /// Returns the final assignment, if all replicas that stay are among those in sync.
    pub(crate) fn completed(&self, in_sync: &[NodeId]) -> Option<Self> {
        let staying = |node: &NodeId| !self.removing.contains(node);
        let replicas: Vec<_> = self.replicas.iter().copied().filter(staying).collect();
        let is_complete = !replicas.is_empty() && replicas.iter().all(|node| in_sync.contains(node));
        is_complete.then_some(Self {
            replicas,
            ..Self::default()
        })
    }

    /// Returns the replicas that do not have the records yet.
    pub(crate) fn copying(&self) -> impl Iterator<Item = NodeId> {
        let adding = self.adding.iter().copied();
        adding.filter(|node| !self.joined.contains(node))
    }

    /// Returns whether replicas come or go.
    pub(crate) fn is_moving(&self) -> bool {
        !self.adding.is_empty() || !self.removing.is_empty()
    }

    /// Returns the number of replicas in the end.
    pub(crate) fn final_factor(&self) -> usize {
        let stays = |node: &&NodeId| !self.removing.contains(node);
        self.replicas.iter().filter(stays).count()
    }
}

/// Returns nodes in the order of their ids, as Kafka lists those that come and go.
fn sorted<'a>(nodes: impl Iterator<Item = &'a NodeId>) -> Vec<NodeId> {
    let mut nodes: Vec<_> = nodes.copied().collect();
    nodes.sort();
    nodes.dedup();
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(nodes: &[i32]) -> Vec<NodeId> {
        nodes.iter().copied().map(NodeId).collect()
    }

    fn assignment(replicas: &[i32], adding: &[i32], removing: &[i32]) -> Assignment {
        Assignment {
            replicas: ids(replicas),
            adding: ids(adding),
            joined: Vec::new(),
            removing: ids(removing),
        }
    }

    #[test]
    fn a_replica_that_has_the_records_keeps_them_while_it_is_wanted() {
        let mut moving = assignment(&[1, 3, 4, 2], &[3, 4], &[2]);
        moving.joined = ids(&[3]);
        assert_eq!(moving.copying().collect::<Vec<_>>(), ids(&[4]));
        assert_eq!(moving.toward(&ids(&[1, 3, 4])).joined, ids(&[3]));
        assert_eq!(moving.toward(&ids(&[1, 5])).joined, ids(&[]));
        assert_eq!(moving.reverted(), assignment(&[1, 2], &[], &[]));
    }

    #[test]
    fn replicas_that_go_stay_at_the_end_until_the_others_have_the_records() {
        let still = assignment(&[1, 2], &[], &[]);
        for (target, expected) in [
            (&[2, 1][..], assignment(&[2, 1], &[], &[])),
            (&[3, 1], assignment(&[3, 1, 2], &[3], &[2])),
            (&[4, 3], assignment(&[4, 3, 1, 2], &[3, 4], &[1, 2])),
            (&[2], assignment(&[2, 1], &[], &[1])),
            (&[1, 2, 3], assignment(&[1, 2, 3], &[3], &[])),
        ] {
            assert_eq!(still.toward(&ids(target)), expected, "to {target:?}");
        }
    }

    #[test]
    fn another_target_on_the_way_starts_from_the_replicas_of_now() {
        let moving = assignment(&[3, 1, 2], &[3], &[2]);
        assert_eq!(moving.toward(&ids(&[1, 2])), assignment(&[1, 2, 3], &[3], &[3]));
        assert_eq!(
            moving.toward(&ids(&[4, 1])),
            assignment(&[4, 1, 2, 3], &[4], &[2, 3])
        );
        assert_eq!(moving.reverted(), assignment(&[1, 2], &[], &[]));
        assert_eq!(moving.final_factor(), 2);
    }

    #[test]
    fn a_move_is_complete_when_all_that_stay_are_in_sync() {
        let moving = assignment(&[3, 1, 2], &[3], &[2]);
        assert_eq!(moving.completed(&ids(&[1, 2])), None);
        assert_eq!(
            moving.completed(&ids(&[1, 3])),
            Some(assignment(&[3, 1], &[], &[]))
        );
        let shrinking = assignment(&[2, 1], &[], &[1]);
        assert_eq!(
            shrinking.completed(&ids(&[1, 2])),
            Some(assignment(&[2], &[], &[]))
        );
        assert_eq!(
            assignment(&[1], &[], &[1]).completed(&ids(&[1])),
            None,
            "one replica must stay"
        );
    }
}
