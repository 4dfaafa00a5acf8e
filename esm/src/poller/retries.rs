//! Batches that wait: failed ones for their retry, and a closed one for the byte rate. They keep their partitions busy, so that nothing
//! overtakes them.

use super::deliveries::Deliveries;
use super::flight::Flights;
use crate::batcher::Batcher;
use crate::poller::PollerContext;
use crate::work::WorkItem;
use std::sync::Arc;
use std::time::Duration;

/// The part of a mapping's gauge of waiting batches that is one poller's. It is taken back when the poller is dropped.
#[derive(Debug)]
pub(super) struct ShownWaiting {
    context: Arc<PollerContext>,
    count: usize,
}

impl ShownWaiting {
    pub(super) fn new(context: Arc<PollerContext>) -> Self {
        Self { context, count: 0 }
    }

    /// Shows another number of waiting batches.
    pub(super) fn show(&mut self, count: usize) {
        // Called in each turn of the poller, in which nothing waits nearly always.
        if count != self.count {
            let now = self.context.clock.elapsed();
            self.context.counters.waiting.replace(now, self.count, count);
            self.count = count;
        }
    }
}

impl Drop for ShownWaiting {
    fn drop(&mut self) {
        self.show(0);
    }
}

/// The batches that an item may have to wait for, besides its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead<'a> {
    pub(super) batcher: &'a Batcher,
    pub(super) flights: &'a Flights,
    pub(super) deliveries: &'a Deliveries,
}

/// The work items of a poller that wait for a time.
#[derive(Debug, Default)]
pub(super) struct Retries {
    waiting: Vec<Waiting>,
}

/// A waiting batch.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) item: WorkItem,
    pub(super) due: Duration,
}

impl Retries {
    /// Adds an item that is invoked at `due` at the earliest.
    pub(super) fn add(&mut self, item: WorkItem, due: Duration) {
        self.waiting.push(Waiting { item, due });
    }

    /// Takes an item that is due and may be invoked, the one that waits longest first.
    pub(super) fn take_due(&mut self, now: Duration, ahead: Ahead<'_>) -> Option<WorkItem> {
        let is_due = |waiting: &Waiting| waiting.due <= now && !self.is_behind(&waiting.item, ahead);
        let index = self.waiting.iter().position(is_due)?;
        // Not swap_remove: the order in which items failed decides between two that are due.
        Some(self.waiting.remove(index).item)
    }

    /// Returns the time at which the next item falls due. Items behind others are left out: the others' end wakes the poller.
    pub(super) fn next_due(&self, ahead: Ahead<'_>) -> Option<Duration> {
        let waiting = self.waiting.iter();
        waiting
            .filter(|waiting| !self.is_behind(&waiting.item, ahead))
            .map(|waiting| waiting.due)
            .min()
    }

    /// Returns the number of items that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes all items.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = WorkItem> {
        self.waiting.drain(..).map(|waiting| waiting.item)
    }

    /// Replaces each item by what `change` makes of its batch, or removes it.
    pub(super) fn change(&mut self, mut change: impl FnMut(WorkItem) -> Option<WorkItem>) {
        for Waiting { item, due } in std::mem::take(&mut self.waiting) {
            self.waiting
                .extend(change(item).map(|item| Waiting { item, due }));
        }
    }

    /// Returns whether earlier records of one of the item's partitions wait, are in flight or are being delivered to the on-failure
    /// destination: the other half of a split batch.
    fn is_behind(&self, item: &WorkItem, ahead: Ahead<'_>) -> bool {
        // Without a split, a batch is the only one of its partitions.
        ahead.batcher.shares_partitions(item.batch())
            && (ahead.flights.items().any(|other| item.follows(other.batch()))
                || ahead.deliveries.batches().any(|other| item.follows(other))
                || self.waiting.iter().any(|other| {
                    // Not the item itself, which may have several reads of a partition, one after the other.
                    !std::ptr::eq(&other.item, item) && item.follows(other.item.batch())
                }))
    }
}
