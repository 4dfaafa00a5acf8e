//! The operations that a client may carry out, a bit each (KIP-430). Which they are is decided in `operations/access.rs`.

/// The value if the client does not ask for them.
pub(crate) const NOT_ASKED: i32 = i32::MIN;
