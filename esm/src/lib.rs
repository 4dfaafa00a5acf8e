//! AWS Lambda's event source mapping for Kafka: event pollers consume partitions as members of a consumer group, filter, batch and
//! invoke functions, and commit what has been processed.
//!
//! [`Engine`] creates and runs mappings. It sees a cluster only through `source`, and time only through [`Clock`].

pub mod batch;
mod batcher;
pub mod billing;
mod clock;
mod commit;
pub mod config;
mod engine;
mod event;
mod fleet;
pub mod invoker;
mod mapping;
pub mod metrics;
mod outcome;
mod poller;
pub mod profile;
mod retry;
pub mod scaler;
mod seconds;
pub mod source;
mod throughput;
pub mod trace;
mod work;

pub use clock::{Clock, Entropy};
pub use config::{
    ApiError, CreateMapping, ListMappings, MappingConfig, MappingDefinition, MappingState, MappingStatus,
    MappingView, MappingsPage, Surroundings, TagResource, Tags, UpdateMapping,
};
pub use engine::{Engine, EngineOptions};
pub use invoker::{Functions, Invocation, InvocationResult, Invoker};
pub use poller::Payloads;
pub use profile::{ProfileName, ScalingProfile};
pub use source::Pool;
