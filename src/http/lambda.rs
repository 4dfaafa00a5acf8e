//! The Lambda REST API for event source mappings.

use axum::Router;
use esmeralda_esm::Engine;

/// The routes of the Lambda API.
pub(super) fn router(engine: Engine) -> Router {
    let _ = engine;
    Router::new()
}
