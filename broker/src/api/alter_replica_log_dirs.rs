//! AlterReplicaLogDirs: moves replicas to other log directories.
//!
//! # Versions
//! 1 to 2.
//!
//! # Behaviour
//! Moves replicas of the asked broker to one of its `log.dirs`, where DescribeLogDirs shows them from then on. A directory that the broker
//! does not have is LOG_DIR_NOT_FOUND, a partition that does not exist UNKNOWN_TOPIC_OR_PARTITION, and one of which it has no replica
//! REPLICA_NOT_AVAILABLE; such a partition has the directory once it comes to the broker. A topic with a name that is too long for the name of
//! a future directory is INVALID_TOPIC_EXCEPTION. Of several directories for one partition the last one counts.
//!
//! # Differs from Apache Kafka
//! - The directories are names: a replica is in another one at once, and DescribeLogDirs never shows it as a future one.
//! - Topics and partitions are in the order in which the request names them first. Kafka has the order of a hash map.
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
use std::collections::HashMap;
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
        answer(last_paths(&request), |path, topic, partition| {
            code_of(&alter_replica_log_dir(cluster, context, path, topic, partition))
        })
        .into()
    }

    fn refuse(_version: i16, request: &AlterReplicaLogDirsRequest, code: i16) -> Answer {
        // Kafka names every partition here as often as the request does.
        let topics = request.dirs.iter().flat_map(|dir| &dir.topics);
        let topics = topics.map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| (*partition, ""));
            (topic.name.clone(), partitions.collect())
        });
        answer(topics.collect(), |_, _, _| code).into()
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

/// The partitions of topics, each with the directory that it is to move to.
type Moves<'a> = Vec<(TopicName, Vec<(i32, &'a str)>)>;

/// Returns the directory that the request names last for each partition. As in Kafka, which makes a map of the partitions, a topic without
/// any is left out.
fn last_paths(request: &AlterReplicaLogDirsRequest) -> Moves<'_> {
    let mut moves: Moves<'_> = Vec::new();
    let mut topics = HashMap::new();
    let mut places = HashMap::new();
    for dir in &request.dirs {
        for topic in &dir.topics {
            for partition in &topic.partitions {
                let index = *topics.entry(&topic.name).or_insert_with(|| {
                    moves.push((topic.name.clone(), Vec::new()));
                    moves.len() - 1
                });
                let partitions = &mut moves[index].1;
                let place = *places.entry((index, *partition)).or_insert_with(|| {
                    partitions.push((*partition, ""));
                    partitions.len() - 1
                });
                partitions[place].1 = &dir.path;
            }
        }
    }
    moves
}

/// Answers each partition with the code of `move_to`.
fn answer(moves: Moves<'_>, move_to: impl Fn(&str, &str, i32) -> i16) -> AlterReplicaLogDirsResponse {
    let topics = moves.into_iter().map(|(name, partitions)| {
        let partitions = partitions.into_iter().map(|(partition, path)| {
            AlterReplicaLogDirPartitionResult::default()
                .with_partition_index(partition)
                .with_error_code(move_to(path, &name, partition))
        });
        let partitions = partitions.collect();
        AlterReplicaLogDirTopicResult::default()
            .with_topic_name(name)
            .with_partitions(partitions)
    });
    AlterReplicaLogDirsResponse::default().with_results(topics.collect())
}
