//! The reserved concurrency of a function: the number of invocations that may run at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Stands for no limit.
const UNLIMITED: u32 = u32::MAX;

/// The concurrency of one function. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Concurrency(Arc<State>);

#[derive(Debug)]
struct State {
    reserved: AtomicU32,
    in_flight: AtomicU32,
}

/// One unit of a function's concurrency, taken until dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<State>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Concurrency {
    /// Returns a concurrency with nothing in flight. `None` is no limit, and 0 throttles every invocation.
    pub(super) fn new(reserved: Option<u32>) -> Self {
        Self(Arc::new(State {
            reserved: AtomicU32::new(reserved.unwrap_or(UNLIMITED)),
            in_flight: AtomicU32::new(0),
        }))
    }

    /// Returns the limit, if there is one.
    pub(super) fn reserved(&self) -> Option<u32> {
        // Each number is read alone, so it needs no order with other memory. The same holds below.
        Some(self.0.reserved.load(Ordering::Relaxed)).filter(|reserved| *reserved != UNLIMITED)
    }

    /// Sets another limit. Invocations that are in flight go on, even if they are more than it allows.
    pub(super) fn reserve(&self, reserved: Option<u32>) {
        self.0
            .reserved
            .store(reserved.unwrap_or(UNLIMITED), Ordering::Relaxed);
    }

    /// Takes a slot, if one is left.
    pub(super) fn take_slot(&self) -> Option<Slot> {
        let reserved = self.0.reserved.load(Ordering::Relaxed);
        let one_more = |others: u32| (others < reserved).then(|| others + 1);
        self.0
            .in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()?;
        Some(Slot(Arc::clone(&self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_as_many_as_reserved_and_come_back_when_dropped() {
        let concurrency = Concurrency::new(Some(2));
        let slots = [concurrency.take_slot(), concurrency.take_slot()];
        assert!(slots.iter().all(Option::is_some));
        assert!(concurrency.clone().take_slot().is_none());
        drop(slots);
        assert!(concurrency.take_slot().is_some());
    }

    #[test]
    fn a_lower_limit_counts_what_is_in_flight() {
        let concurrency = Concurrency::new(None);
        assert_eq!(concurrency.reserved(), None);
        let slots = [concurrency.take_slot(), concurrency.take_slot()];
        concurrency.reserve(Some(1));
        assert_eq!(concurrency.reserved(), Some(1));
        let [first, second] = slots;
        drop(first);
        assert!(concurrency.take_slot().is_none());
        drop(second);
        assert!(concurrency.take_slot().is_some());
        concurrency.reserve(Some(0));
        assert!(concurrency.take_slot().is_none());
    }
}
