//! The errors of a simulation.

use super::workload::WorkloadError;
use esmeralda_broker::local;
use esmeralda_esm::ApiError;
use esmeralda_esm::invoker::AuditError;

/// The reason why a scenario could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The cluster refused to create the topic.
    #[error("variant `{variant}`: topic `{topic}`: {source}")]
    Topic {
        /// The variant's name.
        variant: String,
        /// The topic's name.
        topic: String,
        /// The cluster's error.
        source: local::Error,
    },
    /// The cluster refused to append records.
    #[error("variant `{variant}`: {source}")]
    Workload {
        /// The variant's name.
        variant: String,
        /// The partition, and the cluster's error.
        source: WorkloadError,
    },
    /// The engine refused the mapping.
    #[error("{place}variant `{variant}`: {source}")]
    Mapping {
        /// The file and line of the variant; empty if it was not read from a file.
        place: String,
        /// The variant's name.
        variant: String,
        /// The error of the Lambda API.
        source: ApiError,
    },
    /// Records were missing or out of order. This is a bug in Esmeralda, and no result can be trusted.
    #[error("variant `{variant}`: {count} faults in the function's events, the first: {first}")]
    Audit {
        /// The variant's name.
        variant: String,
        /// Number of faults.
        count: u64,
        /// The first fault.
        first: AuditError,
    },
}
