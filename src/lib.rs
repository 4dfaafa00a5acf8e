//! Esmeralda: a Kafka cluster in memory, with AWS Lambda's Kafka event source mapping built in.
//!
//! This crate is the facade for test suites in Rust; the `esmeralda` command is built on it. [`Esmeralda::start`] runs everything in real
//! time, with a Kafka port for any client:
//!
//! ```
//! use esmeralda::{Bytes, Esmeralda, NewMapping};
//! use std::time::Duration;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let esmeralda = Esmeralda::start().await?;
//!     esmeralda.create_topic_with("orders", 12).await?;
//!     esmeralda.register_function("handle-orders", |event: Bytes| async move {
//!         println!("{}", String::from_utf8_lossy(&event));
//!         Ok::<_, String>("{}")
//!     });
//!     let mapping = NewMapping::new("handle-orders", "orders").minimum_pollers(4);
//!     let mapping = esmeralda.create_mapping(mapping).await?;
//!
//!     // Any Kafka producer may send to esmeralda.bootstrap_servers() instead.
//!     esmeralda.produce("orders", 0, &["first", "second"]).await?;
//!     mapping.drained().await?;
//!     esmeralda.stop(Duration::from_secs(30)).await;
//!     Ok(())
//! }
//! ```
//!
//! [`Esmeralda::simulated`] runs the same in virtual time, where twenty minutes of scaling take seconds.

mod create_functions;
mod credentials;
mod date;
pub mod declarations;
mod facade;
mod http;
pub mod import;
mod otlp;
pub mod simulate;
mod virtual_time;

pub use esmeralda_broker as broker;
pub use esmeralda_esm as esm;

pub use broker::local::{Client, Error as ClientError, NewTopic};
pub use broker::{Advertised, Offset, Release};
pub use bytes::Bytes;
pub use create_functions::CreateFunctions;
pub use credentials::Credentials;
pub use esm::invoker::{DurationModel, SimulatedFunction};
pub use esm::trace::{Bucket, Decision, Rebalance, Trace, TraceSettings, Violation};
pub use esm::{
    ApiError, AwsCredentials, AwsEndpoint, CapturedDocument, Clock, DestinationOptions, Engine,
    GroupTimeouts, Invocation, InvocationResult, Invoker, MappingMetrics, MappingView, Payloads, ProfileName,
    ScalingProfile,
};
pub use facade::{
    DrainError, Esmeralda, FunctionError, Mapping, MappingChange, NewMapping, Options, Record, StartError,
};
pub use otlp::{InvalidOtlp, OtlpOptions};
pub use serde_json::{Value, json};

/// The Rust examples of README.md, which compile and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

/// The Rust examples of docs/rust.md, which compile and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/rust.md")]
struct RustPageExamples;

#[cfg(test)]
mod docs_tests;
