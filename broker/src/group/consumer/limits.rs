//! The settings of consumer groups that only the broker has. A group's own are in [`crate::group::config`].

use super::assignor::Assignor;
use std::sync::Arc;

/// The broker configs of consumer groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// `group.consumer.max.size`.
    pub(crate) max_size: usize,
    /// The maximum number of members, whatever `group.consumer.max.size` allows.
    pub(crate) max_members: usize,
    /// `group.consumer.assignors`: the first is the default. Not empty.
    pub(crate) assignors: Arc<[Assignor]>,
    /// `group.consumer.migration.policy`.
    pub(crate) migration: MigrationPolicy,
    /// `group.consumer.regex.refresh.interval.ms`.
    pub(crate) regex_refresh_interval_ms: i64,
    /// `group.max.size`, which a group must not exceed to become a classic one.
    pub(crate) classic_max_size: usize,
}

impl Limits {
    /// Returns the names of the assignors as Kafka lists them in an error: in the order of Java's `HashSet`, in which `uniform` comes first.
    pub(super) fn assignor_names(&self) -> String {
        let mut assignors = self.assignors.to_vec();
        assignors.sort();
        let names: Vec<_> = assignors.iter().map(|assignor| assignor.name()).collect();
        names.join(", ")
    }
}

/// The moves between the protocols that a group may make while it has members. Source: Kafka's `ConsumerGroupMigrationPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MigrationPolicy {
    /// Classic groups become consumer groups and the other way round.
    Bidirectional,
    /// Classic groups become consumer groups.
    Upgrade,
    /// Consumer groups become classic groups.
    Downgrade,
    /// Neither, and no classic member joins a consumer group.
    Disabled,
}

impl MigrationPolicy {
    /// Kafka's names of the policies.
    pub(crate) const NAMES: [&str; 4] = ["bidirectional", "upgrade", "downgrade", "disabled"];

    /// Returns the policy of that name, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Bidirectional,
            Self::Upgrade,
            Self::Downgrade,
            Self::Disabled,
        ];
        let index = Self::NAMES
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))?;
        Some(all[index])
    }

    /// Returns true if a classic group may become a consumer group.
    pub(crate) fn allows_upgrade(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Upgrade)
    }

    /// Returns true if a consumer group may become a classic group.
    pub(crate) fn allows_downgrade(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Downgrade)
    }
}
