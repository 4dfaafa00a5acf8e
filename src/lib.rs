//! Esmeralda: a Kafka cluster in memory, with AWS Lambda's Kafka event source mapping built in.
//!
//! This is the facade for test suites in Rust; the `esmeralda` command is built on it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use esmeralda::{Esmeralda, NewMapping};
//!
//! let esmeralda = Esmeralda::start().await?;
//! esmeralda.create_topic_with("orders", 12).await?;
//! esmeralda.register_function("handle-orders", |event| async move {
//!     println!("{}", String::from_utf8_lossy(&event));
//!     Ok::<_, String>("{}")
//! });
//! let mapping = esmeralda.create_mapping(NewMapping::new("handle-orders", "orders").minimum_pollers(4)).await?;
//!
//! // Point any Kafka producer at esmeralda.bootstrap_servers(), then:
//! mapping.drained().await?;
//! esmeralda.stop(std::time::Duration::from_secs(30)).await;
//! # Ok(())
//! # }
//! ```

mod facade;
mod http;

pub use esmeralda_broker as broker;
pub use esmeralda_esm as esm;

pub use broker::local::NewTopic;
pub use facade::{Esmeralda, Mapping, NewMapping, Options, StartError};
