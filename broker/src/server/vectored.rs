//! Fetch answers by hand, at every version: small parts copied, records as slices of the log.
//!
//! `kafka-protocol` would need the records of a partition in one piece and copy them again. Source: Kafka's
//! `FetchResponse.json`.

use super::outgoing::Outgoing;
use crate::api::fetch::{FetchAnswer, PartitionAnswer, TopicAnswer};
use crate::cluster::Node;
use crate::log::Part;
use crate::topic::TopicKey;
use bytes::BufMut;

/// From here on the encoding is compact and has tagged fields.
const FLEXIBLE_FROM: i16 = 12;

/// Writes the body of a Fetch response.
pub(crate) fn put_fetch(out: &mut Outgoing, version: i16, answer: FetchAnswer) {
    let head = out.copied();
    head.put_i32(0); // throttle_time_ms
    if version >= 7 {
        head.put_i16(answer.error_code);
        head.put_i32(answer.session_id);
    }
    put_count(head, version, answer.topics.len());
    for topic in answer.topics {
        put_topic(out, version, topic);
    }
    if version >= FLEXIBLE_FROM {
        put_node_endpoints(out.copied(), version, &answer.node_endpoints);
    }
}

fn put_topic(out: &mut Outgoing, version: i16, topic: TopicAnswer) {
    let head = out.copied();
    match &topic.topic {
        TopicKey::Name(name) => put_string(head, version, name),
        TopicKey::Id(id) => head.put_slice(id.as_bytes()),
    }
    put_count(head, version, topic.partitions.len());
    for partition in topic.partitions {
        put_partition(out, version, partition);
    }
    if version >= FLEXIBLE_FROM {
        out.copied().put_u8(0);
    }
}

fn put_partition(out: &mut Outgoing, version: i16, partition: PartitionAnswer) {
    let head = out.copied();
    head.put_i32(partition.index);
    head.put_i16(partition.error_code);
    head.put_i64(partition.high_watermark);
    head.put_i64(partition.last_stable_offset);
    if version >= 5 {
        head.put_i64(partition.log_start_offset);
    }
    put_aborted(head, version, partition.aborted_transactions.as_deref());
    if version >= 11 {
        head.put_i32(-1); // preferred_read_replica
    }
    // Without records: empty bytes. librdkafka takes null for a broken message set.
    if version >= FLEXIBLE_FROM {
        put_unsigned_varint(head, partition.records_bytes as u32 + 1);
    } else {
        head.put_i32(partition.records_bytes as i32);
    }
    for part in partition.records {
        match part {
            Part::Header(header) => out.copied().put_slice(&header),
            Part::Bytes(bytes) => out.put_shared(bytes),
        }
    }
    if version >= FLEXIBLE_FROM {
        put_partition_tags(out.copied(), partition.diverging_epoch, partition.current_leader);
    }
}

fn put_aborted(head: &mut Vec<u8>, version: i16, aborted: Option<&[(i64, i64)]>) {
    let Some(aborted) = aborted else {
        if version >= FLEXIBLE_FROM {
            head.put_u8(0);
        } else {
            head.put_i32(-1);
        }
        return;
    };
    put_count(head, version, aborted.len());
    for (producer_id, first_offset) in aborted {
        head.put_i64(*producer_id);
        head.put_i64(*first_offset);
        if version >= FLEXIBLE_FROM {
            head.put_u8(0);
        }
    }
}

fn put_partition_tags(head: &mut Vec<u8>, diverging: Option<(i32, i64)>, leader: Option<(i32, i32)>) {
    head.put_u8(u8::from(diverging.is_some()) + u8::from(leader.is_some()));
    if let Some((epoch, end_offset)) = diverging {
        head.put_slice(&[0, 13]); // tag and size
        head.put_i32(epoch);
        head.put_i64(end_offset);
        head.put_u8(0);
    }
    if let Some((leader_id, leader_epoch)) = leader {
        head.put_slice(&[1, 9]);
        head.put_i32(leader_id);
        head.put_i32(leader_epoch);
        head.put_u8(0);
    }
}

fn put_node_endpoints(head: &mut Vec<u8>, version: i16, nodes: &[Node]) {
    if nodes.is_empty() {
        head.put_u8(0);
        return;
    }
    let mut field = Vec::new();
    put_count(&mut field, version, nodes.len());
    for node in nodes {
        field.put_i32(node.id.0);
        put_string(&mut field, version, &node.host);
        field.put_i32(node.port.into());
        field.put_slice(&[0, 0]); // no rack, no tagged fields
    }
    head.put_slice(&[1, 0]); // one field, and its tag
    put_unsigned_varint(head, field.len() as u32);
    head.put_slice(&field);
}

fn put_count(head: &mut Vec<u8>, version: i16, count: usize) {
    if version >= FLEXIBLE_FROM {
        put_unsigned_varint(head, count as u32 + 1);
    } else {
        head.put_i32(count as i32);
    }
}

fn put_string(head: &mut Vec<u8>, version: i16, text: &str) {
    if version >= FLEXIBLE_FROM {
        put_unsigned_varint(head, text.len() as u32 + 1);
    } else {
        head.put_i16(text.len() as i16);
    }
    head.put_slice(text.as_bytes());
}

fn put_unsigned_varint(head: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        head.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    head.put_u8(value as u8);
}
