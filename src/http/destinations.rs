//! The documents for on-failure destinations that are kept in memory: `GET /esmeralda/destinations`, and `GET` and `DELETE` of one
//! destination below it. AWS has no such API.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use esmeralda_esm::{CapturedDestination, CapturedDocument, CapturedDocuments, Engine};
use serde_json::{Value, json};

/// Returns the routes.
pub(super) fn router(engine: Engine) -> Router {
    Router::new()
        .route("/esmeralda/destinations", get(list))
        // An ARN in the path comes percent-encoded or not; axum decodes it.
        .route(
            "/esmeralda/destinations/{*destination}",
            get(documents).delete(clear),
        )
        .with_state(engine)
}

async fn list(State(engine): State<Engine>) -> Response {
    with_documents(&engine, |captured| {
        let destinations = captured.destinations().into_iter();
        let shown = |CapturedDestination {
                         destination,
                         document_count,
                     }| json!({ "Destination": destination, "DocumentCount": document_count });
        let destinations: Vec<Value> = destinations.map(shown).collect();
        let dropped = captured.dropped_count();
        Json(json!({ "Destinations": destinations, "DroppedDocumentCount": dropped })).into_response()
    })
}

async fn documents(State(engine): State<Engine>, Path(destination): Path<String>) -> Response {
    with_documents(&engine, |captured| {
        let documents = captured.documents(&destination);
        let documents: Vec<Value> = documents.iter().map(shown).collect();
        Json(json!({ "Destination": destination, "Documents": documents })).into_response()
    })
}

async fn clear(State(engine): State<Engine>, Path(destination): Path<String>) -> Response {
    with_documents(&engine, |captured| {
        captured.clear(&destination);
        StatusCode::NO_CONTENT.into_response()
    })
}

fn with_documents(engine: &Engine, answer: impl FnOnce(&CapturedDocuments) -> Response) -> Response {
    match engine.captured_documents() {
        Some(captured) => answer(captured),
        None => {
            let message = "Documents for on-failure destinations are not kept: start Esmeralda with --capture-destinations.";
            (StatusCode::NOT_FOUND, Json(json!({ "message": message }))).into_response()
        }
    }
}

fn shown(captured: &CapturedDocument) -> Value {
    // A document is written as JSON, so it is read again.
    let document: Value = serde_json::from_slice(&captured.body).unwrap_or_default();
    match &captured.object_key {
        Some(key) => json!({ "ObjectKey": key, "Document": document }),
        None => json!({ "Document": document }),
    }
}
