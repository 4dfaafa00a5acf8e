//! DescribeLogDirs (key 35).
//!
//! # Versions
//! 1 to 5. From 4 the answer has the directory's total and usable bytes, from 5 whether it is cordoned.
//!
//! # Behaviour
//! Shows one directory, `log.dirs` or `log.dir`, with the size of every partition that the asked broker has a replica of, or of those that are asked
//! for; what does not exist is left out.
//!
//! # Differs from Apache Kafka
//! - There is no directory: the cluster lives in memory. Total bytes are the memory limit, usable bytes what is left of it, the same for every
//!   broker of the cluster.
//! - Followers are simulated: a follower's replica shows the leader's size and no lag.
//!
//! # Notes by KIP
//! KIP-113: future replicas do not exist. KIP-827: total and usable bytes. KIP-1066: no directory is cordoned, for there is only one.

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

/// From here on the answer has an error code of its own (KIP-784).
const ERROR_CODE_FROM: i16 = 3;

/// DescribeLogDirs.
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
        let dir = describe_log_dirs(cluster, context, wanted);
        let response = DescribeLogDirsResponse::default();
        match dir {
            Ok(dir) => response.with_results(vec![result(dir)]).into(),
            // Before version 3 an answer without directories is all that says so.
            Err(denied) if version >= ERROR_CODE_FROM => response.with_error_code(denied.code()).into(),
            Err(_) => response.into(),
        }
    }

    fn refuse(_version: i16, _request: &DescribeLogDirsRequest, code: i16) -> Answer {
        // Before version 3 there is no place for the code, and an answer without directories stands for it.
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
