//! From a frame to a request: the header, the version gate, and the body's bounds.
//!
//! The header is read here and not by `kafka-protocol`, whose reader panics on frames of a few bytes. Source: Kafka's
//! `RequestHeader.parse` and `RequestContext.parseRequest`: whatever cannot be parsed closes the connection, with one exception,
//! an ApiVersions request that is too new (KIP-511).

use crate::api::Served;
use crate::server::bounds::{self, OutOfBounds};
use bytes::{Buf, Bytes};
use kafka_protocol::messages::ApiKey;

/// A request whose header was read, whose version is served, and whose body may be decoded.
pub(crate) struct Request {
    pub(crate) api: &'static Served,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    /// What the client calls itself now, if that is not what it did before; empty if it does not.
    pub(crate) new_client_id: Option<String>,
    pub(crate) body: Bytes,
}

/// What a frame holds.
pub(crate) enum Received {
    Request(Request),
    /// ApiVersions of a version that is not served: the answer is of version 0 and says which are.
    UnsupportedApiVersions {
        correlation_id: i32,
    },
}

/// Why a frame closes its connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("a frame of {bytes} bytes has no request header")]
    NoHeader { bytes: usize },
    #[error("API key {key} is not served")]
    UnknownKey { key: i16 },
    #[error("{name} version {version} is not served: {first} to {last} are")]
    UnsupportedVersion {
        name: String,
        version: i16,
        first: i16,
        last: i16,
    },
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
}

/// Reads one frame of a client that has called itself `client_id` so far.
pub(crate) fn receive(mut frame: Bytes, client_id: &str) -> Result<Received, Refused> {
    let bytes = frame.len();
    let no_header = || Refused::NoHeader { bytes };
    let mut rest = &frame[..];
    let key = rest.try_get_i16().map_err(|_| no_header())?;
    let version = rest.try_get_i16().map_err(|_| no_header())?;
    let correlation_id = rest.try_get_i32().map_err(|_| no_header())?;
    let api = Served::by_key(key).ok_or(Refused::UnknownKey { key })?;
    if !api.serves(version) {
        return if key == ApiKey::ApiVersions as i16 {
            Ok(Received::UnsupportedApiVersions { correlation_id })
        } else {
            Err(Refused::UnsupportedVersion {
                name: api.name(),
                version,
                first: api.first_version,
                last: api.last_version,
            })
        };
    }
    let given_id = take_client_id(&mut rest).ok_or_else(no_header)?;
    let new_client_id =
        (given_id != client_id.as_bytes()).then(|| String::from_utf8_lossy(given_id).into_owned());
    if (api.request_header_version)(version) >= 2 {
        skip_tagged_fields(&mut rest).ok_or_else(no_header)?;
    }
    bounds::check(key, version, rest)?;
    let header_bytes = bytes - rest.len();
    frame.advance(header_bytes);
    Ok(Received::Request(Request {
        api,
        version,
        correlation_id,
        new_client_id,
        body: frame,
    }))
}

/// A nullable string; a negative length is null, as in Kafka's reader.
fn take_client_id<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(rest.try_get_i16().ok()?).unwrap_or(0);
    let (client_id, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(client_id)
}

fn skip_tagged_fields(rest: &mut &[u8]) -> Option<()> {
    let count = take_unsigned_varint(rest)?;
    for _ in 0..count {
        take_unsigned_varint(rest)?;
        let len = take_unsigned_varint(rest)?;
        *rest = rest.get(usize::try_from(len).ok()?..)?;
    }
    Some(())
}

fn take_unsigned_varint(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = rest.try_get_u8().ok()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
