//! Requests that are never answered, as by Kafka.

use super::records::{append, batch, create_topic, fetch, produce};
use super::{Client, cluster, encode, software};
use crate::cluster::Cluster;
use crate::messages::WriteTxnMarkersRequest;
use crate::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use crate::operations::coordinator_topics::create_for_groups;
use crate::topic::Topic;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTransaction;
use kafka_protocol::messages::alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, AlterConfigsRequest, ProduceRequest, TopicName, TransactionalId,
};
use kafka_protocol::protocol::{Request, StrBytes};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Returns whether a new connection gets an answer to the request, and to another one behind it.
async fn is_answered<R: Request>(cluster: &Arc<Cluster>, version: i16, request: &R) -> bool {
    let mut client = Client::connect(cluster);
    client.send_frame(&encode(1, version, request)).await;
    client.send_frame(&encode(2, 4, &software())).await;
    let first = timeout(Duration::from_secs(60), client.receive_frame()).await;
    first.is_ok_and(|frame| frame[..4] == [0, 0, 0, 1])
}

fn unanswered(topic: &Topic) -> ProduceRequest {
    produce(topic, 1, vec![(0, None)])
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_silent_after_a_request_without_an_answer_until_its_client_hangs_up() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "silent", 1).await;
    // The answers before it are written.
    client.send_frame(&encode(1, 4, &software())).await;
    client.send_frame(&encode(2, 9, &unanswered(&topic))).await;
    client.send_frame(&encode(3, 4, &software())).await;
    assert_eq!(client.receive_frame().await[..4], [0, 0, 0, 1]);
    let silence = timeout(Duration::from_secs(60), client.receive_frame()).await;
    assert!(silence.is_err(), "{silence:?}");
    let started = Instant::now();
    let Client { io, serving, .. } = client;
    drop(io);
    serving.await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_ends_when_it_was_idle_for_too_long_and_when_the_server_stops() {
    let cluster = cluster(&[("connections.max.idle.ms", "600000")]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "silent", 1).await;
    let started = Instant::now();
    client.send_frame(&encode(1, 9, &unanswered(&topic))).await;
    assert!(client.is_closed().await);
    assert_eq!(started.elapsed(), Duration::from_secs(600));

    let mut client = Client::connect(&cluster);
    client.send_frame(&encode(1, 9, &unanswered(&topic))).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(client.stopping);
    client.serving.await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(601));
}

#[tokio::test(start_paused = true)]
async fn produce_with_null_records_is_answered_only_where_kafka_does_not_look_at_them() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "null", 2).await;
    let one = || Some(batch(&["a"]));
    let mut broken = batch(&["a"]).to_vec();
    broken[16] = 87;
    let cases = [
        (1, vec![(0, None)], false),
        (-1, vec![(0, one()), (1, None)], false),
        // Kafka finds the null before it looks at the acks.
        (2, vec![(0, None)], false),
        (1, vec![(7, None)], true),
        (1, vec![(0, one()), (7, None)], true),
        // The last of two entries for one partition counts.
        (1, vec![(0, None), (0, one())], true),
        (1, vec![(0, one()), (0, None)], false),
        // The whole request is refused, and its error answer counts the bytes of all records.
        (1, vec![(0, Some(broken.into())), (7, None)], false),
    ];
    for (acks, batches, expected) in cases {
        let request = produce(&topic, acks, batches.clone());
        for version in [3, 9, 13] {
            let found = is_answered(&cluster, version, &request).await;
            assert_eq!(found, expected, "acks {acks}, version {version}, {batches:?}");
        }
    }
    // Nothing of an unanswered request is appended, and each answered one has appended what it could.
    let end = topic.partitions[0].read().unwrap().watermarks().log_end_offset;
    assert_eq!(end.0, 6);
    assert_eq!(
        topic.partitions[1].read().unwrap().watermarks().log_end_offset.0,
        0
    );
}

#[tokio::test(start_paused = true)]
async fn brokers_that_add_no_transaction_are_not_answered() {
    let cluster = cluster(&[]);
    let none = AddPartitionsToTxnRequest::default();
    let id = TransactionalId(StrBytes::from_static_str("t"));
    let one = AddPartitionsToTxnTransaction::default().with_transactional_id(id);
    for version in [4, 5] {
        assert!(!is_answered(&cluster, version, &none).await);
        let one = none.clone().with_transactions(vec![one.clone()]);
        assert!(is_answered(&cluster, version, &one).await);
    }
    assert!(is_answered(&cluster, 3, &none).await);
}

#[tokio::test(start_paused = true)]
async fn markers_are_written_and_not_answered_where_kafka_loses_count() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "markers", 2).await;
    create_for_groups(&cluster);
    let marker = |partitions: &[(&'static str, i32)]| {
        let topics = partitions.iter().map(|(topic, index)| {
            WritableTxnMarkerTopic::default()
                .with_name(TopicName(StrBytes::from_static_str(topic)))
                .with_partition_indexes(vec![*index])
        });
        WritableTxnMarker::default()
            .with_producer_id(7.into())
            .with_producer_epoch(0)
            .with_topics(topics.collect())
    };
    let written = || marker(&[("markers", 0)]);
    let skipped = || marker(&[("markers", 9)]);
    let groups = || marker(&[("__consumer_offsets", 0)]);
    let twice = |topic, index| marker(&[(topic, index), (topic, index), ("markers", 0)]);
    let cases = [
        ("none", vec![], 0, true),
        ("one", vec![written()], 1, true),
        ("none that is written", vec![skipped(), marker(&[])], 0, true),
        ("the last is written", vec![skipped(), written()], 1, true),
        ("the last is not written", vec![written(), skipped()], 1, false),
        ("the last is empty", vec![written(), marker(&[])], 1, false),
        ("offsets are completed later", vec![groups(), skipped()], 0, true),
        ("both", vec![written(), groups(), skipped()], 1, true),
        ("twice", vec![twice("markers", 0)], 1, false),
        ("unknown twice", vec![twice("markers", 9)], 1, true),
        ("offsets twice", vec![twice("__consumer_offsets", 0)], 1, true),
        ("in two markers", vec![written(), written()], 2, true),
    ];
    let mut end = 0;
    for (case, markers, appended, expected) in cases {
        end += appended;
        let request = WriteTxnMarkersRequest::default().with_markers(markers);
        assert_eq!(is_answered(&cluster, 1, &request).await, expected, "{case}");
        let watermarks = topic.partitions[0].read().unwrap().watermarks();
        assert_eq!(watermarks.log_end_offset.0, end, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn resources_that_are_one_to_kafka_are_altered_without_an_answer() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    create_topic(&mut client, &cluster, "altered", 1).await;
    let resource = |(resource_type, name, flush): (i8, &'static str, &'static str)| {
        let config = AlterableConfig::default()
            .with_name(StrBytes::from_static_str("flush.ms"))
            .with_value(Some(StrBytes::from_static_str(flush)));
        AlterConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(StrBytes::from_static_str(name))
            .with_configs(vec![config])
    };
    let cases = [
        (vec![(2, "altered", "1"), (32, "altered", "1")], Some("1"), true),
        (
            vec![(2, "altered", "2"), (0, "a", "1"), (3, "b", "1")],
            Some("2"),
            true,
        ),
        (
            vec![(2, "altered", "3"), (0, "a", "1"), (3, "a", "1")],
            Some("3"),
            false,
        ),
        (vec![(0, "a", "1"), (0, "a", "1")], Some("3"), false),
        // Neither of the two is changed.
        (vec![(2, "altered", "4"), (2, "altered", "5")], Some("3"), false),
    ];
    for (resources, changed, expected) in cases {
        let asked = resources.iter().copied().map(resource).collect();
        let request = AlterConfigsRequest::default().with_resources(asked);
        for version in [0, 1, 2] {
            let found = is_answered(&cluster, version, &request).await;
            assert_eq!(found, expected, "version {version}, {resources:?}");
        }
        let topic = cluster.topics.get("altered").unwrap();
        let flush = topic.config.overrides.get("flush.ms");
        assert_eq!(flush.map(String::as_str), changed, "{resources:?}");
    }
}

/// The answers are those of Kafka 4.4.0: a code of the whole answer, or none.
#[tokio::test(start_paused = true)]
async fn a_fetch_of_the_zero_topic_id_before_another_partition_fails_and_is_lost_if_it_waited() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "zero", 1).await;
    append(&mut client, &topic, 0, &["a"]).await;
    let wanted = |id: uuid::Uuid, indexes: &[i32], offset: i64| {
        let mut wanted = fetch(&topic, &[]).topics.remove(0);
        let partitions = indexes.iter().map(|index| {
            FetchPartition::default()
                .with_partition(*index)
                .with_fetch_offset(offset)
                .with_partition_max_bytes(1_000)
        });
        wanted.topic_id = id;
        wanted.with_partitions(partitions.collect())
    };
    let (zero, other) = (uuid::Uuid::nil(), uuid::Uuid::from_u128(9));
    let (empty, full) = (wanted(topic.id, &[0], 1), wanted(topic.id, &[0], 0));
    let cases = [
        ("two", vec![wanted(zero, &[0, 1], 0)], Some(-1)),
        (
            "before an unknown id",
            vec![wanted(zero, &[0], 0), wanted(other, &[0], 0)],
            Some(-1),
        ),
        (
            "after an unknown id",
            vec![wanted(other, &[0], 0), wanted(zero, &[0], 0)],
            Some(0),
        ),
        (
            "before a partition that is read first",
            vec![wanted(zero, &[0], 0), full.clone()],
            Some(0),
        ),
        (
            "before one that does not exist",
            vec![wanted(zero, &[0], 0), wanted(topic.id, &[9], 0)],
            Some(-1),
        ),
        ("with records", vec![full, wanted(zero, &[0, 1], 0)], Some(-1)),
        (
            "one, after a wait",
            vec![empty.clone(), wanted(zero, &[0], 0)],
            Some(0),
        ),
        ("two, after a wait", vec![empty, wanted(zero, &[0, 1], 0)], None),
    ];
    for (case, topics, expected) in cases {
        let request = fetch(&topic, &[]).with_topics(topics);
        for version in [13, 18] {
            let is_answered = is_answered(&cluster, version, &request).await;
            assert_eq!(is_answered, expected.is_some(), "{case}, version {version}");
            if let Some(code) = expected {
                let response = client.ask(version, &request).await;
                assert_eq!(response.error_code, code, "{case}, version {version}");
                assert_eq!(
                    response.responses.is_empty(),
                    code != 0,
                    "{case}, version {version}"
                );
            }
        }
    }
}
