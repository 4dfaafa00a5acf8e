//! The Invoke API: synchronous, asynchronous and dry invocations.

use super::{Function, FunctionApi};
use crate::config::ApiError;
use crate::invoker::{Invocation, InvocationResult, LoggedResult};
use base64_simd::STANDARD as BASE64;
use bytes::Bytes;

/// The largest payload of a synchronous invocation. Source: Lambda quotas.
const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// The largest payload of an asynchronous invocation. Source: Lambda quotas.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// `InvocationType` of Invoke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// The response is waited for.
    #[default]
    RequestResponse,
    /// The event is accepted, and the function is invoked afterwards.
    Event,
    /// Nothing is invoked.
    DryRun,
}

impl InvocationType {
    /// Reads the header; without one the invocation is synchronous.
    ///
    /// # Errors
    /// ValidationException for any other text.
    pub fn read(text: Option<&str>) -> Result<Self, ApiError> {
        match text {
            None | Some("RequestResponse") => Ok(Self::RequestResponse),
            Some("Event") => Ok(Self::Event),
            Some("DryRun") => Ok(Self::DryRun),
            Some(other) => Err(ApiError::validation(format!(
                "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum \
                 value set: [Event, RequestResponse, DryRun]"
            ))),
        }
    }
}

/// The request of Invoke.
#[derive(Clone, Debug, Default)]
pub struct InvokeRequest {
    /// The function, in any form of its name.
    pub function_name: String,
    /// `Qualifier`.
    pub qualifier: Option<String>,
    /// `InvocationType`.
    pub invocation_type: InvocationType,
    /// Whether `LogType` is `Tail`.
    pub wants_log: bool,
    /// `ClientContext`, in base64 as it was sent.
    pub client_context: Option<String>,
    /// The event.
    pub payload: Bytes,
}

/// The response of Invoke.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionResponse {
    /// The HTTP status: 200, 202 or 204.
    pub status: u16,
    /// `FunctionError`, if the function failed.
    pub function_error: Option<String>,
    /// `LogResult`: the end of the log in base64, if it was asked for and there is one.
    pub log: Option<String>,
    /// The payload of the response.
    pub payload: Bytes,
}

impl FunctionApi {
    /// Invokes a function.
    ///
    /// # Errors
    /// [`ApiError`] as Invoke answers. A function that fails is no error here.
    pub async fn invoke(&self, request: InvokeRequest) -> Result<FunctionResponse, ApiError> {
        let (definition, function) = self.find(&request.function_name, request.qualifier.as_deref())?;
        let limit = match request.invocation_type {
            InvocationType::Event => MAX_EVENT_BYTES,
            _ => MAX_PAYLOAD_BYTES,
        };
        if request.payload.len() > limit {
            return Err(ApiError::too_large(format!(
                "Request must be smaller than {limit} bytes for the InvokeFunction operation"
            )));
        }
        let invocation = Invocation {
            function_name: definition.name,
            qualifier: qualifier(&request),
            event_bytes: request.payload.len(),
            client_context: client_context(request.client_context.as_deref())?,
            payload: checked(request.payload)?,
        };
        match request.invocation_type {
            InvocationType::DryRun => Ok(FunctionResponse {
                status: 204,
                ..FunctionResponse::default()
            }),
            InvocationType::Event => {
                self.shared.events.accept(function, invocation)?;
                Ok(FunctionResponse {
                    status: 202,
                    ..FunctionResponse::default()
                })
            }
            InvocationType::RequestResponse => invoke(&function, invocation, request.wants_log).await,
        }
    }
}

async fn invoke(
    function: &Function,
    invocation: Invocation,
    wants_log: bool,
) -> Result<FunctionResponse, ApiError> {
    let LoggedResult { result, log } = function.invoke_logged(invocation).await;
    let log = (wants_log && !log.is_empty()).then(|| BASE64.encode_to_string(&log));
    match result {
        InvocationResult::Returned {
            function_error,
            payload,
        } => Ok(FunctionResponse {
            status: 200,
            function_error,
            log,
            payload,
        }),
        InvocationResult::Rejected { status: 404, reason } => Err(ApiError::not_found(reason)),
        InvocationResult::Rejected { status, reason } => Err(ApiError::service(format!(
            "the endpoint of the function refused the invocation with status {status}: {reason}"
        ))),
        InvocationResult::Throttled { reason } => Err(ApiError::throttled(reason)),
        InvocationResult::Unreachable { reason } => Err(ApiError::service(format!(
            "the endpoint of the function was not reached: {reason}"
        ))),
    }
}

/// Returns the qualifier of the invocation: of the query, or else of the name.
fn qualifier(request: &InvokeRequest) -> Option<String> {
    let of_name = || {
        let name = crate::config::FunctionName::parse(&request.function_name).ok()?;
        name.qualifier
    };
    request.qualifier.clone().or_else(of_name)
}

/// Returns the payload, which has to be JSON. An empty one is an empty object.
fn checked(payload: Bytes) -> Result<Bytes, ApiError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(&payload);
    parsed.map(|_| payload).map_err(|error| {
        ApiError::invalid_request_content(format!(
            "Could not parse request body into json: Could not parse payload into json: {error}"
        ))
    })
}

/// Returns the client context as the JSON that runtimes are given.
fn client_context(encoded: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(encoded) = encoded else { return Ok(None) };
    let decoded = BASE64.decode_to_vec(encoded).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    text.map(Some).ok_or_else(|| {
        ApiError::invalid_request_content("Client context must be a valid Base64-encoded JSON object.")
    })
}
