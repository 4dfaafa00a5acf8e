//! The limits of a function that runs outside this process.

use super::InvocationResult;
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;

/// The longest timeout of a function that a mapping may invoke. Source: Lambda developer guide, "Using Lambda with Amazon MSK".
pub const LONGEST_MAPPED_TIMEOUT: Duration = Duration::from_secs(14 * 60);

/// The longest response of a function, 6 MiB and 100 bytes as in Lambda.
pub(super) const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// The limits of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionLimits {
    /// The longest time of an invocation. A function that takes longer has failed.
    pub timeout: Duration,
    /// The number of invocations that may run at once; `None` is no limit, and 0 throttles every invocation.
    pub concurrency: Option<u32>,
}

impl Default for FunctionLimits {
    /// Returns the longest timeout of a function that a mapping may invoke, and no limit of concurrency.
    fn default() -> Self {
        Self {
            timeout: LONGEST_MAPPED_TIMEOUT,
            concurrency: None,
        }
    }
}

/// Returns the result of a function that took longer than its timeout, as Lambda words it.
pub(super) fn timed_out(request_id: &str, timeout: Duration) -> InvocationResult {
    let message = format!(
        "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
        timeout.as_secs_f64()
    );
    function_error("Sandbox.Timedout", &message)
}

/// Returns the result of a function whose response is longer than Lambda allows.
pub(super) fn too_large() -> InvocationResult {
    function_error(
        "Function.ResponseSizeTooLarge",
        &format!("Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
    )
}

/// Returns the result of a function that failed without an error of its own.
pub(super) fn function_error(error_type: &str, message: &str) -> InvocationResult {
    let payload = json!({ "errorType": error_type, "errorMessage": message });
    InvocationResult::Returned {
        // The kind that Lambda reports for all current runtimes.
        function_error: Some("Unhandled".to_owned()),
        payload: Bytes::from(payload.to_string()),
    }
}
