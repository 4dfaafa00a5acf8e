//! The purposes of a classic group's deadlines.

use super::MemberId;

/// The purpose of a deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The end of the time that a rebalance waits for members to join.
    Join,
    /// The end of the time that a generation waits for members to send SyncGroup.
    Sync,
    /// The end of the member's session.
    Session(MemberId),
}

/// The deadlines of a classic group.
pub(super) type Timers = crate::group::timers::Timers<Timer>;
