//! Errors of fields that claim more than the bytes of their body can hold.

use thiserror::Error;

/// The most elements of all arrays of one body, tagged fields included.
///
/// An element of two bytes can take a hundred bytes when decoded, so the length of a frame is not bound enough: 100 MB of empty elements
/// would become gigabytes. No request of a real client comes near this number.
pub(crate) const MAX_ELEMENTS: usize = 1_000_000;

/// A wrong claim of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Claim {
    /// A value of fixed size, or the length or count before a value, does not fit.
    #[error("needs {needed} bytes, but {left} are left")]
    Truncated {
        /// Size of the value, the least one for a varint.
        needed: usize,
        /// The unread bytes of the body.
        left: usize,
    },
    /// A string or bytes that the rest of the body cannot hold, or a negative length other than -1.
    #[error("claims a length of {claimed} bytes, but {left} are left")]
    Length {
        /// As on the wire, less one if compact.
        claimed: i64,
        /// The unread bytes of the body.
        left: usize,
    },
    /// A string that is longer than Kafka's strings may be in any version.
    #[error("claims a string of {claimed} bytes: must be at most 32767")]
    LongString {
        /// As on the wire, less one.
        claimed: i64,
    },
    /// More elements than the rest of the body can hold, or a negative count other than -1.
    #[error("claims {claimed} elements of at least {least} bytes each, but {left} are left")]
    Count {
        /// As on the wire, less one if compact.
        claimed: i64,
        /// The least size of an element, in bytes.
        least: usize,
        /// The unread bytes of the body.
        left: usize,
    },
    /// More elements than [`MAX_ELEMENTS`], whether or not their bytes are there.
    #[error(
        "claims {claimed} elements after {before} others: a body may have at most {MAX_ELEMENTS} in all its arrays"
    )]
    TooManyElements {
        /// As on the wire, less one if compact.
        claimed: i64,
        /// The elements of the arrays before this one.
        before: usize,
    },
    /// A null field that is not nullable in this version.
    #[error("is null, which this version does not allow")]
    Null,
    /// An invalid marker before a nullable struct.
    #[error("invalid struct marker {marker}: must be -1 (null) or 1 (present)")]
    Marker {
        /// As on the wire.
        marker: i8,
    },
    /// A varint of 32 bits with more than five bytes.
    #[error("has a varint of more than 5 bytes")]
    LongVarint,
    /// A known tagged field whose size is not that of its value.
    #[error("claims {claimed} bytes as a tagged field, but its value has {held}")]
    TaggedSize {
        /// As on the wire.
        claimed: usize,
        /// The size of its value.
        held: usize,
    },
}

/// A claim and the path to its field. Functions return it boxed, which keeps their results one word long on the hot path.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) claim: Claim,
}

#[cold]
pub(crate) fn fault<T>(claim: Claim) -> Result<T, Box<Fault>> {
    Err(Box::new(Fault {
        path: String::new(),
        claim,
    }))
}

impl Fault {
    /// Prepends the name of the enclosing field to the path.
    #[cold]
    pub(crate) fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        // The path is built on the way out of the nested calls, so that a body without faults pays nothing for it.
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    /// Prepends the index of the enclosing array element to the path.
    #[cold]
    pub(crate) fn within_element(mut self: Box<Self>, index: usize) -> Box<Self> {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}
