//! A frame: a length of four bytes, then that many bytes.

/// The bytes of the length before each frame.
pub(crate) const LENGTH_BYTES: usize = 4;

/// Returns the length that `bytes` begin with, if all of it is there. Nothing has checked it: it may be negative.
pub(crate) fn frame_length(bytes: &[u8]) -> Option<i32> {
    bytes.first_chunk().copied().map(i32::from_be_bytes)
}
