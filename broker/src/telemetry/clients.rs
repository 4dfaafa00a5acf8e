//! The clients that push metrics: what each has been told, and whether a request of its may be served. Source: Kafka's
//! `ClientMetricsManager` and `ClientMetricsInstance`.

use super::subscription::{Attributes, Subscription, Subscriptions};
use crate::config::java::hash_order;
use crate::ids::NodeId;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// The most clients that are remembered, as in Kafka.
const MOST_CLIENTS: usize = 16_384;

/// The least time for which a client is remembered after a request, in milliseconds.
const LEAST_LIFE_MS: i64 = 60_000;

/// The interval of a client that no subscription is for, in milliseconds.
const DEFAULT_INTERVAL_MS: i32 = 300_000;

/// The metrics of a subscription to all of them.
const ALL: &str = "*";

/// The reason why a client's request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TelemetryError {
    #[error("invalid client instance id")]
    InvalidId,
    #[error("the client has said before that it is terminating")]
    Terminating,
    #[error("the request arrived before the next push interval")]
    TooEarly,
    #[error("unknown subscription id")]
    UnknownSubscription,
    #[error("unknown compression type")]
    UnknownCompression,
    #[error("the metrics are larger than telemetry.max.bytes")]
    TooLarge,
    #[error("the metrics do not decompress")]
    Undecodable,
}

/// A request of a client: where it came from, and when.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) node: NodeId,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) attributes: Attributes,
    pub(crate) now_ms: i64,
}

/// The subscription as a client is told it: the metrics to push, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) subscription_id: i32,
    /// The beginnings of names of metrics; `*` means all.
    pub(crate) metrics: Vec<String>,
    pub(crate) interval_ms: i32,
}

/// The content of a push, before its metrics are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Push {
    pub(crate) subscription_id: i32,
    pub(crate) is_terminating: bool,
    pub(crate) is_known_codec: bool,
    pub(crate) size_bytes: usize,
    pub(crate) most_bytes: usize,
}

/// The clients of all brokers. Each broker knows its own only, as in Kafka.
#[derive(Debug, Default)]
pub(crate) struct Clients(Mutex<HashMap<(NodeId, Uuid), Client>>);

#[derive(Debug)]
struct Client {
    attributes: Attributes,
    told: Told,
    /// The state of the subscriptions that the client was told of.
    version: u64,
    peer: Option<SocketAddr>,
    last_get_ms: i64,
    last_push_ms: i64,
    is_terminating: bool,
    last_error: Option<TelemetryError>,
    expires_ms: i64,
}

impl Clients {
    /// Returns the subscription of the client of that id.
    ///
    /// # Errors
    /// [`TelemetryError::TooEarly`].
    pub(crate) fn get(
        &self,
        id: Uuid,
        caller: Caller,
        subscriptions: &Subscriptions,
    ) -> Result<Told, TelemetryError> {
        let mut clients = self.lock();
        let now_ms = caller.now_ms;
        let client = known(&mut clients, id, caller, subscriptions);
        let last_ms = client.last_get_ms.max(client.last_push_ms);
        if now_ms - last_ms >= i64::from(client.told.interval_ms) {
            client.last_get_ms = now_ms;
        } else if !matches!(
            client.last_error,
            Some(TelemetryError::UnknownSubscription | TelemetryError::UnknownCompression)
        ) {
            return Err(TelemetryError::TooEarly);
        }
        client.last_error = None;
        Ok(client.told.clone())
    }

    /// Checks a push of the client of that id.
    ///
    /// # Errors
    /// [`TelemetryError`], in Kafka's order.
    pub(crate) fn push(
        &self,
        id: Uuid,
        push: Push,
        caller: Caller,
        subscriptions: &Subscriptions,
    ) -> Result<(), TelemetryError> {
        if id.as_u128() <= 1 {
            // Kafka reserves these two ids.
            return Err(TelemetryError::InvalidId);
        }
        let mut clients = self.lock();
        let now_ms = caller.now_ms;
        let client = known(&mut clients, id, caller, subscriptions);
        let result = client.check(push, now_ms);
        client.is_terminating = push.is_terminating;
        client.last_error = result.err();
        result
    }

    /// Forgets the client of a connection that has ended.
    pub(crate) fn disconnected(&self, node: NodeId, peer: SocketAddr) {
        self.lock()
            .retain(|(of, _), client| *of != node || client.peer != Some(peer));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(NodeId, Uuid), Client>> {
        // A poisoned lock is safe to use: each field changes by itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the client of that id, told of the present subscriptions.
fn known<'a>(
    clients: &'a mut HashMap<(NodeId, Uuid), Client>,
    id: Uuid,
    caller: Caller,
    subscriptions: &Subscriptions,
) -> &'a mut Client {
    let key = (caller.node, id);
    let now_ms = caller.now_ms;
    if clients
        .get(&key)
        .is_some_and(|client| client.expires_ms <= now_ms)
    {
        clients.remove(&key);
    }
    let (version, present) = subscriptions.present();
    let is_current = clients.get(&key).is_some_and(|client| client.version >= version);
    if !is_current {
        if clients.len() >= MOST_CLIENTS {
            make_room(clients, now_ms);
        }
        // A client that is told anew keeps what it said of itself first.
        let attributes = clients
            .remove(&key)
            .map_or(caller.attributes, |client| client.attributes);
        let client = Client {
            told: told(id, &attributes, &present),
            attributes,
            version,
            peer: caller.peer,
            last_get_ms: 0,
            last_push_ms: 0,
            is_terminating: false,
            last_error: None,
            expires_ms: 0,
        };
        clients.insert(key, client);
    }
    let client = clients.get_mut(&key).expect("it was found or inserted");
    client.expires_ms = now_ms + LEAST_LIFE_MS.max(i64::from(client.told.interval_ms) * 3);
    client
}

/// Removes the clients that have expired, or else the one that expires first.
fn make_room(clients: &mut HashMap<(NodeId, Uuid), Client>, now_ms: i64) {
    clients.retain(|_, client| client.expires_ms > now_ms);
    if clients.len() < MOST_CLIENTS {
        return;
    }
    let first = clients.iter().min_by_key(|(_, client)| client.expires_ms);
    if let Some(key) = first.map(|(key, _)| *key) {
        clients.remove(&key);
    }
}

impl Client {
    /// Source: Kafka's `ClientMetricsManager.validatePushRequest`.
    fn check(&mut self, push: Push, now_ms: i64) -> Result<(), TelemetryError> {
        if self.is_terminating {
            return Err(TelemetryError::Terminating);
        }
        let is_due = self.last_get_ms > self.last_push_ms
            || now_ms - self.last_push_ms >= i64::from(self.told.interval_ms);
        if is_due {
            self.last_push_ms = now_ms;
        } else if !push.is_terminating {
            return Err(TelemetryError::TooEarly);
        }
        if push.subscription_id != self.told.subscription_id {
            return Err(TelemetryError::UnknownSubscription);
        }
        if !push.is_known_codec {
            return Err(TelemetryError::UnknownCompression);
        }
        if push.size_bytes > push.most_bytes {
            return Err(TelemetryError::TooLarge);
        }
        Ok(())
    }
}

fn told(id: Uuid, attributes: &Attributes, subscriptions: &[Arc<Subscription>]) -> Told {
    let mut interval_ms = DEFAULT_INTERVAL_MS;
    let mut metrics: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for subscription in subscriptions {
        if subscription.is_for(attributes) {
            interval_ms = interval_ms.min(subscription.interval_ms);
            let new = subscription.metrics.iter().map(String::as_str);
            metrics.extend(new.filter(|metric| seen.insert(*metric)));
        }
    }
    if metrics.contains(&ALL) {
        metrics = vec![ALL];
    }
    let metrics = hash_order(metrics);
    // The id follows from the metrics, the interval and the client, so that a broker recognises what another one has told.
    let text = format!("[{}]{interval_ms}", metrics.join(", "));
    let (high, low) = id.as_u64_pair();
    let mixed = high ^ low;
    let of_client = (mixed >> 32) as i32 ^ mixed as i32;
    Told {
        subscription_id: crc32c::crc32c(text.as_bytes()) as i32 ^ of_client,
        metrics: metrics.into_iter().map(str::to_owned).collect(),
        interval_ms,
    }
}
