//! A small stock of new buffers whose pages have been touched before a frame is read into them.
//!
//! A connection that fills memory for the first time waits for one page fault after another, while other cores may be idle. So when
//! a large buffer has to be allocated, a task beside the connection allocates the next ones of that size and touches their pages,
//! in turns that are short enough for other tasks on the same core.

use super::Pool;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;
use tokio::task::yield_now;

/// The smallest buffers that are stocked. For smaller ones waking another task costs as much as it saves.
// Stocking from 64 KiB on was measured too, and gained nothing more.
const LEAST_STOCKED_BYTES: usize = 256 << 10;

/// The maximum number of buffers in stock, and of bytes in stock. They are enough for the frames that a fast producer sends while
/// the task is scheduled once more; a larger stock would hold memory that may never be used.
const STOCK_BUFFERS: usize = 4;
const STOCK_BYTES: usize = 8 << 20;

/// The smallest page size: touching one byte of each page is enough to have it mapped.
const PAGE_BYTES: usize = 4 << 10;

/// The number of bytes touched in one turn: 32 page faults.
// A page fault took 2.7 us when it was measured, so a turn takes less than 0.1 ms.
const TURN_BYTES: usize = 128 << 10;

/// The demand for the stock.
#[derive(Debug, Default)]
pub(super) struct Stock {
    /// The size that was taken last and of which no free buffer was left.
    bytes: AtomicUsize,
    wanted: Notify,
}

impl Pool {
    /// Asks for more buffers of `bytes` if the one that was just taken was the last of its class.
    pub(super) fn want_more(&self, bytes: usize) {
        // The count takes a lock, so the size is compared first: a small buffer never comes to the lock.
        if bytes >= LEAST_STOCKED_BYTES && self.shared.free.count(bytes) == 0 {
            // The size is stored before the notification, so that the task reads this size or a later one.
            self.shared.stock.bytes.store(bytes, Ordering::Relaxed);
            // `notify_one` is remembered if the task is busy, so a demand that comes meanwhile is not lost.
            self.shared.stock.wanted.notify_one();
        }
    }

    /// Keeps the stock filled for ever, within the limit. Cancel safe.
    pub(crate) async fn keep_stock(&self) {
        loop {
            self.shared.stock.wanted.notified().await;
            let bytes = self.shared.stock.bytes.load(Ordering::Relaxed);
            // A size was stored before the first notification, so it is not 0. More than 8 MiB gives a count
            // of 0.
            let count = STOCK_BUFFERS.min(STOCK_BYTES / bytes);
            // The connection that asked runs on this core now. Another core can take this task over meanwhile.
            yield_now().await;
            // Connections take and return buffers while one is being touched, so each round checks again.
            while self.shared.free.count(bytes) < count && self.has_room_for_stock(bytes) {
                let buffer = touched(bytes).await;
                self.shared.free.push(buffer);
            }
        }
    }

    fn has_room_for_stock(&self, bytes: usize) -> bool {
        // Free buffers are not charged, so they are not part of `used_bytes` and are added to it.
        let free_bytes = self.shared.free.bytes() + bytes;
        self.shared.free.would_keep(bytes) && self.used_bytes() + free_bytes <= self.shared.limit_bytes
    }
}

/// Returns an empty buffer of exactly that capacity whose pages are mapped.
async fn touched(bytes: usize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(bytes);
    for turn in 0..bytes.div_ceil(TURN_BYTES) {
        let end = bytes.min((turn + 1) * TURN_BYTES);
        let part = &mut buffer.spare_capacity_mut()[turn * TURN_BYTES..end];
        for byte in part.iter_mut().step_by(PAGE_BYTES) {
            // Only a write gets the buffer a page: a read would map the page of zeros that the kernel shares.
            byte.write(0);
        }
        yield_now().await;
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    async fn stocked(limit_bytes: usize, len: usize, count: usize) -> Pool {
        let pool = Pool::new(limit_bytes);
        let stocking = tokio::spawn({
            let pool = pool.clone();
            async move { pool.keep_stock().await }
        });
        let taken = pool.take(len).expect("there is room");
        // More turns than it takes; what it does not stock in them it does not stock.
        for _ in 0..1_000 {
            yield_now().await;
        }
        stocking.abort();
        assert!(stocking.await.is_err());
        assert_eq!(pool.shared.free.count(len), count);
        assert_eq!(pool.used_bytes(), taken.capacity(), "what waits is not in use");
        pool
    }

    #[tokio::test]
    async fn the_next_large_buffers_are_there_before_they_are_wanted() {
        let pool = stocked(64 * MIB, MIB, 4).await;
        // The buffer that was taken has come back.
        assert_eq!(pool.shared.free.bytes(), 5 * MIB);
        let next = pool.take(MIB).expect("there is room");
        assert_eq!((next.len(), next.capacity()), (0, MIB));
    }

    #[tokio::test]
    async fn the_stock_is_bounded_by_its_bytes_and_by_the_limit() {
        stocked(64 * MIB, 4 * MIB, 2).await;
        stocked(64 * MIB, 10 * MIB, 0).await;
        // Free buffers may be a quarter of the limit.
        stocked(8 * MIB, MIB, 2).await;
    }

    #[tokio::test]
    async fn small_buffers_are_not_stocked() {
        stocked(64 * MIB, LEAST_STOCKED_BYTES / 2, 0).await;
    }
}
