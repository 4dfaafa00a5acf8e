//! The types and states of groups, by Kafka's names.

/// The type of a group. Source: Kafka's `Group.GroupType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupType {
    /// The members' leader assigns the partitions.
    Classic,
    /// The coordinator assigns the partitions (KIP-848).
    Consumer,
    /// Members share partitions record by record (KIP-932).
    Share,
    /// Kafka Streams: the coordinator assigns tasks (KIP-1071).
    Streams,
}

impl GroupType {
    const ALL: [Self; 4] = [Self::Classic, Self::Consumer, Self::Share, Self::Streams];

    /// Returns Kafka's name, as ListGroups gives it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
        }
    }

    /// Returns the type of that name, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|group_type| name.eq_ignore_ascii_case(group_type.name()))
    }
}

/// The state of a group, as administrators are told it. Each type of group has some of these states.
/// Source: Kafka's `org.apache.kafka.common.GroupState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupState {
    /// No members; may hold offsets. All types.
    Empty,
    /// The members have to join again. Classic groups.
    PreparingRebalance,
    /// The leader has to assign. Classic groups.
    CompletingRebalance,
    /// Every member may have its assignment. All types.
    Stable,
    /// The coordinator computes an assignment. Consumer and streams groups.
    Assigning,
    /// Members move to their new assignments. Consumer and streams groups.
    Reconciling,
    /// The topology lacks topics. Streams groups.
    NotReady,
    /// The group does not exist. All types.
    Dead,
}

impl GroupState {
    const ALL: [Self; 8] = [
        Self::Empty,
        Self::PreparingRebalance,
        Self::CompletingRebalance,
        Self::Stable,
        Self::Assigning,
        Self::Reconciling,
        Self::NotReady,
        Self::Dead,
    ];

    /// Returns Kafka's name, as DescribeGroups and ListGroups give it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::NotReady => "NotReady",
            Self::Dead => "Dead",
        }
    }

    /// Returns the state of that name, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| name.eq_ignore_ascii_case(state.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for group_type in GroupType::ALL {
            assert_eq!(
                GroupType::parse(&group_type.name().to_uppercase()),
                Some(group_type)
            );
        }
        for state in GroupState::ALL {
            assert_eq!(GroupState::parse(&state.name().to_lowercase()), Some(state));
        }
        assert_eq!((GroupType::parse("none"), GroupState::parse("")), (None, None));
    }
}
