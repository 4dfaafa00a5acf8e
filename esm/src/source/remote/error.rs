//! The errors of calls to a remote broker, and the words in which a mapping shows them.
//!
//! Source of the words: Lambda developer guide, "Troubleshooting errors with Kafka event source mappings". They do not say which broker
//! and why; the log does.

use crate::source::consumer::client::{ClientError, ErrorKind};
use kafka_protocol::ResponseError;
use std::time::Duration;

/// The reason why a broker gave no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// No connection could be made.
    #[error("cannot connect: {reason}")]
    Unreachable {
        /// The system's error.
        reason: String,
    },
    /// The connection ended before the answer.
    #[error("the connection ended: {reason}")]
    Lost {
        /// The system's error.
        reason: String,
    },
    /// The answer took too long. The connection is closed then, because answers come in order.
    #[error("no answer within {} ms", limit.as_millis())]
    TimedOut {
        /// The time that the call may take.
        limit: Duration,
    },
    /// The answer, or a request, is not Kafka's.
    #[error("{reason}")]
    Malformed {
        /// The fault.
        reason: String,
    },
    /// The broker has no version of a request that this client has.
    #[error(
        "the broker serves {api} in versions {} to {}, and {} to {} are supported: Apache Kafka 0.11 is the oldest supported release",
        served.0, served.1, supported.0, supported.1
    )]
    UnsupportedVersion {
        /// The name of the API.
        api: &'static str,
        /// The first and the last version of the broker.
        served: (i16, i16),
        /// The first and the last version of this client.
        supported: (i16, i16),
    },
    /// The broker refused the user's name or password, or the mechanism.
    #[error("SASL authentication failed: {reason}")]
    SaslRefused {
        /// The broker's words.
        reason: String,
    },
    /// A certificate or private key of a secret cannot be used.
    #[error("a certificate or private key is invalid: {reason}")]
    InvalidCertificate {
        /// The fault.
        reason: String,
    },
    /// The broker's certificate is not signed by a trusted authority, or is another host's.
    #[error("the broker's certificate is refused: {reason}")]
    ServerNotTrusted {
        /// The fault of the certificate.
        reason: String,
    },
    /// The broker refused the TLS handshake, such as for a missing or unknown client certificate.
    #[error("the broker refused the TLS handshake: {reason}")]
    ClientNotTrusted {
        /// The broker's alert.
        reason: String,
    },
}

impl CallError {
    /// Returns whether the same call can succeed a moment later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Lost { .. } | Self::TimedOut { .. }
        )
    }
}

impl From<CallError> for ClientError {
    fn from(error: CallError) -> Self {
        let kind = match error.is_transient() {
            true => ErrorKind::Transient,
            false => ErrorKind::Other,
        };
        let reason = match &error {
            CallError::Unreachable { .. } | CallError::Lost { .. } | CallError::TimedOut { .. } => {
                "Connection error. Please check your event source connection configuration.".to_owned()
            }
            CallError::SaslRefused { .. } => "SASL authentication failed.".to_owned(),
            CallError::ServerNotTrusted { .. } => "Lambda failed to authenticate server.".to_owned(),
            CallError::ClientNotTrusted { .. } => "Server failed to authenticate Lambda.".to_owned(),
            CallError::InvalidCertificate { .. } => {
                "Provided certificate or private key is invalid.".to_owned()
            }
            CallError::Malformed { .. } | CallError::UnsupportedVersion { .. } => error.to_string(),
        };
        Self { kind, reason }
    }
}

/// Returns the error of a code that is not 0.
pub(super) fn of_code(code: i16) -> ClientError {
    let name = name_of(code);
    let reason = match code {
        // TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED
        29..=31 => {
            tracing::debug!(error = name, "the cluster refused a call");
            "Cluster failed to authorize Lambda.".to_owned()
        }
        _ => name,
    };
    ClientError {
        kind: ErrorKind::of_code(code),
        reason,
    }
}

/// Returns Kafka's name of an error code, such as `NOT_COORDINATOR`.
fn name_of(code: i16) -> String {
    let known = ResponseError::try_from_code(code).unwrap_or(ResponseError::Unknown(code));
    if let ResponseError::Unknown(code) = known {
        return format!("error code {code}");
    }
    let mut name = String::new();
    for letter in known.to_string().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_kafkas_names_and_kinds() {
        let cases = [
            (16, ErrorKind::Transient, "NOT_COORDINATOR"),
            (6, ErrorKind::Transient, "NOT_LEADER_OR_FOLLOWER"),
            (1, ErrorKind::OffsetOutOfRange, "OFFSET_OUT_OF_RANGE"),
            (30, ErrorKind::Other, "Cluster failed to authorize Lambda."),
            (-1, ErrorKind::Other, "UNKNOWN_SERVER_ERROR"),
            (9_999, ErrorKind::Other, "error code 9999"),
        ];
        for (code, kind, reason) in cases {
            let expected = ClientError {
                kind,
                reason: reason.to_owned(),
            };
            assert_eq!(of_code(code), expected);
        }
    }

    #[test]
    fn a_lost_connection_is_transient_and_a_refused_password_is_told_at_once() {
        let reason = "anything".to_owned();
        let lost = ClientError::from(CallError::Lost {
            reason: reason.clone(),
        });
        assert_eq!(lost.kind, ErrorKind::Transient);
        assert_eq!(
            lost.reason,
            "Connection error. Please check your event source connection configuration."
        );
        let refused = ClientError::from(CallError::SaslRefused { reason });
        assert_eq!(refused.kind, ErrorKind::Other);
        assert_eq!(refused.reason, "SASL authentication failed.");
    }
}
