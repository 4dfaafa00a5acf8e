//! The trace of a mapping's scaling as JSON: `GET /esmeralda/event-source-mappings/UUID/trace`. AWS has no such API.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use esmeralda_esm::Engine;

/// The path of the route.
pub(super) const PATH: &str = "/esmeralda/event-source-mappings/{uuid}/trace";

/// Answers with the trace of a mapping from when it last became Enabled until now.
pub(super) async fn trace(State(engine): State<Engine>, Path(uuid): Path<String>) -> Response {
    match engine.trace(&uuid).await {
        Ok(trace) => Json(trace).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(serde_json::json!({ "message": error.message }))).into_response()
        }
    }
}
