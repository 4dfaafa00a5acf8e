//! CloudWatch: what is measured of mappings and functions, by minute of the engine's clock, and the system logs of mappings.
//!
//! A mapping that works writes its minute when the next one begins, and a mapping that does not is filled in when its metrics are read: it
//! needs no timer. Source: Lambda developer guide, "Types of metrics for Lambda functions", and CloudWatch's API reference. The API itself
//! is in the package's `http`.
//!
//! # Differs from CloudWatch
//! - A counter of a mapping has one sample a minute, with the minute's count. The lag has one for each time that it was looked at.
//! - Metrics can be read at once, the present minute included. AWS shows them after one to three minutes.

mod budget;
mod function;
mod log_store;
mod mapping;
mod names;
mod samples;
mod series;
mod store;
mod system_log;
#[cfg(test)]
mod tests;
mod units;

pub(crate) use function::FunctionMeters;
pub use log_store::{LogEvent, LogSink, LogStore, StreamName, StreamSummary};
pub(crate) use mapping::{MappingRecorder, PollingState, RecorderSettings};
pub use names::{Emission, MetricGroup, NAMESPACE, PUBLISHED_METRICS, PublishedMetric, UNPUBLISHED_METRICS};
pub use samples::{SampleSet, Statistic};
pub use series::Minute;
pub use store::{Datapoint, Dimension, MetricId, MetricStore, Text};
pub(crate) use system_log::{LogSubject, PollerLog, SystemLog};
pub(crate) use units::UnitRecorder;
