//! The Runtime API of Lambda, version 2018-06-01, for one process: the process asks for its next event, and answers it. Source: Lambda
//! developer guide, "Using the Lambda runtime API for custom runtimes", and the runtime interface emulator.
//!
//! # Differs from Lambda
//! - A streamed response is collected, and handed over when it is complete.
//! - The APIs of extensions, logs, telemetry, credentials and SnapStart are refused by name.

mod body;

use super::exchange::{Exchange, Refusal, RuntimeAnswer, RuntimeEvent};
use crate::Clock;
use crate::invoker::limits::MAX_RESPONSE_BYTES;
use body::{RuntimeBody, read_body};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const VERSION: &str = "/2018-06-01";

/// The number of connections that a process may have at once. A runtime has one or two.
const MAX_CONNECTIONS: usize = 64;

/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The header by which newer runtimes repeat the id of the attempt.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// A server of the Runtime API. Dropping it ends it.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    address: SocketAddr,
    // Never joined: the set's only use is that it ends the server when it is dropped.
    _task: JoinSet<()>,
}

impl RuntimeApi {
    /// Serves `exchange` on a free port of the loopback interface.
    ///
    /// # Errors
    /// The system's error if no socket is free.
    pub(super) async fn start(exchange: Arc<Exchange>, clock: Clock) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(serve(listener, Calls { exchange, clock }));
        Ok(Self { address, _task: task })
    }

    /// Returns the address, `host:port`, as runtimes are told it.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, calls: Calls) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < MAX_CONNECTIONS;
        let accepted = tokio::select! {
            biased;
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept(), if has_room => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Without descriptors the next attempt fails too, and must not spin.
            Clock::within_real_time(ACCEPT_PAUSE, std::future::pending::<()>()).await;
            continue;
        };
        // The end of an answer would wait for an acknowledgement otherwise. A failure costs time only.
        let _ = stream.set_nodelay(true);
        let calls = calls.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let calls = calls.clone();
                async move { Ok::<_, Infallible>(calls.answer(request).await) }
            });
            // A connection that a process breaks off is none of the engine's problems: the invocation shows what became of it.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// The calls of a process.
#[derive(Clone, Debug)]
struct Calls {
    exchange: Arc<Exchange>,
    clock: Clock,
}

impl Calls {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let Some(call) = path.strip_prefix(VERSION) else {
            return not_served(&path);
        };
        let parts: Vec<&str> = call.trim_matches('/').split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["runtime", "invocation", "next"]) => self.next().await,
            (&Method::POST, ["runtime", "invocation", request_id, "response"]) => {
                self.respond(request_id, request, RuntimeAnswer::Response).await
            }
            (&Method::POST, ["runtime", "invocation", request_id, "error"]) => {
                self.respond(request_id, request, RuntimeAnswer::Error).await
            }
            (&Method::POST, ["runtime", "init", "error"]) => {
                let error = match read_body(request.into_body()).await {
                    Ok(RuntimeBody::Complete(error) | RuntimeBody::Failed(error)) => error,
                    Ok(RuntimeBody::TooLarge) => Bytes::new(),
                    Err(error) => return broken(&error),
                };
                accepted_or(self.exchange.fail_init(error))
            }
            (&Method::GET, ["ping"]) => plain(StatusCode::OK, "pong"),
            _ => not_served(&path),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        match self.exchange.next().await {
            Ok(event) => self.event(event),
            Err(refusal) => refused(refusal),
        }
    }

    fn event(&self, event: RuntimeEvent) -> Response<Full<Bytes>> {
        let timeout_ms = i64::try_from(event.timeout.as_millis()).unwrap_or(i64::MAX);
        let deadline_ms = self.clock.now_ms().saturating_add(timeout_ms);
        let mut response = Response::new(Full::new(event.payload));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        let mut set = |name: &'static str, value: &str| {
            // A client context with a line break is no header, and is left out as Lambda would refuse it.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("lambda-runtime-aws-request-id", &event.request_id);
        set("lambda-runtime-deadline-ms", &deadline_ms.to_string());
        set("lambda-runtime-invoked-function-arn", &event.function_arn);
        set("lambda-runtime-trace-id", &event.trace_id);
        set(INVOCATION_ID, &event.invocation_id);
        if let Some(context) = &event.client_context {
            set("lambda-runtime-client-context", context);
        }
        response
    }

    /// Takes the answer to an invocation. The path of the call says whether the function failed, because some runtimes send no error type.
    async fn respond(
        &self,
        request_id: &str,
        request: Request<Incoming>,
        answer: fn(Bytes) -> RuntimeAnswer,
    ) -> Response<Full<Bytes>> {
        let invocation_id = text(request.headers(), INVOCATION_ID);
        let invocation_id = invocation_id.as_deref();
        // Checked before the body is read, which may be long.
        if let Err(refusal) = self.exchange.check(request_id, invocation_id) {
            return refused(refusal);
        }
        let answer = match read_body(request.into_body()).await {
            Ok(RuntimeBody::Complete(body)) => answer(body),
            Ok(RuntimeBody::Failed(error)) => RuntimeAnswer::Error(error),
            Ok(RuntimeBody::TooLarge) => RuntimeAnswer::TooLarge,
            Err(error) => return broken(&error),
        };
        let is_too_large = answer == RuntimeAnswer::TooLarge;
        match self.exchange.answer(request_id, invocation_id, answer) {
            Ok(()) if is_too_large => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
            ),
            result => accepted_or(result),
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

fn accepted_or(result: Result<(), Refusal>) -> Response<Full<Bytes>> {
    match result {
        Ok(()) => {
            let mut response = plain(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n");
            response.headers_mut().insert(CONTENT_TYPE, JSON);
            response
        }
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let (status, error_type) = match refusal {
        Refusal::RequestId => (StatusCode::BAD_REQUEST, "InvalidRequestID"),
        Refusal::InvocationId => (StatusCode::BAD_REQUEST, "InvalidInvocationId"),
        Refusal::State => (StatusCode::FORBIDDEN, "InvalidStateTransition"),
    };
    error(status, error_type, &refusal.to_string())
}

fn broken(cause: &hyper::Error) -> Response<Full<Bytes>> {
    error(StatusCode::BAD_REQUEST, "BodyNotRead", &cause.to_string())
}

fn not_served(path: &str) -> Response<Full<Bytes>> {
    tracing::debug!(path, "a function calls what is not served");
    error(
        StatusCode::NOT_FOUND,
        "NotServed",
        &format!(
            "{path} is not served: Esmeralda has the Runtime API {VERSION}/runtime/, and none for extensions, logs, telemetry or SnapStart"
        ),
    )
}

fn error(status: StatusCode, error_type: &str, message: &str) -> Response<Full<Bytes>> {
    let body = json!({ "errorMessage": message, "errorType": error_type });
    let mut response = plain(status, body.to_string());
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
