//! THE TABLE: the served requests as Kafka 4.1's message definitions have them, field by field in the order of the wire.
//!
//! Ranges of versions are those of `kafka-protocol`, which decodes what passes; a test compares them.

mod cluster;
mod groups;
mod records;

use super::shape::Request;

/// The shape of a request of this version, if it is served.
pub(super) fn find(api_key: i16, version: i16) -> Option<&'static Request> {
    let place = usize::from(*PLACES.get(usize::try_from(api_key).ok()?)?);
    let request = REQUESTS.get(place)?;
    (request.first_version <= version && version <= request.last_version).then_some(request)
}

/// Where each key's request stands in [`REQUESTS`]; `u8::MAX` for a key that is not served.
static PLACES: [u8; 128] = {
    let mut places = [u8::MAX; 128];
    let mut place = 0;
    while place < REQUESTS.len() {
        places[REQUESTS[place].api_key as usize] = place as u8;
        place += 1;
    }
    places
};

pub(super) static REQUESTS: &[Request] = &[
    records::PRODUCE,
    records::FETCH,
    records::LIST_OFFSETS,
    cluster::METADATA,
    groups::OFFSET_COMMIT,
    groups::OFFSET_FETCH,
    groups::FIND_COORDINATOR,
    groups::JOIN_GROUP,
    groups::HEARTBEAT,
    groups::LEAVE_GROUP,
    groups::SYNC_GROUP,
    groups::DESCRIBE_GROUPS,
    groups::LIST_GROUPS,
    cluster::API_VERSIONS,
    cluster::CREATE_TOPICS,
    cluster::DELETE_TOPICS,
    records::DELETE_RECORDS,
    records::INIT_PRODUCER_ID,
    records::OFFSET_FOR_LEADER_EPOCH,
    cluster::DESCRIBE_CONFIGS,
    cluster::ALTER_CONFIGS,
    cluster::DESCRIBE_LOG_DIRS,
    cluster::CREATE_PARTITIONS,
    groups::DELETE_GROUPS,
    cluster::INCREMENTAL_ALTER_CONFIGS,
    groups::OFFSET_DELETE,
    cluster::DESCRIBE_CLUSTER,
    records::DESCRIBE_PRODUCERS,
    cluster::DESCRIBE_TOPIC_PARTITIONS,
];
