//! Reads frames from a connection: a length of four bytes, then that many bytes.
//!
//! Owns: the length's limit, and where the bytes of a frame land. Refuses to know what is in a frame.
//!
//! One read fetches many frames onto the stack, and each frame is copied to its own memory. A small frame gets an allocation of its size,
//! so that a slice kept from a small request never keeps a large buffer alive. A larger frame gets a buffer that is reserved from the
//! pool first; the rest of a very large frame is read straight into that buffer. Between requests a connection holds no buffer.
//!
//! Small frames are charged too, from the read that brought them until the last of them has been answered. When frames in flight have
//! used up their share of the memory, a connection reads little at a time and never ahead.

use crate::pool::{FrameTicket, FrameTooLarge, Pool, PooledBuf, SmallFrames};
use crate::wire::{LENGTH_BYTES, OtherProtocol, frame_length};
use bytes::{BufMut, Bytes};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Frames above this come from the pool.
const SMALL_FRAME_BYTES: usize = 4 << 10;
/// The most bytes that one read onto the stack returns.
const READ_BYTES: usize = 64 << 10;
/// The most bytes of such a read at a connection's start, after a large frame (the next one is probably large too, and is better read into
/// its own buffer), and when frames in flight leave no room for more.
const FIRST_READ_BYTES: usize = 4 << 10;
/// The number of missing bytes from which a frame is read straight into its own buffer, which saves the copy from the stack. Below it, one
/// read that also brings the next frames is cheaper.
const DIRECT_BYTES: usize = 16 << 10;
/// The most bytes of whole frames that are read ahead while a request of this connection is being answered. It bounds the memory that a
/// client can make us hold by sending without reading.
const READ_AHEAD_BYTES: usize = 64 << 10;

/// A reader of the frames of one connection, in order.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    io: R,
    pool: Pool,
    max_frame_bytes: usize,
    /// Whole frames that were not handed out yet, and their total length.
    whole: VecDeque<Frame>,
    whole_bytes: usize,
    /// The total length of the small frames in `whole`, and of those handed out since the last read.
    small_bytes: usize,
    small: SmallFrames,
    /// The start of the next frame, including its length, while the frame is small or waits for memory. In the latter case it also holds
    /// the bytes that follow the frame.
    partial: Vec<u8>,
    large: Option<Large>,
    /// The most bytes that the next read returns.
    read_bytes: usize,
    /// Whether no frame has arrived yet.
    is_new: bool,
    is_at_end: bool,
    /// The error that ends the connection, reported after the whole frames before it.
    error: Option<FrameError>,
}

/// A frame without its length.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// A large frame's share of the memory for frames in flight. It is kept until the frame is answered.
    pub(crate) ticket: Option<FrameTicket>,
}

/// A partly read frame in a buffer of the pool.
#[derive(Debug)]
struct Large {
    bytes: PooledBuf,
    len: usize,
    ticket: FrameTicket,
}

/// An error after which no further frame can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("invalid frame of {bytes} bytes: socket.request.max.bytes allows at most {limit_bytes}")]
    TooLarge { bytes: i32, limit_bytes: usize },
    #[error("invalid frame length {bytes}: must be 0 or more")]
    Negative { bytes: i32 },
    #[error("the client speaks {0} instead of Kafka's protocol")]
    OtherProtocol(OtherProtocol),
    #[error(transparent)]
    TooLargeForMemory(#[from] FrameTooLarge),
    #[error("the connection ended within a frame")]
    Truncated,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Large {
    fn new((ticket, bytes): (FrameTicket, PooledBuf), len: usize) -> Self {
        Self { bytes, len, ticket }
    }

    fn missing_bytes(&self) -> usize {
        self.len - self.bytes.len()
    }
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Returns a reader at the start of a connection.
    pub(crate) fn new(io: R, pool: Pool, max_frame_bytes: usize) -> Self {
        Self {
            io,
            small: SmallFrames::new(pool.clone()),
            pool,
            max_frame_bytes,
            whole: VecDeque::new(),
            whole_bytes: 0,
            small_bytes: 0,
            partial: Vec::new(),
            large: None,
            read_bytes: READ_BYTES,
            is_new: true,
            is_at_end: false,
            error: None,
        }
    }

    /// Returns the stream that frames are read from, for writing answers.
    pub(crate) fn io(&mut self) -> &mut R {
        &mut self.io
    }

    /// Reads the next frame; returns `None` at the connection's end. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            if let Some(frame) = self.whole.pop_front() {
                self.whole_bytes -= frame.bytes.len();
                return Ok(Some(frame));
            }
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            // The caller asks for a frame only after it has answered the ones before.
            self.small_bytes = 0;
            self.count_small();
            if let Some(len) = self.waits_for_memory() {
                // Connections that each kept a part of the share while they wait for more would wait for each other for ever.
                self.small.make_room();
                let reserved = self.pool.reserve_frame(len).await?;
                let partial = std::mem::take(&mut self.partial);
                self.large = Some(Large::new(reserved, len));
                self.sort(&partial[LENGTH_BYTES..])?;
                continue;
            }
            if self.fill().await? == 0 {
                let is_whole = self.partial.is_empty() && self.large.is_none();
                return if is_whole {
                    Ok(None)
                } else {
                    Err(FrameError::Truncated)
                };
            }
        }
    }

    /// Returns whether [`Self::next`] would complete at once.
    pub(crate) fn has_next(&self) -> bool {
        !self.whole.is_empty()
    }

    /// Completes when the client has hung up. Until then it reads ahead, because only a read tells that a client is gone. It stops reading
    /// at [`READ_AHEAD_BYTES`] or when frames in flight leave no room; a hang-up is then noticed by the next read. Cancel safe.
    pub(crate) async fn hang_up(&mut self) {
        while !self.is_at_end {
            // A large frame gets its memory in `next`, which can wait for it. No byte after the frame can be read before.
            let is_full = self.whole_bytes >= READ_AHEAD_BYTES
                || self.waits_for_memory().is_some()
                || !self.small.has_room(FIRST_READ_BYTES);
            if is_full || self.error.is_some() {
                // A broken frame is reported after the request in work has been answered, as Kafka does.
                return std::future::pending().await;
            }
            if let Err(error) = self.fill().await {
                self.is_at_end = true;
                self.error = Some(error);
            }
        }
    }

    /// Returns the length of the next frame if it is large and its memory is not reserved yet.
    fn waits_for_memory(&self) -> Option<usize> {
        let len = usize::try_from(frame_length(&self.partial)?).ok()?;
        (len > SMALL_FRAME_BYTES).then_some(len)
    }

    /// Reads once and returns the number of bytes; 0 at the connection's end.
    async fn fill(&mut self) -> Result<usize, FrameError> {
        if self.is_at_end {
            return Ok(0);
        }
        let count = poll_fn(|context| self.poll_fill(context)).await?;
        self.is_at_end = count == 0;
        Ok(count)
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, FrameError>> {
        if let Some(large) = self
            .large
            .as_mut()
            .filter(|large| large.missing_bytes() >= DIRECT_BYTES)
        {
            let missing = large.missing_bytes();
            let mut rest = (&mut *large.bytes).limit(missing);
            let count = ready!(pin!(self.io.read_buf(&mut rest)).poll(context))?;
            self.finish_large();
            return Poll::Ready(Ok(count));
        }
        // The array is uninitialised, because zeroing it would write 64 KiB for each request, however small.
        let mut stack = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
        let read_bytes = if self.small.has_room(self.read_bytes) {
            self.read_bytes
        } else {
            FIRST_READ_BYTES
        };
        let mut read = ReadBuf::uninit(&mut stack[..read_bytes]);
        ready!(Pin::new(&mut self.io).poll_read(context, &mut read))?;
        if let Err(error) = self.sort(read.filled()) {
            // Whole frames that precede the error are answered first, as Kafka does.
            self.error = Some(error);
        }
        self.count_small();
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Splits `bytes` into whole frames and the start of the next one.
    fn sort(&mut self, mut bytes: &[u8]) -> Result<(), FrameError> {
        while !bytes.is_empty() {
            if let Some(large) = &mut self.large {
                let count = large.missing_bytes().min(bytes.len());
                large.bytes.extend_from_slice(&bytes[..count]);
                bytes = &bytes[count..];
                self.finish_large();
                continue;
            }
            if self.partial.len() < LENGTH_BYTES && self.partial.len() + bytes.len() < LENGTH_BYTES {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            }
            bytes = self.begin(bytes)?;
        }
        Ok(())
    }

    /// Takes one frame, or its available part, from the front of `bytes` and returns the rest. `bytes` complete at least its length.
    fn begin<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], FrameError> {
        let missing = LENGTH_BYTES.saturating_sub(self.partial.len());
        let mut length = [0; LENGTH_BYTES];
        let known = LENGTH_BYTES - missing;
        length[..known].copy_from_slice(&self.partial[..known]);
        length[known..].copy_from_slice(&bytes[..missing]);
        let len = self.checked_len(length)?;
        if len > SMALL_FRAME_BYTES {
            let Some(reserved) = self.pool.try_reserve_frame(len)? else {
                // These bytes have left the socket, so they are kept until `next` has waited for memory, the start of later frames
                // included.
                self.partial.extend_from_slice(bytes);
                return Ok(&[]);
            };
            self.partial = Vec::new();
            self.large = Some(Large::new(reserved, len));
            return Ok(&bytes[missing..]);
        }
        let count = (LENGTH_BYTES + len - self.partial.len()).min(bytes.len());
        let (own, rest) = bytes.split_at(count);
        if self.partial.is_empty() && count == LENGTH_BYTES + len {
            self.push(Bytes::copy_from_slice(&own[LENGTH_BYTES..]), None);
            return Ok(rest);
        }
        self.partial.extend_from_slice(own);
        if self.partial.len() == LENGTH_BYTES + len {
            let frame = Bytes::copy_from_slice(&self.partial[LENGTH_BYTES..]);
            // It is replaced and not cleared, so that an idle connection keeps no buffer.
            self.partial = Vec::new();
            self.push(frame, None);
        }
        Ok(rest)
    }

    fn checked_len(&self, length: [u8; LENGTH_BYTES]) -> Result<usize, FrameError> {
        // Only the first frame can be another protocol. Later, the same bytes are a length that is too large, and are reported as such.
        if self.is_new
            && let Some(protocol) = OtherProtocol::recognise(length)
        {
            return Err(FrameError::OtherProtocol(protocol));
        }
        let bytes = i32::from_be_bytes(length);
        let len = usize::try_from(bytes).map_err(|_| FrameError::Negative { bytes })?;
        if len > self.max_frame_bytes {
            let limit_bytes = self.max_frame_bytes;
            return Err(FrameError::TooLarge { bytes, limit_bytes });
        }
        Ok(len)
    }

    fn finish_large(&mut self) {
        if let Some(large) = self.large.take_if(|large| large.missing_bytes() == 0) {
            self.push(large.bytes.freeze(), Some(large.ticket));
        }
    }

    fn count_small(&mut self) {
        // The capacity counts and not the length, because the capacity is the memory that is held.
        self.small.hold(self.small_bytes + self.partial.capacity());
    }

    fn push(&mut self, bytes: Bytes, ticket: Option<FrameTicket>) {
        if ticket.is_none() {
            self.small_bytes += bytes.len();
        }
        self.read_bytes = if bytes.len() > READ_BYTES {
            FIRST_READ_BYTES
        } else {
            READ_BYTES
        };
        self.is_new = false;
        self.whole_bytes += bytes.len();
        self.whole.push_back(Frame { bytes, ticket });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A stream that returns its bytes in pieces of the given lengths, which repeat.
    struct Pieces {
        bytes: Vec<u8>,
        at: usize,
        lengths: Vec<usize>,
        turn: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let length = self.lengths[self.turn % self.lengths.len()];
            self.turn += 1;
            let count = length.min(into.remaining()).min(self.bytes.len() - self.at);
            into.put_slice(&self.bytes[self.at..self.at + count]);
            self.at += count;
            Poll::Ready(Ok(()))
        }
    }

    fn reader(frames: &[Vec<u8>], lengths: Vec<usize>, limit_bytes: usize) -> FrameReader<Pieces> {
        let mut bytes = Vec::new();
        for frame in frames {
            bytes.put_u32(frame.len() as u32);
            bytes.put_slice(frame);
        }
        let pieces = Pieces {
            bytes,
            at: 0,
            lengths,
            turn: 0,
        };
        FrameReader::new(pieces, Pool::new(limit_bytes), 1 << 20)
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn frames_come_out_as_they_went_in_whatever_the_pieces(
            lens in prop::collection::vec(prop_oneof![0usize..100, 4_000..4_200usize, 0..150_000usize], 0..8),
            lengths in prop::collection::vec(prop_oneof![1usize..8, 1_000..5_000usize, 60_000..200_000usize], 2..6)
                .prop_filter("a test that ends", |lengths| lengths.iter().any(|length| *length >= 1_000)),
            reads_ahead in any::<bool>(),
        ) {
            let frames: Vec<Vec<u8>> =
                lens.iter().enumerate().map(|(index, len)| vec![index as u8; *len]).collect();
            let mut reader = reader(&frames, lengths, 1 << 26);
            run(async {
                for frame in &frames {
                    if reads_ahead {
                        tokio::select! {
                            biased;
                            () = reader.hang_up() => {}
                            () = tokio::task::yield_now() => {}
                        }
                    }
                    let found = reader.next().await.unwrap().unwrap();
                    prop_assert_eq!(&found.bytes[..], &frame[..]);
                    prop_assert_eq!(found.ticket.is_some(), frame.len() > SMALL_FRAME_BYTES);
                }
                prop_assert!(reader.next().await.unwrap().is_none());
                Ok(())
            })?;
            prop_assert_eq!(reader.pool.used_bytes(), 0);
            prop_assert_eq!((reader.partial.capacity(), reader.whole_bytes), (0, 0));
        }
    }

    #[test]
    fn a_frame_waits_for_memory_and_continues_when_some_is_free() {
        // The share of frames is a quarter: 64 KiB, one frame of 40,000 bytes at a time.
        let frames = [vec![1; 40_000], vec![2; 40_000], vec![3; 100]];
        let mut reader = reader(&frames, vec![200_000], 256 << 10);
        run(async {
            let first = reader.next().await.unwrap().unwrap();
            assert!(!reader.has_next());
            tokio::select! {
                biased;
                _ = reader.next() => panic!("the second frame has no memory yet"),
                () = tokio::task::yield_now() => {}
            }
            drop(first);
            let second = reader.next().await.unwrap().unwrap();
            assert_eq!(&second.bytes[..], &frames[1][..]);
            assert_eq!(&reader.next().await.unwrap().unwrap().bytes[..], &frames[2][..]);
        });
    }

    #[test]
    fn small_frames_are_charged_until_the_last_of_a_read_is_answered() {
        let frames = vec![vec![1; 1_000]; 20];
        let mut reader = reader(&frames, vec![5 * 1_004], 1 << 20);
        run(async {
            for index in 0..20 {
                assert!(reader.next().await.unwrap().is_some());
                assert_eq!(reader.pool.used_bytes(), 5_000, "frame {index}");
            }
            assert!(reader.next().await.unwrap().is_none());
            assert_eq!(reader.pool.used_bytes(), 0);
        });
    }

    #[test]
    fn without_room_for_frames_reads_are_small_and_nothing_is_read_ahead() {
        let frames = vec![vec![1; 1_020]; 100];
        let mut reader = reader(&frames, vec![200_000], 256 << 10);
        let whole_share = reader.pool.try_reserve_frame(64 << 10).unwrap();
        run(async {
            assert!(reader.next().await.unwrap().is_some());
            assert_eq!(reader.whole_bytes, 3 * 1_020, "of the 4,096 bytes of a read");
            tokio::select! {
                biased;
                () = reader.hang_up() => panic!("the client has not hung up"),
                () = tokio::task::yield_now() => {}
            }
            assert_eq!(reader.whole_bytes, 3 * 1_020, "nothing was read ahead");
            drop(whole_share);
            for _ in 0..4 {
                assert!(reader.next().await.unwrap().is_some());
            }
            assert_eq!(reader.whole_bytes, 63 * 1_020, "a whole read again");
        });
    }

    #[test]
    fn frames_before_a_broken_frame_are_returned_first() {
        let mut reader = reader(&[vec![1; 10], vec![2; 10]], vec![1_000], 1 << 20);
        reader.io.bytes.put_i32(-5);
        run(async {
            for _ in 0..2 {
                assert_eq!(reader.next().await.unwrap().unwrap().bytes.len(), 10);
            }
            assert!(matches!(
                reader.next().await,
                Err(FrameError::Negative { bytes: -5 })
            ));
        });
    }
}
