//! The deadlines of a group, as values. Knows no clock: the shell sleeps until the first deadline and brings the time.

use std::collections::{BTreeMap, BTreeSet};

/// The deadlines of one group by their purposes, `T`. A group has at most one deadline for each.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Timers<T> {
    // A deadline is looked up by its timer to be replaced, and by its time to be taken.
    deadlines: BTreeMap<T, i64>,
    queue: BTreeSet<(i64, T)>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self {
            deadlines: BTreeMap::new(),
            queue: BTreeSet::new(),
        }
    }
}

impl<T: Clone + Ord> Timers<T> {
    /// Sets the timer's deadline, and replaces an earlier one.
    pub(super) fn set(&mut self, timer: T, deadline_ms: i64) {
        self.cancel(&timer);
        self.queue.insert((deadline_ms, timer.clone()));
        self.deadlines.insert(timer, deadline_ms);
    }

    /// Removes the timer's deadline, if there is one.
    pub(super) fn cancel(&mut self, timer: &T) {
        if let Some((timer, deadline_ms)) = self.deadlines.remove_entry(timer) {
            self.queue.remove(&(deadline_ms, timer));
        }
    }

    /// Returns true if the timer has a deadline.
    pub(super) fn is_set(&self, timer: &T) -> bool {
        self.deadlines.contains_key(timer)
    }

    /// Returns the first deadline.
    pub(super) fn next_ms(&self) -> Option<i64> {
        self.queue.first().map(|(deadline_ms, _)| *deadline_ms)
    }

    /// Takes the first timer whose deadline is `now_ms` or earlier.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<T> {
        if self.next_ms()? > now_ms {
            return None;
        }
        // Equal deadlines come in the order of the enum, so that the same requests give the same answers.
        let (_, timer) = self.queue.pop_first()?;
        self.deadlines.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
impl<T: Clone + Ord> Timers<T> {
    /// Returns the timer's deadline, if it is set.
    pub(super) fn deadline_ms(&self, timer: &T) -> Option<i64> {
        assert_eq!(self.deadlines.len(), self.queue.len());
        self.deadlines.get(timer).copied()
    }
}
