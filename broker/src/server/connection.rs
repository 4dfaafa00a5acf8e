//! One connection: one task that answers one request after another, in order, as Kafka does by muting a connection until it has
//! answered.
//!
//! Answers that are ready are written together; what is ready is written before anything that can wait. While a request waits, the
//! connection reads ahead into a bounded buffer, and a fetch whose client has hung up ends.

use super::dispatch::{self, Received, Refused, Request};
use super::frame::{Frame, FrameError, FrameReader};
use super::outgoing::Outgoing;
use super::vectored::put_fetch;
use crate::api::{Answer, Undecodable, unsupported_api_versions};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Answers that are ready wait for each other up to this.
const WRITE_TOGETHER_BYTES: usize = 64 << 10;

/// A connection and what it needs to answer.
pub(crate) struct Connection<S> {
    /// Owns the socket: the task reads or writes, never both at once.
    reader: FrameReader<S>,
    outgoing: Outgoing,
    cluster: Arc<Cluster>,
    context: RequestContext,
    /// Turns true when the server stops.
    stopping: watch::Receiver<bool>,
    last_request: Instant,
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
        let max_frame_bytes = usize::try_from(cluster.config.socket_request_max_bytes).unwrap_or(0);
        Self {
            reader: FrameReader::new(io, cluster.pool.clone(), max_frame_bytes),
            outgoing: Outgoing::default(),
            cluster,
            context,
            stopping,
            last_request: Instant::now(),
        }
    }

    /// Answers until the client closes the connection; whatever else ends it is an error.
    pub(crate) async fn run(mut self) -> Result<(), Closed> {
        while let Some(frame) = self.next_frame().await? {
            self.last_request = Instant::now();
            // The ticket is held until the request has been answered.
            let Frame {
                bytes,
                ticket: _ticket,
            } = frame;
            match dispatch::receive(bytes) {
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
                    self.put(correlation_id, 0, &unsupported_api_versions());
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
        let idle = Duration::from_millis(self.cluster.config.connections_max_idle_ms.max(0) as u64);
        let last_request = self.last_request;
        if *self.stopping.borrow() {
            return Err(Closed::Stopping);
        }
        tokio::select! {
            biased;
            frame = self.reader.next() => Ok(frame?),
            _ = self.stopping.wait_for(|stopping| *stopping) => Err(Closed::Stopping),
            () = sleep_until(last_request + idle), if !idle.is_zero() => Err(Closed::Idle),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<(), Closed> {
        if self.context.client_id != request.client_id {
            self.context.client_id.clone_from(&request.client_id);
        }
        let cluster = Arc::clone(&self.cluster);
        let context = self.context.clone();
        let mut work = pin!(
            request
                .api
                .answer(&cluster, &context, request.version, request.body)
        );
        let at_once = tokio::select! {
            biased;
            answer = &mut work => Some(answer?),
            () = std::future::ready(()) => None,
        };
        let answer = match at_once {
            Some(answer) => answer,
            None => {
                self.flush().await?;
                tokio::select! {
                    biased;
                    answer = &mut work => answer?,
                    () = self.reader.hang_up(), if request.api.ends_with_its_client => Answer::Silence,
                }
            }
        };
        match answer {
            Answer::Body(body) => {
                let header_version = (request.api.response_header_version)(request.version);
                self.put(request.correlation_id, header_version, &body);
                Ok(())
            }
            Answer::Fetched(fetched) => {
                let header_version = (request.api.response_header_version)(request.version);
                let start = self.outgoing.begin_frame(request.correlation_id, header_version);
                put_fetch(&mut self.outgoing, request.version, fetched);
                self.outgoing.end_frame(start);
                Ok(())
            }
            Answer::Silence => Ok(()),
            Answer::Close => {
                self.flush().await?;
                Err(Closed::Answered)
            }
        }
    }

    fn put(&mut self, correlation_id: i32, header_version: i16, body: &[u8]) {
        let start = self.outgoing.begin_frame(correlation_id, header_version);
        self.outgoing.copied().extend_from_slice(body);
        self.outgoing.end_frame(start);
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.outgoing.len() == 0 {
            return Ok(());
        }
        self.outgoing.write_to(self.reader.io()).await
    }
}
