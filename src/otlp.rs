//! OpenTelemetry: the metrics of `/metrics`, sent to a receiver at intervals by OTLP over HTTP in its JSON encoding. Source:
//! OpenTelemetry Protocol 1.x, "OTLP/HTTP", and "OpenTelemetry Protocol Exporter" for the variables.
//!
//! The names, their meaning and their labels are those of `/metrics`. Counters are cumulative; their start is that of the exporter, which
//! starts with the process.
//!
//! # Differs from OpenTelemetry
//! - The encoding is JSON only, without compression and TLS.
//! - Variables other than those in `otlp/options.rs`, such as OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_TIMEOUT, have no effect.
//! - A request that fails is not sent again: the next interval has the same counters. A failure is logged once, until one succeeds.
//! - With many mappings a collection is several requests, so that none grows without bound.

mod options;
mod payload;
#[cfg(test)]
mod tests;

pub use options::{InvalidOtlp, OtlpOptions};

use axum::body::{Body, to_bytes};
use esmeralda_broker::{BrokerMetrics, Clock};
use esmeralda_esm::{Engine, MappingMetrics};
use hyper::Request;
use hyper::header::CONTENT_TYPE;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use payload::Span;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The longest time of a request with its answer. Source: the default of OTEL_EXPORTER_OTLP_TIMEOUT.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The number of mappings in one request. One takes about 10 KB.
const MAPPINGS_PER_REQUEST: usize = 200;

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The longest excerpt of an answer in the log.
const EXCERPT_CHARACTERS: usize = 512;

/// The source of what is exported, and the clock of its samples.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) engine: Engine,
    pub(crate) broker: BrokerMetrics,
    /// The system's clock: receivers refuse samples of the future, in which a scaled clock is.
    pub(crate) wall: Clock,
}

/// A running exporter. Dropping it without [`Exporter::stop`] ends it, too, without a last export.
#[derive(Debug)]
pub(crate) struct Exporter {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Starts to export.
    pub(crate) fn start(options: OtlpOptions, measured: Measured) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(Sending::new(options, measured).run(stopped));
        Self { stop, task }
    }

    /// Exports once more, and ends.
    pub(crate) async fn stop(self) {
        // A send to a task that has ended fails, and there is nothing left to stop.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// The reason why a receiver has not taken an export.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    #[error("the request is not valid: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Late,
    #[error("answered {status}: {body}")]
    Refused { status: u16, body: String },
    #[error("took a part only: {body}")]
    Partial { body: String },
}

/// The task of an exporter.
struct Sending {
    options: OtlpOptions,
    measured: Measured,
    client: Client<HttpConnector, Body>,
    started_ms: i64,
    /// Whether the last export failed, which has been logged.
    is_failing: bool,
}

impl Sending {
    fn new(options: OtlpOptions, measured: Measured) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(TIMEOUT));
        Self {
            client: Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .build(connector),
            started_ms: measured.wall.now_ms(),
            options,
            measured,
            is_failing: false,
        }
    }

    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                biased;
                // An error means that the exporter was dropped.
                ends = &mut stopped => {
                    if ends.is_ok() {
                        self.export().await;
                    }
                    return;
                }
                () = tokio::time::sleep(self.options.interval) => self.export().await,
            }
        }
    }

    /// Exports once. A failure is logged, and harms nothing else.
    async fn export(&mut self) {
        let result = self.send().await;
        let endpoint = &self.options.endpoint;
        match &result {
            Ok(()) if self.is_failing => tracing::info!(%endpoint, "the metrics are exported again"),
            Err(error) if !self.is_failing => tracing::warn!(
                %endpoint,
                %error,
                "the metrics are not exported; it is tried at each interval, and logged again after a success only"
            ),
            _ => {}
        }
        self.is_failing = result.is_err();
    }

    async fn send(&self) -> Result<(), ExportError> {
        let mappings = self.measured.engine.metrics().await;
        let span = Span {
            started_ms: self.started_ms,
            now_ms: self.measured.wall.now_ms(),
        };
        let mut chunks = mappings.chunks(MAPPINGS_PER_REQUEST);
        let first: &[MappingMetrics] = chunks.next().unwrap_or_default();
        self.post(payload::write(span, Some(&self.measured.broker), first))
            .await?;
        for chunk in chunks {
            self.post(payload::write(span, None, chunk)).await?;
        }
        Ok(())
    }

    async fn post(&self, payload: String) -> Result<(), ExportError> {
        let mut request =
            Request::post(self.options.endpoint.clone()).header(CONTENT_TYPE, "application/json");
        for (name, value) in &self.options.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(payload))?;
        let exchange = tokio::time::timeout(TIMEOUT, self.exchange(request));
        exchange.await.unwrap_or(Err(ExportError::Late))
    }

    async fn exchange(&self, request: Request<Body>) -> Result<(), ExportError> {
        let answer = self.client.request(request).await?;
        let status = answer.status();
        // An answer that breaks off, or is longer, says nothing more; the status stands.
        let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER_BYTES).await;
        let body = body.unwrap_or_default();
        let excerpt = || -> String {
            let text = String::from_utf8_lossy(&body);
            text.chars().take(EXCERPT_CHARACTERS).collect()
        };
        if !status.is_success() {
            return Err(ExportError::Refused {
                status: status.as_u16(),
                body: excerpt(),
            });
        }
        if payload::is_partial(&body) {
            return Err(ExportError::Partial { body: excerpt() });
        }
        Ok(())
    }
}
