//! AWS Lambda's event source mapping for Kafka: event pollers consume partitions as members of a consumer group, batch and
//! invoke functions, and commit what has been processed.
//!
//! [`Engine`] creates and runs mappings. It sees a cluster only through `source`, and time only through [`Clock`].

mod batch;
mod batcher;
mod billing;
mod clock;
pub mod cloudwatch;
mod config;
mod date;
mod decoder;
mod delivery;
mod destination;
mod engine;
mod event;
mod filter;
mod fleet;
mod function_api;
pub mod invoker;
mod mapping;
mod metrics;
mod outcome;
mod poller;
pub mod profile;
mod retry;
mod scaler;
pub mod schema;
mod seconds;
mod secrets;
mod source;
mod throughput;
pub mod trace;
mod work;

pub use batch::{Batch, BatchPart, Envelope};
pub use billing::UnitMeter;
pub use clock::{Clock, Entropy};
pub use config::{
    ApiError, CheckedMapping, CreateMapping, KnownMembers, ListMappings, MAPPING_MEMBERS, MappingCheck,
    MappingView, MappingsPage, MemberEffect, MemberType, RequestMember, TagResource, Tags, UpdateMapping,
    check_create,
};
pub use delivery::{
    AwsCredentials, AwsEndpoint, CapturedDestination, CapturedDocument, CapturedDocuments,
    DestinationOptions, InvalidAwsEndpoint,
};
pub use engine::{Engine, EngineOptions};
pub use filter::{FilterDecision, Filters, PatternError};
pub use function_api::{
    FUNCTION_MEMBERS, FunctionApi, FunctionApiOptions, FunctionResponse, InvocationType, InvokeRequest,
    ListFunctions,
};
pub use invoker::{Function, FunctionLimits, Functions, Invocation, InvocationResult, Invoker};
pub use metrics::{MAPPING_METRICS, MappingMetric, MappingMetrics, OFFSET_LAG, PartitionMetric};
pub use poller::Payloads;
pub use profile::{KedaPolicy, ProfileName, ScalingProfile};
pub use secrets::{Secret, Secrets};
pub use source::{
    AssignmentNumber, GroupTimeouts, MemoryPool, RecordSchemas, Records, SchemaLabel, Span, TimestampType,
};
