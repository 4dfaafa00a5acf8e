//! The layer before the APIs of AWS that verifies signatures.

use super::cloudwatch;
use super::signature::{SignatureError, SignedRequest, check};
use crate::credentials::Credentials;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use esmeralda_esm::Clock;
use std::sync::Arc;
use tracing::debug;

/// The largest body of any request of the APIs: that of an invocation, 6 MB, and a little more.
const MAX_BODY_BYTES: usize = 7 * 1024 * 1024;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The credentials that requests must be signed with, and the time.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) credentials: Arc<[Credentials]>,
    pub(super) clock: Clock,
}

/// Passes a request on if its signature is right, or if none is required.
pub(super) async fn verify(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if guard.credentials.is_empty() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(body) => body,
        Err(error) => return (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response(),
    };
    let signed = SignedRequest {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
        body: &body,
    };
    let service = cloudwatch::service_of(parts.uri.path(), &parts.headers).unwrap_or("lambda");
    // The wall's time and not the engine's, because the client signed with its own.
    match check(&signed, service, &guard.credentials, guard.clock.now_ms()) {
        Ok(()) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(error) => {
            debug!(%error, "a signature was refused");
            refusal(&error, parts.uri.path(), &parts.headers)
        }
    }
}

fn refusal(error: &SignatureError, path: &str, headers: &HeaderMap) -> Response {
    if let Some(response) = cloudwatch::refuse_signature(error, path, headers) {
        return response;
    }
    let (exception, _) = error.names();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (ERROR_TYPE, HeaderValue::from_static(exception)),
    ];
    let body = serde_json::json!({ "message": error.to_string() });
    (StatusCode::FORBIDDEN, headers, body.to_string()).into_response()
}
