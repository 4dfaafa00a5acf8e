//! The operations that a client may carry out, as bits (KIP-430). `operations/access.rs` decides them.

/// The value in answers to clients that do not ask for the operations.
pub(crate) const NOT_ASKED: i32 = i32::MIN;
