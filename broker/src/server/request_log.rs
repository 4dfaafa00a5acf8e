//! One line for each request, at DEBUG.

use crate::api::{Answer, Served};
use crate::operations::RequestContext;
use tokio::time::Instant;
use tracing::Level;

/// The log line of a request being handled. No clock is read and nothing is formatted unless DEBUG is on.
pub(super) struct RequestLog {
    started: Option<Instant>,
}

impl RequestLog {
    /// Starts the measurement when the request's handling starts.
    #[inline]
    pub(super) fn start() -> Self {
        Self {
            started: tracing::enabled!(Level::DEBUG).then(Instant::now),
        }
    }

    /// Writes the line of an answered request.
    #[inline]
    pub(super) fn answered(self, context: &RequestContext, api: &Served, version: i16, answer: &Answer) {
        if let Some(started) = self.started {
            write(started, context, api, version, answer);
        }
    }
}

// The line is written apart from the inlined check of the level, so that the hot path stays small.
#[cold]
fn write(started: Instant, context: &RequestContext, api: &Served, version: i16, answer: &Answer) {
    tracing::debug!(
        api = api.name(),
        version,
        client_id = context.client_id,
        peer_address = context.peer_address.map(tracing::field::display),
        node_id = %context.node_id,
        duration_us = started.elapsed().as_micros() as u64,
        errors = %answer.error_counts(),
        "request"
    );
}
