//! Kafka's frames: a request with its header as bytes, and an answer read from them.

use super::error::CallError;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, Request, StrBytes, encode_request_header_into_buffer,
};

/// The length of the field that begins each frame.
pub(super) const LENGTH_BYTES: usize = 4;

/// The parts of a request's header that the caller decides.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    /// The version of the request and of its answer.
    pub(super) version: i16,
    /// The number that the answer repeats.
    pub(super) correlation_id: i32,
    /// The client's name in the broker's log and quotas.
    pub(super) client_id: StrBytes,
}

/// Returns a request as a frame, its length included.
///
/// # Errors
/// [`CallError::Malformed`] if the version cannot express the request.
pub(super) fn encode<R: Request>(request: &R, heading: Heading) -> Result<Bytes, CallError> {
    let version = heading.version;
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(heading.correlation_id)
        .with_client_id(Some(heading.client_id));
    let mut frame = BytesMut::zeroed(LENGTH_BYTES);
    encode_request_header_into_buffer(&mut frame, &header)
        .and_then(|()| request.encode(&mut frame, version))
        .map_err(|error| CallError::Malformed {
            reason: format!(
                "request {} of version {version} cannot be written: {error}",
                R::KEY
            ),
        })?;
    let length = u32::try_from(frame.len() - LENGTH_BYTES).expect("requests are small");
    frame[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
    Ok(frame.freeze())
}

/// Reads the answer to a request of type `R` from a frame without its length. Bytes in it are slices of the frame.
///
/// # Errors
/// [`CallError::Malformed`].
pub(super) fn decode<R: Request>(
    mut frame: Bytes,
    version: i16,
    correlation_id: i32,
) -> Result<R::Response, CallError> {
    let malformed = |error: String| CallError::Malformed {
        reason: format!(
            "the answer to request {} of version {version} cannot be read: {error}",
            R::KEY
        ),
    };
    let header = ResponseHeader::decode(&mut frame, R::Response::header_version(version))
        .map_err(|error| malformed(error.to_string()))?;
    if header.correlation_id != correlation_id {
        return Err(malformed(format!(
            "it has the correlation id {} instead of {correlation_id}",
            header.correlation_id
        )));
    }
    R::Response::decode(&mut frame, version).map_err(|error| malformed(error.to_string()))
}
