//! The bytes that a connection has to write: small parts copied one after another, and large ones as slices of the log between them,
//! so that all of it goes out in few vectored writes.

use bytes::{BufMut, Bytes};
use std::io::IoSlice;

/// Shared bytes below this are copied: an extra slice costs more than the copy.
const COPY_BYTES: usize = 1 << 10;
/// The number of slices that one write takes at most.
pub(crate) const SLICES: usize = 256;
/// The capacity that an idle connection may keep.
const IDLE_BUFFER_BYTES: usize = 512;

/// Answers that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    copied: Vec<u8>,
    /// Each goes before the byte of `copied` at that place.
    shared: Vec<(usize, Bytes)>,
    shared_bytes: usize,
    /// What has been written while the rest waits.
    written: Position,
}

/// A place among the parts: the index of one, and how many of its bytes are before it.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    part: usize,
    bytes: usize,
}

/// Where a frame began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameStart {
    at: usize,
    bytes_before: usize,
}

impl Outgoing {
    /// How much is waiting, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.copied.len() + self.shared_bytes
    }

    /// The memory that it holds beside the log's: the copied bytes, and the list of slices.
    pub(crate) fn held_bytes(&self) -> usize {
        self.copied.capacity() + self.shared.capacity() * size_of::<(usize, Bytes)>()
    }

    /// Begins a response: room for its length, and its header.
    pub(crate) fn begin_frame(&mut self, correlation_id: i32, header_version: i16) -> FrameStart {
        let start = FrameStart {
            at: self.copied.len(),
            bytes_before: self.len(),
        };
        self.copied.put_i32(0);
        self.copied.put_i32(correlation_id);
        if header_version >= 1 {
            self.copied.put_u8(0); // no tagged fields
        }
        start
    }

    /// Ends the response: its length is known now.
    pub(crate) fn end_frame(&mut self, start: FrameStart) {
        let bytes = self.len() - start.bytes_before - 4;
        let length = i32::try_from(bytes).expect("an answer is bounded by what one request may ask for");
        self.copied[start.at..start.at + 4].copy_from_slice(&length.to_be_bytes());
    }

    /// Where small parts go.
    pub(crate) fn copied(&mut self) -> &mut Vec<u8> {
        &mut self.copied
    }

    /// Adds bytes without copying them, if they are worth a slice.
    pub(crate) fn put_shared(&mut self, bytes: impl AsRef<[u8]> + Into<Bytes>) {
        let len = bytes.as_ref().len();
        if len < COPY_BYTES {
            self.copied.extend_from_slice(bytes.as_ref());
        } else {
            self.shared_bytes += len;
            self.shared.push((self.copied.len(), bytes.into()));
        }
    }

    /// The bytes that are not written yet, if they are in one piece.
    pub(crate) fn one_piece(&self) -> Option<&[u8]> {
        self.shared.is_empty().then(|| &self.copied[self.written.bytes..])
    }

    /// Puts the bytes that are not written yet into `slices`, as far as they go, and returns the number of slices used.
    pub(crate) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES]) -> usize {
        let mut count = 0;
        let mut skipped = self.written.bytes;
        for index in self.written.part..self.part_count() {
            let part = &self.part(index)[skipped..];
            skipped = 0;
            if part.is_empty() {
                continue;
            }
            slices[count] = IoSlice::new(part);
            count += 1;
            if count == SLICES {
                break;
            }
        }
        count
    }

    /// Counts `bytes` more as written. After the last one nothing is kept but a small buffer.
    pub(crate) fn advance(&mut self, mut bytes: usize) {
        while self.written.part < self.part_count() {
            let left = self.part(self.written.part).len() - self.written.bytes;
            if bytes < left {
                self.written.bytes += bytes;
                return;
            }
            bytes -= left;
            self.written = Position {
                part: self.written.part + 1,
                bytes: 0,
            };
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.written = Position::default();
        self.shared.clear();
        self.shared_bytes = 0;
        if self.copied.capacity() > IDLE_BUFFER_BYTES {
            self.copied = Vec::new();
            self.shared = Vec::new();
        } else {
            self.copied.clear();
        }
    }

    /// What is copied before the first shared bytes, those, what is copied after them, and so on. Copied parts may be empty.
    fn part(&self, index: usize) -> &[u8] {
        let place = index / 2;
        if index % 2 == 1 {
            return &self.shared[place].1;
        }
        let start = place.checked_sub(1).map_or(0, |before| self.shared[before].0);
        let end = self.shared.get(place).map_or(self.copied.len(), |(at, _)| *at);
        &self.copied[start..end]
    }

    fn part_count(&self) -> usize {
        2 * self.shared.len() + 1
    }

    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        (0..self.part_count())
            .flat_map(|index| self.part(index).to_vec())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_bytes_count_with_their_capacity_and_slices_of_the_log_do_not() {
        let mut outgoing = Outgoing::default();
        outgoing.copied().reserve_exact(5_000);
        outgoing.copied().put_bytes(7, 2_000);
        assert_eq!(outgoing.held_bytes(), 5_000);
        outgoing.put_shared(vec![7; 200]);
        assert_eq!(outgoing.held_bytes(), 5_000, "few bytes are copied");
        outgoing.put_shared(vec![7; 9_000]);
        let list_bytes = outgoing.shared.capacity() * size_of::<(usize, Bytes)>();
        assert_eq!(outgoing.held_bytes(), 5_000 + list_bytes);
        assert_eq!(outgoing.len(), 11_200);
        outgoing.advance(11_200);
        assert_eq!((outgoing.len(), outgoing.held_bytes()), (0, 0));
    }

    #[test]
    fn frames_that_are_written_together_have_lengths_of_their_own() {
        let mut outgoing = Outgoing::default();
        for (correlation_id, header_version) in [(1, 0), (2, 1)] {
            let start = outgoing.begin_frame(correlation_id, header_version);
            outgoing.put_shared(vec![7; COPY_BYTES]);
            outgoing.copied().push(9);
            outgoing.end_frame(start);
        }
        let bytes = outgoing.to_vec();
        let length = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(length(0), 4 + COPY_BYTES + 1);
        assert_eq!(length(4 + length(0)), 5 + COPY_BYTES + 1);
        assert_eq!(bytes.len(), 8 + length(0) + 5 + COPY_BYTES + 1);
    }
}
