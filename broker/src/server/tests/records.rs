//! Produce and Fetch through a connection.

use super::{Client, cluster, encode};
use crate::cluster::Cluster;
use crate::local::FetchPosition;
use crate::records::{NewRecord, encode_batch};
use crate::topic::Topic;
use crate::{Compression, records};
use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{
    CreateTopicsRequest, FetchRequest, FetchResponse, InitProducerIdRequest, ProduceRequest, TopicName,
    TransactionalId,
};
use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub(super) async fn create_topic(
    client: &mut Client,
    cluster: &Cluster,
    name: &'static str,
    partitions: i32,
) -> Arc<Topic> {
    let topic = CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(partitions)
        .with_replication_factor(1);
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(1_000);
    assert_eq!(client.ask(7, &request).await.topics[0].error_code, 0);
    cluster.topics.get(name).unwrap()
}

pub(super) fn topic_name(name: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(name))
}

pub(super) fn batch(values: &[&str]) -> Bytes {
    let records: Vec<_> = values
        .iter()
        .map(|value| NewRecord {
            timestamp_ms: 1_700_000_000_000,
            value: Some(value.as_bytes()),
            ..NewRecord::default()
        })
        .collect();
    encode_batch(&records, Compression::None)
}

pub(super) fn produce(topic: &Topic, acks: i16, batches: Vec<(i32, Option<Bytes>)>) -> ProduceRequest {
    let partitions = batches.into_iter().map(|(index, records)| {
        PartitionProduceData::default()
            .with_index(index)
            .with_records(records)
    });
    ProduceRequest::default()
        .with_acks(acks)
        .with_timeout_ms(1_000)
        .with_topic_data(vec![
            TopicProduceData::default()
                .with_name(TopicName(StrBytes::from_string(topic.name.to_string())))
                .with_topic_id(topic.id)
                .with_partition_data(partitions.collect()),
        ])
}

pub(super) async fn append(
    client: &mut Client,
    topic: &Topic,
    index: i32,
    values: &[&str],
) -> PartitionProduceResponse {
    let request = produce(topic, 1, vec![(index, Some(batch(values)))]);
    let mut response = client.ask(9, &request).await;
    response.responses.remove(0).partition_responses.remove(0)
}

/// Returns a request that waits for one byte, for at most a second.
pub(super) fn fetch(topic: &Topic, positions: &[(i32, i64)]) -> FetchRequest {
    let partitions = positions.iter().map(|(index, offset)| {
        FetchPartition::default()
            .with_partition(*index)
            .with_fetch_offset(*offset)
            .with_partition_max_bytes(1 << 20)
    });
    FetchRequest::default()
        .with_max_wait_ms(1_000)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![
            FetchTopic::default()
                .with_topic(TopicName(StrBytes::from_string(topic.name.to_string())))
                .with_topic_id(topic.id)
                .with_partitions(partitions.collect()),
        ])
}

pub(super) fn partitions(response: &FetchResponse) -> Vec<&PartitionData> {
    response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions)
        .collect()
}

pub(super) fn values(data: &PartitionData) -> Vec<String> {
    records::batches(data.records.clone().expect("records are never null"))
        .flat_map(|(header, body)| {
            let values = records::walk(&header, &body).map(|record| record.unwrap().value.unwrap().to_vec());
            values.collect::<Vec<_>>()
        })
        .map(|value| String::from_utf8(value).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn records_produced_at_any_version_are_fetched_at_any_version() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "any", 1).await;
    for version in 3..=13 {
        let value = format!("at {version}");
        let request = produce(&topic, -1, vec![(0, Some(batch(&[&value])))]);
        let response = client.ask(version, &request).await;
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.index), (0, 0));
        assert_eq!(partition.base_offset, i64::from(version) - 3);
        assert_eq!(partition.log_append_time_ms, -1);
        assert_eq!(partition.log_start_offset, if version >= 5 { 0 } else { -1 });
    }
    for version in 4..=18 {
        for isolation_level in [0, 1] {
            let request = fetch(&topic, &[(0, 2)]).with_isolation_level(isolation_level);
            let response = client.ask(version, &request).await;
            assert_eq!((response.error_code, response.session_id), (0, 0));
            let all = partitions(&response);
            assert_eq!((all.len(), all[0].error_code), (1, 0));
            assert_eq!((all[0].high_watermark, all[0].last_stable_offset), (11, 11));
            assert_eq!(all[0].preferred_read_replica.0, -1);
            assert_eq!(
                all[0].aborted_transactions.as_ref().map(Vec::len),
                (isolation_level == 1).then_some(0)
            );
            let expected: Vec<_> = (5..=13).map(|version| format!("at {version}")).collect();
            assert_eq!(values(all[0]), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn large_batches_come_back_as_they_were_sent() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "large", 2).await;
    let large = "x".repeat(100_000);
    for index in [0, 1] {
        let sent = append(&mut client, &topic, index, &[&large, "a", "b"]).await;
        assert_eq!((sent.error_code, sent.base_offset), (0, 0));
        assert_eq!(append(&mut client, &topic, index, &["c"]).await.base_offset, 3);
    }
    for version in [4, 11, 12, 18] {
        let response = client.ask(version, &fetch(&topic, &[(0, 0), (1, 3)])).await;
        let all = partitions(&response);
        assert_eq!(values(all[0]), [&large, "a", "b", "c"]);
        assert_eq!(values(all[1]), ["c"]);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_batches_get_their_codes_and_messages() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "refused", 1).await;
    let mut corrupt = batch(&["a"]).to_vec();
    *corrupt.last_mut().unwrap() ^= 1;
    let cases = [
        (1, 7, Some(batch(&["a"])), 3), // UNKNOWN_TOPIC_OR_PARTITION
        (1, -1, Some(batch(&["a"])), 3),
        (2, 0, Some(batch(&["a"])), 21), // INVALID_REQUIRED_ACKS
        (1, 7, None, 3),
        (1, 0, Some(Bytes::new()), 87),
        (1, 0, Some(corrupt.into()), 2), // CORRUPT_MESSAGE
        (1, 0, Some(batch(&["a"]).slice(..40)), 87),
    ];
    for (acks, index, records, code) in cases {
        let response = client
            .ask(9, &produce(&topic, acks, vec![(index, records)]))
            .await;
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.base_offset), (code, -1));
        // As in Kafka, only refused records have messages.
        assert_eq!(partition.error_message, None);
        assert_eq!(partition.log_start_offset, -1);
    }
    // A transactional batch needs a transactional id: TRANSACTIONAL_ID_AUTHORIZATION_FAILED, as in Kafka.
    let mut transactional = batch(&["a"]).to_vec();
    transactional[22] |= 0x10;
    let request = produce(&topic, -1, vec![(0, Some(transactional.into()))]);
    let response = client.ask(9, &request).await;
    assert_eq!(response.responses[0].partition_responses[0].error_code, 53);
    let mut unknown = produce(&topic, 1, vec![(0, Some(batch(&["a"])))]);
    unknown.topic_data[0].topic_id = uuid::Uuid::from_u128(1);
    let response = client.ask(13, &unknown).await;
    assert_eq!(response.responses[0].partition_responses[0].error_code, 100);
    assert_eq!(append(&mut client, &topic, 0, &["b"]).await.base_offset, 0);
    // A transactional id need not write in a transaction.
    let plain = produce(&topic, -1, vec![(0, Some(batch(&["c"])))])
        .with_transactional_id(Some(TransactionalId(StrBytes::from_static_str("t"))));
    let response = client.ask(9, &plain).await;
    assert_eq!(response.responses[0].partition_responses[0].base_offset, 1);
}

#[tokio::test(start_paused = true)]
async fn each_refused_record_is_named_with_its_text_and_the_batch_with_their_sum() {
    let cluster = cluster(&[("log.cleanup.policy", "compact")]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "compacted", 1).await;
    let keyless = "Compacted topic cannot accept message without key in topic partition compacted-0";
    let request = produce(&topic, -1, vec![(0, Some(batch(&["a", "b", "c", "d"])))]);
    for version in [8, 9, 13] {
        let response = client.ask(version, &request).await;
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.log_start_offset), (87, 0));
        let named: Vec<_> = partition
            .record_errors
            .iter()
            .map(|error| (error.batch_index, error.batch_index_error_message.as_deref()))
            .collect();
        assert_eq!(named, [0, 1, 2, 3].map(|index| (index, Some(keyless))));
        let shown = [0, 1, 2].map(|index| format!("RecordError(batchIndex={index}, message='{keyless}')"));
        let expected = format!(
            "One or more records have been rejected due to 4 record errors in total, and only showing the first three errors at most: [{}]",
            shown.join(", ")
        );
        assert_eq!(partition.error_message.as_deref(), Some(&*expected));
    }
}

#[tokio::test(start_paused = true)]
async fn acks_0_gets_no_answer_and_a_closed_connection_on_error() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "silent", 1).await;
    let request = produce(&topic, 0, vec![(0, Some(batch(&["a"])))]);
    client.send_frame(&encode(1, 9, &request)).await;
    assert_eq!(append(&mut client, &topic, 0, &["b"]).await.base_offset, 1);
    let request = produce(&topic, 0, vec![(9, Some(batch(&["a"])))]);
    client.send_frame(&encode(1, 9, &request)).await;
    assert!(client.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn another_broker_names_the_leader() {
    let cluster = Arc::new(Cluster::for_tests(2, &[]));
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "led", 1).await;
    let leader = topic.partitions[0].read().unwrap().leader.0;
    let mut other = Client::connect_to(&cluster, 3 - leader);
    let request = produce(&topic, 1, vec![(0, Some(batch(&["a"])))]);
    for version in 3..=13 {
        let response = other.ask(version, &request).await;
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!(partition.error_code, 6);
        let named = if version >= 10 { (leader, 0) } else { (-1, -1) };
        assert_eq!(
            (
                partition.current_leader.leader_id.0,
                partition.current_leader.leader_epoch
            ),
            named
        );
        let ports: Vec<_> = response.node_endpoints.iter().map(|node| node.port).collect();
        assert_eq!(
            ports,
            if version >= 10 {
                vec![9091 + leader]
            } else {
                vec![]
            }
        );
    }
    for version in 4..=18 {
        let started = Instant::now();
        let response = other.ask(version, &fetch(&topic, &[(0, 0)])).await;
        assert_eq!(started.elapsed(), Duration::ZERO, "an error ends the wait");
        let partition = partitions(&response)[0];
        assert_eq!(partition.error_code, 6);
        let named = if version >= 16 { (leader, 0) } else { (-1, -1) };
        assert_eq!(
            (
                partition.current_leader.leader_id.0,
                partition.current_leader.leader_epoch
            ),
            named
        );
        let ports: Vec<_> = response.node_endpoints.iter().map(|node| node.port).collect();
        assert_eq!(
            ports,
            if version >= 16 {
                vec![9091 + leader]
            } else {
                vec![]
            }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn memory_limit_refuses_appends_and_keeps_what_was_acknowledged() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "full", 1).await;
    let value = "x".repeat(1 << 19);
    let mut kept = 0;
    let refused = loop {
        let sent = append(&mut client, &topic, 0, &[&value]).await;
        if sent.error_code != 0 {
            break sent;
        }
        kept += 1;
        assert!(kept < 200, "64 MiB are less than 200 half MiB");
    };
    assert_eq!(refused.error_code, 19);
    let message = refused.error_message.unwrap();
    assert!(message.contains("67108864"), "{message}");
    assert!(cluster.pool.used_bytes() <= 1 << 26);
    let response = client.ask(12, &fetch(&topic, &[(0, kept - 1)])).await;
    assert_eq!(values(partitions(&response)[0]), [value]);
    assert_eq!(partitions(&response)[0].high_watermark, kept);
}

#[tokio::test(start_paused = true)]
async fn every_idempotent_producer_gets_an_id_of_its_own() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let mut first_id = None;
    for version in 0..=5 {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000);
        let response = client.ask(version, &request).await;
        let first_id = *first_id.get_or_insert(response.producer_id.0);
        assert_eq!(
            (
                response.error_code,
                response.producer_id.0,
                response.producer_epoch
            ),
            (0, first_id + i64::from(version), 0)
        );
    }
    let half = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_producer_id(7.into());
    assert_eq!(client.ask(4, &half).await.error_code, 42);
    let empty = TransactionalId(StrBytes::from_static_str(""));
    let empty = InitProducerIdRequest::default().with_transactional_id(Some(empty));
    assert_eq!(client.ask(4, &empty).await.error_code, 42);
}

#[tokio::test(start_paused = true)]
async fn local_client_produces_fetches_and_lists_at_the_leaders() {
    let cluster = Arc::new(Cluster::for_tests(2, &[]));
    let mut wire = Client::connect(&cluster);
    let topic = create_topic(&mut wire, &cluster, "local", 2).await;
    let client = crate::local::Client::new(Arc::clone(&cluster), "engine");
    for index in [0, 1] {
        assert_eq!(
            client.produce("local", index, batch(&["a"])).await,
            Ok(crate::Offset(0))
        );
        assert_eq!(
            client.produce("local", index, batch(&["b", "c"])).await,
            Ok(crate::Offset(1))
        );
    }
    let positions = [(0, 1), (1, 3), (2, 0)].map(|(partition, offset)| FetchPosition {
        partition,
        offset: crate::Offset(offset),
        max_bytes: 1 << 20,
    });
    let fetched = client
        .fetch("local", &positions, Duration::from_secs(1), 1, 1 << 20)
        .await
        .unwrap();
    let shown: Vec<_> = fetched
        .iter()
        .map(|fetched| match &fetched.batches {
            Ok(batches) => batches.iter().map(|(header, _)| header.base_offset().0).collect(),
            Err(error) => vec![-i64::from(error.code)],
        })
        .collect();
    // The leader of partition 1 has no record to return yet, and the fetch does not wait for it: its partition is missing.
    assert_eq!(shown, [vec![1], vec![-3]]);
    let listed = client
        .list_offsets("local", &[1, 0], crate::local::OffsetSpec::Latest)
        .await;
    assert_eq!(listed, Ok(vec![crate::Offset(3); 2]));
    let missing = client
        .list_offsets("none", &[0], crate::local::OffsetSpec::Latest)
        .await
        .unwrap_err();
    assert_eq!(missing.name, "UNKNOWN_TOPIC_OR_PARTITION");
    assert_eq!(topic.partitions.len(), 2);
}
