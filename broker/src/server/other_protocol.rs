//! Warns of clients that speak another protocol on Kafka's port.

use crate::wire::OtherProtocol;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The least time between two warnings of the same protocol: a misconfigured client retries endlessly.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// Warnings that are logged at most once a minute for each protocol, so that the hint for one does not hide the hint for another.
#[derive(Debug, Default)]
pub(super) struct OncePerMinute {
    last_warnings: Mutex<LastWarnings>,
}

#[derive(Debug, Default)]
struct LastWarnings {
    tls: Option<Instant>,
    http: Option<Instant>,
}

impl OncePerMinute {
    /// Logs at WARN that a client speaks `protocol`, with a hint for its user.
    pub(super) fn warn(&self, protocol: OtherProtocol, peer_address: Option<SocketAddr>) {
        if !self.is_due(protocol, Instant::now()) {
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

    fn is_due(&self, protocol: OtherProtocol, now: Instant) -> bool {
        // A poisoned lock is safe to use: each moment is replaced whole.
        let mut warnings = self.last_warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match protocol {
            OtherProtocol::Tls => &mut warnings.tls,
            OtherProtocol::Http => &mut warnings.http,
        };
        let is_due = last.is_none_or(|last| now.duration_since(last) >= BETWEEN_WARNINGS);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}
