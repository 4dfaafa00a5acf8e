//! `/healthz`: 200 once everything that was configured exists, 503 before.

use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Returns the status and text for the current value of `is_ready`.
pub(super) fn healthz(is_ready: &Arc<AtomicBool>) -> (StatusCode, &'static str) {
    if is_ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "starting: some of what was configured does not exist yet\n",
        )
    }
}
