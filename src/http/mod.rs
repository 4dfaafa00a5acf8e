//! The HTTP port: one listener for the Lambda API for mappings and functions, the CloudWatch API, the traces of mappings, a dry run of filters,
//! captured documents, the schema registry, `/metrics`, `/client-metrics` and `/healthz`. Each has a file of its own; this file combines their routes and owns
//! the listener's task.

mod client_metrics;
mod cloudwatch;
mod connections;
mod definers;
mod destinations;
mod filter;
mod guard;
mod health;
mod lambda;
mod metrics;
mod registry;
mod signature;
mod trace;

use crate::CreateFunctions;
use crate::credentials::Credentials;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use connections::HEADER_TIMEOUT;
use esmeralda_broker::{BrokerMetrics, ClientMetrics};
use esmeralda_esm::schema::SchemaRegistry;
use esmeralda_esm::{Clock, Engine, FunctionApi};
use guard::{Guard, verify};
use socket2::SockRef;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The number of connections that may wait to be accepted, as on the Kafka port.
// With a backlog of 128, connections were lost when many clients opened theirs at once.
const LISTEN_BACKLOG: i32 = 4_096;

/// Prometheus' text exposition format.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The state that the routes read and change.
#[derive(Clone, Debug)]
pub(crate) struct Surface {
    pub(crate) engine: Engine,
    pub(crate) functions: FunctionApi,
    /// The clients that may create functions.
    pub(crate) create_functions: CreateFunctions,
    pub(crate) broker: BrokerMetrics,
    pub(crate) client_metrics: ClientMetrics,
    /// The credentials that requests to AWS's APIs must be signed with; any or none if there are none.
    pub(crate) credentials: Vec<Credentials>,
    /// The clock of the system, for the age of signatures.
    pub(crate) clock: Clock,
    pub(crate) schemas: SchemaRegistry,
    /// Whether everything that was configured exists.
    pub(crate) is_ready: Arc<AtomicBool>,
}

/// A listening HTTP server. Dropping it without [`Server::stop`] stops it too, without waiting for the requests in work.
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
        // tokio binds with a backlog of its own, and a second listen changes it.
        SockRef::from(&listener).listen(LISTEN_BACKLOG)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            // An error means that the server was dropped, which stops it too.
            let _ = stopped.await;
        };
        let task = tokio::spawn(connections::serve(
            listener,
            router(surface),
            HEADER_TIMEOUT,
            stopped,
        ));
        Ok(Self { address, stop, task })
    }

    /// Returns the address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, and waits until the requests in work are answered.
    pub(crate) async fn stop(self) {
        // A send to a task that has ended fails, and there is nothing left to stop.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn router(surface: Surface) -> Router {
    let Surface {
        engine,
        functions,
        create_functions,
        broker,
        client_metrics,
        credentials,
        clock,
        schemas,
        is_ready,
    } = surface;
    let guard = Guard {
        credentials: credentials.into(),
        clock,
    };
    let api = lambda::Api::new(engine.clone(), functions, create_functions);
    let measured = engine.clone();
    let metrics = move || async move {
        let page = metrics::page(&broker, &measured.metrics().await);
        ([(CONTENT_TYPE, PROMETHEUS_TEXT)], page).into_response()
    };
    let pushed = move || async move { Json(client_metrics::page(&client_metrics.pushed())) };
    let apis = lambda::router(api, cloudwatch::router(engine.clone()));
    let apis = apis.layer(from_fn_with_state(guard, verify));
    Router::new()
        .route("/metrics", get(metrics))
        .route("/client-metrics", get(pushed))
        .route(trace::PATH, get(trace::trace).with_state(engine.clone()))
        .route(filter::PATH, post(filter::filter))
        .route("/healthz", get(move || async move { health::healthz(&is_ready) }))
        .merge(destinations::router(engine))
        .merge(apis)
        .merge(registry::router(schemas))
}
