//! The few primitives of Kafka's encoding that answers written by hand are made of. Flexible versions have compact lengths.

use crate::cluster::Node;
use bytes::BufMut;

pub(super) fn put_count(head: &mut Vec<u8>, is_flexible: bool, count: usize) {
    if is_flexible {
        put_unsigned_varint(head, count as u32 + 1);
    } else {
        head.put_i32(count as i32);
    }
}

pub(super) fn put_string(head: &mut Vec<u8>, is_flexible: bool, text: &str) {
    if is_flexible {
        put_unsigned_varint(head, text.len() as u32 + 1);
    } else {
        head.put_i16(text.len() as i16);
    }
    head.put_slice(text.as_bytes());
}

pub(super) fn put_nullable_string(head: &mut Vec<u8>, is_flexible: bool, text: Option<&str>) {
    match text {
        Some(text) => put_string(head, is_flexible, text),
        None if is_flexible => head.put_u8(0),
        None => head.put_i16(-1),
    }
}

pub(super) fn put_unsigned_varint(head: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        head.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    head.put_u8(value as u8);
}

/// The tagged fields of an answer that may name nodes, which is a field of tag 0; for flexible versions.
pub(super) fn put_node_endpoints(head: &mut Vec<u8>, nodes: &[Node]) {
    if nodes.is_empty() {
        head.put_u8(0);
        return;
    }
    let mut field = Vec::new();
    put_count(&mut field, true, nodes.len());
    for node in nodes {
        field.put_i32(node.id.0);
        put_string(&mut field, true, &node.host);
        field.put_i32(node.port.into());
        field.put_slice(&[0, 0]); // no rack, no tagged fields
    }
    head.put_slice(&[1, 0]); // one field, and its tag
    put_unsigned_varint(head, field.len() as u32);
    head.put_slice(&field);
}
