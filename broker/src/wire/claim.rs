//! The claims of a field that the bytes of its body cannot hold.

use thiserror::Error;

/// Bound on the elements of all arrays of one body, tagged fields included.
///
/// An element of two bytes can take a hundred when decoded, so the bytes of a frame alone bound too little: 100 MB of
/// empty elements would become gigabytes. No request of a real client comes near this.
pub(crate) const MAX_ELEMENTS: usize = 1_000_000;

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

/// A claim and the path to it. Boxed, so that the way without faults hands around one word.
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
    /// Adds the name of the field that the fault is within to its path.
    #[cold]
    pub(crate) fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    /// Adds the index of the array's element that the fault is within to its path.
    #[cold]
    pub(crate) fn within_element(mut self: Box<Self>, index: usize) -> Box<Self> {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}
