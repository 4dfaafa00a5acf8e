//! Checks the lengths and counts in a request's body before the body is decoded.
//!
//! Owns: the shapes of every served request at every served version, and a walk over a body that follows them without
//! allocating. Refuses to know: what a field means, and whether its value is valid.
//!
//! The decoder of `kafka-protocol` allocates as many elements as an array's count says before it reads the first one, so that
//! five bytes can ask for 300 GB. Kafka refuses a count that exceeds the number of bytes left (`MessageGenerator`'s readers:
//! "Tried to allocate a collection of size ..., but there are only ... bytes remaining"). Here the bytes left must also hold
//! every element at its least size, and all arrays of a body together have at most `MAX_ELEMENTS` of `wire`. The memory of a
//! decoded body is therefore bounded by its bytes and its elements.

mod requests;
mod shape;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

use crate::wire::{Claim, Fault};
use thiserror::Error;

/// The size of a request, on the wire and decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walked {
    /// The length of the request on the wire.
    pub(crate) bytes: usize,
    /// The number of elements of all arrays together.
    pub(crate) elements: usize,
}

/// Walks the request at the start of `body`, the bytes after the request header. Trailing bytes are ignored, as in Kafka.
///
/// # Errors
/// The path and the claim of the first field that the body cannot hold; or that the key and version have no shape. The caller
/// closes the connection, as Kafka does when it cannot parse a request.
pub(crate) fn check(api_key: i16, version: i16, body: &[u8]) -> Result<Walked, OutOfBounds> {
    let Some(request) = requests::find(api_key, version) else {
        return Err(OutOfBounds::UnknownRequest { api_key, version });
    };
    walk::walk(request, version, body).map_err(|fault| OutOfBounds::in_body(request.name, version, *fault))
}

/// Returns Kafka's name of the API of that key, such as `Produce`, if its requests have a shape.
pub(crate) fn api_name(api_key: i16) -> Option<&'static str> {
    requests::name(api_key)
}

impl OutOfBounds {
    /// Returns the error for a fault in the body of the request with this name.
    #[cold]
    pub(crate) fn in_body(request: &'static str, version: i16, fault: Fault) -> Self {
        let Fault { path, claim } = fault;
        Self::Body {
            request,
            version,
            path,
            claim,
        }
    }
}

/// The body must not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum OutOfBounds {
    /// The key or the version is not served.
    #[error("API key {api_key} version {version} is not served")]
    UnknownRequest {
        /// The key in the request's header.
        api_key: i16,
        /// The version in the request's header.
        version: i16,
    },
    /// A field claims more than the body can hold.
    #[error("{request} v{version}: {path} {claim}")]
    Body {
        /// The request's name, without "Request".
        request: &'static str,
        /// The version in the request's header.
        version: i16,
        /// The field in Kafka's names, such as `Topics[2].Partitions[0].Metadata`.
        path: String,
        /// The field's claim, and the bytes that are left for it.
        claim: Claim,
    },
}
