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
        "function `{name}` is an http function, which virtual time cannot wait for: make it a simulated function or a closure"
    )]
    HttpInVirtualTime {
        /// The function's name.
        name: String,
    },
}
