use super::*;
use UpgradeType::{SafeDowngrade, Unknown, UnsafeDowngrade, Upgrade};

fn features_of_4_4() -> Features {
    Features::of(Release::Kafka4_4)
}

fn update(feature: &str, level: i16, upgrade_type: UpgradeType) -> FeatureUpdate {
    FeatureUpdate {
        feature: feature.to_owned(),
        level,
        upgrade_type,
    }
}

/// The text of the refusal by controller 1, or nothing.
fn refusal(features: &Features, updates: &[FeatureUpdate]) -> String {
    let result = features.clone().update(updates, 1, false);
    result.err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn the_default_levels_are_those_of_a_cluster_that_kafka_4_4_formatted() {
    let features = features_of_4_4();
    let finalized: Vec<_> = features
        .finalized()
        .into_iter()
        .map(|(feature, level)| (feature.name(), level))
        .collect();
    let expected = [
        ("group.version", 1),
        ("transaction.version", 2),
        ("eligible.leader.replicas.version", 1),
        ("metadata.version", 33),
    ];
    assert_eq!(finalized, expected, "kraft.version is off with a static quorum");
}

#[test]
fn updates_are_refused_in_the_words_of_kafka() {
    let features = features_of_4_4();
    let downgrade = "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
    for (name, level, upgrade_type, reason) in [
        (
            "transaction.version",
            1,
            Unknown,
            "The controller does not support the given upgrade type.",
        ),
        (
            "transaction.version",
            -1,
            SafeDowngrade,
            "A feature version cannot be less than 0.",
        ),
        ("transaction.version", 1, Upgrade, downgrade),
        (
            "transaction.version",
            3,
            Upgrade,
            "Local controller 1 only supports versions 0-2",
        ),
        (
            "metadata.version",
            6,
            UnsafeDowngrade,
            "Local controller 1 only supports versions 7-33",
        ),
        (
            "kraft.version",
            1,
            SafeDowngrade,
            "Can't downgrade to a newer version.",
        ),
        (
            "nope",
            1,
            Upgrade,
            "Local controller 1 does not support this feature.",
        ),
        ("nope", 0, Upgrade, "Feature nope not found."),
    ] {
        let expected = format!("Invalid update version {level} for feature {name}. {reason}");
        assert_eq!(refusal(&features, &[update(name, level, upgrade_type)]), expected);
    }
    for (upgrade_type, reason) in [
        (
            SafeDowngrade,
            "Refusing to perform the requested downgrade because it might delete metadata information.",
        ),
        (
            UnsafeDowngrade,
            "Unsafe metadata downgrade is not supported in this version.",
        ),
    ] {
        let expected = format!("Unsupported metadata.version downgrade from 33 to 32. {reason}");
        assert_eq!(
            refusal(&features, &[update("metadata.version", 32, upgrade_type)]),
            expected
        );
    }
}

#[test]
fn a_level_changes_down_and_up_and_each_change_counts() {
    let mut features = features_of_4_4();
    let mut change = |level, upgrade_type, validate_only| {
        let update = update("transaction.version", level, upgrade_type);
        features
            .update(&[update], 1, validate_only)
            .expect("it is allowed");
        (features.level(Feature::Transaction), features.changes())
    };
    assert_eq!(change(0, SafeDowngrade, true), (2, 0), "only validated");
    assert_eq!(change(0, SafeDowngrade, false), (0, 1));
    assert_eq!(change(1, Upgrade, false), (1, 2));
    assert_eq!(
        change(1, SafeDowngrade, false),
        (1, 3),
        "a level may stay as it is"
    );
    assert!(features.finalized().contains(&(Feature::Transaction, 1)));
    features.update(&[], 1, false).expect("nothing to do");
    assert_eq!(features.changes(), 3);
}

#[test]
fn one_refused_update_leaves_all_levels_as_they_are() {
    let mut features = features_of_4_4();
    let updates = [
        update("group.version", 0, SafeDowngrade),
        update("transaction.version", 9, Upgrade),
    ];
    features.update(&updates, 1, false).expect_err("no such level");
    assert_eq!(features, features_of_4_4());
}

#[test]
fn the_order_of_a_hash_map_decides_which_error_is_told_and_the_last_update_of_a_feature_counts() {
    let features = features_of_4_4();
    let updates = [
        update("transaction.version", 9, SafeDowngrade),
        update("group.version", 9, Upgrade),
    ];
    let expected =
        "Invalid update version 9 for feature group.version. Local controller 1 only supports versions 0-1";
    assert_eq!(refusal(&features, &updates), expected);
    let updates = [
        update("transaction.version", 9, Upgrade),
        update("transaction.version", 2, Upgrade),
    ];
    assert_eq!(refusal(&features, &updates), "");
}

#[test]
fn the_set_of_controllers_cannot_become_static_again() {
    let mut features = features_of_4_4();
    let up = update("kraft.version", 1, Upgrade);
    features.update(&[up], 1, false).expect("it is allowed");
    assert!(features.finalized().contains(&(Feature::Kraft, 1)));
    assert_eq!(
        refusal(&features, &[update("kraft.version", 0, SafeDowngrade)]),
        "Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature."
    );
}

#[test]
fn the_metadata_of_an_earlier_release_goes_down_as_far_as_its_records_stay_readable() {
    let features = Features::of(Release::Kafka4_1);
    assert_eq!(
        refusal(&features, &[update("metadata.version", 23, SafeDowngrade)]),
        ""
    );
    assert_eq!(
        refusal(&features, &[update("metadata.version", 22, SafeDowngrade)]),
        "Unsupported metadata.version downgrade from 27 to 22. Refusing to perform the requested downgrade because it might delete metadata information."
    );
    assert!(Features::of(Release::Kafka2_8).finalized().is_empty());
}

#[test]
fn a_feature_that_depends_on_metadata_cannot_stay_behind_it() {
    let mut features = Features::of(Release::Kafka4_1);
    let replicas = [update("eligible.leader.replicas.version", 1, Upgrade)];
    assert_eq!(refusal(&features, &replicas), "", "4.0-IV1 and later have it");
    features.levels[2] = 22;
    assert_eq!(
        refusal(&features, &replicas),
        "Invalid update version 1 for feature eligible.leader.replicas.version. eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23"
    );
}
