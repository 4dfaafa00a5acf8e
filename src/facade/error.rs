//! The errors of an instance.

use esmeralda_esm::ApiError;
use esmeralda_esm::invoker::InvalidEndpoint;
use std::fmt;
use std::time::Duration;

/// The reason why an instance did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cluster did not start.
    #[error(transparent)]
    Broker(#[from] esmeralda_broker::StartError),
    /// The HTTP port's address could not be bound.
    #[error("cannot serve HTTP on {address}: {source}")]
    Http {
        /// The address as it was configured.
        address: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The default endpoint is not a plain http URL.
    #[error("the Lambda endpoint: {0}")]
    Endpoint(#[from] InvalidEndpoint),
}

/// The reason why a function was not registered.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The endpoint is not a plain http URL.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// The instance is in virtual time, which does not wait for other processes.
    #[error(
        "function `{name}` is {kind} function, which virtual time cannot wait for: make it a simulated function or a closure"
    )]
    InVirtualTime {
        /// The function's name.
        name: String,
        /// The kind of function: `an http` or `a command`.
        kind: &'static str,
    },
    /// The command has no program.
    #[error("function `{name}` has an empty command: must be a program and its arguments")]
    EmptyCommand {
        /// The function's name.
        name: String,
    },
    /// The directory of the command does not exist.
    #[error("function `{name}`: the directory {} does not exist", directory.display())]
    NoDirectory {
        /// The function's name.
        name: String,
        /// The directory as it was given.
        directory: std::path::PathBuf,
    },
}

/// The reason why a mapping did not drain. `Debug` gives the same text as `Display`, so that `unwrap` in a test prints the reason.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrainError {
    /// Records were left when the time was over.
    #[error(
        "not drained within {} s: a lag of {lag} and {in_flight} batches in flight are left, the mapping is {state}, its \
         LastProcessingResult is `{last_processing_result}`",
        .limit.as_secs_f64()
    )]
    Late {
        /// The time, in the engine's time.
        limit: Duration,
        /// OffsetLag of all partitions together.
        lag: u64,
        /// Number of batches in flight.
        in_flight: usize,
        /// The state of the mapping.
        state: String,
        /// The mapping's LastProcessingResult: with `PROBLEM:` it says why records are left.
        last_processing_result: String,
    },
    /// The mapping does not exist, or does not any longer.
    #[error("{0}")]
    Mapping(#[from] ApiError),
}

impl fmt::Debug for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
