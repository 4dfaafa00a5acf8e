//! The HTTP surface: one listener, the Lambda API for mappings, their traces, `/metrics` and `/healthz`. Each surface is a file of its own; this one
//! puts them together and owns the listener's task.

mod health;
mod lambda;
mod metrics;
mod trace;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use esmeralda_broker::BrokerMetrics;
use esmeralda_esm::Engine;
use socket2::SockRef;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::warn;

/// The number of connections that may wait to be accepted, as on the Kafka port.
const LISTEN_BACKLOG: i32 = 4_096;

/// Prometheus' text exposition format.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the routes show and change.
#[derive(Clone, Debug)]
pub(crate) struct Surface {
    pub(crate) engine: Engine,
    pub(crate) broker: BrokerMetrics,
    /// Everything configured exists.
    pub(crate) is_ready: Arc<AtomicBool>,
}

/// A listening HTTP server. Dropping it without [`Server::stop`] aborts its task.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on `address`, `host:port`; port 0 takes a free one.
    pub(crate) async fn start(address: &str, surface: Surface) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        SockRef::from(&listener).listen(LISTEN_BACKLOG)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serving = axum::serve(listener, router(surface)).with_graceful_shutdown(async {
            // An error means that the server was dropped, which stops it too.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                warn!(%error, "the HTTP server ended");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more, answers what is in work.
    pub(crate) async fn stop(self) {
        // The task may have ended by itself.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn router(surface: Surface) -> Router {
    let Surface {
        engine,
        broker,
        is_ready,
    } = surface;
    let measured = engine.clone();
    let metrics = move || async move {
        let page = metrics::page(&broker, &measured.metrics().await);
        ([(CONTENT_TYPE, PROMETHEUS_TEXT)], page).into_response()
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route(trace::PATH, get(trace::trace).with_state(engine.clone()))
        .route("/healthz", get(move || async move { health::healthz(&is_ready) }))
        .merge(lambda::router(engine))
}
