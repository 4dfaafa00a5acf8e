//! `/healthz`: 200 when everything configured exists, 503 before.

use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Answers for `is_ready`.
pub(super) fn healthz(is_ready: &Arc<AtomicBool>) -> (StatusCode, &'static str) {
    if is_ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "starting: not everything configured exists yet\n",
        )
    }
}
