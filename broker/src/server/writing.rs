//! Writes pending answers to a connection.

use crate::wire::{Outgoing, SLICES};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// Writes all pending bytes. `outgoing` keeps the rest, so the caller may poll again later. After an error the connection
/// must be closed, because a frame may be half written.
pub(super) fn poll_write(
    outgoing: &mut Outgoing,
    mut io: Pin<&mut impl AsyncWrite>,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while outgoing.len() > 0 {
        let written = ready!(poll_write_some(outgoing, io.as_mut(), context))?;
        if written == 0 {
            // A stream that takes no bytes without being pending would be polled for ever.
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        outgoing.advance(written);
    }
    // TCP keeps nothing back, but the stream may be another one, such as a test's.
    io.poll_flush(context)
}

fn poll_write_some(
    outgoing: &Outgoing,
    io: Pin<&mut impl AsyncWrite>,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    // Most answers have no records and are in one piece, which saves filling 4 KiB of slices on the stack.
    if let Some(bytes) = outgoing.one_piece() {
        return io.poll_write(context, bytes);
    }
    let mut slices = [IoSlice::new(&[]); SLICES];
    let count = outgoing.fill(&mut slices);
    io.poll_write_vectored(context, &slices[..count])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::task::Waker;

    /// A stream that takes a bounded number of bytes per write and is pending at every other poll, the flush included.
    struct Narrow {
        width: usize,
        taken: Vec<u8>,
        most_slices: usize,
        is_ready: bool,
    }

    impl Narrow {
        fn new(width: usize) -> Self {
            Self {
                width,
                taken: Vec::new(),
                most_slices: 0,
                is_ready: false,
            }
        }
    }

    fn write(outgoing: &mut Outgoing, io: &mut Narrow) {
        let mut context = Context::from_waker(Waker::noop());
        while poll_write(outgoing, Pin::new(io), &mut context).is_pending() {}
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
            self.is_ready = !self.is_ready;
            if self.is_ready {
                return Poll::Pending;
            }
            self.most_slices = self.most_slices.max(slices.len());
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            let count = bytes.len().min(self.width);
            self.taken.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_ready = !self.is_ready;
            if self.is_ready {
                return Poll::Pending;
            }
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
            let mut io = Narrow::new(width);
            write(&mut outgoing, &mut io);
            prop_assert_eq!(io.taken, expected);
            prop_assert_eq!(outgoing.len(), 0);
            prop_assert!(io.most_slices <= SLICES);
        }
    }
}
