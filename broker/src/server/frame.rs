//! Frames off a connection: a length of four bytes, then that many bytes.
//!
//! Owns: the length's limit, and where the bytes of a frame land. Refuses to know what is in a frame.
//!
//! A small frame is copied out of a small buffer that is given back as soon as it is empty, so that an idle connection
//! holds almost nothing and a small request never keeps a large buffer alive. A large frame is read straight into a
//! buffer of the pool of just its size, which is reserved before its bytes are read.

use crate::pool::{FrameTicket, FrameTooLarge, Pool, PooledBuf};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Frames above this come from the pool; up to it they are copied.
const SMALL_FRAME_BYTES: usize = 4 << 10;
/// What one read may bring beyond the frame that is being waited for.
const READ_BYTES: usize = 16 << 10;
/// How much is read while a request of this connection is still in work.
const READ_AHEAD_BYTES: usize = 64 << 10;
/// The small buffer's capacity that an idle connection may keep.
const IDLE_BUFFER_BYTES: usize = 512;

/// Reads frames, one after another.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    io: R,
    pool: Pool,
    max_frame_bytes: usize,
    /// What was read and belongs to no frame yet.
    buffer: BytesMut,
    large: Option<Large>,
    is_at_end: bool,
}

/// A frame without its length.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// A large frame's share of the memory of frames in flight: to be kept until it is answered.
    pub(crate) ticket: Option<FrameTicket>,
}

/// A large frame that is being read.
#[derive(Debug)]
struct Large {
    bytes: PooledBuf,
    len: usize,
    ticket: FrameTicket,
}

/// Why no further frame can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {bytes} bytes; socket.request.max.bytes is {limit_bytes}")]
    TooLarge { bytes: i32, limit_bytes: usize },
    #[error("a frame of negative length {bytes}")]
    Negative { bytes: i32 },
    #[error(transparent)]
    TooLargeForMemory(#[from] FrameTooLarge),
    #[error("the connection ended within a frame")]
    Truncated,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// A reader at the start of a connection.
    pub(crate) fn new(io: R, pool: Pool, max_frame_bytes: usize) -> Self {
        Self {
            io,
            pool,
            max_frame_bytes,
            buffer: BytesMut::new(),
            large: None,
            is_at_end: false,
        }
    }

    /// What the frames come from, to answer on.
    pub(crate) fn io(&mut self) -> &mut R {
        &mut self.io
    }

    /// The next frame; `None` at the connection's end. Loses nothing when it is dropped before it completes.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            if let Some(large) = self.large.take_if(|large| large.bytes.len() == large.len) {
                return Ok(Some(Frame {
                    bytes: large.bytes.freeze(),
                    ticket: Some(large.ticket),
                }));
            }
            if self.large.is_none() {
                if let Some(frame) = self.take_buffered()? {
                    return Ok(Some(frame));
                }
                self.begin_large().await?;
            }
            if self.fill().await? == 0 {
                let is_whole = self.buffer.is_empty() && self.large.is_none();
                return if is_whole {
                    Ok(None)
                } else {
                    Err(FrameError::Truncated)
                };
            }
        }
    }

    /// Whether [`Self::next`] would complete without reading.
    pub(crate) fn has_next(&self) -> bool {
        let whole = |len: i32| usize::try_from(len).is_ok_and(|len| self.buffer.len() >= 4 + len);
        self.large.is_none() && self.buffered_length().is_some_and(whole)
    }

    /// Completes when the client has hung up. Meanwhile reads ahead, up to a bound; beyond it a hang-up goes unnoticed until the
    /// next read. Loses nothing when it is dropped before it completes.
    pub(crate) async fn hang_up(&mut self) {
        while !self.is_at_end {
            if self.large.is_some() || self.buffer.len() >= READ_AHEAD_BYTES {
                return std::future::pending().await;
            }
            if self.fill().await.is_err() {
                self.is_at_end = true;
            }
        }
    }

    fn buffered_length(&self) -> Option<i32> {
        Some(i32::from_be_bytes(self.buffer.get(..4)?.try_into().ok()?))
    }

    fn take_buffered(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some(bytes) = self.buffered_length() else {
            return Ok(None);
        };
        let len = usize::try_from(bytes).map_err(|_| FrameError::Negative { bytes })?;
        if len > self.max_frame_bytes {
            let limit_bytes = self.max_frame_bytes;
            return Err(FrameError::TooLarge { bytes, limit_bytes });
        }
        if len > SMALL_FRAME_BYTES || self.buffer.len() < 4 + len {
            return Ok(None);
        }
        let bytes = Bytes::copy_from_slice(&self.buffer[4..4 + len]);
        self.buffer.advance(4 + len);
        Ok(Some(Frame { bytes, ticket: None }))
    }

    /// Moves the start of a large frame into a buffer of its own, once there is memory for all of it.
    async fn begin_large(&mut self) -> Result<(), FrameError> {
        let Some(len) = self.buffered_length().and_then(|len| usize::try_from(len).ok()) else {
            return Ok(());
        };
        if len <= SMALL_FRAME_BYTES {
            return Ok(());
        }
        let (ticket, mut bytes) = self.pool.reserve_frame(len).await?;
        self.buffer.advance(4);
        let there = self.buffer.len().min(len);
        bytes.extend_from_slice(&self.buffer[..there]);
        self.buffer.advance(there);
        self.large = Some(Large { bytes, len, ticket });
        Ok(())
    }

    /// Reads once; 0 at the end.
    async fn fill(&mut self) -> io::Result<usize> {
        if self.is_at_end {
            return Ok(0);
        }
        let count = poll_fn(|context| self.poll_fill(context)).await?;
        self.is_at_end = count == 0;
        Ok(count)
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(large) = &mut self.large {
            let missing = large.len - large.bytes.len();
            if missing == 0 {
                return Poll::Ready(Ok(large.len));
            }
            let mut rest = (&mut *large.bytes).limit(missing);
            return pin!(self.io.read_buf(&mut rest)).poll(context);
        }
        // On the stack, so that nothing is held while there is nothing to read.
        let mut stack = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
        let mut read = ReadBuf::uninit(&mut stack);
        if self.buffer.is_empty() && self.buffer.capacity() > IDLE_BUFFER_BYTES {
            self.buffer = BytesMut::new();
        }
        ready!(Pin::new(&mut self.io).poll_read(context, &mut read))?;
        self.buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }
}
