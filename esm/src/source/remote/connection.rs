//! One connection to a broker: a task that owns the stream and carries out one exchange after the other.
//!
//! A broker answers the requests of a connection in order and one at a time, so nothing is gained by more than one request under way. The
//! task finishes an exchange whose caller has gone, because a stream in the middle of a frame is of no use to the next caller.

use super::error::CallError;
use super::frame::{self, Heading, LENGTH_BYTES};
use super::tls::failure_of;
use super::versions::{ServedVersions, Supported};
use crate::source::charged::charged;
use crate::{Clock, MemoryPool};
use bytes::Bytes;
use esmeralda_broker::MemoryCharge;
use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::select;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// The longest answer. The longest fetch is 16 MiB and a first batch, which can be larger: a topic's `max.message.bytes` seldom exceeds
/// 100 MB. The first four bytes of HTTP or TLS stand for more.
const ANSWER_BYTES: usize = 256 << 20;

/// The longest answer that is not counted against the memory budget.
const UNCHARGED_BYTES: usize = 16 << 10;

/// The pause before memory for an answer is asked for again while the budget is used up.
const MEMORY_PAUSE: Duration = Duration::from_millis(20);

/// A stream of bytes to a broker.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A connection whose handshake is over.
#[derive(Debug)]
pub(super) struct Connection {
    exchanges: mpsc::Sender<Exchange>,
    served: ServedVersions,
    client_id: StrBytes,
    last_correlation_id: AtomicI32,
    /// The number of exchanges that have not ended, those included whose callers have gone.
    pending: Arc<AtomicUsize>,
    /// The task, which ends with the connection.
    _task: JoinSet<()>,
}

struct Exchange {
    request: Bytes,
    limit: Duration,
    answer: oneshot::Sender<Result<Bytes, CallError>>,
}

impl Connection {
    /// Starts the task of a stream.
    pub(super) fn start(
        stream: Box<dyn Stream>,
        served: ServedVersions,
        client_id: StrBytes,
        memory: MemoryPool,
    ) -> Self {
        let (exchanges, incoming) = mpsc::channel(1);
        let mut task = JoinSet::new();
        let pending = Arc::new(AtomicUsize::new(0));
        task.spawn(serve(stream, incoming, Arc::clone(&pending), memory));
        Self {
            pending,
            exchanges,
            served,
            client_id,
            last_correlation_id: AtomicI32::new(0),
            _task: task,
        }
    }

    /// Returns whether it still carries out exchanges.
    pub(super) fn is_open(&self) -> bool {
        !self.exchanges.is_closed()
    }

    /// Returns whether a request would be sent at once.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.load(Ordering::Acquire) == 0
    }

    /// Sends a request and returns its answer, which comes within `limit` of being sent.
    pub(super) async fn call<R: Supported>(
        &self,
        request: &R,
        limit: Duration,
    ) -> Result<R::Response, CallError> {
        let version = self.served.latest::<R>()?;
        let correlation_id = self.last_correlation_id.fetch_add(1, Ordering::Relaxed);
        let heading = Heading {
            version,
            correlation_id,
            client_id: self.client_id.clone(),
        };
        let (answer, answered) = oneshot::channel();
        let exchange = Exchange {
            request: frame::encode(request, heading)?,
            limit,
            answer,
        };
        let ended = || CallError::Lost {
            reason: "closed by the broker".to_owned(),
        };
        let place = self.exchanges.reserve().await.map_err(|_| ended())?;
        self.pending.fetch_add(1, Ordering::AcqRel);
        place.send(exchange);
        let frame = answered.await.map_err(|_| ended())??;
        frame::decode::<R>(frame, version, correlation_id)
    }
}

/// Carries out exchanges until one fails, the broker closes the connection, or the connection is dropped.
async fn serve(
    mut stream: Box<dyn Stream>,
    mut incoming: mpsc::Receiver<Exchange>,
    pending: Arc<AtomicUsize>,
    memory: MemoryPool,
) {
    loop {
        let mut unexpected = [0];
        let exchange = select! {
            biased;
            exchange = incoming.recv() => exchange,
            // Noticed while nothing is under way, so that no call meets a connection that the broker has closed for being idle.
            _ = stream.read(&mut unexpected) => return,
        };
        let Some(Exchange {
            request,
            limit,
            answer,
        }) = exchange
        else {
            return;
        };
        let exchanged = exchange_frames(&mut stream, &request, &memory);
        let result = Clock::within_real_time(limit, exchanged).await;
        let result = result.unwrap_or(Err(CallError::TimedOut { limit }));
        let has_failed = result.is_err();
        // Closed before the caller hears of it, so that its next call finds another connection.
        if has_failed {
            incoming.close();
        }
        pending.fetch_sub(1, Ordering::AcqRel);
        // A caller that has gone does not want the answer.
        let _ = answer.send(result);
        if has_failed {
            return;
        }
    }
}

/// Writes a frame and reads the frame that answers it, without its length.
pub(super) async fn exchange_frames(
    stream: &mut (impl Stream + ?Sized),
    request: &[u8],
    memory: &MemoryPool,
) -> Result<Bytes, CallError> {
    let lost = |error: std::io::Error| failure_of(&error);
    stream.write_all(request).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let mut length = [0; LENGTH_BYTES];
    stream.read_exact(&mut length).await.map_err(lost)?;
    let length = u32::from_be_bytes(length) as usize;
    let most = ANSWER_BYTES.min(memory.limit_bytes());
    if length > most {
        return Err(CallError::Malformed {
            reason: format!(
                "an answer claims {length} bytes, and at most {most} are read: the address may not be a Kafka broker's, or its listener \
                 may expect TLS"
            ),
        });
    }
    let charge = reserve(length, memory).await;
    let mut answer = Vec::with_capacity(length);
    let mut rest = stream.take(length as u64);
    while answer.len() < length {
        if rest.read_buf(&mut answer).await.map_err(lost)? == 0 {
            return Err(lost(std::io::ErrorKind::UnexpectedEof.into()));
        }
    }
    Ok(match charge {
        Some(charge) => charged(answer.into(), charge),
        None => answer.into(),
    })
}

/// Takes memory for an answer from the budget. While there is none the answer stays in the socket, and the broker waits.
async fn reserve(length: usize, memory: &MemoryPool) -> Option<MemoryCharge> {
    // An answer to a heartbeat must not wait for memory: the membership would end, and records in flight would come again.
    if length <= UNCHARGED_BYTES {
        return None;
    }
    loop {
        match memory.charge(length) {
            Ok(charge) => return Some(charge),
            Err(_) => Clock::pause_in_real_time(MEMORY_PAUSE).await,
        }
    }
}
