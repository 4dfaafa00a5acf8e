//! Warns of clients that speak another protocol on Kafka's port.

use crate::wire::OtherProtocol;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The least time between two warnings: a misconfigured client retries endlessly.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// A warning that is logged at most once a minute.
#[derive(Debug, Default)]
pub(super) struct OncePerMinute {
    last_warning: Mutex<Option<Instant>>,
}

impl OncePerMinute {
    /// Logs at WARN that a client speaks `protocol`, with a hint for its user.
    pub(super) fn warn(&self, protocol: OtherProtocol, peer_address: Option<SocketAddr>) {
        if !self.is_due(Instant::now()) {
            return;
        }
        let hint = match protocol {
            OtherProtocol::Tls => "this listener is PLAINTEXT: set security.protocol=PLAINTEXT in the client",
            OtherProtocol::Http => {
                "this port speaks Kafka's protocol: use the address of the HTTP API, which is printed at the start"
            }
        };
        let peer_address = peer_address.map(tracing::field::display);
        tracing::warn!(peer_address, %protocol, hint, "a client does not speak Kafka's protocol");
    }

    fn is_due(&self, now: Instant) -> bool {
        // A poisoned lock is safe to use: the value is replaced whole.
        let mut last = self.last_warning.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.duration_since(last) >= BETWEEN_WARNINGS);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}
