//! What an invocation's result means for its batch. Pure.
//!
//! With `ReportBatchItemFailures` a batch can also succeed in part; then the payload is read here, and only then.

use crate::invoker::InvocationResult;

/// What an invocation means for its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every record is finished.
    Success,
    /// The function failed, or cannot be invoked as it is. Counts as an attempt.
    Failure {
        /// What went wrong.
        reason: String,
    },
    /// There was no room for it: to be tried again, and no attempt.
    Throttled {
        /// Which limit.
        reason: String,
    },
    /// The function was not reached: to be tried again, and no attempt.
    Unreachable {
        /// Why.
        reason: String,
    },
}

impl From<InvocationResult> for Outcome {
    /// Source: AWS Lambda developer guide, "How Lambda processes records from stream and queue-based event sources": throttles
    /// and errors of the service are retried without being counted.
    fn from(result: InvocationResult) -> Self {
        match result {
            InvocationResult::Returned {
                function_error: None, ..
            } => Self::Success,
            InvocationResult::Returned {
                function_error: Some(error),
                payload,
            } => Self::Failure {
                reason: failure_reason(&error, &payload),
            },
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
            assert_eq!(Outcome::from(result), outcome);
        }
    }

    #[test]
    fn a_long_error_payload_is_cut() {
        let result = InvocationResult::Returned {
            function_error: Some("Unhandled".into()),
            payload: Bytes::from(vec![b'x'; 5000]),
        };
        let Outcome::Failure { reason } = Outcome::from(result) else {
            panic!("a function error is a failure")
        };
        assert_eq!(reason.len(), "Unhandled: ".len() + EXCERPT_BYTES);
    }
}
