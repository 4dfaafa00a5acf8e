//! What a request's body may claim, checked before it is decoded.
//!
//! Owns: the shapes of every served request at every served version, and a walk over a
//! body that follows them without allocating. Refuses to know: what a field means, and whether its value is any good.
//!
//! The decoder of `kafka-protocol` allocates what an array's count on the wire says before it reads an element, so that
//! five bytes can ask for 300 GB. Kafka refuses such a count when it exceeds the bytes that are left
//! (`MessageGenerator`'s readers: "Tried to allocate a collection of size ..., but there are only ... bytes
//! remaining"); here it must also fit with every element at its least size, and a body may hold
//! `MAX_ELEMENTS` of `wire` in all. A body that passes is no larger decoded than its bytes and elements justify.

mod requests;
mod shape;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

use crate::wire::{Claim, Fault};
use thiserror::Error;

/// What a request takes of its body, and of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Its length.
    pub(crate) bytes: usize,
    /// The elements of all its arrays.
    pub(crate) elements: usize,
}

/// Walks `body`, what follows the request header, over the request that it begins with.
///
/// Bytes after the request are nobody's: Kafka ignores them, so they are no error.
///
/// # Errors
/// What the body claims beyond what it has, by the field's path; or that no shape is known for the key and version.
/// The connection is to be closed, as Kafka does with a request that it cannot parse.
pub(crate) fn check(api_key: i16, version: i16, body: &[u8]) -> Result<Walked, OutOfBounds> {
    let Some(request) = requests::find(api_key, version) else {
        return Err(OutOfBounds::UnknownRequest { api_key, version });
    };
    walk::walk(request, version, body).map_err(|fault| OutOfBounds::in_body(request.name, version, *fault))
}

impl OutOfBounds {
    /// A fault in the body of a request of that name.
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

/// Why a body must not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum OutOfBounds {
    /// The key or the version is not served.
    #[error("API key {api_key} version {version} is not served")]
    UnknownRequest {
        /// As in the request's header.
        api_key: i16,
        /// As in the request's header.
        version: i16,
    },
    /// A field claims what the body cannot hold.
    #[error("{request} v{version}: {path} {claim}")]
    Body {
        /// The request's name, without "Request".
        request: &'static str,
        /// As in the request's header.
        version: i16,
        /// The field in Kafka's names, such as `Topics[2].Partitions[0].Metadata`.
        path: String,
        /// What it claims, and what is left for it.
        claim: Claim,
    },
}
