//! The expiration of committed offsets.

use super::CommittedOffset;

/// The moment from which the retention of an offset counts. Source: Kafka's `OffsetExpirationCondition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetExpirationCondition {
    /// The retention counts from the commit.
    SinceCommit,
    /// The retention counts from when the last member left.
    SinceEmpty {
        /// The time at which the group became empty.
        emptied_at_ms: i64,
    },
}

impl OffsetExpirationCondition {
    /// Returns true if the offset has expired at `now_ms`. A retention time that the commit gave takes precedence over `retention_ms`.
    pub(super) fn has_expired(self, now_ms: i64, retention_ms: i64, committed: &CommittedOffset) -> bool {
        if let Some(expires_at_ms) = committed.expires_at_ms {
            return now_ms >= expires_at_ms;
        }
        let since_ms = match self {
            Self::SinceCommit => committed.committed_at_ms,
            Self::SinceEmpty { emptied_at_ms } => emptied_at_ms,
        };
        now_ms - since_ms >= retention_ms
    }
}
