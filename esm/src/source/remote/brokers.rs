//! The connections of one client, by broker and purpose, with a pause after each failed attempt.

use super::RemoteSettings;
use super::connection::Connection;
use super::dialing::dial;
use super::endpoint::Endpoint;
use super::error::CallError;
use super::versions::Supported;
use crate::clock::Instant;
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The first pause after a failed attempt: Kafka's `reconnect.backoff.ms`. It doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause while a broker cannot be reached: Kafka's `reconnect.backoff.max.ms`.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause while a broker refuses the client, which does not pass by itself.
const LONGEST_PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(5);

/// The purpose of a connection. A broker answers the requests of a connection one after the other, so those that wait have their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Requests that are answered at once: heartbeats must not wait behind a fetch or a join.
    Control,
    /// JoinGroup and SyncGroup, which wait for the other members.
    Join,
    /// Fetch, which waits for records.
    Fetch,
}

/// The connections of one client.
#[derive(Debug)]
pub(super) struct Brokers {
    settings: Arc<RemoteSettings>,
    client_id: StrBytes,
    slots: Mutex<HashMap<(Endpoint, Lane), SharedSlot>>,
}

type SharedSlot = Arc<tokio::sync::Mutex<Slot>>;

/// The connection to one broker for one purpose. It is locked while the connection is made, so that callers at once share one attempt.
#[derive(Debug, Default)]
struct Slot {
    connection: Option<Arc<Connection>>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    error: CallError,
    /// The number of attempts that failed since the last that succeeded.
    attempts: u32,
    /// No attempt before then.
    retry_at: Instant,
}

impl Brokers {
    pub(super) fn new(settings: Arc<RemoteSettings>, client_id: &str) -> Self {
        Self {
            settings,
            client_id: StrBytes::from_string(client_id.to_owned()),
            slots: Mutex::default(),
        }
    }

    /// Sends a request to a broker and returns its answer, which comes within `limit` of being sent.
    pub(super) async fn call<R: Supported>(
        &self,
        to: &Endpoint,
        lane: Lane,
        request: &R,
        limit: Duration,
    ) -> Result<R::Response, CallError> {
        let connection = self.connection(to, lane).await?;
        let answer = connection.call(request, limit).await;
        if let Err(error) = &answer {
            tracing::debug!(broker = %to, api = R::NAME, %error, "a call failed");
        }
        answer
    }

    async fn connection(&self, to: &Endpoint, lane: Lane) -> Result<Arc<Connection>, CallError> {
        let slot = self.slot(to, lane);
        let mut slot = slot.lock().await;
        // A join that was given up waits for the group, so the next one does not wait for it, but has another connection.
        let is_usable =
            |connection: &Connection| connection.is_open() && (lane != Lane::Join || connection.is_idle());
        if let Some(connection) = slot
            .connection
            .as_ref()
            .filter(|connection| is_usable(connection))
        {
            return Ok(Arc::clone(connection));
        }
        slot.connection = None;
        let clock = &self.settings.clock;
        if let Some(failure) = slot
            .failure
            .as_ref()
            .filter(|failure| clock.now() < failure.retry_at)
        {
            return Err(failure.error.clone());
        }
        match dial(to, &self.settings, &self.client_id).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                slot.failure = None;
                slot.connection = Some(Arc::clone(&connection));
                Ok(connection)
            }
            Err(error) => {
                slot.fail(error.clone(), to, clock.now());
                Err(error)
            }
        }
    }

    fn slot(&self, to: &Endpoint, lane: Lane) -> SharedSlot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((to.clone(), lane)).or_default())
    }
}

impl Slot {
    fn fail(&mut self, error: CallError, to: &Endpoint, now: Instant) {
        let attempts = self.failure.as_ref().map_or(0, |failure| failure.attempts) + 1;
        // The first failure of several is in the log; LastProcessingResult shows that it lasts.
        if attempts == 1 {
            tracing::warn!(broker = %to, %error, "cannot use a broker of the event source");
        } else {
            tracing::debug!(broker = %to, %error, attempts, "cannot use a broker of the event source");
        }
        self.failure = Some(Failure {
            retry_at: now + pause_after(&error, attempts),
            error,
            attempts,
        });
    }
}

fn pause_after(error: &CallError, attempts: u32) -> Duration {
    let longest = match error.is_transient() {
        true => LONGEST_PAUSE,
        false => LONGEST_PAUSE_AFTER_REFUSAL,
    };
    let doubled = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16));
    doubled.min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_and_after_a_refusal_up_to_five() {
        let unreachable = CallError::Unreachable {
            reason: String::new(),
        };
        let refused = CallError::SaslRefused {
            reason: String::new(),
        };
        let pauses = |error| [1, 2, 5, 6, 7, 8, 100].map(|attempts| pause_after(error, attempts).as_millis());
        assert_eq!(pauses(&unreachable), [50, 100, 800, 1_000, 1_000, 1_000, 1_000]);
        assert_eq!(pauses(&refused), [50, 100, 800, 1_600, 3_200, 5_000, 5_000]);
    }
}
