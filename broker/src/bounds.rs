//! What a request's body may claim, checked before it is decoded.
//!
//! Owns: the reader that stays within a body, the shapes of every served request at every served version, and a walk over a
//! body that follows them without allocating. Refuses to know: what a field means, and whether its value is any good.
//!
//! The decoder of `kafka-protocol` allocates what an array's count on the wire says before it reads an element, so that
//! five bytes can ask for 300 GB. Kafka refuses such a count when it exceeds the bytes that are left
//! (`MessageGenerator`'s readers: "Tried to allocate a collection of size ..., but there are only ... bytes
//! remaining"); here it must also fit with every element at its least size, and a body may hold
//! [`MAX_ELEMENTS`] elements in all. A body that passes is no larger decoded than its bytes and elements justify.

mod reader;
mod requests;
mod shape;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

use thiserror::Error;

pub(crate) use reader::{Fault, MAX_ELEMENTS, Reader};

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

/// What one field claims. `left` counts the bytes from the end of what was read to the end of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Claim {
    /// A value of fixed size, or the length or count before a value, does not fit.
    #[error("needs {needed} bytes and {left} are left")]
    Truncated {
        /// Size of the value, the least one for a varint.
        needed: usize,
        /// See above.
        left: usize,
    },
    /// A string or bytes that the rest of the body cannot hold, or a negative length other than -1.
    #[error("claims a length of {claimed} bytes and {left} are left")]
    Length {
        /// As on the wire, less one if compact.
        claimed: i64,
        /// See above.
        left: usize,
    },
    /// A string that is longer than Kafka's strings may be in any version.
    #[error("claims a string of {claimed} bytes; a string has at most 32767")]
    LongString {
        /// As on the wire, less one.
        claimed: i64,
    },
    /// More elements than the rest of the body can hold, or a negative count other than -1.
    #[error("claims {claimed} elements of at least {least} bytes each and {left} are left")]
    Count {
        /// As on the wire, less one if compact.
        claimed: i64,
        /// The least size of an element, in bytes.
        least: usize,
        /// See above.
        left: usize,
    },
    /// Too many elements, though their bytes may be there.
    #[error(
        "claims {claimed} elements after {before}; a body holds at most {MAX_ELEMENTS} in all its arrays"
    )]
    TooManyElements {
        /// As on the wire, less one if compact.
        claimed: i64,
        /// Those of the arrays before this one.
        before: usize,
    },
    /// A field without nullable versions, or not yet nullable in this one.
    #[error("is null, which this version does not allow")]
    Null,
    /// The byte before a nullable struct is -1 or 1.
    #[error("is marked as {marker}; a struct is null (-1) or there (1)")]
    Marker {
        /// As on the wire.
        marker: i8,
    },
    /// A varint of 32 bits has at most five bytes.
    #[error("has a varint of more than 5 bytes")]
    LongVarint,
    /// A known tagged field whose size is not that of its value.
    #[error("claims {claimed} bytes as a tagged field and holds {held}")]
    TaggedSize {
        /// As on the wire.
        claimed: usize,
        /// What its value took.
        held: usize,
    },
}
