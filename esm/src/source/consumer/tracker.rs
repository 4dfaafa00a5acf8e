//! The records that a member has handed out: which are finished, what may be committed, and what is still out. Pure.
//!
//! Offsets are finished as ranges, because a partition also has offsets without a record: compacted ones, control batches. They belong
//! to the records around them ([`Records::offset_at`](crate::source::Records::offset_at)), so a commit passes them as the position
//! of Kafka's own consumer does. A commit never passes an offset that is not finished. Released offsets are not finished: they are
//! delivered again, to the partition's next owner.

use crate::source::{AssignmentNumber, RecordRange};
use esmeralda_broker::Offset;
use std::collections::BTreeMap;
use std::ops::Range;

/// The partitions of one member, and what became of the records that it handed out.
#[derive(Debug, Default)]
pub(super) struct CommitTracker {
    partitions: BTreeMap<i32, Tracked>,
}

#[derive(Debug)]
struct Tracked {
    assignment: AssignmentNumber,
    /// `None` before anything of it was handed out.
    handed_out: Option<HandedOut>,
}

#[derive(Debug)]
struct HandedOut {
    /// The offset that may be committed: everything before it is finished.
    position: i64,
    /// The offset that was committed last, or at which reading began.
    committed: i64,
    /// The end of what was handed out.
    end: i64,
    /// Finished ranges that do not touch `position` yet, by start; apart from each other.
    ahead: BTreeMap<i64, i64>,
    /// Released ranges, by start.
    released: BTreeMap<i64, i64>,
}

impl CommitTracker {
    /// Tracks a partition from now on, under a new assignment. Ranges of an earlier assignment are stale.
    pub(super) fn assign(&mut self, partition: i32, assignment: AssignmentNumber) {
        let tracked = Tracked {
            assignment,
            handed_out: None,
        };
        self.partitions.insert(partition, tracked);
    }

    /// Stops tracking a partition, which is no longer the member's.
    pub(super) fn forget(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// Returns the assignment under which a partition is tracked.
    pub(super) fn assignment(&self, partition: i32) -> Option<AssignmentNumber> {
        self.partitions.get(&partition).map(|tracked| tracked.assignment)
    }

    /// Notes that `offsets` of a partition are handed out. The first range of a partition sets where its commits begin. Offsets that a later
    /// range skips are gone from the log and count as finished.
    pub(super) fn hand_out(&mut self, partition: i32, offsets: &Range<i64>) {
        let Some(tracked) = self.partitions.get_mut(&partition) else {
            return;
        };
        let handed_out = tracked
            .handed_out
            .get_or_insert_with(|| HandedOut::from(offsets.start));
        if offsets.start > handed_out.end {
            handed_out.finish(handed_out.end..offsets.start);
        }
        handed_out.end = handed_out.end.max(offsets.end);
    }

    /// Marks all records of a range as finished. Returns false for a stale range.
    pub(super) fn finish(&mut self, range: RecordRange) -> bool {
        let handed_out = self.current(&range);
        let is_current = handed_out.is_some();
        if let Some(handed_out) = handed_out {
            handed_out.finish(range.offsets);
        }
        is_current
    }

    /// Marks the records of a range as released. A stale range is ignored: it is released already.
    pub(super) fn release(&mut self, range: RecordRange) {
        if let Some(handed_out) = self.current(&range)
            && !range.offsets.is_empty()
        {
            let Range { start, end } = range.offsets;
            let released = handed_out.released.entry(start).or_insert(end);
            *released = end.max(*released);
        }
    }

    fn current(&mut self, range: &RecordRange) -> Option<&mut HandedOut> {
        let tracked = self.partitions.get_mut(&range.partition);
        tracked
            .filter(|tracked| tracked.assignment == range.assignment)
            .and_then(|tracked| tracked.handed_out.as_mut())
    }

    /// Returns the offsets to commit, ascending by partition: those that have moved since they were committed last.
    pub(super) fn due(&self) -> Vec<(i32, Offset)> {
        self.handed_out()
            .filter(|(_, handed_out)| handed_out.position > handed_out.committed)
            .map(|(partition, handed_out)| (partition, Offset(handed_out.position)))
            .collect()
    }

    /// Notes that these offsets were committed. Returns the number of offsets by which the commits have advanced.
    pub(super) fn committed(&mut self, offsets: &[(i32, Offset)]) -> u64 {
        let mut advanced = 0;
        for (partition, Offset(offset)) in offsets {
            let tracked = self.partitions.get_mut(partition);
            if let Some(handed_out) = tracked.and_then(|tracked| tracked.handed_out.as_mut()) {
                advanced += offset.saturating_sub(handed_out.committed).max(0).unsigned_abs();
                handed_out.committed = handed_out.committed.max(*offset);
            }
        }
        advanced
    }

    /// Returns whether nothing of any partition is out, and what is finished is committed.
    pub(super) fn is_settled(&self) -> bool {
        self.handed_out().all(|(_, handed_out)| handed_out.is_settled())
    }

    /// Returns whether nothing of one partition is out, and what is finished of it is committed.
    pub(super) fn is_partition_settled(&self, partition: i32) -> bool {
        let tracked = self.partitions.get(&partition);
        tracked
            .and_then(|tracked| tracked.handed_out.as_ref())
            .is_none_or(HandedOut::is_settled)
    }

    fn handed_out(&self) -> impl Iterator<Item = (i32, &HandedOut)> {
        self.partitions
            .iter()
            .filter_map(|(partition, tracked)| Some((*partition, tracked.handed_out.as_ref()?)))
    }
}

impl HandedOut {
    fn from(offset: i64) -> Self {
        Self {
            position: offset,
            committed: offset,
            end: offset,
            ahead: BTreeMap::new(),
            released: BTreeMap::new(),
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

    /// Asked only while a rebalance or the end waits for it, so it may look at every range.
    fn is_settled(&self) -> bool {
        if self.position > self.committed {
            return false;
        }
        // Finished and released ranges can lie in any order, and only together cover what was handed out.
        let mut ranges: Vec<(i64, i64)> = self
            .ahead
            .iter()
            .chain(&self.released)
            .map(|(start, end)| (*start, *end))
            .collect();
        ranges.sort_unstable();
        let mut covered = self.position;
        for (start, end) in ranges {
            if start > covered {
                return false;
            }
            covered = covered.max(end);
        }
        covered >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: AssignmentNumber = AssignmentNumber(1);

    fn tracker(handed_out: Range<i64>) -> CommitTracker {
        let mut tracker = CommitTracker::default();
        tracker.assign(0, FIRST);
        tracker.hand_out(0, &handed_out);
        tracker
    }

    fn range(offsets: Range<i64>) -> RecordRange {
        RecordRange {
            partition: 0,
            assignment: FIRST,
            offsets,
        }
    }

    fn due(tracker: &CommitTracker) -> Vec<i64> {
        tracker.due().into_iter().map(|(_, offset)| offset.0).collect()
    }

    #[test]
    fn nothing_is_due_before_something_is_finished() {
        assert_eq!(tracker(5..20).due(), []);
    }

    #[test]
    fn a_commit_waits_for_the_unfinished_record_before_it() {
        let mut tracker = tracker(5..20);
        assert!(tracker.finish(range(10..12)));
        assert_eq!(tracker.due(), []);
        assert!(tracker.finish(range(5..10)));
        assert_eq!(tracker.due(), [(0, Offset(12))]);
        assert_eq!(tracker.committed(&[(0, Offset(12))]), 7);
        assert_eq!(tracker.due(), []);
    }

    #[test]
    fn offsets_that_reading_skipped_are_finished() {
        let mut tracker = tracker(0..10);
        tracker.hand_out(0, &(25..30));
        tracker.finish(range(0..10));
        assert_eq!(due(&tracker), [25]);
    }

    #[test]
    fn ranges_of_other_partitions_and_assignments_are_stale() {
        let mut tracker = tracker(0..10);
        let other = RecordRange {
            partition: 3,
            ..range(0..10)
        };
        assert!(!tracker.finish(other));
        let earlier = RecordRange {
            assignment: AssignmentNumber(0),
            ..range(0..10)
        };
        assert!(!tracker.finish(earlier.clone()));
        tracker.release(earlier);
        assert!(!tracker.is_settled());
        assert_eq!(tracker.due(), []);
        tracker.forget(0);
        assert!(!tracker.finish(range(0..10)));
        assert_eq!(tracker.due(), []);
    }

    #[test]
    fn a_commit_does_not_pass_a_released_record() {
        let mut tracker = tracker(0..10);
        tracker.release(range(2..4));
        tracker.finish(range(0..2));
        tracker.finish(range(4..10));
        assert_eq!(due(&tracker), [2]);
        assert!(!tracker.is_settled(), "it is not committed yet");
        tracker.committed(&[(0, Offset(2))]);
        assert!(tracker.is_settled());
    }

    #[test]
    fn a_partition_is_settled_when_everything_is_finished_and_committed_or_released() {
        let mut tracker = tracker(0..10);
        tracker.release(range(6..8));
        tracker.release(range(8..10));
        tracker.finish(range(3..6));
        assert!(!tracker.is_partition_settled(0), "0 to 3 are out");
        tracker.release(range(0..3));
        assert!(tracker.is_partition_settled(0));
        assert!(tracker.is_partition_settled(1), "nothing of it was handed out");
        tracker.hand_out(0, &(10..11));
        assert!(!tracker.is_partition_settled(0));
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
            let mut tracker = tracker(start..end);
            let mut finished = vec![false; ranges.len()];
            let mut last_committed = start;
            for index in order {
                let index = index.index(ranges.len());
                finished[index] = true;
                tracker.finish(range(ranges[index].clone()));
                let first_unfinished =
                    finished.iter().position(|done| !done).map_or(end, |index| ranges[index].start);
                let due = tracker.due();
                if first_unfinished > last_committed {
                    prop_assert_eq!(&due, &[(0, Offset(first_unfinished))]);
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
