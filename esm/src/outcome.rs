//! The outcome of an invocation for its batch. Pure.
//!
//! The response is not read unless the mapping's response types ask for it: without them a successful invocation finishes the batch,
//! whatever the function returned.

use crate::config::ResponseTypes;
use crate::invoker::InvocationResult;

/// The outcome of an invocation for its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every record is finished.
    Success,
    /// The function failed, or the service refused to invoke it. Counts as an attempt.
    Failure {
        /// The error type and the start of the error payload, or the service's reason.
        reason: String,
    },
    /// The function had no concurrency left. Tried again; does not count as an attempt.
    Throttled {
        /// The limit that was reached.
        reason: String,
    },
    /// The function was not reached, or its service failed. Tried again; does not count as an attempt.
    Unreachable {
        /// The error.
        reason: String,
    },
}

impl Outcome {
    /// Reads the result of an invocation, with the mapping's response types.
    ///
    /// Source: AWS Lambda developer guide, "How Lambda processes records from stream and queue-based event sources": throttles
    /// and errors of the service are retried without being counted as attempts.
    pub(crate) fn read(result: InvocationResult, response_types: ResponseTypes) -> Self {
        match result {
            InvocationResult::Returned {
                function_error: None, ..
            } => match response_types {
                ResponseTypes::None => Self::Success,
            },
            InvocationResult::Returned {
                function_error: Some(error),
                payload,
            } => Self::Failure {
                reason: failure_reason(&error, &payload),
            },
            // Lambda counts an invocation that it refuses, as of a function that was deleted, among the failed ones.
            InvocationResult::Rejected { status, reason } => Self::Failure {
                reason: format!("the invocation was refused with status {status}: {reason}"),
            },
            InvocationResult::Throttled { reason } => Self::Throttled { reason },
            InvocationResult::Unreachable { reason } => Self::Unreachable { reason },
        }
    }
}

/// The longest excerpt of an error payload that a reason carries.
const EXCERPT_BYTES: usize = 512;

fn failure_reason(error: &str, payload: &[u8]) -> String {
    // The reason goes into a log line, and an error payload may have 6 MiB.
    let excerpt = String::from_utf8_lossy(&payload[..payload.len().min(EXCERPT_BYTES)]);
    if excerpt.is_empty() {
        error.to_owned()
    } else {
        format!("{error}: {excerpt}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn each_result_has_its_outcome() {
        let returned = |function_error: Option<&str>, payload: &'static str| InvocationResult::Returned {
            function_error: function_error.map(str::to_owned),
            payload: Bytes::from_static(payload.as_bytes()),
        };
        let cases = [
            (returned(None, "null"), Outcome::Success),
            (
                returned(None, r#"{"batchItemFailures":[{"itemIdentifier":"x"}]}"#),
                Outcome::Success,
            ),
            (
                returned(Some("Unhandled"), r#"{"errorMessage":"no"}"#),
                Outcome::Failure {
                    reason: r#"Unhandled: {"errorMessage":"no"}"#.into(),
                },
            ),
            (
                returned(Some("Unhandled"), ""),
                Outcome::Failure {
                    reason: "Unhandled".into(),
                },
            ),
            (
                InvocationResult::Rejected {
                    status: 404,
                    reason: "Function not found: f".into(),
                },
                Outcome::Failure {
                    reason: "the invocation was refused with status 404: Function not found: f".into(),
                },
            ),
            (
                InvocationResult::Throttled {
                    reason: "CallerRateLimitExceeded".into(),
                },
                Outcome::Throttled {
                    reason: "CallerRateLimitExceeded".into(),
                },
            ),
            (
                InvocationResult::Unreachable {
                    reason: "refused".into(),
                },
                Outcome::Unreachable {
                    reason: "refused".into(),
                },
            ),
        ];
        for (result, outcome) in cases {
            assert_eq!(Outcome::read(result, ResponseTypes::None), outcome);
        }
    }

    #[test]
    fn a_long_error_payload_is_cut() {
        let result = InvocationResult::Returned {
            function_error: Some("Unhandled".into()),
            payload: Bytes::from(vec![b'x'; 5000]),
        };
        let Outcome::Failure { reason } = Outcome::read(result, ResponseTypes::None) else {
            panic!("a function error is a failure")
        };
        assert_eq!(reason.len(), "Unhandled: ".len() + EXCERPT_BYTES);
    }
}
