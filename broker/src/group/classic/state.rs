//! The states of a classic group.

use crate::group::GroupState;

/// The state of a classic group. Source: Kafka's `ClassicGroupState`, without its `DEAD`: a group that ends takes its rules with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassicGroupState {
    /// No members; may hold offsets.
    Empty,
    /// The members have to join again.
    PreparingRebalance,
    /// The leader has to assign.
    CompletingRebalance,
    /// Every member may have its assignment.
    Stable,
}

impl From<ClassicGroupState> for GroupState {
    fn from(state: ClassicGroupState) -> Self {
        match state {
            ClassicGroupState::Empty => Self::Empty,
            ClassicGroupState::PreparingRebalance => Self::PreparingRebalance,
            ClassicGroupState::CompletingRebalance => Self::CompletingRebalance,
            ClassicGroupState::Stable => Self::Stable,
        }
    }
}
