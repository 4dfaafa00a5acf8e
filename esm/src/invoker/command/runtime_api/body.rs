//! The body of a runtime's answer, within Lambda's limit.

use crate::invoker::limits::MAX_RESPONSE_BYTES;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::HeaderMap;

/// The number of bytes that are read beyond the limit, and thrown away, so that a client that sends first and reads afterwards is told.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// A body that has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RuntimeBody {
    /// The whole body.
    Complete(Bytes),
    /// A streamed response that ended with an error, which its trailers have.
    Failed(Bytes),
    /// It is longer than a response may be.
    TooLarge,
}

/// Reads a body to its end.
///
/// # Errors
/// The error of a connection that broke off.
pub(super) async fn read_body(mut body: Incoming) -> Result<RuntimeBody, hyper::Error> {
    let (mut read, mut length) = (BytesMut::new(), 0usize);
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => {
                length += data.len();
                if length <= MAX_RESPONSE_BYTES {
                    read.extend_from_slice(&data);
                } else if length > MAX_RESPONSE_BYTES + DRAINED_BYTES {
                    return Ok(RuntimeBody::TooLarge);
                } else {
                    read = BytesMut::new();
                }
            }
            Err(frame) => {
                if let Some(error) = frame.trailers_ref().and_then(streamed_error) {
                    return Ok(RuntimeBody::Failed(error));
                }
            }
        }
    }
    if length > MAX_RESPONSE_BYTES {
        return Ok(RuntimeBody::TooLarge);
    }
    Ok(RuntimeBody::Complete(read.freeze()))
}

/// Returns the error in the trailers of a streamed response, which is base64 there.
fn streamed_error(trailers: &HeaderMap) -> Option<Bytes> {
    trailers.get("lambda-runtime-function-error-type")?;
    let body = trailers.get("lambda-runtime-function-error-body");
    let body = body.and_then(|body| base64_simd::STANDARD.decode_to_vec(body.as_bytes()).ok());
    Some(Bytes::from(body.unwrap_or_default()))
}
