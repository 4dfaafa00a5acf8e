//! The codes of errors that the wire's side finds by itself, before or without an operation.

use kafka_protocol::ResponseError;

/// An error of a request that no operation reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum RequestError {
    /// The fields of the request contradict each other, or have values that they may not have.
    InvalidRequest,
    UnsupportedVersion,
    /// Kafka throws an exception that has no code of its own.
    UnknownServerError,
    /// The client meant to reach another cluster or broker (KIP-1242).
    RebootstrapRequired,
    /// A partition has no leader to show.
    LeaderNotAvailable,
    /// The request asks a broker's listener for controllers (KIP-919).
    MismatchedEndpointType,
    UnsupportedEndpointType,
    /// The request belongs to SASL, and the listener authenticates nobody.
    IllegalSaslState,
    /// The request is about delegation tokens, and the client has not authenticated in a way that allows it.
    DelegationTokenRequestNotAllowed,
    /// The time of the request was over when it arrived.
    RequestTimedOut,
    /// The request asks about a partition that the broker does not have.
    UnknownTopicOrPartition,
}

impl RequestError {
    /// Returns the error's code on the wire.
    pub(in crate::api) fn code(self) -> i16 {
        let error = match self {
            Self::InvalidRequest => ResponseError::InvalidRequest,
            Self::UnsupportedVersion => ResponseError::UnsupportedVersion,
            Self::UnknownServerError => ResponseError::UnknownServerError,
            Self::RebootstrapRequired => ResponseError::RebootstrapRequired,
            Self::LeaderNotAvailable => ResponseError::LeaderNotAvailable,
            Self::MismatchedEndpointType => ResponseError::MismatchedEndpointType,
            Self::UnsupportedEndpointType => ResponseError::UnsupportedEndpointType,
            Self::IllegalSaslState => ResponseError::IllegalSaslState,
            Self::DelegationTokenRequestNotAllowed => ResponseError::DelegationTokenRequestNotAllowed,
            Self::RequestTimedOut => ResponseError::RequestTimedOut,
            Self::UnknownTopicOrPartition => ResponseError::UnknownTopicOrPartition,
        };
        error.code()
    }
}
