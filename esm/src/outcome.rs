//! The outcome of an invocation for its batch. Pure.
//!
//! The response is not read unless the mapping's response types ask for it: without them a successful invocation finishes the batch,
//! whatever the function returned.
//!
//! Source of batch item failures: AWS Lambda developer guide, "Configuring error handling controls for Kafka event sources". For which
//! responses are a success it says the same as for Kinesis, where AWS was recorded to take an empty string and an empty list for one, too.
//! Any other response fails the whole batch.

use crate::config::ResponseTypes;
use crate::destination::FunctionResponse;
use crate::invoker::InvocationResult;
use serde_json::Value;
use std::borrow::Cow;

/// The outcome of an invocation for its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every record is finished.
    Success,
    /// The function failed, or the service refused to invoke it. Counts as an attempt.
    Failure {
        /// The error type and the start of the error payload, or the service's reason.
        reason: String,
        /// The answer, as documents for an on-failure destination show it.
        response: FunctionResponse,
    },
    /// The function succeeded and names records that failed, at least one. Counts as an attempt of these; the others are finished.
    ItemFailures(Vec<ItemIdentifier>),
    /// The function succeeded, and its response is none that names failed records, or names others than it was given. Counts as an
    /// attempt of every record.
    InvalidResponse {
        /// The fault of the response.
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

/// The name of a record in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ItemIdentifier {
    /// The topic and the partition, joined by a hyphen, as events name them.
    pub(crate) partition: String,
    /// The offset.
    pub(crate) offset: i64,
}

impl Outcome {
    /// Reads the result of an invocation, with the mapping's response types.
    ///
    /// Source: AWS Lambda developer guide, "How Lambda processes records from stream and queue-based event sources": throttles
    /// and errors of the service are retried without being counted as attempts.
    pub(crate) fn read(result: InvocationResult, response_types: ResponseTypes) -> Self {
        match result {
            InvocationResult::Returned {
                function_error: None,
                payload,
            } => match response_types {
                ResponseTypes::None => Self::Success,
                ResponseTypes::ReportBatchItemFailures => Self::read_response(&payload),
            },
            InvocationResult::Returned {
                function_error: Some(error),
                payload,
            } => Self::Failure {
                reason: failure_reason(&error, &payload),
                response: FunctionResponse {
                    status: 200,
                    function_error: Some(error),
                },
            },
            // Lambda counts an invocation that it refuses, as of a function that was deleted, among the failed ones.
            InvocationResult::Rejected { status, reason } => Self::Failure {
                reason: format!("the invocation was refused with status {status}: {reason}"),
                response: FunctionResponse {
                    status,
                    function_error: None,
                },
            },
            InvocationResult::Throttled { reason } => Self::Throttled { reason },
            InvocationResult::Unreachable { reason } => Self::Unreachable { reason },
        }
    }

    /// Returns the function's answer, if the outcome counts as a failed attempt.
    pub(crate) fn response(&self) -> Option<FunctionResponse> {
        match self {
            Self::Failure { response, .. } => Some(response.clone()),
            Self::ItemFailures(_) | Self::InvalidResponse { .. } => Some(FunctionResponse {
                status: 200,
                function_error: None,
            }),
            Self::Success | Self::Throttled { .. } | Self::Unreachable { .. } => None,
        }
    }

    /// Reads the response of a function that reports batch item failures.
    fn read_response(payload: &[u8]) -> Self {
        match item_failures(payload) {
            Ok(failures) if failures.is_empty() => Self::Success,
            Ok(failures) => Self::ItemFailures(failures),
            Err(problem) => Self::InvalidResponse {
                reason: format!("{problem}: {}", excerpt(payload)),
            },
        }
    }
}

/// Returns the records that a response names.
fn item_failures(payload: &[u8]) -> Result<Vec<ItemIdentifier>, &'static str> {
    if payload.is_empty() {
        return Ok(Vec::new());
    }
    let response = serde_json::from_slice(payload).map_err(|_| "the response is not JSON")?;
    let failures = match &response {
        Value::Null => return Ok(Vec::new()),
        Value::String(text) if text.is_empty() => return Ok(Vec::new()),
        Value::Array(items) if items.is_empty() => return Ok(Vec::new()),
        Value::Object(members) => members.get("batchItemFailures"),
        _ => return Err("the response is not a JSON object"),
    };
    match failures {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(failures)) => {
            let identifiers = failures.iter().map(item_identifier);
            let identifiers: Option<Vec<ItemIdentifier>> = identifiers.collect();
            identifiers.ok_or(
                "an itemIdentifier of the response is not an object with a `partition` of text and a number as its `offset`",
            )
        }
        Some(_) => Err("batchItemFailures of the response is not a list"),
    }
}

fn item_identifier(failure: &Value) -> Option<ItemIdentifier> {
    let identifier = failure.get("itemIdentifier")?;
    Some(ItemIdentifier {
        partition: identifier.get("partition")?.as_str()?.to_owned(),
        offset: identifier.get("offset")?.as_i64()?,
    })
}

/// The longest excerpt of a payload that a reason carries.
const EXCERPT_BYTES: usize = 512;

fn excerpt(payload: &[u8]) -> Cow<'_, str> {
    // The reason goes into a log line, and a payload may have 6 MiB.
    String::from_utf8_lossy(&payload[..payload.len().min(EXCERPT_BYTES)])
}

fn failure_reason(error: &str, payload: &[u8]) -> String {
    let excerpt = excerpt(payload);
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
        let response = |status, function_error: Option<&str>| FunctionResponse {
            status,
            function_error: function_error.map(str::to_owned),
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
                    response: response(200, Some("Unhandled")),
                },
            ),
            (
                returned(Some("Unhandled"), ""),
                Outcome::Failure {
                    reason: "Unhandled".into(),
                    response: response(200, Some("Unhandled")),
                },
            ),
            (
                InvocationResult::Rejected {
                    status: 404,
                    reason: "Function not found: f".into(),
                },
                Outcome::Failure {
                    reason: "the invocation was refused with status 404: Function not found: f".into(),
                    response: response(404, None),
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
    fn a_response_names_failed_records_or_is_a_success_or_fails_the_batch() {
        let read = |payload: &str| {
            let result = InvocationResult::Returned {
                function_error: None,
                payload: Bytes::from(payload.to_owned()),
            };
            Outcome::read(result, ResponseTypes::ReportBatchItemFailures)
        };
        for success in [
            "",
            r#""""#,
            "null",
            "[]",
            "{}",
            r#"{"other":1}"#,
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ] {
            assert_eq!(read(success), Outcome::Success, "{success}");
        }
        let failures = r#"{"batchItemFailures":[
            {"itemIdentifier":{"partition":"my-topic-3","offset":100},"reason":"x"},
            {"itemIdentifier":{"offset":-1,"partition":"other"}}]}"#;
        let identifier = |partition: &str, offset| ItemIdentifier {
            partition: partition.to_owned(),
            offset,
        };
        assert_eq!(
            read(failures),
            Outcome::ItemFailures(vec![identifier("my-topic-3", 100), identifier("other", -1)])
        );
        for invalid in [
            "OK",
            r#""OK""#,
            "1",
            "true",
            "[1]",
            "[null]",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"foo":1}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"my-topic-3"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":["my-topic-3",100]}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"my-topic-3"}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":3,"offset":100}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"my-topic-3","offset":"100"}}]}"#,
        ] {
            let outcome = read(invalid);
            assert!(
                matches!(outcome, Outcome::InvalidResponse { .. }),
                "{invalid}: {outcome:?}"
            );
        }
    }

    #[test]
    fn an_outcome_that_counts_as_an_attempt_has_a_response() {
        let answered = |function_error: Option<&str>| {
            Some(FunctionResponse {
                status: 200,
                function_error: function_error.map(str::to_owned),
            })
        };
        let reason = String::new;
        let failure = InvocationResult::Returned {
            function_error: Some("Unhandled".into()),
            payload: Bytes::new(),
        };
        let cases = [
            (
                Outcome::read(failure, ResponseTypes::None),
                answered(Some("Unhandled")),
            ),
            (Outcome::ItemFailures(Vec::new()), answered(None)),
            (Outcome::InvalidResponse { reason: reason() }, answered(None)),
            (Outcome::Success, None),
            (Outcome::Throttled { reason: reason() }, None),
            (Outcome::Unreachable { reason: reason() }, None),
        ];
        for (outcome, response) in cases {
            assert_eq!(outcome.response(), response, "{outcome:?}");
        }
    }

    #[test]
    fn a_long_error_payload_is_cut() {
        let result = InvocationResult::Returned {
            function_error: Some("Unhandled".into()),
            payload: Bytes::from(vec![b'x'; 5000]),
        };
        let Outcome::Failure { reason, .. } = Outcome::read(result, ResponseTypes::None) else {
            panic!("a function error is a failure")
        };
        assert_eq!(reason.len(), "Unhandled: ".len() + EXCERPT_BYTES);
    }
}
