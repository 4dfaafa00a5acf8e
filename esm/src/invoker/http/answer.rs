//! The reading of an HTTP answer from an Invoke endpoint. Pure.

use crate::invoker::InvocationResult;
use base64_simd::STANDARD as BASE64;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::http::HeaderMap;
use hyper::http::response::Parts;
use serde_json::Value;

/// The error kind that all current runtimes report.
const UNHANDLED: &str = "Unhandled";

/// The longest excerpt of a body that a reason carries.
const EXCERPT_BYTES: usize = 512;

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    function_error: Option<String>,
    error_type: Option<String>,
    /// Whether the executed version is named. Lambda does so and the runtime interface emulator does not, so only without it is the payload
    /// searched for an error.
    names_version: bool,
    payload: Bytes,
}

impl Answer {
    pub(super) fn new(head: &Parts, payload: Bytes) -> Self {
        Self {
            status: head.status,
            function_error: text(&head.headers, "x-amz-function-error"),
            error_type: text(&head.headers, "x-amzn-errortype"),
            names_version: head.headers.contains_key("x-amz-executed-version"),
            payload,
        }
    }

    pub(super) fn read(self) -> InvocationResult {
        match self.status.as_u16() {
            200..300 => self.read_success(),
            429 => InvocationResult::Throttled {
                reason: self.reason(),
            },
            // The runtime interface emulator runs one invocation at a time and refuses any other with this and an empty body.
            400 if self.error_type.is_none() && self.payload.is_empty() => InvocationResult::Throttled {
                reason: "the function's runtime is busy with another invocation".to_owned(),
            },
            // The same emulator answers this when the function's process ended, with the runtime's last error as the body.
            502 if is_runtime_error(&self.payload) => self.failed(UNHANDLED.to_owned()),
            // Lambda retries errors of the service without counting them as attempts.
            500.. => InvocationResult::Unreachable {
                reason: format!("status {}: {}", self.status, self.reason()),
            },
            status => InvocationResult::Rejected {
                status,
                reason: self.reason(),
            },
        }
    }

    fn read_success(mut self) -> InvocationResult {
        if let Some(error) = self.function_error.take() {
            return self.failed(error);
        }
        let looks_failed =
            is_runtime_error(&self.payload) || self.payload.starts_with(b"Task timed out after ");
        if looks_failed && !self.names_version {
            return self.failed(UNHANDLED.to_owned());
        }
        InvocationResult::Returned {
            function_error: None,
            payload: self.payload,
        }
    }

    fn failed(self, error: String) -> InvocationResult {
        InvocationResult::Returned {
            function_error: Some(error),
            payload: self.payload,
        }
    }

    /// Returns the service's reason: exception, reason and message if there are any, or else the beginning of the body.
    fn reason(&self) -> String {
        let body: Value = serde_json::from_slice(&self.payload).unwrap_or_default();
        let member = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        // AWS's clients strip everything after the colon, too.
        let kind = self
            .error_type
            .as_ref()
            .and_then(|kind| kind.split(':').next())
            .map(str::to_owned);
        // The spelling of this member differs from exception to exception.
        let message = member("Message").or_else(|| member("message"));
        let parts: Vec<String> = [kind, member("Reason"), message].into_iter().flatten().collect();
        if !parts.is_empty() {
            return parts.join(": ");
        }
        let excerpt = &self.payload[..self.payload.len().min(EXCERPT_BYTES)];
        if excerpt.is_empty() {
            "no reason given".to_owned()
        } else {
            String::from_utf8_lossy(excerpt).into_owned()
        }
    }
}

/// Returns the end of the function's log, if the service sent it.
pub(super) fn log(head: &Parts) -> Bytes {
    let encoded = head.headers.get("x-amz-log-result");
    let decoded = encoded.and_then(|encoded| BASE64.decode_to_vec(encoded.as_bytes()).ok());
    Bytes::from(decoded.unwrap_or_default())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Returns whether a body has the form that runtimes send when a function fails: all of them name the type, and some have a null message.
fn is_runtime_error(payload: &[u8]) -> bool {
    // The first byte rules out most responses without parsing them.
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    serde_json::from_slice::<Value>(payload).is_ok_and(|body| {
        body.get("errorType").is_some_and(Value::is_string)
            && body
                .get("errorMessage")
                .is_some_and(|message| message.is_string() || message.is_null())
    })
}
