//! The rules by which finalized levels change. Source: Kafka's `FeatureControlManager.updateFeatures`.

use super::metadata::loses_metadata;
use super::{Feature, Features, Levels};

/// The wanted level of one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeatureUpdate {
    pub(crate) feature: String,
    pub(crate) level: i16,
    pub(crate) upgrade_type: UpgradeType,
}

/// The direction in which a level may change: Kafka's `FeatureUpdate.UpgradeType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpgradeType {
    Upgrade,
    SafeDowngrade,
    UnsafeDowngrade,
    Unknown,
}

/// The reason why no level changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpdateFeaturesError {
    #[error("Invalid update version {level} for feature {feature}. {reason}")]
    Level {
        feature: String,
        level: i16,
        reason: LevelError,
    },
    #[error("Unsupported metadata.version downgrade from {from} to {to}. {}", if *is_unsafe {
        "Unsafe metadata downgrade is not supported in this version."
    } else {
        "Refusing to perform the requested downgrade because it might delete metadata information."
    })]
    MetadataDowngrade { from: i16, to: i16, is_unsafe: bool },
}

/// The reason why a feature cannot have a level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LevelError {
    #[error("The controller does not support the given upgrade type.")]
    UpgradeType,
    #[error("A feature version cannot be less than 0.")]
    Negative,
    #[error("Local controller {controller} does not support this feature.")]
    NotSupported { controller: i32 },
    /// A feature that nobody knows may be off, so this error comes after those of levels.
    #[error("Feature {feature} not found.")]
    Unknown { feature: String },
    #[error("Local controller {controller} only supports versions {levels}")]
    Unsupported { controller: i32, levels: Levels },
    #[error(
        "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade."
    )]
    DowngradeByUpgrade,
    #[error("Can't downgrade to a newer version.")]
    UpgradeByDowngrade,
    #[error("Can't downgrade the version of this feature.")]
    Fixed,
    #[error("{feature} could not be set to {level} because it depends on {on} level {needed}")]
    Dependency {
        feature: &'static str,
        level: i16,
        on: &'static str,
        needed: i16,
    },
}

impl Features {
    /// Changes all the levels or, if one of them is refused, none; with `validate_only` none in any case. `controller` is the id of the
    /// controller in texts.
    ///
    /// # Errors
    /// [`UpdateFeaturesError`] for the first update that is refused.
    pub(crate) fn update(
        &mut self,
        updates: &[FeatureUpdate],
        controller: i32,
        validate_only: bool,
    ) -> Result<(), UpdateFeaturesError> {
        let updates = in_order(updates);
        let mut proposed = self.clone();
        for update in &updates {
            // Dependencies are checked against all the wanted levels, also those that come later.
            if let Some(position) = self.position(&update.feature) {
                proposed.levels[position] = update.level;
            }
        }
        for update in &updates {
            self.check(update, &proposed, controller)?;
        }
        // As in Kafka, a record is written also for a level that stays.
        if !validate_only && !updates.is_empty() {
            proposed.changes += updates.len() as i64;
            *self = proposed;
        }
        Ok(())
    }

    fn position(&self, name: &str) -> Option<usize> {
        let mut supported = self.supported.iter();
        supported.position(|supported| supported.feature.name() == name)
    }

    /// Checks one update, in Kafka's order.
    fn check(
        &self,
        update: &FeatureUpdate,
        proposed: &Self,
        controller: i32,
    ) -> Result<(), UpdateFeaturesError> {
        let refused = |reason| UpdateFeaturesError::Level {
            feature: update.feature.clone(),
            level: update.level,
            reason,
        };
        if update.upgrade_type == UpgradeType::Unknown {
            return Err(refused(LevelError::UpgradeType));
        }
        if update.level < 0 {
            return Err(refused(LevelError::Negative));
        }
        let Some(position) = self.position(&update.feature) else {
            return Err(refused(match update.level {
                0 => LevelError::Unknown {
                    feature: update.feature.clone(),
                },
                _ => LevelError::NotSupported { controller },
            }));
        };
        let supported = &self.supported[position];
        if !supported.levels.0.contains(&update.level) {
            let levels = supported.levels.clone();
            return Err(refused(LevelError::Unsupported { controller, levels }));
        }
        self.check_direction(supported.feature, update).map_err(refused)?;
        self.check_feature(supported.feature, update, proposed)
    }

    fn check_direction(&self, feature: Feature, update: &FeatureUpdate) -> Result<(), LevelError> {
        let current = self.level(feature);
        let is_upgrade = update.upgrade_type == UpgradeType::Upgrade;
        if update.level < current && is_upgrade {
            return Err(LevelError::DowngradeByUpgrade);
        }
        if update.level > current && !is_upgrade {
            return Err(LevelError::UpgradeByDowngrade);
        }
        Ok(())
    }

    /// Checks what only some features demand.
    fn check_feature(
        &self,
        feature: Feature,
        update: &FeatureUpdate,
        proposed: &Self,
    ) -> Result<(), UpdateFeaturesError> {
        let current = self.level(feature);
        let level = update.level;
        let refused = |reason| UpdateFeaturesError::Level {
            feature: update.feature.clone(),
            level,
            reason,
        };
        if feature == Feature::Metadata && level < current && loses_metadata(current, level) {
            return Err(UpdateFeaturesError::MetadataDowngrade {
                from: current,
                to: level,
                is_unsafe: update.upgrade_type == UpgradeType::UnsafeDowngrade,
            });
        }
        if feature == Feature::Kraft && level < current {
            return Err(refused(LevelError::Fixed));
        }
        match feature.dependency(level) {
            Some((on, needed)) if proposed.level(on) < needed => Err(refused(LevelError::Dependency {
                feature: feature.name(),
                level,
                on: on.name(),
                needed,
            })),
            _ => Ok(()),
        }
    }
}

/// Returns the last update of each feature, in the order of Kafka's hash map of names: it decides which of several errors is told.
fn in_order(updates: &[FeatureUpdate]) -> Vec<&FeatureUpdate> {
    let mut last: Vec<&FeatureUpdate> = Vec::with_capacity(updates.len());
    for update in updates {
        match last.iter_mut().find(|other| other.feature == update.feature) {
            Some(other) => *other = update,
            None => last.push(update),
        }
    }
    // A Java map has 16 buckets at first, and doubles them when they are more than three quarters full.
    let buckets = (last.len() * 4).div_ceil(3).next_power_of_two().max(16);
    last.sort_by_key(|update| bucket(&update.feature, buckets));
    last
}

/// Returns the bucket of a name: Java's `String.hashCode`, spread by `HashMap.hash`.
fn bucket(name: &str, buckets: usize) -> usize {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    (hash ^ hash >> 16) as usize & (buckets - 1)
}
