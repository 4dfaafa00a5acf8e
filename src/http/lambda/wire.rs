//! Bodies, queries, headers and errors of AWS's REST-JSON protocol.

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Query;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use esmeralda_broker::Entropy;
use esmeralda_esm::ApiError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::debug;

/// The largest body: far more than any request of this API needs, and little enough to be held many times.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The exception of an error response: SDKs choose the error's class by this header.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Reads a JSON body. An empty body stands for an empty object.
///
/// # Errors
/// 413 for a body that is too large, before any of it is read if its Content-Length says so; SerializationException for one that the
/// operation does not take.
pub(super) async fn read_body<T: DeserializeOwned>(body: Body) -> Result<T, ApiError> {
    let body = read_bytes(body, MAX_BODY_BYTES).await?;
    let body = if body.is_empty() { &b"{}"[..] } else { &body[..] };
    serde_json::from_slice(body)
        .map_err(|error| ApiError::serialization(format!("Could not parse the request body: {error}")))
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413 for a body that is too large, before any of it is read if its Content-Length says so.
pub(super) async fn read_bytes(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(ApiError::too_large(format!(
            "The body must not exceed {limit} bytes: {announced} were announced"
        )));
    }
    let read = to_bytes(body, limit).await;
    read.map_err(|error| ApiError::too_large(format!("The body must not exceed {limit} bytes: {error}")))
}

/// Reads the query.
///
/// # Errors
/// SerializationException for a value whose type is not the operation's.
pub(super) fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let query = Query::try_from_uri(uri);
    query
        .map(|Query(query)| query)
        .map_err(|error| ApiError::serialization(error.body_text()))
}

/// Returns the region in the credential scope of a signature, which is the only place where a request names its region:
/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/lambda/aws4_request, ...`
pub(super) fn region_of(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    // The access key may contain slashes; the four parts after it do not.
    let scope = credential.split([',', ' ']).next()?;
    let mut parts = scope.rsplit('/');
    let region = parts.nth(2)?;
    let is_region = !region.is_empty()
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_region.then(|| region.to_owned())
}

/// Returns the response to a request: `status` with the result as JSON, or the error's.
pub(super) fn answer<T: Serialize>(
    entropy: &Entropy,
    status: StatusCode,
    result: Result<T, ApiError>,
) -> Response {
    let response = match result {
        Ok(shown) => (
            status,
            [(CONTENT_TYPE, JSON)],
            serde_json::to_vec(&shown).unwrap_or_default(),
        )
            .into_response(),
        Err(error) => refusal(&error),
    };
    identified(response, entropy)
}

/// Returns the response to a request without a result: 204, or the error's.
pub(super) fn done(entropy: &Entropy, result: Result<(), ApiError>) -> Response {
    let response = match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refusal(&error),
    };
    identified(response, entropy)
}

/// Returns the response with the request id that SDKs show.
pub(super) fn identified(mut response: Response, entropy: &Entropy) -> Response {
    if let Ok(request_id) = HeaderValue::from_str(&entropy.uuid().to_string()) {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    response
}

/// Returns the response to a request that is refused.
pub(super) fn refusal(error: &ApiError) -> Response {
    // A refused request is the client's mistake and no event in the life of the server.
    debug!(kind = error.kind, reason = error.message, "a request was refused");
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (CONTENT_TYPE, JSON),
        (ERROR_TYPE, HeaderValue::from_static(error.kind)),
    ];
    (status, headers, serde_json::to_vec(error).unwrap_or_default()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(authorization: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        region_of(&headers)
    }

    #[test]
    fn the_region_is_read_off_the_signature() {
        let signed = |scope: &str| {
            region(&format!(
                "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=abc"
            ))
        };
        assert_eq!(
            signed("AKID/20260101/eu-central-1/lambda/aws4_request").as_deref(),
            Some("eu-central-1")
        );
        assert_eq!(
            signed("key/with/slashes/20260101/us-gov-west-1/lambda/aws4_request").as_deref(),
            Some("us-gov-west-1")
        );
        assert_eq!(signed("AKID"), None);
        assert_eq!(signed("AKID/20260101//lambda/aws4_request"), None);
        assert_eq!(region("Bearer token"), None);
        assert_eq!(region_of(&HeaderMap::new()), None);
    }
}
