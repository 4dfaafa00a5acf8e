//! The assignment of a topic's partitions to brokers, automatic or as a request demands. Source: Kafka's `StripedReplicaPlacer` and
//! `ReplicationControlManager.validateManualPartitionAssignment`.

mod stripes;

pub(crate) use stripes::RackedNode;

use super::reassignment::Assignment;
use crate::ids::NodeId;
use std::collections::BTreeMap;
use stripes::Stripes;

/// The replicas of a topic's partitions. The first replica of each is the preferred leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    /// The replicas of all partitions, one partition after the other: a topic can have thousands of partitions.
    nodes: Vec<NodeId>,
    /// The end of each partition's replicas in `nodes`.
    ends: Vec<u32>,
    /// The replicas that come and go, of the partitions that have some.
    moves: BTreeMap<usize, Move>,
}

/// The replicas that come to a partition and those that go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Move {
    adding: Vec<NodeId>,
    joined: Vec<NodeId>,
    removing: Vec<NodeId>,
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
    #[error(
        "All brokers specified in the manual partition assignment for partition {partition} are fenced or in controlled shutdown."
    )]
    AllDown { partition: i32 },
    #[error("Found multiple manual partition assignments for partition {partition}")]
    RepeatedPartition { partition: i32 },
    #[error("partitions should be a consecutive 0-based integer sequence")]
    Gap,
}

impl Placement {
    /// Spreads `partitions` over the racks of `nodes`, and over the brokers of each rack. `below` returns a random number below its argument.
    ///
    /// # Errors
    /// [`PlacementError::TooFewNodes`] if `factor` is more than the number of brokers.
    pub(crate) fn spread(
        nodes: &[RackedNode],
        partitions: usize,
        factor: i16,
        below: impl FnMut(usize) -> usize,
    ) -> Result<Self, PlacementError> {
        let too_few = PlacementError::TooFewNodes {
            factor,
            nodes: nodes.len(),
        };
        let replicas = usize::try_from(factor)
            .ok()
            .filter(|replicas| (1..=nodes.len()).contains(replicas))
            .ok_or(too_few)?;
        let mut stripes = Stripes::new(nodes, below);
        let mut placement = Self::empty();
        for _ in 0..partitions {
            placement.push(stripes.next(replicas));
        }
        Ok(placement)
    }

    fn empty() -> Self {
        Self {
            nodes: Vec::new(),
            ends: Vec::new(),
            moves: BTreeMap::new(),
        }
    }

    /// Returns the placement of `partitions` that all have the same replicas.
    #[cfg(test)]
    pub(crate) fn for_tests(partitions: usize, replicas: &[NodeId]) -> Self {
        let mut placement = Self::empty();
        for _ in 0..partitions {
            placement.push(replicas.iter().copied());
        }
        placement
    }

    /// Returns the placement of the partitions from `first` on that a request demands, each by its index. `factor` is the replication
    /// factor of existing partitions. The checks and their order are Kafka's.
    ///
    /// # Errors
    /// [`PlacementError`] for the first invalid assignment, or if indexes are missing.
    pub(crate) fn assigned(
        brokers: &Brokers,
        first: i32,
        assignments: &[(i32, Vec<NodeId>)],
        factor: Option<usize>,
    ) -> Result<Self, PlacementError> {
        let mut factor = factor;
        let mut by_index = BTreeMap::new();
        for (partition, replicas) in assignments {
            let partition = *partition;
            if by_index.contains_key(&partition) {
                return Err(PlacementError::RepeatedPartition { partition });
            }
            brokers.check(replicas, factor)?;
            if !replicas.iter().any(|node| brokers.alive.contains(node)) {
                return Err(PlacementError::AllDown { partition });
            }
            factor = Some(replicas.len());
            by_index.insert(partition, replicas);
        }
        if !by_index.keys().copied().eq(first..first + by_index.len() as i32) {
            return Err(PlacementError::Gap);
        }
        let mut placement = Self::empty();
        for replicas in by_index.into_values() {
            placement.push(replicas.iter().copied());
        }
        Ok(placement)
    }

    /// Returns the number of partitions.
    pub(crate) fn partition_count(&self) -> usize {
        self.ends.len()
    }

    /// Returns the number of replicas of the first partition, which is the topic's replication factor to Kafka; 0 without partitions.
    pub(crate) fn factor(&self) -> usize {
        self.ends.first().map_or(0, |end| *end as usize)
    }

    /// Returns the replicas of one partition, the preferred leader first, also those that come and go.
    pub(crate) fn replicas(&self, partition: usize) -> &[NodeId] {
        let start = match partition {
            0 => 0,
            _ => self.ends[partition - 1],
        };
        &self.nodes[start as usize..self.ends[partition] as usize]
    }

    /// Returns the replicas of one partition that have its records: all but those that are still to come.
    pub(crate) fn complete_replicas(&self, partition: usize) -> Vec<NodeId> {
        let moving = self.moves.get(&partition);
        let is_copying = |node: &NodeId| {
            moving.is_some_and(|moving| moving.adding.contains(node) && !moving.joined.contains(node))
        };
        let replicas = self.replicas(partition).iter().copied();
        replicas.filter(|node| !is_copying(node)).collect()
    }

    /// Returns the replicas of one partition with those that come and go.
    pub(crate) fn assignment(&self, partition: usize) -> Assignment {
        let moving = self.moves.get(&partition);
        let of = |nodes: fn(&Move) -> &Vec<NodeId>| moving.map(nodes).cloned().unwrap_or_default();
        Assignment {
            replicas: self.replicas(partition).to_vec(),
            adding: of(|moving| &moving.adding),
            joined: of(|moving| &moving.joined),
            removing: of(|moving| &moving.removing),
        }
    }

    /// Returns the partitions of which replicas come or go, in order.
    pub(crate) fn moving(&self) -> impl Iterator<Item = usize> {
        self.moves.keys().copied()
    }

    /// Returns a placement with the partitions of `more` added.
    pub(crate) fn and(&self, more: &Self) -> Self {
        let mut placement = self.clone();
        for partition in 0..more.partition_count() {
            placement.push(more.replicas(partition).iter().copied());
        }
        placement
    }

    /// Returns a placement with another assignment of one partition.
    pub(crate) fn with(&self, changed: usize, assignment: Assignment) -> Self {
        let mut placement = Self {
            nodes: Vec::with_capacity(self.nodes.len()),
            ends: Vec::with_capacity(self.ends.len()),
            moves: self.moves.clone(),
        };
        for partition in 0..self.partition_count() {
            let replicas = match partition == changed {
                true => &assignment.replicas,
                false => self.replicas(partition),
            };
            placement.push(replicas.iter().copied());
        }
        placement.moves.remove(&changed);
        if assignment.is_moving() {
            let moving = Move {
                adding: assignment.adding,
                joined: assignment.joined,
                removing: assignment.removing,
            };
            placement.moves.insert(changed, moving);
        }
        placement
    }

    fn push(&mut self, replicas: impl Iterator<Item = NodeId>) {
        self.nodes.extend(replicas);
        self.ends.push(self.nodes.len() as u32);
    }
}

/// The brokers that an assignment may name.
#[derive(Clone, Debug)]
pub(crate) struct Brokers {
    pub(crate) registered: Vec<NodeId>,
    pub(crate) alive: Vec<NodeId>,
}

impl Brokers {
    /// Checks the replicas of one partition, of which there must be `factor` if there is one.
    ///
    /// # Errors
    /// [`PlacementError`], in Kafka's order.
    pub(crate) fn check(&self, replicas: &[NodeId], factor: Option<usize>) -> Result<(), PlacementError> {
        if replicas.is_empty() {
            return Err(PlacementError::NoReplicas);
        }
        let mut sorted = replicas.to_vec();
        sorted.sort();
        for (position, node) in sorted.iter().enumerate() {
            if !self.registered.contains(node) {
                return Err(PlacementError::UnknownNode { node: *node });
            }
            if position > 0 && sorted[position - 1] == *node {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

    fn ids(nodes: &[i32]) -> Vec<NodeId> {
        nodes.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn a_replication_factor_is_one_up_to_the_number_of_brokers() {
        let nodes = NODES.map(|id| RackedNode { id, rack: None });
        for (factor, is_right) in [(-1, false), (0, false), (1, true), (3, true), (4, false)] {
            let placement = Placement::spread(&nodes, 2, factor, |_| 0);
            assert_eq!(placement.is_ok(), is_right, "factor {factor}");
            if let Ok(placement) = placement {
                let factor = factor as usize;
                assert_eq!((placement.partition_count(), placement.factor()), (2, factor));
            }
        }
    }

    fn assigned(assignments: &[(i32, &[i32])]) -> Result<Placement, PlacementError> {
        let brokers = Brokers {
            registered: NODES.to_vec(),
            alive: ids(&[1, 2]),
        };
        let assignments: Vec<_> = assignments
            .iter()
            .map(|(partition, replicas)| (*partition, ids(replicas)))
            .collect();
        Placement::assigned(&brokers, 0, &assignments, None)
    }

    #[test]
    fn invalid_assignments_are_named_in_kafkas_order() {
        let unknown = PlacementError::UnknownNode { node: NodeId(9) };
        let repeated = PlacementError::RepeatedNode { node: NodeId(2) };
        let (found, expected) = (1, 2);
        for (assignments, error) in [
            (&[(0, &[][..])][..], PlacementError::NoReplicas),
            (&[(0, &[1, 9])], unknown.clone()),
            (&[(0, &[2, 1, 2])], repeated.clone()),
            // The replicas are checked in the order of their ids.
            (&[(0, &[9, 2, 2])], repeated),
            (
                &[(0, &[1, 2]), (1, &[3])],
                PlacementError::Inconsistent { found, expected },
            ),
            (&[(0, &[3]), (0, &[1])], PlacementError::AllDown { partition: 0 }),
            (
                &[(0, &[1]), (0, &[9])],
                PlacementError::RepeatedPartition { partition: 0 },
            ),
            (&[(0, &[1]), (2, &[2])], PlacementError::Gap),
            (&[(1, &[1])], PlacementError::Gap),
            (&[(2, &[9])], unknown),
        ] {
            assert_eq!(assigned(assignments), Err(error), "{assignments:?}");
        }
    }

    #[test]
    fn assignments_are_ordered_by_partition() {
        let placement = assigned(&[(1, &[2, 3]), (0, &[3, 1])]).expect("it is right");
        assert_eq!(
            (placement.replicas(0), placement.replicas(1)),
            (&ids(&[3, 1])[..], &ids(&[2, 3])[..])
        );
    }

    #[test]
    fn one_partition_can_have_other_replicas_than_the_rest() {
        let placement = assigned(&[(0, &[1, 2]), (1, &[2, 3]), (2, &[3, 1])]).expect("it is right");
        let moving = placement.assignment(1).toward(&ids(&[1]));
        let changed = placement.with(1, moving.clone());
        assert_eq!(changed.replicas(0), placement.replicas(0));
        assert_eq!(changed.replicas(2), placement.replicas(2));
        assert_eq!(changed.assignment(1), moving);
        assert_eq!(
            changed.complete_replicas(1),
            ids(&[2, 3]),
            "broker 1 has no records yet"
        );
        assert_eq!(changed.moving().collect::<Vec<_>>(), [1]);
        let done = changed.with(1, moving.completed(&NODES).expect("all are in sync"));
        assert_eq!((done.replicas(1), done.moving().count()), (&ids(&[1])[..], 0));
        assert_eq!((done.partition_count(), done.factor()), (3, 2));
    }
}
