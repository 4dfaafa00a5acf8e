//! The records of a consumer group for the journal, as Kafka's coordinator writes them. Source: `GroupCoordinatorRecordHelpers` and the
//! message definitions of the group coordinator; all values are of version 0, which is flexible.
//!
//! # Differs from Apache Kafka
//! The record of the group's epoch has no hash of the subscribed topics: the topics themselves are compared here, not their hashes.

use super::assignment::{AssignedPartitions, Partitions};
use super::member::{ClassicMember, ConsumerMember, MemberState};
use super::subscriptions::ResolvedRegex;
use crate::group::GroupRecords;
use crate::group::journal::RecordType;
use crate::ids::GroupEpoch;
use crate::wire::{put_count, put_nullable_string, put_string, put_unsigned_varint};
use bytes::BufMut;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// The version of every value.
const VERSION: i16 = 0;

/// The tag of the only optional field that the values have.
const OPTIONAL: u32 = 0;

/// Adds what a member subscribes to, and who it is.
pub(super) fn subscription(records: &mut GroupRecords, group_id: &str, member: &ConsumerMember) {
    records.put_key(RecordType::ConsumerGroupMemberMetadata, &[group_id, &member.id]);
    records.put_value(|value| {
        value.put_i16(VERSION);
        put_nullable_string(value, true, member.group_instance_id.as_deref());
        put_nullable_string(value, true, member.rack_id.as_deref());
        put_string(value, true, &member.client_id);
        put_string(value, true, &member.client_host);
        put_names(value, &member.subscribed_topic_names);
        put_nullable_string(value, true, member.subscribed_topic_regex.as_deref());
        value.put_i32(member.rebalance_timeout_ms);
        let assignor = member.server_assignor.map(|assignor| assignor.name());
        put_nullable_string(value, true, assignor);
        match &member.classic {
            None => put_unsigned_varint(value, 0),
            Some(classic) => put_optional(value, |field| put_classic(field, classic)),
        }
    });
}

/// Adds the epoch and the partitions of a member.
pub(super) fn current_assignment(records: &mut GroupRecords, group_id: &str, member: &ConsumerMember) {
    records.put_key(
        RecordType::ConsumerGroupCurrentMemberAssignment,
        &[group_id, &member.id],
    );
    records.put_value(|value| {
        value.put_i16(VERSION);
        value.put_i32(member.epoch.0);
        value.put_i32(member.previous_epoch.0);
        // Kafka's `MemberState.value`.
        value.put_i8(match member.state {
            MemberState::Stable => 0,
            MemberState::UnrevokedPartitions => 1,
            MemberState::UnreleasedPartitions => 2,
        });
        put_assigned(value, &member.assigned);
        put_assigned(value, &member.pending_revocation);
        put_unsigned_varint(value, 0);
    });
}

/// Adds the target of a member.
pub(super) fn target(records: &mut GroupRecords, group_id: &str, member_id: &str, partitions: &Partitions) {
    records.put_key(
        RecordType::ConsumerGroupTargetAssignmentMember,
        &[group_id, member_id],
    );
    records.put_value(|value| {
        value.put_i16(VERSION);
        put_count(value, true, partitions.len());
        for (topic, of_topic) in partitions {
            put_partitions(value, *topic, of_topic.iter().copied());
            put_unsigned_varint(value, 0);
        }
        put_unsigned_varint(value, 0);
    });
}

/// Adds that the targets belong to an epoch, and when they were computed.
pub(super) fn target_epoch(
    records: &mut GroupRecords,
    group_id: &str,
    epoch: GroupEpoch,
    computed_at_ms: Option<i64>,
) {
    records.put_key(RecordType::ConsumerGroupTargetAssignmentMetadata, &[group_id]);
    records.put_value(|value| {
        value.put_i16(VERSION);
        value.put_i32(epoch.0);
        match computed_at_ms {
            None => put_unsigned_varint(value, 0),
            Some(computed_at_ms) => put_optional(value, |field| field.put_i64(computed_at_ms)),
        }
    });
}

/// Adds the epoch of the group.
pub(super) fn epoch(records: &mut GroupRecords, group_id: &str, epoch: GroupEpoch) {
    records.put_key(RecordType::ConsumerGroupMetadata, &[group_id]);
    records.put_value(|value| {
        value.put_i16(VERSION);
        value.put_i32(epoch.0);
        put_unsigned_varint(value, 0);
    });
}

/// Adds the topics of a regular expression.
pub(super) fn expression(records: &mut GroupRecords, group_id: &str, regex: &str, resolved: &ResolvedRegex) {
    records.put_key(RecordType::ConsumerGroupRegularExpression, &[group_id, regex]);
    records.put_value(|value| {
        value.put_i16(VERSION);
        put_names(value, &resolved.topics);
        value.put_i64(resolved.catalog_version as i64);
        value.put_i64(resolved.resolved_at_ms);
        put_unsigned_varint(value, 0);
    });
}

/// Adds that a regular expression has no subscriber any more.
pub(super) fn expression_removed(records: &mut GroupRecords, group_id: &str, regex: &str) {
    records.put_key(RecordType::ConsumerGroupRegularExpression, &[group_id, regex]);
}

/// Adds that members are gone. Source: `GroupMetadataManager.removeMember`.
pub(super) fn member_removed(records: &mut GroupRecords, group_id: &str, member_id: &str) {
    for record_type in [
        RecordType::ConsumerGroupCurrentMemberAssignment,
        RecordType::ConsumerGroupTargetAssignmentMember,
        RecordType::ConsumerGroupMemberMetadata,
    ] {
        records.put_key(record_type, &[group_id, member_id]);
    }
}

/// Adds that a group without members is gone. Source: `ConsumerGroup.createGroupTombstoneRecords`.
pub(super) fn group_removed(records: &mut GroupRecords, group_id: &str) {
    for record_type in [
        RecordType::ConsumerGroupTargetAssignmentMetadata,
        // No value of this type is written since Kafka 4.1 (KIP-1101), but its tombstone still is.
        RecordType::ConsumerGroupPartitionMetadata,
        RecordType::ConsumerGroupMetadata,
    ] {
        records.put_key(record_type, &[group_id]);
    }
}

fn put_names(value: &mut Vec<u8>, names: &BTreeSet<Arc<str>>) {
    put_count(value, true, names.len());
    names.iter().for_each(|name| put_string(value, true, name));
}

fn put_partitions(value: &mut Vec<u8>, topic: Uuid, partitions: impl ExactSizeIterator<Item = i32>) {
    value.put_slice(topic.as_bytes());
    put_count(value, true, partitions.len());
    partitions.for_each(|partition| value.put_i32(partition));
}

fn put_assigned(value: &mut Vec<u8>, assigned: &AssignedPartitions) {
    put_count(value, true, assigned.len());
    for (topic, of_topic) in assigned {
        put_partitions(value, *topic, of_topic.keys().copied());
        put_optional(value, |field| {
            put_count(field, true, of_topic.len());
            of_topic.values().for_each(|epoch| field.put_i32(epoch.0));
        });
    }
}

fn put_classic(field: &mut Vec<u8>, classic: &ClassicMember) {
    field.put_i32(classic.session_timeout_ms);
    put_count(field, true, classic.protocols.len());
    for protocol in &classic.protocols {
        put_string(field, true, &protocol.name);
        // Compact bytes have the encoding of compact arrays.
        put_count(field, true, protocol.metadata.len());
        field.put_slice(&protocol.metadata);
        put_unsigned_varint(field, 0);
    }
    put_unsigned_varint(field, 0);
}

/// Writes tagged fields with the optional field as the only one.
fn put_optional(value: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    let mut field = Vec::new();
    put(&mut field);
    put_unsigned_varint(value, 1);
    put_unsigned_varint(value, OPTIONAL);
    put_unsigned_varint(value, field.len() as u32);
    value.put_slice(&field);
}
