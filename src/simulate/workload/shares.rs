//! The distribution of whole records over partitions in proportion to shares. Pure.

/// The number of records that each partition gets over the whole run. All records are given, and each partition has its share of all records
/// so far, to within two records.
#[derive(Debug)]
pub(super) struct Apportionment {
    /// The share of each partition; the shares add up to 1.
    shares: Vec<f64>,
    /// Number of records that each partition has got so far.
    given: Vec<u64>,
    total: u64,
    /// Number of records that each partition got in the last call.
    counts: Vec<u64>,
}

impl Apportionment {
    /// Starts with no record given. `shares` has one entry per partition; they add up to 1.
    pub(super) fn new(shares: Vec<f64>) -> Self {
        let none = vec![0; shares.len()];
        Self {
            given: none.clone(),
            total: 0,
            counts: none,
            shares,
        }
    }

    /// Gives `records` more records, and returns the number for each partition. Among equals the partition with the lower index is first.
    pub(super) fn give(&mut self, records: u64) -> &[u64] {
        self.total += records;
        let total = self.total as f64;
        let due = self.shares.iter().zip(&self.given);
        let due: Vec<f64> = due.map(|(share, given)| total * share - *given as f64).collect();
        let mut left = records as i64;
        for (count, due) in self.counts.iter_mut().zip(&due) {
            // The cast turns a negative amount, from records that were given too early, into 0.
            *count = *due as u64;
            left -= *count as i64;
        }
        self.settle(&due, left);
        for (given, count) in self.given.iter_mut().zip(&self.counts) {
            *given += count;
        }
        &self.counts
    }

    /// Gives the `left` records that the fractions in `due` add up to, largest fraction first. If `left` is negative, because other
    /// partitions got records too early, the partitions with the smallest fractions give one back.
    fn settle(&mut self, due: &[f64], left: i64) {
        if left == 0 {
            return;
        }
        let fraction = |partition: &usize| due[*partition] - self.counts[*partition] as f64;
        let mut order: Vec<usize> = (0..due.len()).collect();
        order.sort_by(|one, other| fraction(other).total_cmp(&fraction(one)));
        let mut count = left.unsigned_abs();
        let is_more = left > 0;
        if !is_more {
            order.reverse();
        }
        // Each fraction is less than a record, so one round is usually enough.
        for partition in order.into_iter().cycle() {
            if count == 0 {
                break;
            }
            if is_more {
                self.counts[partition] += 1;
                count -= 1;
            } else if self.counts[partition] > 0 {
                self.counts[partition] -= 1;
                count -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda_broker::Entropy;

    #[test]
    fn even_shares_of_a_backlog_are_equal() {
        let mut even = Apportionment::new(vec![0.01; 100]);
        assert_eq!(even.give(20_000_000), [200_000; 100]);
        let mut thirds = Apportionment::new(vec![1.0 / 3.0; 3]);
        assert_eq!(thirds.give(10), [4, 3, 3]);
    }

    #[test]
    fn a_few_records_at_a_time_go_to_the_partitions_in_turn() {
        let mut even = Apportionment::new(vec![0.25; 4]);
        let given: Vec<Vec<u64>> = [1, 2, 3, 0, 2].map(|records| even.give(records).to_vec()).into();
        assert_eq!(
            given,
            [
                [1, 0, 0, 0],
                [0, 1, 1, 0],
                [1, 1, 0, 1],
                [0, 0, 0, 0],
                [0, 0, 1, 1]
            ]
        );
    }

    #[test]
    fn a_partition_without_a_share_gets_nothing() {
        let mut skewed = Apportionment::new(vec![0.5, 0.0, 0.5]);
        for records in 0..100 {
            assert_eq!(skewed.give(records)[1], 0);
        }
    }

    #[test]
    fn all_records_are_given_and_shares_are_kept_for_any_steps() {
        let seed = 11;
        let entropy = Entropy::from_seed(seed);
        for round in 0..200 {
            let weights: Vec<f64> = (0..1 + entropy.below(50))
                .map(|_| entropy.below(1_000) as f64 + 1.0)
                .collect();
            let sum: f64 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            let mut apportionment = Apportionment::new(shares.clone());
            let most = [3, 50, 10_000][round % 3];
            let (mut total, mut given) = (0, vec![0; shares.len()]);
            for _ in 0..200 {
                let records = entropy.below(most);
                let counts = apportionment.give(records);
                assert_eq!(counts.iter().sum::<u64>(), records, "seed {seed}, round {round}");
                total += records;
                for (partition, count) in counts.iter().enumerate() {
                    given[partition] += count;
                    let share = total as f64 * shares[partition];
                    assert!(
                        (given[partition] as f64 - share).abs() < 2.0,
                        "seed {seed}, round {round}: {} of {share}",
                        given[partition]
                    );
                }
            }
        }
    }
}
