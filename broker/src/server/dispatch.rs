//! From a frame to a request: the header and the version gate.
//!
//! The header is read here and not by `kafka-protocol`, whose reader panics on frames of a few bytes. Source: Kafka's
//! `RequestHeader.parse` and `RequestContext.parseRequest`: a frame that cannot be parsed closes the connection. The one exception is
//! an ApiVersions request of a version that is not served (KIP-511).

use crate::api::Served;
use crate::config::Release;
use crate::wire::{Fault, Reader};
use bytes::{Buf, Bytes};
use kafka_protocol::messages::ApiKey;

/// A request whose header was read and whose version is served. Its body is not decoded yet.
pub(crate) struct Request {
    pub(crate) api: &'static Served,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    /// The client id if it differs from the one before; empty if the request has none.
    pub(crate) new_client_id: Option<String>,
    pub(crate) body: Bytes,
}

/// The content of a frame.
pub(crate) enum Received {
    Request(Request),
    /// An ApiVersions request of a version that is not served. The answer is written at version 0 and lists the versions that are.
    UnsupportedApiVersions {
        correlation_id: i32,
    },
}

/// The reason why a frame closes its connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("no request header in a frame of {bytes} bytes")]
    NoHeader { bytes: usize },
    #[error("unsupported API key {key}")]
    UnknownKey { key: i16 },
    #[error("unsupported {name} version {version}: must be {first} to {last}")]
    UnsupportedVersion {
        name: String,
        version: i16,
        first: i16,
        last: i16,
    },
}

impl Refused {
    /// Returns the reason to refuse a version of an API that is known.
    fn unsupported(api: &Served, release: Release, version: i16) -> Self {
        let Some(versions) = api.advertised(release) else {
            return Self::UnknownKey { key: api.key };
        };
        Self::UnsupportedVersion {
            name: api.name(),
            version,
            first: (*versions.start()).max(api.first_version),
            last: *versions.end(),
        }
    }
}

/// Reads the header of one frame. `client_id` is the one of the request before, and `release` the one that the cluster passes for.
pub(crate) fn receive(mut frame: Bytes, client_id: &str, release: Release) -> Result<Received, Refused> {
    // Flexible, since a header that has tagged fields at all has them at its end.
    let mut reader = Reader::new(&frame, true);
    let no_header = |_: Box<Fault>| Refused::NoHeader { bytes: frame.len() };
    let key = reader.int16().map_err(no_header)?;
    let version = reader.int16().map_err(no_header)?;
    let correlation_id = reader.int32().map_err(no_header)?;
    // As in Kafka, neither an unknown key nor an unknown version has an answer: without its layout, the client's request cannot be read.
    let api = Served::by_key(key).ok_or(Refused::UnknownKey { key })?;
    if !api.serves(release, version) {
        return if key == ApiKey::ApiVersions as i16 {
            Ok(Received::UnsupportedApiVersions { correlation_id })
        } else {
            Err(Refused::unsupported(api, release, version))
        };
    }
    // A nullable string that is not compact in any version; a negative length is null, as in Kafka's reader. Every served
    // version has it: only ControlledShutdown v0 ever had a header without a client id.
    let id_bytes = usize::try_from(reader.int16().map_err(no_header)?).unwrap_or(0);
    let given_id = reader.take_slice(id_bytes).map_err(no_header)?;
    // The id is compared in the frame: a client sends the same one with each request, and a `String` for each was a measurable part of a
    // small request. Java replaces invalid UTF-8 as well.
    let new_client_id =
        (given_id != client_id.as_bytes()).then(|| String::from_utf8_lossy(given_id).into_owned());
    if (api.request_header_version)(version) >= 2 {
        reader.skip_tagged_fields().map_err(no_header)?;
    }
    let header_bytes = frame.len() - reader.left();
    // The body stays a part of the frame, so a large batch is not copied here.
    frame.advance(header_bytes);
    Ok(Received::Request(Request {
        api,
        version,
        correlation_id,
        new_client_id,
        body: frame,
    }))
}
