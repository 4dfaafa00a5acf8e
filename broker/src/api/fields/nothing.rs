//! Values that stand for nothing.

/// The value of a timestamp that there is not.
pub(crate) const NO_TIMESTAMP: i64 = -1;

/// Kafka's code of UNKNOWN in `ResourceType`, `PatternType`, `AclOperation` and `AclPermissionType`.
pub(crate) const UNKNOWN_ACL_CODE: i8 = 0;
