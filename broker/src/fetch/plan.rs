//! The number of bytes to read from each partition, such that an answer keeps its bounds and every fetch makes progress. Pure.
//!
//! Source: Kafka's `ReplicaManager.readFromLog` and KIP-74: partitions are read in the order of the request until the answer's
//! bytes are used up. The first batch of the first partition that has one is returned whole, however large it is.

/// The bytes of a fetch that are left while its partitions are read in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    left_bytes: usize,
    has_data: bool,
}

/// The bytes that may be read from one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The most bytes of whole batches.
    pub(crate) max_bytes: usize,
    /// Whether the first batch is returned even if it is larger.
    pub(crate) at_least_one: bool,
}

impl Budget {
    /// Returns the budget of an answer with at most `max_bytes` of records.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            left_bytes: max_bytes,
            has_data: false,
        }
    }

    /// Returns the allowance of the next partition, whose own limit is `partition_max_bytes`.
    pub(crate) fn allow(&self, partition_max_bytes: usize) -> Allowance {
        Allowance {
            max_bytes: partition_max_bytes.min(self.left_bytes),
            at_least_one: !self.has_data,
        }
    }

    /// Subtracts the bytes that a partition returned.
    pub(crate) fn take(&mut self, bytes: usize) {
        // The first batch is returned whole, so it may take more than is left.
        self.left_bytes = self.left_bytes.saturating_sub(bytes);
        self.has_data |= bytes > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads whole batches as a log does.
    fn read(batches: &[usize], allowance: Allowance) -> usize {
        let mut taken = 0;
        for (index, batch) in batches.iter().enumerate() {
            let is_free = index == 0 && allowance.at_least_one;
            if taken + batch > allowance.max_bytes && !is_free {
                break;
            }
            taken += batch;
        }
        taken
    }

    fn read_all(partitions: &[(usize, Vec<usize>)], max_bytes: usize) -> Vec<usize> {
        let mut budget = Budget::new(max_bytes);
        let mut taken = Vec::new();
        for (partition_max_bytes, batches) in partitions {
            let bytes = read(batches, budget.allow(*partition_max_bytes));
            budget.take(bytes);
            taken.push(bytes);
        }
        taken
    }

    #[test]
    fn first_batch_is_whole_and_then_the_bounds_hold() {
        let partitions = [
            (10, vec![]),
            (10, vec![25, 5]),
            (10, vec![5, 5]),
            (10, vec![3, 3]),
        ];
        assert_eq!(read_all(&partitions, 12), [0, 25, 0, 0]);
        assert_eq!(read_all(&partitions[2..], 12), [10, 0]);
        assert_eq!(read_all(&partitions[2..], 0), [5, 0]);
    }

    fn partitions() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
        let batches = prop::collection::vec(61usize..5_000, 0..8);
        prop::collection::vec((0usize..20_000, batches), 1..12)
    }

    proptest! {
        #[test]
        fn bounds_are_exceeded_by_the_very_first_batch_only(partitions in partitions(), max_bytes in 0usize..40_000) {
            let taken = read_all(&partitions, max_bytes);
            let first = partitions.iter().position(|(_, batches)| !batches.is_empty());
            let first_batch = first.map_or(0, |first| partitions[first].1[0]);
            prop_assert!(taken.iter().sum::<usize>() <= max_bytes.max(first_batch));
            for (index, ((partition_max_bytes, _), bytes)) in partitions.iter().zip(&taken).enumerate() {
                let own = if Some(index) == first { first_batch } else { 0 };
                prop_assert!(*bytes <= (*partition_max_bytes).max(own));
            }
        }

        #[test]
        fn a_fetch_makes_progress_if_any_partition_has_data(partitions in partitions(), max_bytes in 0usize..40_000) {
            let taken: usize = read_all(&partitions, max_bytes).iter().sum();
            let has_data = partitions.iter().any(|(_, batches)| !batches.is_empty());
            prop_assert_eq!(taken > 0, has_data);
        }

        #[test]
        fn moving_served_partitions_last_starves_no_partition(mut partitions in partitions(), max_bytes in 0usize..10_000) {
            let mut waiting: Vec<_> = partitions.iter().map(|(_, batches)| !batches.is_empty()).collect();
            for _ in 0..partitions.len() {
                let taken = read_all(&partitions, max_bytes);
                let order: Vec<_> = (0..partitions.len()).collect();
                let (gave, held): (Vec<_>, Vec<_>) = order.into_iter().partition(|index| taken[*index] > 0);
                for index in &gave {
                    waiting[*index] = false;
                }
                let order: Vec<_> = held.into_iter().chain(gave).collect();
                partitions = order.iter().map(|index| partitions[*index].clone()).collect();
                waiting = order.iter().map(|index| waiting[*index]).collect();
            }
            prop_assert!(waiting.iter().all(|is_waiting| !is_waiting));
        }
    }
}
