//! Writes the primitives of Kafka's encoding, for the answers that are written by hand. Flexible versions have compact lengths.

use bytes::BufMut;

/// Writes the count of an array.
pub(crate) fn put_count(head: &mut Vec<u8>, is_flexible: bool, count: usize) {
    if is_flexible {
        // Compact lengths and counts are one more than the value, because 0 is null.
        put_unsigned_varint(head, count as u32 + 1);
    } else {
        head.put_i32(count as i32);
    }
}

/// Writes a string that is not null.
pub(crate) fn put_string(head: &mut Vec<u8>, is_flexible: bool, text: &str) {
    if is_flexible {
        put_unsigned_varint(head, text.len() as u32 + 1);
    } else {
        // Topic names come out of requests, whose strings are bounded to this width, and our own messages are short.
        head.put_i16(text.len() as i16);
    }
    head.put_slice(text.as_bytes());
}

/// Writes a string or null.
pub(crate) fn put_nullable_string(head: &mut Vec<u8>, is_flexible: bool, text: Option<&str>) {
    match text {
        Some(text) => put_string(head, is_flexible, text),
        None if is_flexible => head.put_u8(0),
        None => head.put_i16(-1),
    }
}

/// Writes Kafka's unsigned varint: seven bits a byte, the least significant first.
pub(crate) fn put_unsigned_varint(head: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        head.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    head.put_u8(value as u8);
}
