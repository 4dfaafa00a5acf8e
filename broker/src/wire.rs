//! Kafka's wire format without its messages: frames, the primitives of the encoding, and the bytes of answers that are not sent yet.
//!
//! Owns: how lengths, strings, counts and tagged fields are read and written, and the bounds on reading. Refuses to know: the messages,
//! and where bytes come from or go to. Source: <https://kafka.apache.org/protocol>.

mod claim;
mod encoding;
mod frame;
mod outgoing;
mod reader;

#[cfg(test)]
pub(crate) use claim::MAX_ELEMENTS;
pub(crate) use claim::{Claim, Fault, fault};
pub(crate) use encoding::{put_count, put_nullable_string, put_string, put_unsigned_varint};
pub(crate) use frame::{LENGTH_BYTES, OtherProtocol, frame_length};
pub(crate) use outgoing::{Outgoing, SLICES};
pub(crate) use reader::{Reader, TAGGED_FIELDS};
