//! AlterReplicaLogDirs: moves replicas to other log directories.
//!
//! # Versions
//! 1 to 2.
//!
//! # Behaviour
//! Moves replicas of the asked broker to one of its `log.dirs`, where DescribeLogDirs shows them from then on. A directory that the broker
//! does not have is LOG_DIR_NOT_FOUND, a partition that does not exist UNKNOWN_TOPIC_OR_PARTITION, and one of which it has no replica
//! REPLICA_NOT_AVAILABLE.
//!
//! # Differs from Apache Kafka
//! - The directories are names: a replica is in another one at once, and DescribeLogDirs never shows it as a future one.
//! - A partition that does not exist yet has no preferred directory.
//! - Topics and partitions are in the order of the request. Kafka has the order of a hash map.
//!
//! # Notes by KIP
//! KIP-113: the API.

use super::errors::code_of;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::alter_replica_log_dirs::alter_replica_log_dir;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::alter_replica_log_dirs_request::AlterReplicaLogDirsRequest;
use kafka_protocol::messages::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsResponse,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `AlterReplicaLogDirsRequest`.
pub(super) struct AlterReplicaLogDirs;

impl Api for AlterReplicaLogDirs {
    type Request = AlterReplicaLogDirsRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: AlterReplicaLogDirsRequest,
    ) -> Answering {
        answer(&request, |path, topic, partition| {
            code_of(&alter_replica_log_dir(cluster, context, path, topic, partition))
        })
        .into()
    }

    fn refuse(_version: i16, request: &AlterReplicaLogDirsRequest, code: i16) -> Answer {
        answer(request, |_, _, _| code).into()
    }
}

impl ResponseMessage for AlterReplicaLogDirsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.results.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

/// Answers each partition of the request with the code of `move_to`, by topic.
fn answer(
    request: &AlterReplicaLogDirsRequest,
    move_to: impl Fn(&str, &str, i32) -> i16,
) -> AlterReplicaLogDirsResponse {
    let mut results: Vec<(TopicName, Vec<AlterReplicaLogDirPartitionResult>)> = Vec::new();
    for dir in &request.dirs {
        for topic in &dir.topics {
            let partitions = topic.partitions.iter().map(|partition| {
                AlterReplicaLogDirPartitionResult::default()
                    .with_partition_index(*partition)
                    .with_error_code(move_to(&dir.path, &topic.name, *partition))
            });
            match results.iter_mut().find(|(name, _)| *name == topic.name) {
                Some((_, listed)) => listed.extend(partitions),
                None => results.push((topic.name.clone(), partitions.collect())),
            }
        }
    }
    let topics = results.into_iter().map(|(name, partitions)| {
        AlterReplicaLogDirTopicResult::default()
            .with_topic_name(name)
            .with_partitions(partitions)
    });
    AlterReplicaLogDirsResponse::default().with_results(topics.collect())
}
