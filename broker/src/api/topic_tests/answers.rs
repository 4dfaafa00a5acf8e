//! The parts of answers that clients do not ask for, which are there or absent as in Kafka's.

use super::*;
use crate::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::messages::{ListOffsetsRequest, OffsetCommitRequest};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};

#[tokio::test]
async fn topic_without_partitions_is_left_out_of_produce_list_offsets_and_delete_records() {
    let cluster = cluster().await;
    let none = TopicProduceData::default().with_name(name("orders"));
    let one = TopicProduceData::default()
        .with_name(name("none"))
        .with_partition_data(vec![PartitionProduceData::default()]);
    let request = ProduceRequest::default()
        .with_acks(1)
        .with_topic_data(vec![none, one]);
    let produced = call(&cluster, 9, request).await;
    let names: Vec<_> = produced
        .responses
        .iter()
        .map(|topic| topic.name.as_str())
        .collect();
    assert_eq!(names, ["none"]);

    let topics = vec![ListOffsetsTopic::default().with_name(name("orders"))];
    let request = ListOffsetsRequest::default().with_topics(topics);
    assert!(call(&cluster, 7, request).await.topics.is_empty());

    let topics = vec![DeleteRecordsTopic::default().with_name(name("orders"))];
    let request = DeleteRecordsRequest::default().with_topics(topics);
    assert!(call(&cluster, 2, request).await.topics.is_empty());
}

#[tokio::test]
async fn topic_without_partitions_is_left_out_of_offset_commit_if_it_exists() {
    let cluster = cluster().await;
    let topics = ["orders", "none"].map(|topic| OffsetCommitRequestTopic::default().with_name(name(topic)));
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_topics(topics.to_vec());
    let committed = call(&cluster, 8, request.clone()).await;
    let names: Vec<_> = committed.topics.iter().map(|topic| topic.name.as_str()).collect();
    assert_eq!(names, ["none"]);

    let partition = OffsetCommitRequestPartition::default().with_committed_offset(1);
    let [orders, none] = topics;
    let topics = vec![orders.with_partitions(vec![partition]), none];
    let committed = call(&cluster, 8, request.with_topics(topics)).await;
    assert_eq!(committed.topics.len(), 2);
}

#[tokio::test]
async fn leader_epoch_below_minus_one_is_an_old_epoch_for_list_offsets_and_offset_for_leader_epoch() {
    let cluster = cluster().await;
    for (epoch, code) in [
        (-1, 0),
        (0, 0),
        (-2, E::FencedLeaderEpoch.code()),
        (1, E::UnknownLeaderEpoch.code()),
    ] {
        let partition = ListOffsetsPartition::default()
            .with_partition_index(1)
            .with_current_leader_epoch(epoch)
            .with_timestamp(-1);
        let topic = ListOffsetsTopic::default()
            .with_name(name("orders"))
            .with_partitions(vec![partition]);
        let listed = call(
            &cluster,
            7,
            ListOffsetsRequest::default().with_topics(vec![topic]),
        )
        .await;
        assert_eq!(
            listed.topics[0].partitions[0].error_code, code,
            "ListOffsets {epoch}"
        );

        let partition = OffsetForLeaderPartition::default()
            .with_partition(1)
            .with_current_leader_epoch(epoch);
        let topic = OffsetForLeaderTopic::default()
            .with_topic(name("orders"))
            .with_partitions(vec![partition]);
        let ends = call(
            &cluster,
            4,
            OffsetForLeaderEpochRequest::default().with_topics(vec![topic]),
        )
        .await;
        assert_eq!(
            ends.topics[0].partitions[0].error_code, code,
            "OffsetForLeaderEpoch {epoch}"
        );
    }
}

#[tokio::test]
async fn list_offsets_is_answered_by_the_leader_and_for_debugging_by_any_replica() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    call(&cluster, 7, create("orders")).await;
    let not_leader = E::NotLeaderOrFollower.code();
    // Partition 0 is led by broker 2, follows on broker 1, and is not on broker 3.
    for (replica_id, codes) in [
        (-1, [not_leader, 0, not_leader]),
        (1, [not_leader, 0, not_leader]),
        (-2, [0, 0, not_leader]),
    ] {
        let partition = ListOffsetsPartition::default()
            .with_current_leader_epoch(-1)
            .with_timestamp(-1);
        let topic = ListOffsetsTopic::default()
            .with_name(name("orders"))
            .with_partitions(vec![partition]);
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(replica_id))
            .with_topics(vec![topic]);
        for (node_id, code) in (1..).zip(codes) {
            let listed = call_node(&cluster, node_id, 11, request.clone()).await;
            let found = listed.topics[0].partitions[0].error_code;
            assert_eq!(found, code, "replica {replica_id} asks broker {node_id}");
        }
    }
}

#[tokio::test]
async fn aborted_transactions_are_an_empty_list_for_partitions_that_do_not_exist() {
    let cluster = cluster().await;
    let partition = |index, offset| {
        FetchPartition::default()
            .with_partition(index)
            .with_fetch_offset(offset)
            .with_partition_max_bytes(1)
    };
    let topic = FetchTopic::default()
        .with_topic(name("orders"))
        // Partition 1 is read, 1 at another offset is out of range, and 7 does not exist.
        .with_partitions(vec![partition(1, 0), partition(7, 0)]);
    let out_of_range = FetchTopic::default()
        .with_topic(name("orders"))
        .with_partitions(vec![partition(1, 5)]);
    for (isolation_level, read) in [(0, None), (1, Some(0))] {
        let request = |topic: &FetchTopic| {
            FetchRequest::default()
                .with_max_bytes(1)
                .with_isolation_level(isolation_level)
                .with_session_epoch(-1)
                .with_topics(vec![topic.clone()])
        };
        let fetched = call(&cluster, 12, request(&topic)).await;
        let told: Vec<_> = fetched.responses[0]
            .partitions
            .iter()
            .map(|partition| {
                let aborted = partition.aborted_transactions.as_ref().map(Vec::len);
                (partition.partition_index, partition.error_code, aborted)
            })
            .collect();
        let unknown = E::UnknownTopicOrPartition.code();
        assert_eq!(told, [(1, 0, read), (7, unknown, Some(0))]);
        let fetched = call(&cluster, 12, request(&out_of_range)).await;
        let partition = &fetched.responses[0].partitions[0];
        assert_eq!(
            (partition.error_code, &partition.aborted_transactions),
            (E::OffsetOutOfRange.code(), &None)
        );
    }
}

#[tokio::test]
async fn metadata_request_that_is_refused_as_a_whole_names_no_brokers() {
    let cluster = cluster().await;
    let topic = asked("orders").with_topic_id(Uuid::from_u128(1));
    let request = MetadataRequest::default().with_topics(Some(vec![topic]));
    let refused = call(&cluster, 10, request).await;
    assert!(refused.brokers.is_empty());
    assert_eq!(
        (refused.controller_id, &refused.cluster_id),
        (BrokerId(-1), &None)
    );
    assert_eq!(refused.topics[0].error_code, E::InvalidRequest.code());
}

#[tokio::test]
async fn topic_that_does_not_exist_has_authorized_operations() {
    let cluster = cluster().await;
    let request = MetadataRequest::default()
        .with_topics(Some(vec![asked("none"), asked("no!")]))
        .with_allow_auto_topic_creation(false)
        .with_include_topic_authorized_operations(true);
    let described = call(&cluster, 12, request).await;
    // Read, write, create, delete, alter, describe, describe configs and alter configs.
    let all = 0b1101_1111_1000;
    for topic in &described.topics {
        assert_eq!(topic.topic_authorized_operations, all);
    }
    let topic = describe_topic_partitions_request::TopicRequest::default().with_name(name("none"));
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(vec![topic])
        .with_cursor(None);
    let described = call(&cluster, 0, request).await;
    assert_eq!(described.topics[0].topic_authorized_operations, all);
}

#[tokio::test]
async fn list_offsets_answers_each_topic_and_partition_once_even_if_they_are_repeated() {
    let cluster = cluster().await;
    let partition = |index| {
        ListOffsetsPartition::default()
            .with_partition_index(index)
            .with_current_leader_epoch(-1)
            .with_timestamp(-1)
    };
    let topic = |partitions: &[i32]| {
        ListOffsetsTopic::default()
            .with_name(name("orders"))
            .with_partitions(partitions.iter().copied().map(partition).collect())
    };
    let topics = vec![topic(&[1, 7, 7]), topic(&[8])];
    let listed = call(&cluster, 7, ListOffsetsRequest::default().with_topics(topics)).await;
    let told: Vec<_> = listed.topics[0]
        .partitions
        .iter()
        .map(|partition| (partition.partition_index, partition.error_code))
        .collect();
    assert_eq!(listed.topics.len(), 1);
    let unknown = E::UnknownTopicOrPartition.code();
    assert_eq!(told, [(1, 0), (7, E::InvalidRequest.code()), (8, unknown)]);
}

#[tokio::test]
async fn list_offsets_with_an_unknown_isolation_level_is_an_unknown_server_error() {
    let cluster = cluster().await;
    let topic = ListOffsetsTopic::default()
        .with_name(name("orders"))
        .with_partitions(vec![ListOffsetsPartition::default()]);
    let request = ListOffsetsRequest::default()
        .with_isolation_level(2)
        .with_topics(vec![topic]);
    let listed = call(&cluster, 7, request).await;
    assert_eq!(
        listed.topics[0].partitions[0].error_code,
        E::UnknownServerError.code()
    );
}

#[tokio::test]
async fn describe_producers_has_a_message_for_an_unknown_topic_and_none_for_an_unknown_partition() {
    let cluster = cluster().await;
    let topic = |topic| {
        describe_producers_request::TopicRequest::default()
            .with_name(name(topic))
            .with_partition_indexes(vec![7])
    };
    let request = DescribeProducersRequest::default().with_topics(vec![topic("none"), topic("orders")]);
    let described = call(&cluster, 0, request).await;
    let told: Vec<_> = described
        .topics
        .iter()
        .map(|topic| &topic.partitions[0])
        .map(|partition| (partition.error_code, partition.error_message.as_deref()))
        .collect();
    let unknown = E::UnknownTopicOrPartition.code();
    let message = "This server does not host this topic-partition.";
    assert_eq!(told, [(unknown, Some(message)), (unknown, None)]);
}

#[tokio::test]
async fn fetch_answers_partitions_that_do_not_exist_after_those_that_were_read() {
    let cluster = cluster().await;
    let id = cluster.topics.get("orders").unwrap().id;
    let topic = |id, partitions: &[i32]| {
        let partition = |index: &i32| FetchPartition::default().with_partition(*index);
        FetchTopic::default()
            .with_topic_id(id)
            .with_partitions(partitions.iter().map(partition).collect())
    };
    let unknown = Uuid::from_u128(1);
    let request = FetchRequest::default()
        .with_session_epoch(-1)
        .with_topics(vec![topic(unknown, &[0]), topic(id, &[7, 1])]);
    let fetched = call(&cluster, 16, request).await;
    let told: Vec<_> = fetched
        .responses
        .iter()
        .map(|topic| (topic.topic_id, topic.partitions[0].partition_index))
        .collect();
    assert_eq!(told, [(id, 1), (unknown, 0), (id, 7)]);
}

#[tokio::test]
async fn write_txn_markers_leaves_out_what_has_no_partitions_and_needs_a_producer() {
    use crate::messages::WriteTxnMarkersRequest;
    use crate::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
    let cluster = cluster().await;
    let marker = |producer_id: i64, partitions: Vec<i32>| {
        let topics = vec![
            WritableTxnMarkerTopic::default()
                .with_name(name("orders"))
                .with_partition_indexes(partitions),
            WritableTxnMarkerTopic::default().with_name(name("none")),
        ];
        WritableTxnMarker::default()
            .with_producer_id(producer_id.into())
            .with_topics(topics)
    };
    let write = async |markers| {
        let request = WriteTxnMarkersRequest::default().with_markers(markers);
        let written = call(&cluster, 1, request).await;
        let rows = written.markers.into_iter().flat_map(|marker| {
            let topics = marker.topics.into_iter();
            topics.map(move |topic| {
                let codes: Vec<_> = topic
                    .partitions
                    .iter()
                    .map(|partition| partition.error_code)
                    .collect();
                (marker.producer_id.0, topic.name.to_string(), codes)
            })
        });
        rows.collect::<Vec<_>>()
    };
    let orders = "orders".to_owned();
    let unknown = E::UnknownTopicOrPartition.code();
    let told = write(vec![marker(5, vec![1, 7]), marker(6, vec![])]).await;
    assert_eq!(told, [(5, orders.clone(), vec![0, unknown])]);
    let told = write(vec![marker(-1, vec![1])]).await;
    assert_eq!(told, [(-1, orders, vec![E::UnknownServerError.code()])]);
}

#[tokio::test]
async fn session_by_topic_id_does_not_follow_the_name_to_a_topic_created_again() {
    let cluster = cluster().await;
    let id = cluster.topics.get("orders").unwrap().id;
    let fetch = |session_id, session_epoch, topics| {
        FetchRequest::default()
            .with_session_id(session_id)
            .with_session_epoch(session_epoch)
            .with_topics(topics)
    };
    let partition = FetchPartition::default()
        .with_partition(1)
        .with_partition_max_bytes(1);
    let topic = FetchTopic::default()
        .with_topic_id(id)
        .with_partitions(vec![partition]);
    let opened = call(&cluster, 16, fetch(0, 0, vec![topic])).await;
    let deletion = DeleteTopicsRequest::default().with_topic_names(vec![name("orders")]);
    call(&cluster, 5, deletion).await;
    call(&cluster, 7, create("orders")).await;
    let fetched = call(&cluster, 16, fetch(opened.session_id, 1, vec![])).await;
    let told: Vec<_> = fetched
        .responses
        .iter()
        .map(|topic| (topic.topic_id, topic.partitions[0].error_code))
        .collect();
    assert_eq!(told, [(id, E::InconsistentTopicId.code())]);
}
