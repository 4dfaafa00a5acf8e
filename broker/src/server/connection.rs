//! One connection: one task that answers one request after another, in order, as Kafka does by muting a connection until it has
//! answered.
//!
//! Answers that are ready are written together; what is ready is written before anything that can wait. While a request waits, the
//! connection reads ahead into a bounded buffer, and a fetch whose client has hung up ends.

use super::dispatch::{self, Received, Refused, Request};
use super::frame::{Frame, FrameError, FrameReader};
use super::outgoing::Outgoing;
use super::produced::put_produce;
use super::vectored::put_fetch;
use crate::api::{Answer, Response, Undecodable, unsupported_api_versions};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::pool::ConnectionCharge;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// Answers that are ready wait for each other up to this.
const WRITE_TOGETHER_BYTES: usize = 64 << 10;

/// Instead of `connections.max.idle.ms` when it is negative.
const NO_IDLE_LIMIT: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// A connection and what it needs to answer.
pub(crate) struct Connection<S> {
    /// Owns the socket: the task reads or writes, never both at once.
    reader: FrameReader<S>,
    outgoing: Outgoing,
    charge: ConnectionCharge,
    cluster: Arc<Cluster>,
    /// Shared with the request in work; changes only when the client calls itself something else.
    context: Arc<RequestContext>,
    /// Turns true when the server stops.
    stopping: watch::Receiver<bool>,
    /// Completes then. Kept beside it, as is the timer below, so that a request costs neither a registration.
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    idle: Idle,
}

/// Finds a connection idle by looking once per `connections.max.idle.ms`, not by a new timer for each request.
struct Idle {
    limit: Duration,
    last_request: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Idle {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            last_request: Instant::now(),
            timer: Box::pin(sleep(limit)),
        }
    }

    /// Completes when there was no request for the limit. May be dropped and called again.
    async fn expired(&mut self) {
        loop {
            self.timer.as_mut().await;
            let deadline = self.last_request + self.limit;
            if Instant::now() >= deadline {
                return;
            }
            self.timer.as_mut().reset(deadline);
        }
    }
}

/// Why a connection ended before its client closed it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Closed {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    #[error("the request's answer is a closed connection")]
    Answered,
    #[error("no request for connections.max.idle.ms")]
    Idle,
    #[error("the server stops")]
    Stopping,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// A connection that was just accepted.
    pub(crate) fn new(
        io: S,
        cluster: Arc<Cluster>,
        context: RequestContext,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        // A negative limit is none, as in Kafka's `Selector`.
        let idle = u64::try_from(cluster.config.connections_max_idle_ms)
            .map_or(NO_IDLE_LIMIT, Duration::from_millis);
        let max_frame_bytes = usize::try_from(cluster.config.socket_request_max_bytes).unwrap_or(0);
        Self {
            reader: FrameReader::new(io, cluster.pool.clone(), max_frame_bytes),
            outgoing: Outgoing::default(),
            charge: ConnectionCharge::new(&cluster.pool),
            cluster,
            context: Arc::new(context),
            stopped: Box::pin(until_true(stopping.clone())),
            stopping,
            idle: Idle::new(idle),
        }
    }

    /// Answers until the client closes the connection; whatever else ends it is an error.
    pub(crate) async fn run(mut self) -> Result<(), Closed> {
        while let Some(frame) = self.next_frame().await? {
            self.idle.last_request = Instant::now();
            // The ticket is held until the request has been answered.
            let Frame {
                bytes,
                ticket: _ticket,
            } = frame;
            match dispatch::receive(bytes, &self.context.client_id) {
                Ok(Received::Request(request)) => {
                    if let Err(closed) = self.answer(request).await {
                        // A request that cannot be decoded ends the connection, but not the answers before it.
                        if matches!(closed, Closed::Undecodable(_)) {
                            self.flush().await?;
                        }
                        return Err(closed);
                    }
                }
                Ok(Received::UnsupportedApiVersions { correlation_id }) => {
                    let start = self.outgoing.begin_frame(correlation_id, 0);
                    self.outgoing.put_body(unsupported_api_versions());
                    self.outgoing.end_frame(start);
                }
                Err(refused) => {
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
        if *self.stopping.borrow() {
            return Err(Closed::Stopping);
        }
        tokio::select! {
            biased;
            frame = self.reader.next() => Ok(frame?),
            () = &mut self.stopped => Err(Closed::Stopping),
            () = self.idle.expired() => Err(Closed::Idle),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<(), Closed> {
        if let Some(client_id) = request.new_client_id {
            Arc::make_mut(&mut self.context).client_id = client_id;
        }
        let cluster = Arc::clone(&self.cluster);
        let context = Arc::clone(&self.context);
        let mut work = pin!(
            request
                .api
                .answer(&cluster, &context, request.version, request.body)
        );
        let answer = match at_once(work.as_mut()).await {
            Some(answer) => answer?,
            None => {
                self.flush().await?;
                tokio::select! {
                    biased;
                    answer = &mut work => answer?,
                    () = &mut self.stopped, if request.api.ends_with_its_client => {
                        return Err(Closed::Stopping);
                    }
                    () = self.reader.hang_up(), if request.api.ends_with_its_client => Answer::Silence,
                }
            }
        };
        let response = match answer {
            Answer::Response(response) => response,
            Answer::Silence => return Ok(()),
            Answer::Close => {
                self.flush().await?;
                return Err(Closed::Answered);
            }
        };
        let header_version = (request.api.response_header_version)(request.version);
        let start = self.outgoing.begin_frame(request.correlation_id, header_version);
        match response {
            Response::Body(body) => self.outgoing.put_body(body),
            Response::Produced(answer) => put_produce(self.outgoing.copied(), request.version, &answer),
            Response::Fetched(answer) => put_fetch(&mut self.outgoing, request.version, answer),
        }
        self.outgoing.end_frame(start);
        self.charge.hold_answers(self.outgoing.held_bytes());
        Ok(())
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
        let mut writing = pin!(self.outgoing.write_to(self.reader.io()));
        if let Some(written) = at_once(writing.as_mut()).await {
            return written;
        }
        // A client that does not read holds slices of the log: no longer than an idle one may stay.
        timeout(self.idle.limit, writing)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// What `future` gives without waiting. Most answers and writes do: they cost no timer, and nothing else is looked at.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn until_true(mut flag: watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _ = flag.wait_for(|flag| *flag).await;
}
