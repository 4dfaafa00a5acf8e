//! Every request of every served version is walked exactly to its end, and a body with a false length or count is refused.

pub(crate) mod samples;

use kafka_protocol::messages::ApiKey;
use proptest::prelude::*;

use super::requests::{REQUESTS, find};
use super::shape::Kind;
use super::walk::LARGEST_LEAST_BYTES;
use super::{OutOfBounds, check};
use crate::api::{APIS, Served};
use crate::wire::{Claim, MAX_ELEMENTS};
use samples::cases;

/// Returns the length of the request at the start of `body`.
fn request_len(api_key: i16, version: i16, body: &[u8]) -> Result<usize, OutOfBounds> {
    check(api_key, version, body).map(|walked| walked.bytes)
}

/// Returns the path and the claim for which the body is refused.
#[track_caller]
fn refusal(api_key: i16, version: i16, body: &[u8]) -> (String, Claim) {
    match check(api_key, version, body) {
        Err(OutOfBounds::Body { path, claim, .. }) => (path, claim),
        other => panic!("{api_key:?} v{version} {body:02x?}: {other:?}"),
    }
}

#[test]
fn the_table_has_the_versions_of_the_decoder() {
    let table: Vec<_> = REQUESTS
        .iter()
        .map(|r| (r.api_key, r.first_version, r.last_version))
        .collect();
    let decoder: Vec<_> = cases()
        .iter()
        .map(|case| (case.key, case.first_version, case.last_version))
        .collect();
    assert_eq!(table, decoder);
}

#[test]
fn every_version_that_is_served_has_a_shape() {
    for api in APIS {
        for version in api.first_version..=api.last_version {
            assert!(find(api.key, version).is_some(), "{} v{version}", api.name());
        }
    }
    assert_eq!(REQUESTS.len(), APIS.len());
}

#[test]
fn the_table_is_flexible_where_the_header_is() {
    for request in REQUESTS {
        let api = Served::by_key(request.api_key).unwrap();
        for version in request.first_version..=request.last_version {
            let is_flexible = (api.request_header_version)(version) == 2;
            assert_eq!(
                request.is_flexible_in(version),
                is_flexible,
                "{} v{version}",
                request.name
            );
        }
    }
}

#[test]
fn no_element_has_a_least_size_above_the_largest() {
    fn largest(kind: Kind, version: i16) -> usize {
        match kind {
            Kind::Array(element) => element
                .least_size_bytes(version, false)
                .max(element.least_size_bytes(version, true))
                .max(largest(*element, version)),
            Kind::Struct(fields) => fields
                .iter()
                .map(|field| largest(field.kind, version))
                .max()
                .unwrap_or(0),
            _ => 0,
        }
    }
    for request in REQUESTS {
        for version in request.first_version..=request.last_version {
            let largest = largest(Kind::Struct(request.fields), version);
            assert!(
                largest <= LARGEST_LEAST_BYTES,
                "{} v{version}: {largest}",
                request.name
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_encoded_request_is_walked_exactly_to_its_end(seed in any::<u64>()) {
        for case in cases() {
            for version in case.first_version..=case.last_version {
                let body = (case.encode)(seed, version);
                let walked = request_len(case.key, version, &body);
                prop_assert_eq!(walked, Ok(body.len()), "{:?} v{}", case.name, version);
            }
        }
    }

    #[test]
    fn bytes_after_the_request_are_not_walked(seed in any::<u64>()) {
        for case in cases() {
            let mut body = (case.encode)(seed, case.last_version);
            let length = body.len();
            body.extend_from_slice(&[0xff; 7]);
            let walked = request_len(case.key, case.last_version, &body);
            prop_assert_eq!(walked, Ok(length), "{:?}", case.name);
        }
    }

    #[test]
    fn a_body_with_one_byte_changed_is_walked_or_refused_and_what_passes_can_be_decoded_or_refused(
        seed in any::<u64>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for case in cases() {
            for version in case.first_version..=case.last_version {
                let mut body = (case.encode)(seed, version);
                if body.is_empty() {
                    continue;
                }
                let place = place.index(body.len());
                body[place] = byte;
                let length = body.len();
                if let Ok(walked) = request_len(case.key, version, &body) {
                    prop_assert!(walked <= length);
                    // The decoder may refuse it, for its text is not UTF-8 for example, but must not walk elsewhere.
                    if let Some(left) = (case.decode)(body.into(), version) {
                        prop_assert_eq!(walked, length - left, "{:?} v{}", case.name, version);
                    }
                }
            }
        }
    }
}

#[test]
fn every_prefix_of_a_body_is_refused() {
    for case in cases() {
        for version in case.first_version..=case.last_version {
            for seed in 0..3 {
                let body = (case.encode)(seed, version);
                // Long ones are cut at every place near the start and at some further on.
                for end in (0..body.len()).filter(|end| *end < 400 || end % 97 == 0) {
                    refusal(case.key, version, &body[..end]);
                }
            }
        }
    }
}

#[test]
fn five_bytes_of_metadata_that_claim_all_topics_of_the_world_are_refused() {
    let (path, claim) = refusal(ApiKey::Metadata as i16, 12, &[0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(path, "Topics");
    assert_eq!(
        claim,
        Claim::Count {
            claimed: 4_294_967_294,
            least: 18,
            left: 0
        }
    );
}

#[test]
fn the_message_names_the_request_the_field_the_claim_and_what_is_left() {
    let error = request_len(ApiKey::Metadata as i16, 12, &[0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Metadata v12: Topics claims 4294967294 elements of at least 18 bytes each, but 0 are left"
    );
}

#[test]
fn a_count_inside_an_element_is_held_to_the_rest() {
    // DeleteRecords v0: one topic "t" with 2^31-1 partitions.
    let body = [0, 0, 0, 1, 0, 1, b't', 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    let (path, claim) = refusal(ApiKey::DeleteRecords as i16, 0, &body);
    assert_eq!(path, "Topics[0].Partitions");
    assert_eq!(
        claim,
        Claim::Count {
            claimed: i64::from(i32::MAX),
            least: 12,
            left: 4
        }
    );
}

#[test]
fn a_count_is_held_to_the_least_size_of_an_element_not_to_bytes() {
    // Two partitions of 12 bytes do not fit into 20 bytes.
    let mut body = vec![0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 2];
    body.extend_from_slice(&[0; 20]);
    let (_, claim) = refusal(ApiKey::DeleteRecords as i16, 0, &body);
    assert_eq!(
        claim,
        Claim::Count {
            claimed: 2,
            least: 12,
            left: 20
        }
    );
}

#[test]
fn counts_are_summed_over_the_whole_body() {
    // DescribeGroups v0 of empty strings, two bytes each.
    let groups = |count: usize| {
        let mut body = (count as i32).to_be_bytes().to_vec();
        body.resize(4 + count * 2, 0);
        body
    };
    let body = groups(MAX_ELEMENTS);
    assert_eq!(
        request_len(ApiKey::DescribeGroups as i16, 0, &body),
        Ok(body.len())
    );
    let (path, claim) = refusal(ApiKey::DescribeGroups as i16, 0, &groups(MAX_ELEMENTS + 1));
    assert_eq!(path, "Groups");
    assert_eq!(
        claim,
        Claim::TooManyElements {
            claimed: 1_000_001,
            before: 0
        }
    );

    // CreatePartitions v0: the second topic's assignments come on top of the first one's.
    let mut body = 2_i32.to_be_bytes().to_vec();
    for count in [600_000, 400_000_i32] {
        body.extend_from_slice(&[0, 1, b't', 0, 0, 0, 3]);
        body.extend_from_slice(&count.to_be_bytes());
        body.resize(body.len() + count as usize * 4, 0);
    }
    let (path, claim) = refusal(ApiKey::CreatePartitions as i16, 0, &body);
    assert_eq!(path, "Topics[1].Assignments");
    assert_eq!(
        claim,
        Claim::TooManyElements {
            claimed: 400_000,
            before: 600_002
        }
    );
}

#[test]
fn negative_counts_and_lengths_are_refused() {
    let (path, claim) = refusal(ApiKey::Metadata as i16, 1, &(-2_i32).to_be_bytes());
    assert_eq!(
        (path.as_str(), claim),
        (
            "Topics",
            Claim::Count {
                claimed: -2,
                least: 2,
                left: 0
            }
        )
    );

    let (path, claim) = refusal(ApiKey::Heartbeat as i16, 0, &[0x80, 0x00, b'g']);
    assert_eq!(
        (path.as_str(), claim),
        (
            "GroupId",
            Claim::Length {
                claimed: -32_768,
                left: 1
            }
        )
    );

    // JoinGroup v0: group "", session, member "", type "", one protocol "" with metadata of -5 bytes.
    let body = [
        0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xfb,
    ];
    let (path, claim) = refusal(ApiKey::JoinGroup as i16, 0, &body);
    assert_eq!(
        (path.as_str(), claim),
        ("Protocols[0].Metadata", Claim::Length { claimed: -5, left: 0 })
    );
}

#[test]
fn null_passes_only_where_the_version_allows_it() {
    assert_eq!(request_len(ApiKey::Metadata as i16, 1, &[0xff; 4]), Ok(4));
    assert_eq!(
        refusal(ApiKey::Metadata as i16, 0, &[0xff; 4]),
        ("Topics".into(), Claim::Null)
    );

    // A compact null is a length of 0. The name is nullable from version 10, the topics always are.
    assert_eq!(
        refusal(ApiKey::Metadata as i16, 9, &[2, 0, 0, 1, 1, 1, 0]),
        ("Topics[0].Name".into(), Claim::Null)
    );
    let by_id = [&[2][..], &[7; 16], &[0, 0, 1, 1, 0]].concat();
    assert_eq!(request_len(ApiKey::Metadata as i16, 12, &by_id), Ok(by_id.len()));
}

#[test]
fn a_nullable_struct_is_null_or_there() {
    let with_marker = |marker: u8, cursor: &[u8]| [&[1, 0, 0, 7, 208, marker][..], cursor, &[0]].concat();
    let absent = with_marker(0xff, &[]);
    assert_eq!(
        request_len(ApiKey::DescribeTopicPartitions as i16, 0, &absent),
        Ok(absent.len())
    );
    let there = with_marker(1, &[2, b't', 0, 0, 0, 9, 0]);
    assert_eq!(
        request_len(ApiKey::DescribeTopicPartitions as i16, 0, &there),
        Ok(there.len())
    );
    let (path, claim) = refusal(ApiKey::DescribeTopicPartitions as i16, 0, &with_marker(2, &[]));
    assert_eq!((path.as_str(), claim), ("Cursor", Claim::Marker { marker: 2 }));
}

#[test]
fn a_varint_of_six_bytes_is_refused() {
    let (path, claim) = refusal(ApiKey::Metadata as i16, 12, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    assert_eq!((path.as_str(), claim), ("Topics", Claim::LongVarint));
    let (path, claim) = refusal(ApiKey::ListGroups as i16, 3, &[0xff; 9]);
    assert_eq!((path.as_str(), claim), ("tagged fields", Claim::LongVarint));
}

#[test]
fn a_varint_that_ends_early_is_refused() {
    let (path, claim) = refusal(ApiKey::Metadata as i16, 12, &[0x80, 0x80]);
    assert_eq!(
        (path.as_str(), claim),
        ("Topics", Claim::Truncated { needed: 1, left: 0 })
    );
}

#[test]
fn a_compact_string_is_no_longer_than_kafkas_strings() {
    // ApiVersions v3 with a name of 32768 bytes, all of them there.
    let mut body = vec![0x81, 0x80, 0x02];
    body.resize(3 + 32_768, b'k');
    body.extend_from_slice(&[1, 0]);
    let (path, claim) = refusal(ApiKey::ApiVersions as i16, 3, &body);
    assert_eq!(
        (path.as_str(), claim),
        ("ClientSoftwareName", Claim::LongString { claimed: 32_768 })
    );
}

/// Fetch v15 without topics, up to and with the count of its tagged fields.
const FETCH_V15: [u8; 25] = [
    0, 0, 1, 244, 0, 0, 0, 1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1,
];

#[test]
fn a_known_tagged_field_is_walked_and_its_size_must_be_right() {
    let tagged = |field: &[u8]| [&FETCH_V15[..], field].concat();

    let cluster_id = tagged(&[0, 3, 3, b'i', b'd']);
    assert_eq!(
        request_len(ApiKey::Fetch as i16, 15, &cluster_id),
        Ok(cluster_id.len())
    );

    let (path, claim) = refusal(ApiKey::Fetch as i16, 15, &tagged(&[0, 4, 3, b'i', b'd', 0]));
    assert_eq!(
        (path.as_str(), claim),
        ("ClusterId", Claim::TaggedSize { claimed: 4, held: 3 })
    );

    let (path, claim) = refusal(ApiKey::Fetch as i16, 15, &tagged(&[0, 3, 30, b'i', b'd']));
    assert_eq!(
        (path.as_str(), claim),
        ("ClusterId", Claim::Length { claimed: 29, left: 2 })
    );

    // ReplicaState, with 200 tagged fields of its own that are not there.
    let (path, claim) = refusal(
        ApiKey::Fetch as i16,
        15,
        &tagged(&[&[1, 13][..], &[0; 12], &[200, 1]].concat()),
    );
    assert_eq!(
        (path.as_str(), claim),
        (
            "ReplicaState.tagged fields",
            Claim::Count {
                claimed: 200,
                least: 2,
                left: 0
            }
        )
    );
}

#[test]
fn an_unknown_tagged_field_is_stepped_over_and_its_size_must_be_there() {
    let body = [&FETCH_V15[..], &[77, 2, 0xff, 0xff]].concat();
    assert_eq!(request_len(ApiKey::Fetch as i16, 15, &body), Ok(body.len()));
    let (path, claim) = refusal(
        ApiKey::Fetch as i16,
        15,
        &[&FETCH_V15[..], &[77, 3, 0xff, 0xff]].concat(),
    );
    assert_eq!(
        (path.as_str(), claim),
        ("unknown tagged field", Claim::Length { claimed: 3, left: 2 })
    );
}

#[test]
fn more_tagged_fields_than_bytes_are_refused() {
    // ListGroups v3 has nothing but its tagged fields.
    let (path, claim) = refusal(
        ApiKey::ListGroups as i16,
        3,
        &[0xff, 0xff, 0xff, 0xff, 0x0f, 9, 0],
    );
    assert_eq!(path, "tagged fields");
    assert_eq!(
        claim,
        Claim::Count {
            claimed: 4_294_967_295,
            least: 2,
            left: 2
        }
    );
}

#[test]
fn records_beyond_the_body_are_refused() {
    // Produce v3 with acks, timeout, one topic "t", one partition, and 1000 bytes of records that are not there.
    let mut body = vec![
        0xff, 0xff, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0,
    ];
    body.extend_from_slice(&1000_i32.to_be_bytes());
    body.extend_from_slice(&[0; 10]);
    let (path, claim) = refusal(ApiKey::Produce as i16, 3, &body);
    assert_eq!(path, "TopicData[0].PartitionData[0].Records");
    assert_eq!(
        claim,
        Claim::Length {
            claimed: 1000,
            left: 10
        }
    );
}

#[test]
fn keys_and_versions_that_are_not_served_have_no_shape() {
    for (api_key, version) in [
        (0, 2),
        (0, 14),
        (3, 14),
        (3, -1),
        (4, 0),
        (-1, 0),
        (127, 0),
        (128, 0),
        (i16::MAX, 0),
    ] {
        assert_eq!(
            request_len(api_key, version, &[0; 64]),
            Err(OutOfBounds::UnknownRequest { api_key, version })
        );
    }
}
