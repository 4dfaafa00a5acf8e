//! The features of a cluster (KIP-584): the levels that a release supports, those that are finalized, and the rules by which they change.
//! Pure; the cluster keeps the levels, and whoever behaves by one asks for it. Source: Kafka's `Feature`, `QuorumFeatures`,
//! `FeatureControlManager` and `MetadataVersion`.
//!
//! # Differs from Apache Kafka
//! `share.version` and `streams.version` are not supported yet, because share groups and streams groups are not served.

mod metadata;
mod update;

pub(crate) use update::{FeatureUpdate, UpdateFeaturesError, UpgradeType};

use crate::config::Release;
use std::fmt;
use std::ops::RangeInclusive;

/// A feature of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// Level 1: consumer groups of KIP-848.
    Group,
    /// Level 1: the set of controllers can change (KIP-853).
    Kraft,
    /// The format of the cluster's metadata, from which tools infer the release.
    Metadata,
    /// Level 2: transactions of KIP-890.
    Transaction,
    /// Level 1: eligible leader replicas (KIP-966).
    EligibleLeaderReplicas,
}

/// The levels of a feature that a release supports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SupportedFeature {
    pub(crate) feature: Feature,
    pub(crate) levels: Levels,
}

/// Levels from the first to the last, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Levels(RangeInclusive<i16>);

/// The features that are supported and finalized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Features {
    supported: Vec<SupportedFeature>,
    /// The finalized levels, in the order of `supported`. Level 0 means that the feature is off.
    levels: Vec<i16>,
    changes: i64,
}

/// A feature, the levels that a release supports, and the level of a cluster that the release has formatted with a static quorum.
type Row = (Feature, RangeInclusive<i16>, i16);

/// The features of Kafka 4.4, in the order of its answers.
const KAFKA_4_4: &[Row] = &[
    (Feature::Group, 0..=1, 1),
    (Feature::Kraft, 0..=1, 0),
    (Feature::Metadata, 7..=33, 33),
    (Feature::Transaction, 0..=2, 2),
    (Feature::EligibleLeaderReplicas, 0..=1, 1),
];

/// The features of Kafka 4.1.
const KAFKA_4_1: &[Row] = &[
    (Feature::Group, 0..=1, 1),
    (Feature::Kraft, 0..=1, 0),
    (Feature::Metadata, 7..=27, 27),
    (Feature::Transaction, 0..=2, 2),
    (Feature::EligibleLeaderReplicas, 0..=1, 1),
];

/// The features of Kafka 3.9.
const KAFKA_3_9: &[Row] = &[(Feature::Kraft, 0..=1, 0), (Feature::Metadata, 1..=21, 21)];

/// A broker of Kafka 2.8 with ZooKeeper has none.
const KAFKA_2_8: &[Row] = &[];

/// The order in which Kafka lists finalized features, which is that of a hash map.
const FINALIZED_ORDER: [Feature; 5] = [
    Feature::Group,
    Feature::Transaction,
    Feature::EligibleLeaderReplicas,
    Feature::Kraft,
    Feature::Metadata,
];

impl Feature {
    /// Returns Kafka's name of the feature.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Group => "group.version",
            Self::Kraft => "kraft.version",
            Self::Metadata => "metadata.version",
            Self::Transaction => "transaction.version",
            Self::EligibleLeaderReplicas => "eligible.leader.replicas.version",
        }
    }

    /// Returns the feature and its level without which `level` of this feature cannot be finalized (`FeatureVersion.dependencies`).
    fn dependency(self, level: i16) -> Option<(Self, i16)> {
        // 4.0-IV1 is the first metadata.version with the records of eligible leader replicas.
        (self == Self::EligibleLeaderReplicas && level == 1).then_some((Self::Metadata, 23))
    }
}

impl Levels {
    /// Returns the first level.
    pub(crate) fn first(&self) -> i16 {
        *self.0.start()
    }

    /// Returns the last level.
    pub(crate) fn last(&self) -> i16 {
        *self.0.end()
    }
}

/// Writes the levels as Kafka's `VersionRange` does: `0-2`, or `1` for one level.
impl fmt::Display for Levels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first() == self.last() {
            write!(formatter, "{}", self.first())
        } else {
            write!(formatter, "{}-{}", self.first(), self.last())
        }
    }
}

impl Features {
    /// Returns the features of a release at their default levels.
    pub(crate) fn of(release: Release) -> Self {
        let rows = match release {
            Release::Kafka2_8 => KAFKA_2_8,
            Release::Kafka3_9 => KAFKA_3_9,
            Release::Kafka4_1 => KAFKA_4_1,
            Release::Kafka4_4 => KAFKA_4_4,
        };
        let supported = rows.iter().map(|(feature, levels, _)| SupportedFeature {
            feature: *feature,
            levels: Levels(levels.clone()),
        });
        Self {
            supported: supported.collect(),
            levels: rows.iter().map(|(.., default)| *default).collect(),
            changes: 0,
        }
    }

    /// Returns the supported features in the order of Kafka's answer.
    pub(crate) fn supported(&self) -> &[SupportedFeature] {
        &self.supported
    }

    /// Returns the finalized level of a feature; 0 while it is off.
    pub(crate) fn level(&self, feature: Feature) -> i16 {
        let position = self
            .supported
            .iter()
            .position(|supported| supported.feature == feature);
        position.map_or(0, |position| self.levels[position])
    }

    /// Returns the finalized features and their levels in the order of Kafka's answer. As in Kafka, a feature that is off is left out.
    pub(crate) fn finalized(&self) -> Vec<(Feature, i16)> {
        let levels = FINALIZED_ORDER
            .iter()
            .map(|feature| (*feature, self.level(*feature)));
        levels.filter(|(_, level)| *level > 0).collect()
    }

    /// Returns the number of changes of the finalized features.
    pub(crate) fn changes(&self) -> i64 {
        self.changes
    }
}

#[cfg(test)]
mod tests;
