//! What a client may do, as bits of an operation each (KIP-430). Until there are ACLs everybody may do everything. Source: Kafka's
//! `AclEntry.supportedOperations`.

/// KIP-430: what "authorised operations" is when they are not asked for.
pub(crate) const NOT_ASKED: i32 = i32::MIN;

/// KIP-430: every operation on a topic, a bit each: READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS. Source:
/// Kafka's `AclEntry.supportedOperations`.
pub(crate) const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;

/// KIP-430: every operation on the cluster, a bit each: CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS,
/// IDEMPOTENT_WRITE.
pub(crate) const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

/// KIP-430: every operation on a group, a bit each: READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
pub(crate) const GROUP_OPERATIONS: i32 = 0b1101_0100_1000;
