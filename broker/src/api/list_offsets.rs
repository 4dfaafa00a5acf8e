//! ListOffsets: finds offsets by special timestamp or by time.
//!
//! # Versions
//! 1 to 11.
//!
//! # Behaviour
//! Timestamp -1 is the latest offset (the last stable offset under `read_committed`), -2 the earliest, -3 the one with the largest
//! timestamp (from version 7 on), -4 the earliest kept locally, which is the earliest (from version 8 on). -5, the latest in tiered storage
//! (from version 9 on), and -6, the earliest not uploaded yet (from version 11 on), are answered with offset -1, as in Kafka without tiered
//! storage. Any other negative number, or one that the version does not have, is UNSUPPORTED_VERSION. A partition that is requested twice
//! is INVALID_REQUEST.
//!
//! A replica (`replica_id` from 0 on) gets the end of the log as the latest offset. A tool for debugging (-2) gets it from any replica.
//!
//! # Differs from Apache Kafka
//! - There is no tiered storage, so `timeout_ms` has no use.
//! - -3 names a record from the log start offset on. Kafka names one below it until it deletes the segment, although no client can read it.
//!
//! # Notes by KIP
//! KIP-79: by timestamp. KIP-207, KIP-320: leader epochs. KIP-734: -3. KIP-405: -4. KIP-1005: -5. KIP-1023: -6.

use super::errors::{KafkaError, RequestError};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::LeaderEpoch;
use crate::messages::list_offsets_request::ListOffsetsPartition;
use crate::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use crate::messages::{ListOffsetsRequest, ListOffsetsResponse};
use crate::operations::RequestContext;
use crate::operations::list_offsets::{ListOffsetsError, ListedOffset, Query, Reader, Spec, list_offset};
use crate::topic::TopicKey;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ListOffsetsRequest`.
pub(super) struct ListOffsets;

/// The first version whose answer has the record's leader epoch.
const LEADER_EPOCH_FROM: i16 = 4;

impl Api for ListOffsets {
    type Request = ListOffsetsRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=11;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ListOffsetsRequest,
    ) -> Answering {
        // Kafka's `IsolationLevel.forId` throws for any other level, which ends as this error.
        if !matches!(request.isolation_level, 0 | 1) && !request.topics.is_empty() {
            let code = RequestError::UnknownServerError.code();
            return Answering::Now(Self::refuse(version, &request, code));
        }
        let reader = match request.replica_id.0 {
            -1 => Reader::Consumer {
                is_read_committed: request.isolation_level == 1,
            },
            -2 => Reader::Debugger,
            _ => Reader::Replica,
        };
        // The partitions are counted first, because the first of two occurrences is refused as well.
        let mut counts = counts(&request);
        let mut topics: Vec<ListOffsetsTopicResponse> = Vec::with_capacity(request.topics.len());
        let mut places = HashMap::with_capacity(request.topics.len());
        // As in Kafka, which builds the answer from a map of partitions, each topic and each partition is there once, and a topic without
        // partitions is left out.
        for topic in request.topics.iter().filter(|topic| !topic.partitions.is_empty()) {
            let key = TopicKey::Name(topic.name.as_str().into());
            let place = *places.entry(topic.name.as_str()).or_insert_with(|| {
                topics.push(ListOffsetsTopicResponse::default().with_name(topic.name.clone()));
                topics.len() - 1
            });
            for partition in &topic.partitions {
                let index = partition.partition_index;
                let found = match counts.remove(&(topic.name.as_str(), index)) {
                    // The partition was answered at its first occurrence.
                    None => continue,
                    // As in `ReplicaManager.fetchOffset`, a duplicate is found before a timestamp that the version does not have.
                    Some(count) if count > 1 => Err(ListOffsetsError::Duplicate),
                    Some(_) => query(version, partition, reader)
                        .and_then(|query| list_offset(cluster, context, &key, query)),
                };
                topics[place].partitions.push(response(version, index, found));
            }
        }
        ListOffsetsResponse::default().with_topics(topics).into()
    }

    fn refuse(_version: i16, request: &ListOffsetsRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                ListOffsetsPartitionResponse::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
                    .with_offset(-1)
                    .with_timestamp(-1)
            });
            ListOffsetsTopicResponse::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        ListOffsetsResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for ListOffsetsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

/// Returns the number of times that the request has each partition.
fn counts(request: &ListOffsetsRequest) -> HashMap<(&str, i32), usize> {
    let mut counts = HashMap::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            *counts
                .entry((topic.name.as_str(), partition.partition_index))
                .or_default() += 1;
        }
    }
    counts
}

fn query(version: i16, partition: &ListOffsetsPartition, reader: Reader) -> Result<Query, ListOffsetsError> {
    let (spec, since) = match partition.timestamp {
        -1 => (Spec::Latest, 1),
        -2 => (Spec::Earliest, 1),
        -3 => (Spec::MaxTimestamp, 7),
        // All records are local without tiered storage.
        -4 => (Spec::Earliest, 8),
        -5 => (Spec::LatestTiered, 9),
        -6 => (Spec::EarliestPendingUpload, 11),
        timestamp_ms if timestamp_ms >= 0 => (Spec::Timestamp(timestamp_ms), 1),
        // No version has this timestamp, so the check below refuses it.
        _ => (Spec::Latest, i16::MAX),
    };
    if version < since {
        let timestamp_ms = partition.timestamp;
        return Err(ListOffsetsError::UnknownTimestamp { timestamp_ms });
    }
    let epoch = partition.current_leader_epoch;
    Ok(Query {
        partition: partition.partition_index,
        // Only -1 means that the client knows no epoch. Any other negative number is an old epoch: `ReplicaManager.fetchOffset`.
        current_leader_epoch: (epoch != -1).then_some(LeaderEpoch(epoch)),
        spec,
        reader,
    })
}

fn response(
    version: i16,
    index: i32,
    found: Result<ListedOffset, ListOffsetsError>,
) -> ListOffsetsPartitionResponse {
    let response = ListOffsetsPartitionResponse::default().with_partition_index(index);
    match found {
        Ok(found) => {
            let names_epoch = version >= LEADER_EPOCH_FROM;
            let epoch = if names_epoch {
                found.leader_epoch
            } else {
                LeaderEpoch::NONE
            };
            response
                .with_offset(found.offset.0)
                .with_timestamp(found.timestamp_ms)
                .with_leader_epoch(epoch.0)
        }
        Err(error) => response
            .with_error_code(error.code())
            .with_offset(-1)
            .with_timestamp(-1),
    }
}
