//! Every message is encoded as the crate `kafka-protocol` does in the versions that it has, and decoded to what it was.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as crates;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message};
use proptest::prelude::*;
use std::fmt::Debug;

use crate::bounds::tests::samples::{Sample, Source};
use crate::messages as ours;

fn sample<M: Message + Sample>(seed: u64, version: i16, is_flexible: bool) -> M {
    M::sample(&mut Source::new(seed, version, is_flexible))
}

fn encoded<M: Encodable>(message: &M, version: i16) -> Bytes {
    let mut body = BytesMut::new();
    message.encode(&mut body, version).unwrap();
    assert_eq!(message.compute_size(version).unwrap(), body.len());
    body.freeze()
}

fn decoded<M: Decodable>(body: &Bytes, version: i16) -> M {
    let mut rest = body.clone();
    let message = M::decode(&mut rest, version).unwrap();
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    message
}

/// A message of every version is the same after it was encoded and decoded.
fn survives_its_encoding<M>(seed: u64, flexible_from: i16)
where
    M: Message + Encodable + Decodable + Sample + PartialEq + Debug,
{
    for version in M::VERSIONS.min..=M::VERSIONS.max {
        let message = sample::<M>(seed, version, version >= flexible_from);
        let body = encoded(&message, version);
        assert_eq!(decoded::<M>(&body, version), message, "version {version}");
    }
}

/// The versions that both crates have are the same bytes.
fn is_encoded_as_the_crate_does<M, C>(seed: u64, flexible_from: i16)
where
    M: Message + Encodable + Decodable + HeaderVersion + Sample + PartialEq + Debug,
    C: Message + Encodable + Decodable + HeaderVersion,
{
    assert_eq!(M::VERSIONS.min, C::VERSIONS.min);
    for version in C::VERSIONS.min..=C::VERSIONS.max.min(M::VERSIONS.max) {
        let message = sample::<M>(seed, version, version >= flexible_from);
        let body = encoded(&message, version);
        let of_crate: C = decoded(&body, version);
        assert_eq!(encoded(&of_crate, version), body, "version {version}");
        assert_eq!(M::header_version(version), C::header_version(version));
    }
}

/// A test for each message, with the first version that is flexible.
macro_rules! messages {
    ($($test:ident: $message:ident $flexible_from:literal,)*) => {
        $(proptest! {
            #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn $test(seed in any::<u64>()) {
                survives_its_encoding::<ours::$message>(seed, $flexible_from);
                is_encoded_as_the_crate_does::<ours::$message, crates::$message>(seed, $flexible_from);
            }
        })*
    };
}

messages! {
    list_offsets_request: ListOffsetsRequest 6,
    list_offsets_response: ListOffsetsResponse 6,
    offset_commit_request: OffsetCommitRequest 8,
    offset_commit_response: OffsetCommitResponse 8,
    offset_fetch_request: OffsetFetchRequest 6,
    offset_fetch_response: OffsetFetchResponse 6,
    api_versions_request: ApiVersionsRequest 3,
    api_versions_response: ApiVersionsResponse 3,
    describe_log_dirs_request: DescribeLogDirsRequest 2,
    describe_log_dirs_response: DescribeLogDirsResponse 2,
    delete_groups_request: DeleteGroupsRequest 2,
    delete_groups_response: DeleteGroupsResponse 2,
}

#[test]
fn a_value_that_the_version_cannot_carry_is_refused_unless_it_may_be_dropped() {
    let request = ours::OffsetCommitRequest::default().with_group_instance_id(Some("instance".into()));
    let error = request.encode(&mut BytesMut::new(), 6).unwrap_err();
    assert_eq!(error.to_string(), "version 6 has no field group_instance_id");
    let retained = ours::OffsetCommitRequest::default().with_retention_time_ms(1);
    assert_eq!(
        encoded(&retained, 9),
        encoded(&ours::OffsetCommitRequest::default(), 9)
    );
}

#[test]
fn a_version_that_does_not_exist_is_refused() {
    let request = ours::OffsetCommitRequest::default();
    for version in [1, 11] {
        let error = request.encode(&mut BytesMut::new(), version).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("OffsetCommitRequest has no version {version}")
        );
    }
}

#[test]
fn a_count_beyond_the_body_allocates_nothing() {
    // DescribeLogDirs version 2 claims 2^32 - 2 topics.
    let mut body = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(ours::DescribeLogDirsRequest::decode(&mut body, 2).is_err());
}
