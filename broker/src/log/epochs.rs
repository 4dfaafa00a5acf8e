//! The leader epochs of a log, and the offsets that each has written. Source: Kafka's `LeaderEpochFileCache`; KIP-101, KIP-279.

use crate::ids::{LeaderEpoch, Offset};

/// The epochs of the log in order, each with the offset where it begins.
#[derive(Debug)]
pub(super) struct LeaderEpochs {
    /// Held apart from the others because most logs only ever have one epoch, which then needs no allocation. `None` once
    /// all records have been truncated.
    earliest: Option<Entry>,
    later: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    epoch: LeaderEpoch,
    start_offset: Offset,
}

impl LeaderEpochs {
    /// Returns the epochs of an empty log that is led under `epoch`.
    pub(super) fn new(epoch: LeaderEpoch) -> Self {
        let start_offset = Offset(0);
        Self {
            earliest: Some(Entry { epoch, start_offset }),
            later: Vec::new(),
        }
    }

    fn latest(&self) -> Option<Entry> {
        self.later.last().copied().or(self.earliest)
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = Entry> {
        self.earliest.into_iter().chain(self.later.iter().copied())
    }

    /// Notes that `epoch` begins at `start_offset`, the log's end. Replaces an epoch that wrote no records; ignores an epoch
    /// that is not newer than the latest one.
    pub(super) fn assign(&mut self, epoch: LeaderEpoch, start_offset: Offset) {
        if self.latest().is_some_and(|latest| epoch <= latest.epoch) {
            return;
        }
        self.truncate_from(start_offset);
        let entry = Entry { epoch, start_offset };
        if self.earliest.is_none() {
            self.earliest = Some(entry);
        } else {
            self.later.push(entry);
        }
    }

    /// Forgets the epochs that begin at or after `end_offset`. Source: `LeaderEpochFileCache.truncateFromEndAsyncFlush`.
    pub(super) fn truncate_from(&mut self, end_offset: Offset) {
        while self
            .later
            .pop_if(|last| last.start_offset >= end_offset)
            .is_some()
        {}
        self.earliest
            .take_if(|earliest| earliest.start_offset >= end_offset);
    }

    /// Forgets the epochs that end at or before `log_start_offset`. The epoch of the record at `log_start_offset` begins there
    /// from now on.
    pub(super) fn truncate_before(&mut self, log_start_offset: Offset) {
        let passed = self
            .later
            .iter()
            .take_while(|entry| entry.start_offset <= log_start_offset)
            .count();
        if let Some(last) = self.later.drain(..passed).next_back() {
            self.earliest = Some(last);
        }
        if let Some(earliest) = &mut self.earliest {
            earliest.start_offset = earliest.start_offset.max(log_start_offset);
        }
    }

    /// Returns the epoch of the record at `offset`.
    pub(super) fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.entries()
            .rev()
            .find(|entry| entry.start_offset <= offset)
            .map(|entry| entry.epoch)
    }

    /// Returns the largest epoch that is at most `epoch`, and the offset where it ends. For an epoch before the earliest one,
    /// returns `epoch` itself and the offset where the earliest one begins.
    pub(super) fn end_offset_for(
        &self,
        epoch: LeaderEpoch,
        log_end_offset: Offset,
    ) -> Option<(LeaderEpoch, Offset)> {
        if epoch == LeaderEpoch::NONE || epoch > self.latest()?.epoch {
            return None;
        }
        let end_offset = self
            .entries()
            .find(|entry| entry.epoch > epoch)
            .map_or(log_end_offset, |higher| higher.start_offset);
        let floor = self.entries().take_while(|entry| entry.epoch <= epoch).last();
        // The records of an earlier epoch are gone. The client is sent to the log start, where a follower of
        // Kafka would go on.
        Some((floor.map_or(epoch, |entry| entry.epoch), end_offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(starts: &[(i32, i64)]) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::new(LeaderEpoch(0));
        for (epoch, start) in starts {
            epochs.assign(LeaderEpoch(*epoch), Offset(*start));
        }
        epochs
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins() {
        let epochs = epochs(&[(2, 10), (5, 25)]);
        let end = |epoch| {
            epochs
                .end_offset_for(LeaderEpoch(epoch), Offset(40))
                .map(|(epoch, offset)| (epoch.0, offset.0))
        };
        let cases = [
            (-1, None),
            (0, Some((0, 10))),
            (1, Some((0, 10))), // a gap: the epoch before it
            (2, Some((2, 25))),
            (4, Some((2, 25))),
            (5, Some((5, 40))), // the current one ends at the log's end
            (6, None),
        ];
        for (epoch, expected) in cases {
            assert_eq!(end(epoch), expected, "epoch {epoch}");
        }
    }

    #[test]
    fn an_epoch_that_wrote_nothing_gives_way_to_the_next() {
        let epochs = epochs(&[(1, 10), (2, 10)]);
        assert_eq!(
            epochs
                .entries()
                .map(|entry| (entry.epoch.0, entry.start_offset.0))
                .collect::<Vec<_>>(),
            [(0, 0), (2, 10)]
        );
        let from_the_start = self::epochs(&[(3, 0)]);
        assert_eq!(from_the_start.epoch_at(Offset(0)), Some(LeaderEpoch(3)));
        assert_eq!(
            from_the_start.end_offset_for(LeaderEpoch(1), Offset(0)),
            Some((LeaderEpoch(1), Offset(0)))
        );
    }

    #[test]
    fn truncation_forgets_the_epochs_that_begin_at_or_after_the_new_end() {
        let cases = [
            (26, Some(5)),
            (25, Some(2)),
            (11, Some(2)),
            (10, Some(0)),
            (1, Some(0)),
            (0, None),
        ];
        for (end_offset, latest) in cases {
            let mut epochs = epochs(&[(2, 10), (5, 25)]);
            epochs.truncate_from(Offset(end_offset));
            assert_eq!(
                epochs.latest().map(|entry| entry.epoch.0),
                latest,
                "end {end_offset}"
            );
        }
    }

    #[test]
    fn an_emptied_log_begins_with_the_next_epoch() {
        let mut epochs = epochs(&[(3, 10)]);
        epochs.truncate_from(Offset(0));
        assert_eq!(epochs.end_offset_for(LeaderEpoch(3), Offset(0)), None);
        epochs.assign(LeaderEpoch(2), Offset(0));
        assert_eq!(
            epochs.end_offset_for(LeaderEpoch(2), Offset(4)),
            Some((LeaderEpoch(2), Offset(4)))
        );
    }

    #[test]
    fn an_older_epoch_is_ignored() {
        let mut epochs = epochs(&[(3, 10)]);
        epochs.assign(LeaderEpoch(2), Offset(20));
        assert_eq!(epochs.epoch_at(Offset(20)), Some(LeaderEpoch(3)));
    }

    #[test]
    fn the_epoch_that_holds_the_log_start_stays() {
        let mut epochs = epochs(&[(2, 10), (5, 25)]);
        epochs.truncate_before(Offset(12));
        let at = |offset| epochs.epoch_at(Offset(offset)).map(|epoch| epoch.0);
        assert_eq!(
            (at(11), at(12), at(24), at(25)),
            (None, Some(2), Some(2), Some(5))
        );
        assert_eq!(
            epochs.end_offset_for(LeaderEpoch(0), Offset(40)),
            Some((LeaderEpoch(0), Offset(12)))
        );
        epochs.truncate_before(Offset(25));
        assert_eq!(epochs.epoch_at(Offset(24)), None);
        assert_eq!(epochs.epoch_at(Offset(30)), Some(LeaderEpoch(5)));
    }
}
