//! The assignment of a topic's partitions to brokers, automatic or as a request demands. Source: Kafka's `StripedReplicaPlacer` and
//! `ReplicationControlManager.validateManualPartitionAssignment`.

use crate::ids::NodeId;

/// The replicas of a topic's partitions. The first replica of each is the preferred leader; every partition has the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    factor: usize,
    nodes: Vec<NodeId>,
}

/// The reason why partitions cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlacementError {
    #[error(
        "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be reached because only {nodes} broker(s) are registered or some brokers have all their log directories cordoned."
    )]
    TooFewNodes { factor: i16, nodes: usize },
    #[error("The manual partition assignment includes an empty replica list.")]
    NoReplicas,
    #[error("The manual partition assignment includes broker {node}, but no such broker is registered.")]
    UnknownNode { node: NodeId },
    #[error("The manual partition assignment includes the broker {node} more than once.")]
    RepeatedNode { node: NodeId },
    #[error(
        "The manual partition assignment includes a partition with {found} replica(s), but this is not consistent with previous partitions, which have {expected} replica(s)."
    )]
    Inconsistent { found: usize, expected: usize },
    #[error("Found multiple manual partition assignments for partition {partition}")]
    RepeatedPartition { partition: i32 },
    #[error("partitions should be a consecutive 0-based integer sequence")]
    Gap,
}

impl Placement {
    /// Spreads `partitions` over `nodes` in turn. The first partition is led by the broker at index `start`, and each further one by the
    /// broker after.
    ///
    /// # Errors
    /// [`PlacementError::TooFewNodes`] if `factor` is more than the number of brokers.
    pub(crate) fn spread(
        nodes: &[NodeId],
        start: usize,
        partitions: usize,
        factor: i16,
    ) -> Result<Self, PlacementError> {
        let too_few = PlacementError::TooFewNodes {
            factor,
            nodes: nodes.len(),
        };
        let replicas = usize::try_from(factor)
            .ok()
            .filter(|replicas| (1..=nodes.len()).contains(replicas))
            .ok_or(too_few)?;
        let placed = (0..partitions)
            .flat_map(|partition| (0..replicas).map(move |replica| start + partition + replica))
            .map(|position| nodes[position % nodes.len()])
            .collect();
        Ok(Self {
            factor: replicas,
            nodes: placed,
        })
    }

    /// Returns the placement that a request demands: the replicas of each partition, by index. `factor` is the replication factor of
    /// existing partitions.
    ///
    /// # Errors
    /// [`PlacementError`] for the first invalid assignment.
    pub(crate) fn assigned(
        nodes: &[NodeId],
        assignments: &[Vec<NodeId>],
        factor: Option<usize>,
    ) -> Result<Self, PlacementError> {
        let mut factor = factor;
        for replicas in assignments {
            check(nodes, replicas, factor)?;
            factor = Some(replicas.len());
        }
        Ok(Self {
            // Without partitions there is no factor, but `partition_count` divides by it.
            factor: factor.unwrap_or(1),
            nodes: assignments.concat(),
        })
    }

    /// Returns the number of partitions.
    pub(crate) fn partition_count(&self) -> usize {
        self.nodes.len() / self.factor
    }

    /// Returns the number of replicas of each partition.
    pub(crate) fn factor(&self) -> usize {
        self.factor
    }

    /// Returns the replicas of one partition, the preferred leader first.
    pub(crate) fn replicas(&self, partition: usize) -> &[NodeId] {
        &self.nodes[partition * self.factor..(partition + 1) * self.factor]
    }

    /// Returns a placement with the partitions of `more` added.
    pub(crate) fn and(&self, more: &Self) -> Self {
        assert_eq!(
            self.factor, more.factor,
            "all partitions of a topic have the same number of replicas"
        );
        Self {
            factor: self.factor,
            nodes: [self.nodes.as_slice(), &more.nodes].concat(),
        }
    }
}

/// Returns a request's assignments in the order of their partitions, which must be 0, 1, 2 and so on.
///
/// # Errors
/// [`PlacementError::RepeatedPartition`] and [`PlacementError::Gap`].
pub(crate) fn in_order(mut assignments: Vec<(i32, Vec<NodeId>)>) -> Result<Vec<Vec<NodeId>>, PlacementError> {
    assignments.sort_by_key(|(partition, _)| *partition);
    if let Some(pair) = assignments.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(PlacementError::RepeatedPartition { partition: pair[0].0 });
    }
    if !assignments
        .iter()
        .map(|(partition, _)| *partition)
        .eq(0..assignments.len() as i32)
    {
        return Err(PlacementError::Gap);
    }
    Ok(assignments.into_iter().map(|(_, replicas)| replicas).collect())
}

fn check(nodes: &[NodeId], replicas: &[NodeId], factor: Option<usize>) -> Result<(), PlacementError> {
    if replicas.is_empty() {
        return Err(PlacementError::NoReplicas);
    }
    for (position, node) in replicas.iter().enumerate() {
        if !nodes.contains(node) {
            return Err(PlacementError::UnknownNode { node: *node });
        }
        if replicas[..position].contains(node) {
            return Err(PlacementError::RepeatedNode { node: *node });
        }
    }
    match factor {
        Some(expected) if expected != replicas.len() => Err(PlacementError::Inconsistent {
            found: replicas.len(),
            expected,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

    fn ids(nodes: &[i32]) -> Vec<NodeId> {
        nodes.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn leaders_take_turns_from_the_start_and_followers_come_next() {
        let placement = Placement::spread(&NODES, 2, 4, 2).expect("two of three brokers");
        let replicas: Vec<_> = (0..4)
            .map(|partition| placement.replicas(partition).to_vec())
            .collect();
        assert_eq!(replicas, [ids(&[3, 1]), ids(&[1, 2]), ids(&[2, 3]), ids(&[3, 1])]);
        assert_eq!((placement.partition_count(), placement.factor()), (4, 2));
    }

    #[test]
    fn a_replication_factor_is_one_up_to_the_number_of_brokers() {
        for (factor, is_right) in [(-1, false), (0, false), (1, true), (3, true), (4, false)] {
            assert_eq!(
                Placement::spread(&NODES, 0, 1, factor).is_ok(),
                is_right,
                "factor {factor}"
            );
        }
    }

    #[test]
    fn invalid_assignments_are_named() {
        let cases = [
            (vec![ids(&[])], PlacementError::NoReplicas),
            (
                vec![ids(&[1, 9])],
                PlacementError::UnknownNode { node: NodeId(9) },
            ),
            (
                vec![ids(&[2, 1, 2])],
                PlacementError::RepeatedNode { node: NodeId(2) },
            ),
            (
                vec![ids(&[1, 2]), ids(&[3])],
                PlacementError::Inconsistent {
                    found: 1,
                    expected: 2,
                },
            ),
        ];
        for (assignments, error) in cases {
            assert_eq!(Placement::assigned(&NODES, &assignments, None), Err(error));
        }
    }

    #[test]
    fn assignments_are_ordered_by_partition_without_gaps() {
        let ordered = in_order(vec![(1, ids(&[2])), (0, ids(&[3]))]);
        assert_eq!(ordered, Ok(vec![ids(&[3]), ids(&[2])]));
        let repeated = in_order(vec![(0, ids(&[2])), (0, ids(&[3]))]);
        assert_eq!(repeated, Err(PlacementError::RepeatedPartition { partition: 0 }));
        assert_eq!(
            in_order(vec![(0, ids(&[2])), (2, ids(&[3]))]),
            Err(PlacementError::Gap)
        );
        assert_eq!(in_order(vec![(1, ids(&[2]))]), Err(PlacementError::Gap));
    }
}
