//! The versions of requests by release: an earlier release than 4.4 had fewer, at both ends.

mod table;

use crate::config::Release;
use std::ops::RangeInclusive;

/// Returns the versions of an API that brokers of a release served; `None` if they had no such API. Release 4.4 narrows nothing.
pub(super) fn versions(release: Release, api_key: i16) -> Option<RangeInclusive<i16>> {
    let table = match release {
        Release::Kafka2_8 => table::KAFKA_2_8,
        Release::Kafka3_9 => table::KAFKA_3_9,
        Release::Kafka4_1 => table::KAFKA_4_1,
        Release::Kafka4_4 => return Some(0..=i16::MAX),
    };
    let row = table.iter().find(|(key, ..)| *key == api_key);
    row.map(|(_, first, last)| *first..=*last)
}

#[cfg(test)]
mod tests {
    use super::super::{APIS, served_apis_as};
    use super::*;

    /// The versions that are advertised, by the API's name.
    fn advertised(release: Release) -> Vec<(String, i16, i16)> {
        let apis = served_apis_as(release).into_iter();
        apis.map(|api| (api.name, *api.versions.start(), *api.versions.end()))
            .collect()
    }

    fn of(release: Release, name: &str) -> Option<(i16, i16)> {
        let apis = advertised(release).into_iter();
        let mut apis = apis.filter(|(api, ..)| api == name);
        apis.next().map(|(_, first, last)| (first, last))
    }

    #[test]
    fn a_release_advertises_what_both_it_and_this_cluster_serve() {
        for (name, ranges) in [
            // Produce is advertised from its own least version in 4.4, and from that of the release in others.
            (
                "Produce",
                [Some((3, 9)), Some((3, 11)), Some((3, 13)), Some((0, 13))],
            ),
            (
                "Fetch",
                [Some((4, 12)), Some((4, 17)), Some((4, 18)), Some((4, 18))],
            ),
            (
                "ListOffsets",
                [Some((1, 6)), Some((1, 9)), Some((1, 10)), Some((1, 11))],
            ),
            (
                "Metadata",
                [Some((0, 11)), Some((0, 12)), Some((0, 13)), Some((0, 13))],
            ),
            (
                "ApiVersions",
                [Some((0, 3)), Some((0, 4)), Some((0, 4)), Some((0, 5))],
            ),
            (
                "DescribeTopicPartitions",
                [None, Some((0, 0)), Some((0, 0)), Some((0, 0))],
            ),
            ("DescribeQuorum", [None, Some((0, 2)), Some((0, 2)), Some((0, 2))]),
            ("UnregisterController", [None, None, None, Some((0, 0))]),
        ] {
            let found = Release::ALL.map(|release| of(release, name));
            assert_eq!(found, ranges, "{name}");
        }
    }

    #[test]
    fn what_is_advertised_is_served_and_nothing_outside_of_the_release_is() {
        for release in Release::ALL {
            for api in APIS {
                let Some(versions) = versions(release, api.key) else {
                    assert!(
                        (0..=20).all(|version| !api.serves(release, version)),
                        "{}",
                        api.name()
                    );
                    continue;
                };
                for version in 0..=20 {
                    let is_served = (api.first_version..=api.last_version).contains(&version)
                        && versions.contains(&version);
                    assert_eq!(
                        api.serves(release, version),
                        is_served,
                        "{} v{version} of {release:?}",
                        api.name()
                    );
                }
            }
        }
        assert_eq!(advertised(Release::Kafka4_4).len(), APIS.len());
    }
}
