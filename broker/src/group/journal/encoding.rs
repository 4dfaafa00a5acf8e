//! The keys and values of the records. A key begins with the type of the record, a value with its version. Source: the message
//! definitions of Kafka's group coordinator.

use crate::group::classic::ClassicMetadata;
use crate::group::offsets::OffsetToCommit;
use crate::wire;
use bytes::BufMut;
use uuid::Uuid;

/// The type of a record: the `apiKey` of its message definition.
#[derive(Clone, Copy, Debug)]
pub(in crate::group) enum RecordType {
    OffsetCommit = 1,
    GroupMetadata = 2,
    ConsumerGroupMetadata = 3,
    ConsumerGroupPartitionMetadata = 4,
    ConsumerGroupMemberMetadata = 5,
    ConsumerGroupTargetAssignmentMetadata = 6,
    ConsumerGroupTargetAssignmentMember = 7,
    ConsumerGroupCurrentMemberAssignment = 8,
    ConsumerGroupRegularExpression = 16,
}

/// The version of `OffsetCommitValue` for a commit that gave a retention time, and the version of all others
/// (`GroupCoordinatorRecordHelpers.offsetCommitValueVersion`).
const OFFSET_WITH_EXPIRATION: i16 = 1;
const OFFSET: i16 = 4;

/// `GroupCoordinatorRecordHelpers.GROUP_METADATA_VALUE_VERSION`.
const GROUP_METADATA: i16 = 3;

/// The tag of the topic's id in a committed offset.
const TOPIC_ID_TAG: u32 = 0;

/// Writes an `OffsetCommitValue`.
pub(super) fn put_offset(out: &mut Vec<u8>, topic_id: Uuid, commit: &OffsetToCommit, now_ms: i64) {
    // Only version 1 has a field for the time of expiration.
    if let Some(retention_ms) = commit.retention_ms {
        out.put_i16(OFFSET_WITH_EXPIRATION);
        out.put_i64(commit.offset.0);
        put_string(out, &commit.metadata);
        out.put_i64(now_ms);
        out.put_i64(now_ms.saturating_add(retention_ms));
        return;
    }
    out.put_i16(OFFSET);
    out.put_i64(commit.offset.0);
    out.put_i32(commit.leader_epoch.0);
    wire::put_string(out, true, &commit.metadata);
    out.put_i64(now_ms);
    put_topic_id(out, topic_id);
}

/// Writes the tagged fields: the topic's id, if it is known.
fn put_topic_id(out: &mut Vec<u8>, topic_id: Uuid) {
    if topic_id.is_nil() {
        return wire::put_unsigned_varint(out, 0);
    }
    let id = topic_id.as_bytes();
    wire::put_unsigned_varint(out, 1);
    wire::put_unsigned_varint(out, TOPIC_ID_TAG);
    wire::put_unsigned_varint(out, id.len() as u32);
    out.put_slice(id);
}

/// Writes a `GroupMetadataValue`.
pub(super) fn put_classic_group(out: &mut Vec<u8>, group: &ClassicMetadata) {
    out.put_i16(GROUP_METADATA);
    put_string(out, group.protocol_type.as_deref().unwrap_or_default());
    out.put_i32(group.generation_id.0);
    put_nullable_string(out, group.protocol_name.as_deref());
    put_nullable_string(out, group.leader.as_deref());
    out.put_i64(group.state_since_ms);
    wire::put_count(out, false, group.members.len());
    for member in &group.members {
        put_string(out, &member.identity.member_id);
        put_nullable_string(out, member.identity.group_instance_id.as_deref());
        put_string(out, &member.identity.client_id);
        put_string(out, &member.identity.client_host);
        out.put_i32(member.rebalance_timeout_ms);
        out.put_i32(member.session_timeout_ms);
        put_bytes(out, &member.subscription);
        put_bytes(out, &member.assignment);
    }
}

/// Writes a string as versions that are not flexible have it.
pub(super) fn put_string(out: &mut Vec<u8>, text: &str) {
    wire::put_string(out, false, text);
}

fn put_nullable_string(out: &mut Vec<u8>, text: Option<&str>) {
    wire::put_nullable_string(out, false, text);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.put_i32(bytes.len() as i32);
    out.put_slice(bytes);
}
