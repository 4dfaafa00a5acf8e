//! DescribeLogDirs: the sizes of a broker's partitions.
//!
//! # Versions
//! 1 to 5. The answer has the directory's total and usable bytes from version 4 on, and whether it is cordoned from version 5 on.
//!
//! # Behaviour
//! Shows the directories in `log.dirs` or `log.dir` with the sizes of the requested partitions, or of all partitions, of which the broker
//! has a replica. A replica lies in the first directory, or in the one that AlterReplicaLogDirs moved it to. Partitions that do not exist
//! are left out.
//!
//! # Differs from Apache Kafka
//! - The directories are names: the cluster lives in memory. The total bytes are the memory limit and the usable bytes the rest of it, both the
//!   same for every broker of the cluster.
//! - Followers are simulated: a follower's replica shows the leader's size and no lag.
//!
//! # Notes by KIP
//! KIP-113: future replicas do not exist. KIP-827: total and usable bytes. KIP-1066: the only directory is never cordoned.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::messages::describe_log_dirs_request::DescribeLogDirsRequest;
use crate::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResponse, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use crate::operations::RequestContext;
use crate::operations::describe_log_dirs::{LogDir, describe_log_dirs};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The first version whose answer has an error code for the whole answer (KIP-784).
const ERROR_CODE_FROM: i16 = 3;

/// Kafka's `DescribeLogDirsRequest`.
pub(super) struct DescribeLogDirs;

impl Api for DescribeLogDirs {
    type Request = DescribeLogDirsRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: DescribeLogDirsRequest,
    ) -> Answering {
        let wanted = request.topics.map(|topics| {
            let topics = topics.into_iter();
            topics
                .map(|topic| (topic.topic.to_string(), topic.partitions))
                .collect()
        });
        let dirs = describe_log_dirs(cluster, context, wanted);
        let response = DescribeLogDirsResponse::default();
        match dirs {
            Ok(dirs) => response
                .with_results(dirs.into_iter().map(result).collect())
                .into(),
            // Before version 3 there is no error code; an answer without directories stands for it.
            Err(denied) if version >= ERROR_CODE_FROM => response.with_error_code(denied.code()).into(),
            Err(_) => response.into(),
        }
    }

    fn refuse(_version: i16, _request: &DescribeLogDirsRequest, code: i16) -> Answer {
        // Before version 3 the code is not encoded; an answer without directories stands for it.
        DescribeLogDirsResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for DescribeLogDirsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let results = self.results.iter().map(|result| result.error_code);
        [self.error_code].into_iter().chain(results).collect()
    }
}

fn result(dir: LogDir) -> DescribeLogDirsResult {
    let partition = |(index, size_bytes): (i32, u64)| {
        DescribeLogDirsPartition::default()
            .with_partition_index(index)
            .with_partition_size(size_bytes as i64)
    };
    let topics = dir.topics.into_iter().map(|(name, partitions)| {
        DescribeLogDirsTopic::default()
            .with_name(StrBytes::from_string(name).into())
            .with_partitions(partitions.into_iter().map(partition).collect())
    });
    DescribeLogDirsResult::default()
        .with_log_dir(StrBytes::from_string(dir.path))
        .with_topics(topics.collect())
        .with_total_bytes(dir.total_bytes as i64)
        .with_usable_bytes(dir.usable_bytes as i64)
}
