//! What an HTTP answer of an Invoke endpoint means. Pure.

use crate::invoker::InvocationResult;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::http::HeaderMap;
use hyper::http::response::Parts;
use serde_json::Value;

/// What modern runtimes' errors are all reported as.
const UNHANDLED: &str = "Unhandled";

/// The longest excerpt of a body that a reason carries.
const EXCERPT_BYTES: usize = 512;

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    function_error: Option<String>,
    error_type: Option<String>,
    /// Only the service itself names the version: then its header, or the lack of it, is to be believed.
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
            // The runtime interface emulator holds one invocation at a time and answers this, without a word, to any other.
            400 if self.error_type.is_none() && self.payload.is_empty() => InvocationResult::Throttled {
                reason: "the function's runtime is busy with another invocation".to_owned(),
            },
            // The same emulator's answer when the function's process ended; its body is what the runtime last said.
            502 if is_runtime_error(&self.payload) => self.failed(UNHANDLED.to_owned()),
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

    /// The service's own words: exception, reason and message as far as there are any, or else what the body begins with.
    fn reason(&self) -> String {
        let body: Value = serde_json::from_slice(&self.payload).unwrap_or_default();
        let member = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        // Clients strip what follows the colon too.
        let kind = self
            .error_type
            .as_ref()
            .and_then(|kind| kind.split(':').next())
            .map(str::to_owned);
        let message = member("Message").or_else(|| member("message"));
        let parts: Vec<String> = [kind, member("Reason"), message].into_iter().flatten().collect();
        if !parts.is_empty() {
            return parts.join(": ");
        }
        let excerpt = &self.payload[..self.payload.len().min(EXCERPT_BYTES)];
        if excerpt.is_empty() {
            "no further words".to_owned()
        } else {
            String::from_utf8_lossy(excerpt).into_owned()
        }
    }
}

/// The function took longer than any may.
pub(super) fn timed_out() -> InvocationResult {
    function_error("Sandbox.Timedout", "Error: Task timed out after 900.00 seconds")
}

/// The function returned more than it may.
pub(super) fn too_large(limit_bytes: usize) -> InvocationResult {
    function_error(
        "Function.ResponseSizeTooLarge",
        &format!("Response payload size exceeded maximum allowed payload size ({limit_bytes} bytes)."),
    )
}

fn function_error(error_type: &str, message: &str) -> InvocationResult {
    let payload = serde_json::json!({ "errorType": error_type, "errorMessage": message });
    InvocationResult::Returned {
        function_error: Some(UNHANDLED.to_owned()),
        payload: Bytes::from(payload.to_string()),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether a body is what runtimes send when a function fails: all of them name the type, and some have a null for a message.
fn is_runtime_error(payload: &[u8]) -> bool {
    // Most responses are told apart by their first byte, without being parsed.
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
