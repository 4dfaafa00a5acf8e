//! A Kafka cluster that lives in memory.
//!
//! [`Broker::start`] starts a cluster of one or more brokers, each with its own listener, which serves Kafka clients over Kafka's
//! protocol. [`local::Client`] offers the same operations in the same process, without sockets.
//!
//! This file is the public interface: everything that it does not export is private to the crate.

mod api;
#[doc(hidden)]
pub mod bench;
mod bounds;
mod broker;
mod clock;
mod cluster;
mod config;
mod entropy;
mod features;
mod fetch;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod ids;
pub mod local;
mod log;
#[doc(hidden)]
pub mod messages;
mod metrics;
mod operations;
mod pattern;
mod pool;
mod security;
mod server;
#[cfg(test)]
mod subscribers;
mod telemetry;
mod topic;
mod transaction;
mod upkeep;
mod wire;

pub use api::{ServedApi, served_apis};
pub use broker::{Broker, StartError};
pub use clock::Clock;
pub use config::{
    Advertised, AdvertisedHost, Config, ConfigError, InvalidAdvertisedHost, NodeConfig, Release,
};
pub use entropy::Entropy;
pub use ids::{GenerationId, NodeId, Offset};
pub use log::header::{BatchHeader, Compression, TimestampType};
pub use log::records;
pub use metrics::{BROKER_METRICS, BrokerMetric, BrokerMetrics, MetricKind};
pub use pool::{Charge as MemoryCharge, OutOfMemory, Pool as MemoryPool};
pub use telemetry::{ClientMetrics, PushedMetric, PushedMetrics};
