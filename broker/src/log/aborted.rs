//! The index of aborted transactions, which tells `read_committed` consumers what to skip. Source: Kafka's `TransactionIndex`.

use crate::ids::{Offset, ProducerId};
use std::collections::VecDeque;

/// An aborted transaction, as Fetch answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AbortedTransaction {
    pub(crate) producer_id: ProducerId,
    pub(crate) first_offset: Offset,
}

/// The aborted transactions of one log. Kafka has one index per segment; as each is ordered by the marker, they are one list here.
#[derive(Debug, Default)]
pub(super) struct AbortedTransactions {
    /// In the order of their markers.
    entries: VecDeque<AbortedEntry>,
}

/// An entry of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AbortedEntry {
    pub(super) producer_id: ProducerId,
    pub(super) first_offset: Offset,
    /// The offset of the marker.
    pub(super) last_offset: Offset,
    /// The last stable offset after the marker: no later entry begins before it, so a search may end here.
    last_stable_offset: Offset,
}

/// A transaction that a marker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CompletedTransaction {
    pub(super) producer_id: ProducerId,
    pub(super) first_offset: Offset,
    /// The offset of the marker.
    pub(super) last_offset: Offset,
    /// The first offset of the next open transaction, or the offset after the marker.
    pub(super) last_stable_offset: Offset,
}

impl AbortedTransactions {
    /// Adds a transaction whose marker has been appended.
    pub(super) fn add(&mut self, completed: CompletedTransaction) {
        self.entries.push_back(AbortedEntry {
            producer_id: completed.producer_id,
            first_offset: completed.first_offset,
            last_offset: completed.last_offset,
            last_stable_offset: completed.last_stable_offset,
        });
    }

    /// Returns the transactions with records in `from..end`, in the order of their markers. Source:
    /// `TransactionIndex.collectAbortedTxns`.
    pub(super) fn within(&self, from: Offset, end: Offset) -> Vec<AbortedTransaction> {
        let first = self.entries.partition_point(|entry| entry.last_offset < from);
        let mut found = Vec::new();
        for entry in self.entries.range(first..) {
            if entry.first_offset < end {
                found.push(AbortedTransaction {
                    producer_id: entry.producer_id,
                    first_offset: entry.first_offset,
                });
            }
            if entry.last_stable_offset >= end {
                break;
            }
        }
        found
    }

    /// Returns the entries, in the order of their markers.
    pub(super) fn entries(&self) -> impl Iterator<Item = AbortedEntry> {
        self.entries.iter().copied()
    }

    /// Replaces the transactions whose markers are before `end_offset` by those that compaction has kept of them.
    pub(super) fn replace_before(&mut self, end_offset: Offset, kept: Vec<AbortedEntry>) {
        self.truncate_before(end_offset);
        for entry in kept.into_iter().rev() {
            self.entries.push_front(entry);
        }
    }

    /// Forgets the transactions whose markers are before `log_start_offset`.
    pub(super) fn truncate_before(&mut self, log_start_offset: Offset) {
        let passed = self
            .entries
            .partition_point(|entry| entry.last_offset < log_start_offset);
        self.entries.drain(..passed);
    }

    /// Forgets the transactions whose markers are at or after `end_offset`: they are open again.
    pub(super) fn truncate_from(&mut self, end_offset: Offset) {
        let kept = self
            .entries
            .partition_point(|entry| entry.last_offset < end_offset);
        self.entries.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of (producer, first offset, marker, last stable offset).
    fn index(entries: &[(i64, i64, i64, i64)]) -> AbortedTransactions {
        let mut index = AbortedTransactions::default();
        for (producer_id, first, last, last_stable) in entries {
            index.add(CompletedTransaction {
                producer_id: ProducerId(*producer_id),
                first_offset: Offset(*first),
                last_offset: Offset(*last),
                last_stable_offset: Offset(*last_stable),
            });
        }
        index
    }

    fn found(index: &AbortedTransactions, from: i64, end: i64) -> Vec<(i64, i64)> {
        let found = index.within(Offset(from), Offset(end)).into_iter();
        found
            .map(|aborted| (aborted.producer_id.0, aborted.first_offset.0))
            .collect()
    }

    #[test]
    fn the_aborted_transactions_of_a_range_are_those_that_overlap_it() {
        // Producer 1 holds 0 to 3, 2 holds 2 to 8, 3 holds 10 to 12, and 1 again 20 to 25.
        let index = index(&[(1, 0, 3, 2), (2, 2, 8, 9), (3, 10, 12, 13), (1, 20, 25, 26)]);
        for (from, end, expected) in [
            (0, 1, vec![(1, 0)]),
            (0, 3, vec![(1, 0), (2, 2)]),
            (3, 4, vec![(1, 0), (2, 2)]),
            // The marker of producer 1 is at 3.
            (4, 9, vec![(2, 2)]),
            (9, 10, vec![]),
            (9, 30, vec![(3, 10), (1, 20)]),
            (26, 40, vec![]),
            (0, 40, vec![(1, 0), (2, 2), (3, 10), (1, 20)]),
        ] {
            assert_eq!(found(&index, from, end), expected, "{from}..{end}");
        }
    }

    #[test]
    fn a_long_transaction_that_ends_late_is_found_from_its_start() {
        // Producer 9 began at 1 and ended at 90, so the last stable offset stood at 1 before.
        let index = index(&[(1, 5, 6, 1), (2, 7, 8, 1), (9, 1, 90, 91)]);
        assert_eq!(found(&index, 0, 3), [(9, 1)]);
        assert_eq!(found(&index, 7, 8), [(2, 7), (9, 1)]);
    }

    #[test]
    fn the_index_is_cut_at_both_ends_by_the_markers() {
        let entries = [(1, 0, 3, 2), (2, 2, 8, 9), (3, 10, 12, 13)];
        let mut before = index(&entries);
        before.truncate_before(Offset(8));
        assert_eq!(found(&before, 0, 40), [(2, 2), (3, 10)]);
        before.truncate_before(Offset(9));
        assert_eq!(found(&before, 0, 40), [(3, 10)]);
        let mut from = index(&entries);
        from.truncate_from(Offset(9));
        assert_eq!(found(&from, 0, 40), [(1, 0), (2, 2)]);
        from.truncate_from(Offset(8));
        assert_eq!(found(&from, 0, 40), [(1, 0)]);
    }
}
