//! Free buffers, by size class. Knows no limit but its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The smallest class. The allocator itself recycles smaller buffers without new page faults.
const LEAST_CLASS_BYTES: usize = 4 << 10;
const LEAST_CLASS_SHIFT: u32 = LEAST_CLASS_BYTES.ilog2();
/// The number of classes from one power of two to the next. With eight, at most an eighth of a buffer is spare; more classes
/// would make it less likely that a free buffer fits.
const STEPS: usize = 8;
/// The number of powers of two from 4 KiB on. The largest class is 120 MiB, more than the default of `socket.request.max.bytes`.
const DOUBLINGS: usize = 15;

/// Free buffers, up to a limit of bytes. Each class has its own lock, so connections with frames of different sizes do not meet.
#[derive(Debug)]
pub(super) struct FreeBuffers {
    bound_bytes: usize,
    bytes: AtomicUsize,
    classes: [Mutex<FreeClass>; STEPS * DOUBLINGS],
}

/// The free buffers of one class. The last one that came is the first that goes, since its memory is in the cache.
#[derive(Debug)]
struct FreeClass {
    buffers: Vec<Vec<u8>>,
    /// The smallest number of buffers since the last trim: nobody has needed these.
    unused: usize,
}

impl FreeClass {
    fn pop(&mut self) -> Option<Vec<u8>> {
        let buffer = self.buffers.pop()?;
        self.unused = self.unused.min(self.buffers.len());
        Some(buffer)
    }
}

/// Returns the capacity of a buffer for `len` bytes: that of the class, or `len` itself if no class holds it.
pub(super) fn class_bytes(len: usize) -> usize {
    class_of(len).map_or(len, bytes_of)
}

/// Returns the smallest class that holds `len` bytes.
fn class_of(len: usize) -> Option<usize> {
    if len < LEAST_CLASS_BYTES {
        return None;
    }
    let doubling = (len.ilog2() - LEAST_CLASS_SHIFT) as usize;
    let step_bytes = (LEAST_CLASS_BYTES << doubling) / STEPS;
    let class = doubling * STEPS + (len - (LEAST_CLASS_BYTES << doubling)).div_ceil(step_bytes);
    (class < STEPS * DOUBLINGS).then_some(class)
}

fn bytes_of(class: usize) -> usize {
    let doubled = LEAST_CLASS_BYTES << (class / STEPS);
    doubled + (class % STEPS) * (doubled / STEPS)
}

impl FreeBuffers {
    pub(super) fn new(bound_bytes: usize) -> Self {
        Self {
            bound_bytes,
            bytes: AtomicUsize::new(0),
            classes: [const {
                Mutex::new(FreeClass {
                    buffers: Vec::new(),
                    unused: 0,
                })
            }; STEPS * DOUBLINGS],
        }
    }

    /// Takes a free, empty buffer of the class that holds `len`.
    pub(super) fn pop(&self, len: usize) -> Option<Vec<u8>> {
        let buffer = self.lock(class_of(len)?).pop()?;
        self.bytes.fetch_sub(buffer.capacity(), Ordering::Relaxed);
        Some(buffer)
    }

    /// Keeps `buffer` for later, unless it has grown out of its class or the limit is reached.
    pub(super) fn push(&self, mut buffer: Vec<u8>) {
        let capacity = buffer.capacity();
        // A charge counts the size of the class, so a buffer that has grown holds more than its next charge
        // would say.
        let Some(class) = class_of(capacity).filter(|class| bytes_of(*class) == capacity) else {
            return;
        };
        // It adds before it checks, so that buffers that come back at the same time cannot exceed the limit
        // together. It also adds before the buffer is in the list, and `pop` subtracts after it has left: the
        // sum is never negative.
        if self.bytes.fetch_add(capacity, Ordering::Relaxed) + capacity > self.bound_bytes {
            self.bytes.fetch_sub(capacity, Ordering::Relaxed);
            return;
        }
        buffer.clear();
        self.lock(class).buffers.push(buffer);
    }

    /// Returns the number of free buffers of the class that holds `len`.
    pub(super) fn count(&self, len: usize) -> usize {
        class_of(len).map_or(0, |class| self.lock(class).buffers.len())
    }

    /// Returns whether the limit leaves room for a buffer of `bytes`.
    pub(super) fn would_keep(&self, bytes: usize) -> bool {
        self.bytes() + bytes <= self.bound_bytes
    }

    /// Returns the size of all free buffers together.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Gives buffers back to the allocator, the largest first, until at most `bytes` remain.
    pub(super) fn shrink_to(&self, bytes: usize) {
        // Every charge calls this function, and mostly there is nothing to give back: then no lock is taken.
        if self.bytes.load(Ordering::Relaxed) <= bytes {
            return;
        }
        for class in (0..self.classes.len()).rev() {
            while self.bytes.load(Ordering::Relaxed) > bytes {
                // The lock is released at the end of this statement, so the buffer is freed without it.
                let Some(buffer) = self.lock(class).pop() else {
                    break;
                };
                self.bytes.fetch_sub(buffer.capacity(), Ordering::Relaxed);
            }
        }
    }

    /// Gives buffers back to the allocator that nobody has needed since the last call, the largest first, until at most `bytes` remain.
    /// Returns the size of those given back.
    pub(super) fn trim_unused(&self, bytes: usize) -> usize {
        let mut trimmed_bytes = 0;
        for class in (0..self.classes.len()).rev() {
            while self.bytes() > bytes {
                let Some(buffer) = self.pop_unused(class) else {
                    break;
                };
                self.bytes.fetch_sub(buffer.capacity(), Ordering::Relaxed);
                trimmed_bytes += buffer.capacity();
            }
            let mut class = self.lock(class);
            class.unused = class.buffers.len();
        }
        trimmed_bytes
    }

    /// Takes the buffer that has been free for the longest time, if nobody has needed it since the last trim.
    fn pop_unused(&self, class: usize) -> Option<Vec<u8>> {
        let mut class = self.lock(class);
        let last_unused = class.unused.checked_sub(1)?;
        class.unused = last_unused;
        // Buffers come and go at the end, so those at the front are the ones that stayed. The order of the others does not matter.
        Some(class.buffers.swap_remove(last_unused))
    }

    // A panic between two list operations leaves the list whole.
    fn lock(&self, class: usize) -> std::sync::MutexGuard<'_, FreeClass> {
        self.classes[class].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_what_was_asked_for_and_wastes_an_eighth_at_most() {
        let mut lens: Vec<usize> = (12..27)
            .flat_map(|shift| [(1 << shift) - 1, 1 << shift, (1 << shift) + 1])
            .collect();
        lens.extend([1_000_067, 104_857_600, 6_000]);
        for len in lens {
            let bytes = class_bytes(len);
            assert!(bytes >= len && bytes - len <= len / 8, "{len} gets {bytes}");
        }
        assert_eq!(class_bytes(4096), 4096);
        assert_eq!(class_bytes(4097), 4608);
        assert_eq!(class_bytes(100), 100);
        assert_eq!(class_bytes(1 << 30), 1 << 30);
    }

    #[test]
    fn a_buffer_comes_back_only_to_its_own_class_and_within_the_bound() {
        let free = FreeBuffers::new(10_000);
        free.push(Vec::with_capacity(8192));
        free.push(Vec::with_capacity(4096));
        assert_eq!(free.pop(5000), None);
        assert_eq!(free.pop(4096), None, "the bound leaves no room for a second one");
        assert_eq!(free.pop(8192).map(|buffer| buffer.capacity()), Some(8192));
        assert_eq!(free.pop(8192), None);
    }

    #[test]
    fn buffers_that_nobody_needed_since_the_last_trim_are_given_back() {
        let free = FreeBuffers::new(100_000);
        for _ in 0..4 {
            free.push(Vec::with_capacity(8192));
        }
        assert_eq!(free.trim_unused(0), 0, "they came after the last trim");
        let (one, other) = (free.pop(8192), free.pop(8192));
        for buffer in [one, other] {
            free.push(buffer.expect("it was free"));
        }
        assert_eq!(free.trim_unused(0), 2 * 8192, "two of the four were needed");
        assert_eq!(free.count(8192), 2);
        assert_eq!(free.trim_unused(10_000), 8192, "one fits what may stay");
        assert_eq!((free.trim_unused(0), free.bytes()), (8192, 0));
    }

    #[test]
    fn shrinking_gives_back_the_largest_first() {
        let free = FreeBuffers::new(100_000);
        free.push(Vec::with_capacity(8192));
        free.push(Vec::with_capacity(4096));
        free.shrink_to(5000);
        assert_eq!(free.pop(8192), None);
        assert!(free.pop(4096).is_some());
    }
}
