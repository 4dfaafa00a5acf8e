//! The tagged field with the endpoints of leaders (KIP-951).

use crate::cluster::NodeEndpoint;
use crate::wire::{put_count, put_string, put_unsigned_varint};
use bytes::BufMut;

/// Writes the tagged fields of an answer in a flexible version whose only tagged field is `NodeEndpoints` with tag 0 (KIP-951).
pub(crate) fn put_node_endpoints(head: &mut Vec<u8>, nodes: &[NodeEndpoint]) {
    if nodes.is_empty() {
        head.put_u8(0);
        return;
    }
    // The field's size precedes it. Only answers with an error come here, so a buffer of its own does no harm.
    let mut field = Vec::new();
    put_count(&mut field, true, nodes.len());
    for node in nodes {
        field.put_i32(node.id.0);
        put_string(&mut field, true, &node.host);
        field.put_i32(node.port.into());
        match &node.rack {
            Some(rack) => put_string(&mut field, true, rack),
            None => field.put_u8(0),
        }
        field.put_u8(0); // no tagged fields
    }
    head.put_slice(&[1, 0]); // one field, and its tag
    put_unsigned_varint(head, field.len() as u32);
    head.put_slice(&field);
}
