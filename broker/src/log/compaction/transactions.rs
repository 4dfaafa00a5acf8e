//! The transactions of the batches that are cleaned, in their order. Source: Kafka's `CleanedTransactionMetadata`.

use crate::ids::{Offset, ProducerId};
use crate::log::aborted::AbortedEntry;
use crate::log::header::BatchHeader;
use crate::log::marker::{TransactionMarker, TransactionOutcome};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The transactions while batches are read.
#[derive(Debug)]
pub(super) struct CleanedTransactions {
    /// Aborted transactions that have not begun, in the order of their first offsets.
    aborted: VecDeque<AbortedEntry>,
    ongoing_aborted: BTreeMap<ProducerId, OngoingAborted>,
    ongoing_committed: BTreeSet<ProducerId>,
    /// The aborted transactions whose markers were read after records of theirs.
    kept: Vec<AbortedEntry>,
}

#[derive(Debug)]
struct OngoingAborted {
    entry: AbortedEntry,
    has_batches: bool,
}

impl CleanedTransactions {
    /// Returns the transactions before the first batch of `from..end`.
    pub(super) fn new(aborted: &[AbortedEntry], from: Offset, end: Offset) -> Self {
        let within = aborted
            .iter()
            .filter(|entry| entry.last_offset >= from && entry.first_offset < end);
        let mut aborted: Vec<_> = within.copied().collect();
        aborted.sort_by_key(|entry| entry.first_offset);
        Self {
            aborted: aborted.into(),
            ongoing_aborted: BTreeMap::new(),
            ongoing_committed: BTreeSet::new(),
            kept: Vec::new(),
        }
    }

    /// Reads the next batch. Returns whether it is of no use any more: records of an aborted transaction, or a marker of a transaction
    /// without records.
    pub(super) fn read(&mut self, header: &BatchHeader, body: &[u8]) -> bool {
        self.begin_up_to(header.last_offset());
        if header.is_control() {
            return self.read_marker(header, body);
        }
        if !header.is_transactional() {
            return false;
        }
        if let Some(ongoing) = self.ongoing_aborted.get_mut(&header.producer_id()) {
            ongoing.has_batches = true;
            return true;
        }
        self.ongoing_committed.insert(header.producer_id());
        false
    }

    fn read_marker(&mut self, header: &BatchHeader, body: &[u8]) -> bool {
        let producer_id = header.producer_id();
        match TransactionMarker::read(header, body).map(|marker| marker.outcome) {
            Some(TransactionOutcome::Abort) => match self.ongoing_aborted.remove(&producer_id) {
                Some(ongoing) if ongoing.has_batches => {
                    self.kept.push(ongoing.entry);
                    false
                }
                _ => true,
            },
            Some(TransactionOutcome::Commit) => !self.ongoing_committed.remove(&producer_id),
            // An earlier pass has taken the marker out of the batch.
            None => true,
        }
    }

    fn begin_up_to(&mut self, offset: Offset) {
        while let Some(entry) = self.aborted.front().copied()
            && entry.first_offset <= offset
        {
            self.aborted.pop_front();
            self.ongoing_aborted
                .entry(entry.producer_id)
                .or_insert(OngoingAborted {
                    entry,
                    has_batches: false,
                });
        }
    }

    /// Returns the aborted transactions that had records, in the order of their markers.
    pub(super) fn kept(self) -> Vec<AbortedEntry> {
        self.kept
    }
}
