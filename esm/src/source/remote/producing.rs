//! Batches that are appended at the leaders of partitions. Source: Kafka's `Sender`.

use super::brokers::Lane;
use super::{RemoteCluster, leader_not_available, partition_error, topic_name};
use crate::source::consumer::client::{ClientError, Message};
use crate::source::producer::encode;
use kafka_protocol::messages::ProduceRequest;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use std::time::Duration;

/// The time that the replicas in sync may take: Kafka's `request.timeout.ms`.
const TIMEOUT: Duration = Duration::from_secs(30);

impl RemoteCluster {
    /// Appends messages to a partition as one batch, and waits for all replicas in sync.
    pub(super) async fn append(
        &self,
        topic: &str,
        partition: i32,
        messages: &[Message],
    ) -> Result<(), ClientError> {
        let leaders = self.leaders(topic, &[partition]).await?;
        let leader = leaders.first().ok_or_else(leader_not_available)?;
        let request = produce_request(topic, partition, messages);
        let brokers = &self.shared.brokers;
        let answer = brokers.call(leader, Lane::Control, &request, TIMEOUT).await;
        let appended = answer.map_err(ClientError::from).and_then(|answer| {
            let mut partitions = answer
                .responses
                .iter()
                .flat_map(|topic| &topic.partition_responses);
            match partitions.next().map(|partition| partition.error_code) {
                Some(0) => Ok(()),
                Some(code) => Err(partition_error(code)),
                None => Err(leader_not_available()),
            }
        });
        if appended.is_err() {
            self.routes().forget_leaders(topic);
        }
        appended
    }
}

fn produce_request(topic: &str, partition: i32, messages: &[Message]) -> ProduceRequest {
    let data = PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(encode(messages)));
    let topic = TopicProduceData::default()
        .with_name(topic_name(topic))
        .with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(i32::try_from(TIMEOUT.as_millis()).unwrap_or(i32::MAX))
        .with_topic_data(vec![topic])
}
