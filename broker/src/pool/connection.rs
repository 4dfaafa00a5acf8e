//! The memory of connections outside the pool's buffers: their own state, frames too small for a buffer, decoded requests, and
//! answers that are not records.
//!
//! An open connection is charged a fixed number of bytes that covers an ordinary request and its answer, so that these cost no
//! atomic operations. Only bytes beyond it are counted as they come and go.

use super::{Charge, FRAME_UNIT_BYTES, Pool};
use std::sync::atomic::Ordering;

/// The charge of an open connection: 3 KB of state when it is idle, a small frame, a small request and a small answer.
pub(crate) const CONNECTION_BYTES: usize = 8 << 10;

/// The part of [`CONNECTION_BYTES`] for all small frames, for all answers, and for the elements of a request, each.
const COVERED_BYTES: usize = 1 << 10;

/// The memory for an element of a request's arrays while the request is decoded, worked on and answered.
pub(crate) const ELEMENT_BYTES: usize = 256;

impl Pool {
    /// Counts a request with `elements` array elements, if [`CONNECTION_BYTES`] does not cover them. Never refused: the request has
    /// been read already. Hold the charge until it is answered.
    pub(crate) fn charge_elements(&self, elements: usize) -> Option<Charge> {
        match uncovered(elements * ELEMENT_BYTES) {
            0 => None,
            bytes => Some(self.charge_beyond_limit(bytes)),
        }
    }
}

/// Returns the number of `bytes` to count beside the connection's fixed charge: all of them, if it does not cover them.
fn uncovered(bytes: usize) -> usize {
    if bytes > COVERED_BYTES { bytes } else { 0 }
}

/// The charge of one connection and of the answers that it has not written.
#[derive(Debug)]
pub(crate) struct ConnectionCharge(Charge);

impl ConnectionCharge {
    /// Charges a connection without answers.
    pub(crate) fn new(pool: &Pool) -> Self {
        Self(pool.charge_beyond_limit(CONNECTION_BYTES))
    }

    /// Counts `bytes` of answers in place of those before. Never refused: clients that read their answers make room.
    pub(crate) fn hold_answers(&mut self, bytes: usize) {
        self.0.resize(CONNECTION_BYTES + uncovered(bytes));
    }
}

/// The small frames of one connection: they count as frames in flight and take room in the frames' share, without waiting for it.
/// When there is none, [`SmallFrames::has_room`] says so before more of them are read.
#[derive(Debug)]
pub(crate) struct SmallFrames {
    pool: Pool,
    bytes: usize,
    permits: usize,
}

impl SmallFrames {
    /// Returns an empty count.
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            bytes: 0,
            permits: 0,
        }
    }

    /// Returns whether the frames in flight leave room for `bytes` more.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.pool.shared.frame_permits.available_permits() * FRAME_UNIT_BYTES >= bytes
    }

    /// Counts `bytes` of frames in place of those before.
    pub(crate) fn hold(&mut self, bytes: usize) {
        let bytes = uncovered(bytes);
        // The fixed charge covers most requests before and after, so they end here without an atomic
        // operation.
        if bytes == self.bytes {
            return;
        }
        self.count(bytes);
        self.take_permits(bytes.div_ceil(FRAME_UNIT_BYTES));
    }

    /// Gives back the room in the frames' share but goes on counting the bytes. A connection calls it before it waits for the share
    /// of a large frame: several that each held a part and waited for more would wait for ever.
    pub(crate) fn make_room(&mut self) {
        self.take_permits(0);
    }

    fn count(&mut self, bytes: usize) {
        let shared = &self.pool.shared;
        // The order keeps `frame_bytes` a part of `used_bytes` at each step: `Pool::charge` subtracts the one
        // from the other.
        if bytes > self.bytes {
            shared.used_bytes.fetch_add(bytes - self.bytes, Ordering::Relaxed);
            shared
                .frame_bytes
                .fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            shared
                .frame_bytes
                .fetch_sub(self.bytes - bytes, Ordering::Relaxed);
            shared.used_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    fn take_permits(&mut self, permits: usize) {
        let semaphore = &self.pool.shared.frame_permits;
        if permits < self.permits {
            semaphore.add_permits(self.permits - permits);
        } else {
            let more = u32::try_from(permits - self.permits).unwrap_or(u32::MAX);
            // Small frames do not wait, because the connection has to go on. Without room it reads 4 KB at a
            // time and nothing ahead, so they stay few.
            let Ok(taken) = semaphore.try_acquire_many(more) else {
                return;
            };
            taken.forget();
        }
        self.permits = permits;
    }
}

impl Drop for SmallFrames {
    fn drop(&mut self) {
        self.hold(0);
        self.make_room();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_charged_while_it_is_open_and_for_answers_that_are_not_small() {
        let pool = Pool::new(1 << 20);
        let mut charge = ConnectionCharge::new(&pool);
        assert_eq!(pool.used_bytes(), 8_192);
        for (answers_bytes, used_bytes) in [(1_024, 8_192), (1_025, 9_217), (50_000, 58_192), (0, 8_192)] {
            charge.hold_answers(answers_bytes);
            assert_eq!(pool.used_bytes(), used_bytes, "{answers_bytes}");
        }
        charge.hold_answers(5_000);
        drop(charge);
        assert_eq!(pool.used_bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn small_frames_take_of_the_frames_share_and_give_it_back() {
        // A share of 64 KiB.
        let pool = Pool::new(256 << 10);
        let mut small = SmallFrames::new(pool.clone());
        small.hold(1_024);
        assert_eq!((pool.used_bytes(), small.permits), (0, 0), "covered");
        small.hold(20_000);
        assert_eq!((pool.used_bytes(), small.permits), (20_000, 20));
        assert!(small.has_room(44 << 10) && !small.has_room((44 << 10) + 1));
        assert_eq!(
            pool.charge(192 << 10).map(|charge| charge.bytes()),
            Ok(192 << 10),
            "frames take nothing from what may be kept"
        );
        let too_large = pool.try_reserve_frame(45 << 10).expect("it could fit");
        assert!(too_large.is_none());
        small.hold(19_000);
        let large = pool.try_reserve_frame(45 << 10).expect("it could fit");
        assert!(large.is_none(), "the class of 45 KiB is 48");
        small.make_room();
        let large = pool.try_reserve_frame(64 << 10).expect("it could fit");
        assert!(large.is_some());
        assert_eq!(pool.used_bytes(), 19_000 + (64 << 10));
        // There is no room any more: it is counted all the same, and has to be read sparingly.
        small.hold(30_000);
        assert_eq!((pool.used_bytes(), small.permits), (30_000 + (64 << 10), 0));
        assert!(!small.has_room(1));
        drop(large);
        drop(small);
        assert_eq!(pool.used_bytes(), 0);
        assert_eq!(pool.shared.frame_bytes.load(Ordering::Relaxed), 0);
        assert_eq!(pool.shared.frame_permits.available_permits(), 64);
    }
}
