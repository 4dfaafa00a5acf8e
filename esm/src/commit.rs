//! The highest contiguous finished offset per partition: what may be committed. Pure.
//!
//! Offsets are finished as ranges, because a partition also has offsets without a record: compacted ones, control batches. They belong
//! to the records around them ([`Records::offset_at`](crate::source::Records::offset_at)), so a commit passes them as the position
//! of Kafka's own consumer does.

use std::collections::BTreeMap;
use std::ops::Range;

/// What has been read and what of it is finished, in the partitions of one member.
#[derive(Debug, Default)]
pub(crate) struct CommitTracker {
    partitions: BTreeMap<i32, Tracked>,
}

#[derive(Debug)]
struct Tracked {
    /// Everything before it is finished: the offset that may be committed.
    position: i64,
    /// What was committed last, or where reading began.
    committed: i64,
    /// Where reading will go on.
    end_read: i64,
    /// Finished ranges that do not touch `position` yet, start to end; apart from each other.
    ahead: BTreeMap<i64, i64>,
}

impl CommitTracker {
    /// `offsets` of a partition were read. The first range of a partition sets where its commits begin; offsets that a later one
    /// skips are gone from the log and count as finished.
    pub(crate) fn read(&mut self, partition: i32, offsets: &Range<i64>) {
        let tracked = self
            .partitions
            .entry(partition)
            .or_insert_with(|| Tracked::starting_at(offsets.start));
        if offsets.start > tracked.end_read {
            tracked.finish(tracked.end_read..offsets.start);
        }
        tracked.end_read = tracked.end_read.max(offsets.end);
    }

    /// All records within `offsets` are finished: processed, dropped, or there were none. Ignored for a partition that is not read.
    pub(crate) fn finish(&mut self, partition: i32, offsets: Range<i64>) {
        if let Some(tracked) = self.partitions.get_mut(&partition) {
            tracked.finish(offsets);
        }
    }

    /// A partition is no longer the member's.
    pub(crate) fn forget(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// The offsets to commit: per partition where it moved since the last commit, ascending by partition.
    pub(crate) fn due(&self) -> Vec<(i32, i64)> {
        self.partitions
            .iter()
            .filter(|(_, tracked)| tracked.position > tracked.committed)
            .map(|(&partition, tracked)| (partition, tracked.position))
            .collect()
    }

    /// These offsets were committed; by how much they advanced, all together.
    pub(crate) fn committed(&mut self, offsets: &[(i32, i64)]) -> u64 {
        let mut advanced = 0;
        for (partition, offset) in offsets {
            if let Some(tracked) = self.partitions.get_mut(partition) {
                advanced += offset.saturating_sub(tracked.committed).max(0).unsigned_abs();
                tracked.committed = tracked.committed.max(*offset);
            }
        }
        advanced
    }

    /// Forgets everything: the member has other partitions now, or none.
    pub(crate) fn clear(&mut self) {
        self.partitions.clear();
    }
}

impl Tracked {
    fn starting_at(offset: i64) -> Self {
        Self {
            position: offset,
            committed: offset,
            end_read: offset,
            ahead: BTreeMap::new(),
        }
    }

    fn finish(&mut self, offsets: Range<i64>) {
        if offsets.end <= self.position || offsets.is_empty() {
            return;
        }
        if offsets.start > self.position {
            let end = self.ahead.entry(offsets.start).or_insert(offsets.end);
            *end = offsets.end.max(*end);
            return;
        }
        self.position = offsets.end;
        while let Some(next) = self.ahead.first_entry() {
            if *next.key() > self.position {
                break;
            }
            self.position = self.position.max(next.remove());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tracker(read: Range<i64>) -> CommitTracker {
        let mut tracker = CommitTracker::default();
        tracker.read(0, &read);
        tracker
    }

    #[test]
    fn nothing_is_due_before_something_is_finished() {
        assert_eq!(tracker(5..20).due(), []);
    }

    #[test]
    fn a_commit_waits_for_the_unfinished_record_before_it() {
        let mut tracker = tracker(5..20);
        tracker.finish(0, 10..12);
        assert_eq!(tracker.due(), []);
        tracker.finish(0, 5..10);
        assert_eq!(tracker.due(), [(0, 12)]);
        assert_eq!(tracker.committed(&[(0, 12)]), 7);
        assert_eq!(tracker.due(), []);
    }

    #[test]
    fn offsets_that_reading_skipped_are_finished() {
        let mut tracker = tracker(0..10);
        tracker.read(0, &(25..30));
        tracker.finish(0, 0..10);
        assert_eq!(tracker.due(), [(0, 25)]);
    }

    #[test]
    fn partitions_that_are_not_read_are_ignored() {
        let mut tracker = tracker(0..10);
        tracker.finish(3, 0..10);
        assert_eq!(tracker.due(), []);
        tracker.clear();
        tracker.finish(0, 0..10);
        assert_eq!(tracker.due(), []);
    }

    proptest! {
        /// Whatever the order in which ranges finish, what is due is the first offset that is not finished.
        #[test]
        fn due_is_the_first_unfinished_offset(
            lengths in prop::collection::vec(1i64..5, 1..30),
            order in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
            start in 0i64..100,
        ) {
            let mut ranges = Vec::new();
            let mut end = start;
            for length in lengths {
                ranges.push(end..end + length);
                end += length;
            }
            let mut tracker = CommitTracker::default();
            tracker.read(0, &(start..end));
            let mut finished = vec![false; ranges.len()];
            let mut last_committed = start;
            for index in order {
                let index = index.index(ranges.len());
                finished[index] = true;
                tracker.finish(0, ranges[index].clone());
                let first_unfinished =
                    finished.iter().position(|done| !done).map_or(end, |index| ranges[index].start);
                let due = tracker.due();
                if first_unfinished > last_committed {
                    prop_assert_eq!(&due, &[(0, first_unfinished)]);
                } else {
                    prop_assert!(due.is_empty());
                }
                if first_unfinished % 2 == 0 {
                    let advanced = tracker.committed(&due);
                    prop_assert_eq!(advanced, (first_unfinished - last_committed).unsigned_abs());
                    last_committed = first_unfinished;
                }
            }
        }
    }
}
