//! What a connection has to write: small parts copied one after another, large ones as slices of the log between them, and all of it
//! in few vectored writes.

use bytes::{BufMut, Bytes, BytesMut};
use std::io::{self, IoSlice};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Shared bytes below this are copied: an extra slice costs more than the copy.
const COPY_BYTES: usize = 1 << 10;
/// Slices of one write.
const SLICES: usize = 64;
/// The capacity that an idle connection may keep.
const IDLE_BUFFER_BYTES: usize = 512;

/// Answers that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    copied: Vec<u8>,
    /// Each goes before the byte of `copied` at that place.
    shared: Vec<(usize, Bytes)>,
    shared_bytes: usize,
    /// Of them, those that are nobody else's: bodies, which no log holds.
    body_bytes: usize,
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

    /// The memory that it holds beside the log's: what is copied, bodies, and the list of slices.
    pub(crate) fn held_bytes(&self) -> usize {
        self.copied.capacity() + self.body_bytes + self.shared.capacity() * size_of::<(usize, Bytes)>()
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

    /// Adds an encoded body.
    pub(crate) fn put_body(&mut self, body: BytesMut) {
        if body.len() >= COPY_BYTES {
            self.body_bytes += body.capacity();
        }
        self.put_shared(body);
    }

    /// Writes everything. An error leaves nothing to be written again: the connection is to be closed.
    pub(crate) async fn write_to(&mut self, io: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        if self.shared.is_empty() {
            io.write_all(&self.copied).await?;
        } else {
            self.write_vectored(io).await?;
        }
        self.shared.clear();
        self.shared_bytes = 0;
        self.body_bytes = 0;
        if self.copied.capacity() > IDLE_BUFFER_BYTES {
            self.copied = Vec::new();
            self.shared = Vec::new();
        } else {
            self.copied.clear();
        }
        io.flush().await
    }

    async fn write_vectored(&self, io: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut parts = self.parts();
        // Parts that were taken from the iterator and are not written yet, the first one perhaps in part.
        let mut window: [&[u8]; SLICES] = [&[]; SLICES];
        let mut filled = 0;
        loop {
            while filled < SLICES {
                let Some(part) = parts.next() else { break };
                window[filled] = part;
                filled += 1;
            }
            if filled == 0 {
                return Ok(());
            }
            let slices = window.map(IoSlice::new);
            let mut written = io.write_vectored(&slices[..filled]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let mut done = 0;
            while done < filled && window[done].len() <= written {
                written -= window[done].len();
                done += 1;
            }
            window.copy_within(done..filled, 0);
            filled -= done;
            if written > 0 {
                window[0] = &window[0][written..];
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.parts().flatten().copied().collect()
    }

    /// The parts in order, none of them empty.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.shared.iter().map(|(at, _)| *at));
        let ends = self.shared.iter().map(|(at, _)| *at).chain([self.copied.len()]);
        let after = self.shared.iter().map(|(_, bytes)| &bytes[..]).chain([&[][..]]);
        starts
            .zip(ends)
            .zip(after)
            .flat_map(|((start, end), shared)| [&self.copied[start..end], shared])
            .filter(|part| !part.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// Takes at most so many bytes per write, from as many slices as it likes.
    struct Narrow {
        width: usize,
        taken: Vec<u8>,
        most_slices: usize,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored(context, &[IoSlice::new(bytes)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _context: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.most_slices = self.most_slices.max(slices.len());
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            let count = bytes.len().min(self.width);
            self.taken.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn everything_is_written_in_order_however_little_a_write_takes(
            parts in prop::collection::vec((any::<bool>(), 0usize..3_000), 0..200),
            width in 50usize..20_000,
        ) {
            let mut outgoing = Outgoing::default();
            let mut expected = Vec::new();
            for (index, (is_shared, len)) in parts.into_iter().enumerate() {
                let bytes = vec![index as u8; len];
                expected.extend_from_slice(&bytes);
                if is_shared {
                    outgoing.put_shared(bytes);
                } else {
                    outgoing.copied().extend_from_slice(&bytes);
                }
            }
            prop_assert_eq!(outgoing.len(), expected.len());
            let mut io = Narrow { width, taken: Vec::new(), most_slices: 0 };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(outgoing.write_to(&mut io)).unwrap();
            prop_assert_eq!(io.taken, expected);
            prop_assert_eq!(outgoing.len(), 0);
            prop_assert!(io.most_slices <= SLICES);
        }
    }

    #[test]
    fn bodies_count_with_their_capacity_and_slices_of_the_log_do_not() {
        let mut outgoing = Outgoing::default();
        outgoing.copied().reserve_exact(300);
        assert_eq!(outgoing.held_bytes(), 300);
        outgoing.put_body(BytesMut::from(&[7; 200][..]));
        assert_eq!(outgoing.held_bytes(), 300, "a small body is copied");
        let mut body = BytesMut::with_capacity(5_000);
        body.put_bytes(7, 2_000);
        outgoing.put_body(body);
        outgoing.put_shared(vec![7; 9_000]);
        let list_bytes = outgoing.shared.capacity() * size_of::<(usize, Bytes)>();
        assert_eq!(outgoing.held_bytes(), 300 + 5_000 + list_bytes);
        let mut io = Narrow {
            width: 20_000,
            taken: Vec::new(),
            most_slices: 0,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(outgoing.write_to(&mut io)).unwrap();
        assert_eq!((io.taken.len(), outgoing.body_bytes), (11_200, 0));
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
