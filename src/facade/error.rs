//! The errors of an instance.

use esmeralda_esm::invoker::InvalidEndpoint;

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
