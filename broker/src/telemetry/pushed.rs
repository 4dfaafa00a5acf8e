//! The metrics that clients have pushed, for tests to read.

use crate::ids::NodeId;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// The most pushes that are kept. The oldest goes first.
const MOST_PUSHES: usize = 1_000;

/// The most bytes of metrics that are kept.
const MOST_BYTES: usize = 16 << 20;

/// One push of a client (KIP-714).
#[derive(Clone, Debug, PartialEq)]
pub struct PushedMetrics {
    /// The broker that received it.
    pub node_id: NodeId,
    /// The id that the broker has given the client.
    pub client_instance_id: Uuid,
    /// The client's `client.id`; empty if it has none.
    pub client_id: String,
    /// The name and version of the client's library, if it has told them.
    pub software: Option<(String, String)>,
    /// The broker's time, in milliseconds since 1970.
    pub received_ms: i64,
    /// True if the client has said that this is its last push.
    pub is_terminating: bool,
    /// An OpenTelemetry `MetricsData` message of protobuf, decompressed.
    pub data: Bytes,
}

/// One value in [`PushedMetrics`].
#[derive(Clone, Debug, PartialEq)]
pub struct PushedMetric {
    /// The metric's name, such as `org.apache.kafka.consumer.connection.creation.total`.
    pub name: String,
    /// The last value of a counter or gauge; `None` for other kinds.
    pub value: Option<f64>,
}

impl PushedMetrics {
    /// Returns the metrics by name and value, as far as `data` can be read.
    pub fn metrics(&self) -> Vec<PushedMetric> {
        let mut metrics = Vec::new();
        // MetricsData.resource_metrics, ResourceMetrics.scope_metrics, ScopeMetrics.metrics.
        for resource in messages(&self.data, 1) {
            for scope in messages(resource, 2) {
                metrics.extend(messages(scope, 2).filter_map(metric));
            }
        }
        metrics
    }
}

/// Reads one `Metric`: its name, and the last number of its gauge or sum.
fn metric(message: &[u8]) -> Option<PushedMetric> {
    let name = messages(message, 1).next()?;
    // Metric.gauge and Metric.sum have their data points in field 1, each with a double in field 4 or a fixed64 in field 6.
    let points = messages(message, 5)
        .chain(messages(message, 7))
        .flat_map(|kind| messages(kind, 1));
    let value = points.filter_map(number).last();
    Some(PushedMetric {
        name: String::from_utf8_lossy(name).into_owned(),
        value,
    })
}

fn number(point: &[u8]) -> Option<f64> {
    Fields(point).find_map(|field| match field {
        (4, Value::Fixed(bits)) => Some(f64::from_bits(bits)),
        (6, Value::Fixed(bits)) => Some(bits as i64 as f64),
        _ => None,
    })
}

fn messages(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    Fields(message).filter_map(move |(number, value)| match value {
        Value::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    })
}

/// The fields of a protobuf message, up to the first that cannot be read.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Varint,
    Fixed(u64),
    Bytes(&'a [u8]),
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => {
                self.varint()?;
                Value::Varint
            }
            1 => Value::Fixed(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Value::Varint
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

/// The last pushes of all clients.
#[derive(Debug, Default)]
pub(crate) struct PushedStore(Mutex<VecDeque<PushedMetrics>>);

impl PushedStore {
    /// Keeps a push, and lets the oldest go that exceed the bounds.
    pub(crate) fn keep(&self, pushed: PushedMetrics) {
        let mut pushes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pushes.push_back(pushed);
        let mut bytes: usize = pushes.iter().map(|push| push.data.len()).sum();
        while pushes.len() > MOST_PUSHES || bytes > MOST_BYTES {
            let Some(oldest) = pushes.pop_front() else {
                return;
            };
            bytes -= oldest.data.len();
        }
    }

    /// Returns the pushes that are kept, the oldest first.
    pub(crate) fn list(&self) -> Vec<PushedMetrics> {
        let pushes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pushes.iter().cloned().collect()
    }
}
