//! The system log of a mapping: what its pollers tell, as one JSON object for each event.
//! Source: Lambda developer guide, "Using event source mapping logs".
//!
//! # Differs from Lambda
//! - `networkConfig` is empty: there is no network of AWS.
//! - The error code of a problem whose class of Kafka is not known is `org.apache.kafka.common.KafkaException`.

use super::log_store::{LogStore, StreamName};
use crate::Clock;
use crate::config::SystemLogLevel;
use crate::date::UtcTime;
use crate::source::Progress;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The subject of a mapping's system log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSubject {
    /// The level; `None` logs nothing.
    pub(crate) level: Option<SystemLogLevel>,
    pub(crate) arn: String,
    pub(crate) event_source_arn: Option<String>,
    pub(crate) function_name: String,
    pub(crate) bootstrap_servers: String,
    pub(crate) topic: String,
    pub(crate) group_id: String,
    /// Kafka's names of the protocol and of SASL's mechanism, which is empty without SASL.
    pub(crate) security_protocol: &'static str,
    pub(crate) sasl_mechanism: String,
}

/// Writes the system log of one mapping.
#[derive(Debug)]
pub(crate) struct SystemLog {
    clock: Clock,
    store: Arc<LogStore>,
    uuid: String,
    /// The number of partitions of the topic when it was last counted.
    partition_count: AtomicUsize,
    /// Whether offsets are logged, so that pollers need no lock to see that they are not.
    logs_offsets: AtomicBool,
    state: Mutex<LogState>,
}

#[derive(Debug, Default)]
struct LogState {
    subject: Option<LogSubject>,
    /// The offsets after the last that was read and that was processed, by partition.
    offsets: BTreeMap<i32, (i64, i64)>,
}

/// The system log of a mapping for one of its pollers.
#[derive(Debug)]
pub(crate) struct PollerLog {
    log: Arc<SystemLog>,
    number: usize,
}

impl PollerLog {
    pub(crate) fn new(log: &Arc<SystemLog>, number: usize) -> Self {
        let log = Arc::clone(log);
        Self { log, number }
    }

    /// Logs that the poller cannot read.
    pub(crate) fn problem(&self, message: &str) {
        let error = json!({ "error": { "errorMessage": message, "errorCode": error_code(message) } });
        self.log
            .add(SystemLogLevel::Warn, self.number, "ESM_PROCESSING_EVENT", |_| {
                error
            });
    }

    /// Logs that the poller has these partitions.
    pub(crate) fn assigned(&self, generation: i32, partitions: impl IntoIterator<Item = i32>) {
        let connection = |subject: &LogSubject| {
            let partitions = partitions.into_iter();
            let partitions: Vec<String> = partitions
                .map(|partition| format!("{}-{partition}", subject.topic))
                .collect();
            json!({ "kafkaEventSourceConnection": {
                "brokerEndpoints": subject.bootstrap_servers,
                "consumerId": format!("{}-{}", self.log.uuid, self.number),
                "topics": [subject.topic],
                "consumerGroupId": subject.group_id,
                "securityProtocol": subject.security_protocol,
                "saslMechanism": subject.sasl_mechanism,
                "totalPartitionCount": self.log.partition_count.load(Ordering::Relaxed),
                "assignedPartitionCount": partitions.len(),
                "partitionsAssignmentGeneration": generation,
                "assignedPartitions": partitions,
                "networkConfig": { "ipAddresses": [], "subnetCidrBlock": "", "securityGroups": [] },
            } })
        };
        self.log.add(
            SystemLogLevel::Info,
            self.number,
            "POLLER_STATUS_EVENT",
            connection,
        );
    }
}

impl SystemLog {
    pub(crate) fn new(uuid: &str, store: &Arc<LogStore>, clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            store: Arc::clone(store),
            uuid: uuid.to_owned(),
            partition_count: AtomicUsize::new(0),
            logs_offsets: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Sets what the log is about from now on.
    pub(crate) fn configure(&self, subject: LogSubject) {
        let logs_offsets = subject.level == Some(SystemLogLevel::Debug);
        self.logs_offsets.store(logs_offsets, Ordering::Relaxed);
        self.lock().subject = Some(subject);
    }

    /// Notes the number of partitions of the topic.
    pub(crate) fn partitions(&self, count: usize) {
        self.partition_count.store(count, Ordering::Relaxed);
    }

    /// Returns whether offsets are logged, each minute.
    pub(crate) fn logs_offsets(&self) -> bool {
        // Read alone, so it needs no order with other memory.
        self.logs_offsets.load(Ordering::Relaxed)
    }

    /// Notes the offset after the last record that was read of a partition.
    pub(crate) fn consumed(&self, partition: i32, end: i64) {
        if self.logs_offsets() {
            self.lock().offsets.entry(partition).or_default().0 = end;
        }
    }

    /// Notes the offset after the last record that was processed of a partition.
    pub(crate) fn processed(&self, partition: i32, end: i64) {
        if self.logs_offsets() {
            self.lock().offsets.entry(partition).or_default().1 = end;
        }
    }

    /// Logs the offsets of each partition.
    pub(crate) fn offsets(&self, progress: &Progress) {
        let known = self.lock().offsets.clone();
        for (index, (end, committed)) in progress.ends.iter().zip(&progress.positions).enumerate() {
            let partition = i32::try_from(index).unwrap_or(i32::MAX);
            // Until the first record nothing has been read or processed beyond the commit.
            let (consumed, processed) = known.get(&partition).copied().unwrap_or_default();
            let (consumed, processed) = (consumed.max(*committed), processed.max(*committed));
            self.add(SystemLogLevel::Debug, 0, "KAFKA_STATUS_EVENT", |subject| {
                json!({ "kafkaPartitionOffsets": {
                    "partition": format!("{}-{partition}", subject.topic),
                    "endOffset": end,
                    "consumedOffset": consumed,
                    // The last record that was processed, and not the one after it as for a commit.
                    "processedOffset": processed - 1,
                    "committedOffset": committed,
                } })
            });
        }
    }

    fn add(
        &self,
        level: SystemLogLevel,
        poller: usize,
        event_type: &str,
        more: impl FnOnce(&LogSubject) -> Value,
    ) {
        let Some(subject) = self.subject(level) else {
            return;
        };
        let timestamp_ms = self.clock.unix_ms(self.clock.elapsed());
        let mut event = json!({
            "eventType": event_type,
            "timestamp": timestamp_ms,
            "resourceArn": subject.arn,
            "eventSourceArn": subject.event_source_arn,
            "eventProcessorId": format!("{}/{}", self.uuid, poller),
            "logLevel": level.name(),
        });
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more(&subject)) {
            event.extend(more);
            event.retain(|_, value| !value.is_null());
        }
        let name = StreamName {
            group: format!("/aws/lambda/{}", subject.function_name),
            stream: format!("{}/{}", day(timestamp_ms), self.uuid),
        };
        self.store.add(name, timestamp_ms, event.to_string());
    }

    /// Returns what the log is about, if it logs this level.
    fn subject(&self, level: SystemLogLevel) -> Option<LogSubject> {
        let state = self.lock();
        logs(&state, level).then(|| state.subject.clone()).flatten()
    }

    fn lock(&self) -> MutexGuard<'_, LogState> {
        // Each change sets one value.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a day as the names of log streams have it, `2026/01/31`.
fn day(unix_ms: i64) -> String {
    UtcTime::of_ms(unix_ms).format("%Y/%m/%d")
}

/// Returns the class of Kafka's clients for an error, whose message begins with the name that Kafka's protocol has for it, or is our own.
fn error_code(message: &str) -> String {
    let name = message.split([':', ' ']).next().unwrap_or_default();
    let class = match name {
        _ if message.starts_with("topic `") => "UnknownTopicOrPartitionException",
        _ if message.starts_with("Connection error.") => "TimeoutException",
        _ if message.starts_with("SASL authentication failed.") => "SaslAuthenticationException",
        _ if message.starts_with("Cluster failed to authorize") => "AuthorizationException",
        _ if message.contains("failed to authenticate") => "SslAuthenticationException",
        _ if message.starts_with("Provided certificate") => "InvalidConfigurationException",
        "TOPIC_AUTHORIZATION_FAILED" => "TopicAuthorizationException",
        "GROUP_AUTHORIZATION_FAILED" => "GroupAuthorizationException",
        "CLUSTER_AUTHORIZATION_FAILED" => "ClusterAuthorizationException",
        "SASL_AUTHENTICATION_FAILED" => "SaslAuthenticationException",
        "UNKNOWN_TOPIC_OR_PARTITION" => "UnknownTopicOrPartitionException",
        "REQUEST_TIMED_OUT" => "TimeoutException",
        "COORDINATOR_NOT_AVAILABLE" => "CoordinatorNotAvailableException",
        "NOT_COORDINATOR" => "NotCoordinatorException",
        "LEADER_NOT_AVAILABLE" => "LeaderNotAvailableException",
        "NOT_LEADER_OR_FOLLOWER" => "NotLeaderOrFollowerException",
        _ => return "org.apache.kafka.common.KafkaException".to_owned(),
    };
    format!("org.apache.kafka.common.errors.{class}")
}

fn logs(state: &LogState, level: SystemLogLevel) -> bool {
    let logged = state.subject.as_ref().and_then(|subject| subject.level);
    logged.is_some_and(|logged| level <= logged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_classes_of_kafkas_clients() {
        for (message, class) in [
            (
                "topic `orders` does not exist",
                "errors.UnknownTopicOrPartitionException",
            ),
            (
                "TOPIC_AUTHORIZATION_FAILED: not allowed",
                "errors.TopicAuthorizationException",
            ),
            ("the memory limit is reached", "KafkaException"),
        ] {
            assert_eq!(error_code(message), format!("org.apache.kafka.common.{class}"));
        }
    }
}
