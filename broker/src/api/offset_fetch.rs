//! OffsetFetch: the committed offsets of groups.
//!
//! # Versions
//! 1 to 10. A request has one group up to version 7, and several from version 8 on. Topics are named by id from version 10 on.
//!
//! # Behaviour
//! Kafka's `OffsetMetadataManager.fetchOffsets`: a partition without a committed offset has offset -1, also if the group does not exist.
//! Null topics mean all committed offsets; by id, only those of topics that still exist. The partitions of an unknown topic id are
//! UNKNOWN_TOPIC_ID.
//!
//! # Differs from Apache Kafka
//! `RequireStable` has no effect until there are transactions.
//!
//! # Notes by KIP
//! KIP-88: all topics (2). KIP-320: leader epoch (5). KIP-447: RequireStable (7). KIP-709: several groups (8). KIP-848: member epoch (9), topic ids (10).

use super::errors::{KafkaError, code_of};
use super::fields::{shared, shared_option, wire};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::messages::offset_fetch_request::{OffsetFetchRequestTopic, OffsetFetchRequestTopics};
use crate::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use crate::messages::{OffsetFetchRequest, OffsetFetchResponse};
use crate::operations::RequestContext;
use crate::operations::access::Denied;
use crate::operations::fetch_offsets::{
    CommittedOffset, FetchOffsetsError, FetchedOffset, FetchedOffsets, GenerationOrEpoch, OffsetReader,
    VisibleOffsets, VisibleOffsetsById, fetch_offsets, fetch_offsets_by_id,
};
use kafka_protocol::messages::TopicName;
use std::ops::RangeInclusive;
use std::sync::Arc;
use uuid::Uuid;

/// Kafka's `OffsetFetchRequest`.
pub(super) struct OffsetFetch;

impl Api for OffsetFetch {
    type Request = OffsetFetchRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=10;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: OffsetFetchRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        let requires_stable = request.require_stable;
        Answering::later(async move {
            if version <= 7 {
                let wanted = request.topics.as_deref().map(wanted_of_one);
                // The list is kept for version 1, whose answer to an error repeats the requested partitions.
                let fetched = fetch_offsets(
                    &cluster,
                    &context,
                    &request.group_id,
                    OffsetReader {
                        requires_stable,
                        ..OffsetReader::anonymous()
                    },
                    wanted.clone(),
                )
                .await;
                let fetched = fetched.map_err(|error| error.code());
                return one(version, fetched, wanted.unwrap_or_default()).into();
            }
            let mut groups = Vec::with_capacity(request.groups.len());
            for group in request.groups {
                let group_id = &group.group_id;
                let reader = OffsetReader {
                    member_id: shared_option(group.member_id.as_ref()),
                    epoch: GenerationOrEpoch(group.member_epoch),
                    requires_stable,
                };
                let topics = if version < TOPIC_ID_FROM {
                    let wanted = group.topics.as_deref().map(wanted_of_several);
                    let fetched = fetch_offsets(&cluster, &context, group_id, reader, wanted).await;
                    fetched.map(topics_by_name)
                } else {
                    let wanted = group.topics.as_deref().map(wanted_by_id);
                    let fetched = fetch_offsets_by_id(&cluster, &context, group_id, reader, wanted).await;
                    fetched.map(topics_by_id)
                };
                groups.push(group_row(topics).with_group_id(group.group_id));
            }
            OffsetFetchResponse::default().with_groups(groups).into()
        })
    }

    fn refuse(version: i16, request: &OffsetFetchRequest, code: i16) -> Answer {
        if version <= 7 {
            let wanted = request.topics.as_deref().map(wanted_of_one);
            return one(version, Err(code), wanted.unwrap_or_default()).into();
        }
        let groups = request.groups.iter().map(|group| {
            OffsetFetchResponseGroup::default()
                .with_group_id(group.group_id.clone())
                .with_error_code(code)
        });
        OffsetFetchResponse::default()
            .with_groups(groups.collect())
            .into()
    }
}

impl ResponseMessage for OffsetFetchResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        // Up to version 7 the answer has one group, which is not in a list.
        if self.groups.is_empty() {
            let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
            let codes = partitions.map(|partition| partition.error_code);
            return [self.error_code].into_iter().chain(codes).collect();
        }
        let topics = self.groups.iter().flat_map(|group| &group.topics);
        let partitions = topics.flat_map(|topic| &topic.partitions);
        let groups = self.groups.iter().map(|group| group.error_code);
        groups
            .chain(partitions.map(|partition| partition.error_code))
            .collect()
    }
}

/// The first version that names topics by id.
const TOPIC_ID_FROM: i16 = 10;

type Wanted = Vec<(Arc<str>, Vec<i32>)>;

fn wanted_of_one(topics: &[OffsetFetchRequestTopic]) -> Wanted {
    let topics = topics.iter();
    topics
        .map(|topic| (shared(&topic.name), topic.partition_indexes.clone()))
        .collect()
}

fn wanted_of_several(topics: &[OffsetFetchRequestTopics]) -> Wanted {
    let topics = topics.iter();
    topics
        .map(|topic| (shared(&topic.name), topic.partition_indexes.clone()))
        .collect()
}

fn wanted_by_id(topics: &[OffsetFetchRequestTopics]) -> Vec<(Uuid, Vec<i32>)> {
    let topics = topics.iter();
    topics
        .map(|topic| (topic.topic_id, topic.partition_indexes.clone()))
        .collect()
}

/// Returns the answer for one group. Version 1 has no error for the whole answer: each partition has it.
fn one(version: i16, fetched: Result<VisibleOffsets, i16>, wanted: Wanted) -> OffsetFetchResponse {
    let (offsets, denied, error_code) = match fetched {
        Ok(visible) => (visible.offsets, visible.denied, 0),
        Err(code) => (unanswered(version, wanted), Vec::new(), code),
    };
    // Refused topics come after the others, as in `KafkaApis.fetchOffsetsForGroup`.
    let denied = denied.into_iter().map(|(topic, indexes)| {
        let rows = indexes
            .into_iter()
            .map(|index| partition_of_one(version, index, None).with_error_code(Denied::Topic.code()));
        OffsetFetchResponseTopic::default()
            .with_name(TopicName(wire(&topic)))
            .with_partitions(rows.collect())
    });
    let topics = offsets.into_iter().map(|(topic, offsets)| {
        let rows = offsets.into_iter().map(|(index, offset)| {
            let unstable_code = code_of(&offset);
            let row = partition_of_one(version, index, offset.unwrap_or_default());
            // A client takes the error of any partition in such an answer for one of the group.
            row.with_error_code(if version < 2 { error_code } else { unstable_code })
        });
        OffsetFetchResponseTopic::default()
            .with_name(TopicName(wire(&topic)))
            .with_partitions(rows.collect())
    });
    OffsetFetchResponse::default()
        .with_topics(topics.chain(denied).collect())
        .with_error_code(if version < 2 { 0 } else { error_code })
}

/// Returns the topics of an answer whose group cannot be asked: in version 1 the requested partitions, later none.
fn unanswered(version: i16, wanted: Wanted) -> FetchedOffsets {
    let wanted = wanted.into_iter().filter(|_| version < 2);
    let topics = wanted.map(|(topic, indexes)| {
        let offsets = indexes.into_iter().map(|index| (index, Ok(None)));
        (topic, offsets.collect())
    });
    topics.collect()
}

/// The offset of a partition without a committed one: Kafka's `INVALID_OFFSET`.
const NONE: i64 = -1;

fn partition_of_one(
    version: i16,
    index: i32,
    offset: Option<CommittedOffset>,
) -> OffsetFetchResponsePartition {
    let row = OffsetFetchResponsePartition::default().with_partition_index(index);
    match offset {
        Some(committed) => row
            .with_committed_offset(committed.offset.0)
            // Versions before 5 lack the field, and the encoder refuses a value other than the default.
            .with_committed_leader_epoch(if version < 5 { -1 } else { committed.leader_epoch.0 })
            .with_metadata(Some(wire(&committed.metadata))),
        None => row.with_committed_offset(NONE),
    }
}

fn group_row(topics: Result<Vec<OffsetFetchResponseTopics>, FetchOffsetsError>) -> OffsetFetchResponseGroup {
    match topics {
        Ok(topics) => OffsetFetchResponseGroup::default().with_topics(topics),
        Err(error) => OffsetFetchResponseGroup::default().with_error_code(error.code()),
    }
}

fn topics_by_name(visible: VisibleOffsets) -> Vec<OffsetFetchResponseTopics> {
    let named = |name: Arc<str>| OffsetFetchResponseTopics::default().with_name(TopicName(wire(&name)));
    let offsets = visible.offsets.into_iter();
    let offsets = offsets.map(|(name, offsets)| named(name).with_partitions(rows(offsets)));
    let denied = visible.denied.into_iter();
    let denied =
        denied.map(|(name, indexes)| named(name).with_partitions(failed(indexes, Denied::Topic.code())));
    offsets.chain(denied).collect()
}

/// Returns the topics of an answer. Unknown topics come last, as in Kafka.
fn topics_by_id(visible: VisibleOffsetsById) -> Vec<OffsetFetchResponseTopics> {
    let named = |id| OffsetFetchResponseTopics::default().with_topic_id(id);
    let offsets = visible.offsets.into_iter();
    let offsets = offsets.map(|(id, offsets)| named(id).with_partitions(rows(offsets)));
    let denied = visible.denied.into_iter();
    let denied = denied.map(|(id, indexes)| named(id).with_partitions(failed(indexes, Denied::Topic.code())));
    let unknown = visible.unknown.into_iter();
    let unknown =
        unknown.map(|(error, indexes)| named(error.id).with_partitions(failed(indexes, error.code())));
    offsets.chain(denied).chain(unknown).collect()
}

fn rows(offsets: Vec<(i32, FetchedOffset)>) -> Vec<OffsetFetchResponsePartitions> {
    let rows = offsets.into_iter().map(|(index, offset)| {
        let code = code_of(&offset);
        partition_of_several(index, offset.unwrap_or_default()).with_error_code(code)
    });
    rows.collect()
}

fn failed(indexes: Vec<i32>, error_code: i16) -> Vec<OffsetFetchResponsePartitions> {
    let indexes = indexes.into_iter();
    indexes
        .map(|index| partition_of_several(index, None).with_error_code(error_code))
        .collect()
}

fn partition_of_several(index: i32, offset: Option<CommittedOffset>) -> OffsetFetchResponsePartitions {
    let row = OffsetFetchResponsePartitions::default().with_partition_index(index);
    match offset {
        Some(committed) => row
            .with_committed_offset(committed.offset.0)
            .with_committed_leader_epoch(committed.leader_epoch.0)
            .with_metadata(Some(wire(&committed.metadata))),
        None => row.with_committed_offset(NONE),
    }
}
