//! The codes that this client acts on. Source: Kafka's `Errors`.

pub(super) const OFFSET_OUT_OF_RANGE: i16 = 1;
pub(super) const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
pub(super) const ILLEGAL_GENERATION: i16 = 22;
pub(super) const UNKNOWN_MEMBER_ID: i16 = 25;
pub(super) const REBALANCE_IN_PROGRESS: i16 = 27;
pub(super) const FENCED_INSTANCE_ID: i16 = 82;

/// Whether a member that is told so has lost its partitions.
pub(super) fn ends_membership(code: i16) -> bool {
    matches!(code, ILLEGAL_GENERATION | UNKNOWN_MEMBER_ID | FENCED_INSTANCE_ID)
}
