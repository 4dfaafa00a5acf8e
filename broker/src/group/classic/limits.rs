//! The limits that broker configs set for classic groups.

use super::{JoinError, JoinRequest};

/// The limits of a classic group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// `group.initial.rebalance.delay.ms`.
    pub(crate) initial_rebalance_delay_ms: i64,
    /// `group.min.session.timeout.ms`.
    pub(crate) min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`.
    pub(crate) max_session_timeout_ms: i32,
    /// `group.max.size`.
    pub(crate) max_size: usize,
    /// The maximum number of members and pending members together. Kafka does not limit pending members.
    pub(crate) max_members: usize,
    /// The time after which the parked first join of a member ends; Kafka's `CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`.
    pub(crate) new_member_join_timeout_ms: i64,
}

impl Limits {
    /// Checks the session timeout, for which the group need not exist. Source: `GroupCoordinatorService.joinGroup`.
    pub(crate) fn validate_join(&self, request: &JoinRequest) -> Result<(), JoinError> {
        let (min_ms, max_ms) = (self.min_session_timeout_ms, self.max_session_timeout_ms);
        if !(min_ms..=max_ms).contains(&request.session_timeout_ms) {
            return Err(JoinError::InvalidSessionTimeout {
                given_ms: request.session_timeout_ms,
                min_ms,
                max_ms,
            });
        }
        Ok(())
    }
}
