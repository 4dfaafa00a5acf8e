//! One connection: one task that answers requests one at a time and in order. Kafka reaches the same by muting a connection until the
//! request is answered.
//!
//! Answers to requests that have already arrived are written together, which saves system calls. They are written before anything that
//! can wait, so that no client waits for the answer of a later request. While a request waits, the connection reads ahead into a bounded
//! buffer, and a fetch ends when its client hangs up.

use super::Stopping;
use super::dispatch::{self, Received, Refused, Request};
use super::frame::{Frame, FrameError, FrameReader};
use super::request_log::RequestLog;
use super::writing::poll_write;
use crate::api::{
    Answer, Answering, Delivery, Undecodable, Waiting, client_software, unsupported_api_versions,
};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::pool::ConnectionCharge;
use crate::wire::{OtherProtocol, Outgoing};
use kafka_protocol::messages::ApiKey;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::{Instant, Sleep, sleep};

/// The size of the pending answers at which they are written, even if further requests have already arrived.
// A fetch of a few bytes can have an answer of 55 MiB, and answers hold slices of the log until they are written.
const WRITE_TOGETHER_BYTES: usize = 64 << 10;

/// The idle limit that stands for a negative `connections.max.idle.ms`, which means no limit.
// It is a year and not `Duration::MAX`, because an instant plus that would overflow.
const NO_IDLE_LIMIT: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// A connection and the state that it needs to answer requests.
pub(crate) struct Connection<S> {
    /// The reader owns the socket: the task reads or writes, never both at once, so the stream is not split.
    reader: FrameReader<S>,
    outgoing: Outgoing,
    charge: ConnectionCharge,
    cluster: Arc<Cluster>,
    /// The context of the last request, shared with the request being handled. It is replaced only when the API, version or client id
    /// changes.
    context: Arc<RequestContext>,
    stopping: Stopping,
    idle: Idle,
}

/// The idle check of a connection. It looks once per `connections.max.idle.ms`, because a new timer for each request costs more.
struct Idle {
    limit: Duration,
    last_use: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Idle {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            last_use: Instant::now(),
            timer: Box::pin(sleep(limit)),
        }
    }

    /// Records that the connection is in use now.
    fn begin(&mut self) {
        self.last_use = Instant::now();
    }

    /// Completes when the connection has been unused for the limit. Cancel safe.
    async fn expired(&mut self) {
        loop {
            self.timer.as_mut().await;
            let deadline = self.last_use + self.limit;
            if Instant::now() >= deadline {
                return;
            }
            self.timer.as_mut().reset(deadline);
        }
    }
}

/// The versions that a response is written in.
struct Versions {
    body: i16,
    header: i16,
}

/// The reason why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Closed {
    #[error("the client closed the connection")]
    ByClient,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    #[error("a request with acks=0 failed, and closing the connection is its only answer")]
    Answered,
    #[error("the client sent no request for connections.max.idle.ms")]
    Idle,
    #[error("the server is stopping")]
    Stopping,
}

impl Closed {
    /// Returns the protocol that the client speaks if it is not Kafka's.
    pub(super) fn other_protocol(&self) -> Option<OtherProtocol> {
        match self {
            Self::Frame(FrameError::OtherProtocol(protocol)) => Some(*protocol),
            _ => None,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// Returns the state of a connection that was just accepted.
    pub(crate) fn new(io: S, cluster: Arc<Cluster>, context: RequestContext, stopping: Stopping) -> Self {
        // A negative value means no limit, as in Kafka's `Selector`.
        let idle = u64::try_from(cluster.config.connections_max_idle_ms)
            .map_or(NO_IDLE_LIMIT, Duration::from_millis);
        // The config's definition bounds it to at least 1.
        let max_frame_bytes = usize::try_from(cluster.config.socket_request_max_bytes).unwrap_or(0);
        Self {
            reader: FrameReader::new(io, cluster.pool.clone(), max_frame_bytes),
            outgoing: Outgoing::default(),
            charge: ConnectionCharge::new(&cluster.pool),
            cluster,
            context: Arc::new(context),
            stopping,
            idle: Idle::new(idle),
        }
    }

    /// Returns the context of the last request.
    pub(super) fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Answers requests until the client closes the connection; any other end is an error.
    pub(crate) async fn run(&mut self) -> Result<(), Closed> {
        while let Some(frame) = self.next_frame().await? {
            self.idle.begin();
            // The ticket is held until the request has been answered.
            let Frame {
                bytes,
                ticket: _ticket,
            } = frame;
            match dispatch::receive(bytes, &self.context.client_id, self.cluster.release) {
                Ok(Received::Request(request)) => {
                    if let Err(closed) = self.answer(request).await {
                        // A request that cannot be decoded ends the connection, but the answers before it are still written.
                        if matches!(closed, Closed::Undecodable(_)) {
                            self.flush().await?;
                        }
                        return Err(closed);
                    }
                }
                Ok(Received::UnsupportedApiVersions { correlation_id }) => {
                    // The header has version 0 too: the client does not know yet which versions are served, so it could not tell a flexible
                    // header from a body (KIP-511).
                    let answer = unsupported_api_versions(self.cluster.release);
                    self.write_later(answer, correlation_id, Versions { body: 0, header: 0 });
                }
                Err(refused) => {
                    // As after an undecodable body: Kafka has answered the requests before this one when it reads it.
                    self.flush().await?;
                    return Err(refused.into());
                }
            }
            if !self.reader.has_next() || self.outgoing.len() >= WRITE_TOGETHER_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn next_frame(&mut self) -> Result<Option<Frame>, Closed> {
        // A client that keeps sending would otherwise keep the connection alive during a stop.
        if self.stopping.try_recv() == Err(TryRecvError::Closed) {
            return Err(Closed::Stopping);
        }
        tokio::select! {
            biased;
            // A request that has arrived comes before an idle limit that ran out at the same moment.
            frame = self.reader.next() => Ok(frame?),
            _ = &mut self.stopping => Err(Closed::Stopping),
            () = self.idle.expired() => Err(Closed::Idle),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<(), Closed> {
        if let Some(client_id) = request.new_client_id {
            Arc::make_mut(&mut self.context).client_id = client_id;
        }
        let Request { api, version, .. } = request;
        // Most connections send one kind of request only, so the last context usually serves the next request without an allocation.
        if (self.context.api_key, self.context.api_version) != (api.key, version) {
            let context = Arc::make_mut(&mut self.context);
            (context.api_key, context.api_version) = (api.key, version);
        }
        if api.key == ApiKey::ApiVersions as i16 {
            let software = client_software(version, request.body.clone());
            Arc::make_mut(&mut self.context).software = software.map(Arc::new);
        }
        let log = RequestLog::start();
        let answer = match api.answer(&self.cluster, &self.context, version, request.body)? {
            Answering::Now(answer) => answer,
            Answering::Later(waiting) => match self.wait(waiting, api.ends_with_its_client).await? {
                Some(answer) => answer,
                // The reader has seen the end of the connection. Requests that were read before it are still carried out, as Kafka does
                // with all that it has received.
                None => return Ok(()),
            },
        };
        log.answered(&self.context, api, version, &answer);
        match answer.delivery {
            Delivery::Response => {
                let header = (api.response_header_version)(version);
                let versions = Versions {
                    body: version,
                    header,
                };
                self.write_later(answer, request.correlation_id, versions);
                Ok(())
            }
            Delivery::Nothing => Ok(()),
            Delivery::Never => {
                drop(answer);
                Err(self.keep_silent(&api.name(), version).await)
            }
            Delivery::ClosedConnection => {
                // As in Kafka, the producer notices the closed connection and refreshes its metadata. The answers to earlier requests are
                // written first.
                drop(answer);
                self.flush().await?;
                Err(Closed::Answered)
            }
        }
    }

    /// Waits for the answer. Returns `None` if the client has hung up and the request was dropped.
    async fn wait(
        &mut self,
        mut waiting: Waiting,
        ends_with_its_client: bool,
    ) -> Result<Option<Answer>, Closed> {
        // A fetch that finds enough bytes is ready now, and then costs neither a write of its own nor a timer.
        if let Some(answer) = at_once(Pin::new(&mut waiting)).await {
            return Ok(Some(answer));
        }
        self.flush().await?;
        tokio::select! {
            biased;
            // A finished answer comes first even during a stop: the operation has happened, and the client should know.
            answer = waiting => Ok(Some(answer)),
            _ = &mut self.stopping, if ends_with_its_client => Err(Closed::Stopping),
            // Only these requests are worth reading ahead for: any other is carried out although its client is gone.
            () = self.reader.hang_up(), if ends_with_its_client => Ok(None),
        }
    }

    /// Keeps the connection open without handling another request, until it ends. Kafka does so after a request that it does not answer,
    /// because only an answer unmutes a connection. Returns the reason of the end.
    async fn keep_silent(&mut self, api: &str, version: i16) -> Closed {
        tracing::warn!(
            api,
            version,
            client_id = self.context.client_id,
            "request left unanswered, as Kafka leaves it: the connection is not read any more"
        );
        if let Err(error) = self.flush().await {
            return error.into();
        }
        tokio::select! {
            biased;
            _ = &mut self.stopping => Closed::Stopping,
            () = self.reader.hang_up() => Closed::ByClient,
            () = self.idle.expired() => Closed::Idle,
        }
    }

    /// Adds a response to those that are written next.
    fn write_later(&mut self, answer: Answer, correlation_id: i32, versions: Versions) {
        let start = self.outgoing.begin_frame(correlation_id, versions.header);
        answer.write(&mut self.outgoing, versions.body);
        self.outgoing.end_frame(start);
        self.charge.hold_answers(self.outgoing.held_bytes());
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.outgoing.len() == 0 {
            return Ok(());
        }
        self.write().await?;
        self.charge.hold_answers(self.outgoing.held_bytes());
        Ok(())
    }

    async fn write(&mut self) -> io::Result<()> {
        let Self {
            reader,
            outgoing,
            idle,
            ..
        } = self;
        // An `async fn` would keep its list of slices while it waits. That made a connection's task 4.5 KB instead of 1.6 KB, and its state
        // coming back into the cache was most of a small request's time outside the kernel.
        let mut writing = pin!(poll_fn(|context| poll_write(
            outgoing,
            Pin::new(reader.io()),
            context
        )));
        if let Some(written) = at_once(writing.as_mut()).await {
            return written;
        }
        // Unwritten responses hold slices of the log, so a client that does not read is closed after the idle limit too.
        idle.begin();
        tokio::select! {
            biased;
            written = writing => written,
            () = idle.expired() => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Returns the output of `future` if it is ready now. Most answers and writes are; they then cost no timer and no `select!`.
async fn at_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
