//! The offsets, timestamps, epochs and producers of a partition.

use esmeralda_broker::messages::ListOffsetsRequest;
use esmeralda_broker::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use esmeralda_broker::messages::list_offsets_response::ListOffsetsPartitionResponse;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{
    BrokerId, DeleteRecordsRequest, DescribeProducersRequest, DescribeProducersResponse,
    InitProducerIdRequest, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, ProducerId,
};

use crate::batch::{BASE_TIMESTAMP_MS, three_records};
use crate::client::Client;
use crate::world::{NONE, PARTITION, TOPIC, UNKNOWN_TOPIC_OR_PARTITION, World, text, topic_name};

const OFFSET_OUT_OF_RANGE: i16 = 1;
const UNSUPPORTED_VERSION: i16 = 35;
const UNKNOWN_LEADER_EPOCH: i16 = 75;

async fn list_offset(
    client: &mut Client,
    version: i16,
    timestamp: i64,
    epoch: i32,
) -> ListOffsetsPartitionResponse {
    let mut partition = ListOffsetsPartition::default()
        .with_partition_index(PARTITION)
        .with_timestamp(timestamp);
    let mut request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1));
    if version >= 2 {
        request.isolation_level = 1;
    }
    if version >= 4 {
        partition.current_leader_epoch = epoch;
    }
    if version >= 10 {
        request.timeout_ms = 4000;
    }
    let topic = ListOffsetsTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    let mut answer = client.ask(version, &request.with_topics(vec![topic])).await;
    assert_eq!(answer.throttle_time_ms, 0);
    assert_eq!(answer.topics.len(), 1);
    assert_eq!(answer.topics[0].name, topic_name(TOPIC));
    assert_eq!(answer.topics[0].partitions.len(), 1);
    answer.topics.remove(0).partitions.remove(0)
}

pub(crate) async fn list_offsets(version: i16) {
    const LATEST: i64 = -1;
    const EARLIEST: i64 = -2;
    const MAX_TIMESTAMP: i64 = -3;
    const EARLIEST_LOCAL: i64 = -4;
    const LATEST_TIERED: i64 = -5;
    const EARLIEST_PENDING_UPLOAD: i64 = -6;
    let (world, _) = World::with_records().await;
    let mut client = world.connect().await;
    let found = |offset, timestamp| {
        ListOffsetsPartitionResponse::default()
            .with_partition_index(PARTITION)
            .with_offset(offset)
            .with_timestamp(timestamp)
            .with_leader_epoch(if version >= 4 { 0 } else { -1 })
    };
    let mut cases = vec![
        (LATEST, found(3, -1)),
        (EARLIEST, found(0, -1)),
        (BASE_TIMESTAMP_MS + 5, found(1, BASE_TIMESTAMP_MS + 10)),
        (BASE_TIMESTAMP_MS + 10, found(1, BASE_TIMESTAMP_MS + 10)),
        (BASE_TIMESTAMP_MS + 21, found(-1, -1).with_leader_epoch(-1)),
    ];
    if version >= 7 {
        cases.push((MAX_TIMESTAMP, found(2, BASE_TIMESTAMP_MS + 20)));
    }
    if version >= 8 {
        cases.push((EARLIEST_LOCAL, found(0, -1)));
    }
    let nothing = found(-1, -1).with_leader_epoch(-1);
    let unsupported = nothing.clone().with_error_code(UNSUPPORTED_VERSION);
    for (timestamp, first_version) in [(LATEST_TIERED, 9), (EARLIEST_PENDING_UPLOAD, 11)] {
        let expected = if version < first_version {
            &unsupported
        } else {
            &nothing
        };
        cases.push((timestamp, expected.clone()));
    }
    for (timestamp, expected) in cases {
        let answer = list_offset(&mut client, version, timestamp, 0).await;
        assert_eq!(answer, expected, "timestamp {timestamp}");
    }
    if version >= 4 {
        let answer = list_offset(&mut client, version, LATEST, 5).await;
        assert_eq!(
            (answer.error_code, answer.offset, answer.timestamp),
            (UNKNOWN_LEADER_EPOCH, -1, -1)
        );
    }
    world.stop().await;
}

pub(crate) async fn offset_for_leader_epoch(version: i16) {
    let (world, _) = World::with_records().await;
    let mut client = world.connect().await;
    let cases = [
        (
            0,
            EpochEndOffset::default()
                .with_partition(PARTITION)
                .with_leader_epoch(0)
                .with_end_offset(3),
        ),
        (
            7,
            EpochEndOffset::default()
                .with_partition(PARTITION)
                .with_leader_epoch(-1)
                .with_end_offset(-1),
        ),
    ];
    for (leader_epoch, expected) in cases {
        let partition = OffsetForLeaderPartition::default()
            .with_partition(PARTITION)
            .with_current_leader_epoch(0)
            .with_leader_epoch(leader_epoch);
        let topic = OffsetForLeaderTopic::default()
            .with_topic(topic_name(TOPIC))
            .with_partitions(vec![partition]);
        let mut request = OffsetForLeaderEpochRequest::default().with_topics(vec![topic]);
        if version >= 3 {
            request.replica_id = BrokerId(-1);
        }
        let answer = client.ask(version, &request).await;
        let topic = OffsetForLeaderTopicResult::default()
            .with_topic(topic_name(TOPIC))
            .with_partitions(vec![expected]);
        assert_eq!(
            answer,
            OffsetForLeaderEpochResponse::default().with_topics(vec![topic])
        );
    }
    world.stop().await;
}

pub(crate) async fn delete_records(version: i16) {
    let (world, _) = World::with_records().await;
    let mut client = world.connect().await;
    // Partition and offset (-1 means the high watermark), then the expected low watermark and error.
    let cases = [
        (PARTITION, 2, 2, NONE),
        (PARTITION, 9, -1, OFFSET_OUT_OF_RANGE),
        (7, 1, -1, UNKNOWN_TOPIC_OR_PARTITION),
        (PARTITION, -1, 3, NONE),
    ];
    for (partition, offset, low_watermark, error_code) in cases {
        let deletion = DeleteRecordsPartition::default()
            .with_partition_index(partition)
            .with_offset(offset);
        let topic = DeleteRecordsTopic::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(vec![deletion]);
        let request = DeleteRecordsRequest::default()
            .with_topics(vec![topic])
            .with_timeout_ms(5000);
        let answer = client.ask(version, &request).await;
        let result = DeleteRecordsPartitionResult::default()
            .with_partition_index(partition)
            .with_low_watermark(low_watermark)
            .with_error_code(error_code);
        let topic = DeleteRecordsTopicResult::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(vec![result]);
        assert_eq!(answer, DeleteRecordsResponse::default().with_topics(vec![topic]));
        if error_code == NONE {
            assert_eq!(list_offset(&mut client, 10, -2, 0).await.offset, low_watermark);
        }
    }
    world.stop().await;
}

const NOT_COORDINATOR: i16 = 16;
const INVALID_PRODUCER_EPOCH: i16 = 47;
const INVALID_TRANSACTION_TIMEOUT: i16 = 50;
const PRODUCER_FENCED: i16 = 90;

pub(crate) async fn init_producer_id(version: i16) {
    let world = World::start().await;
    let mut client = world.connect().await;
    let mut request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000);
    if version >= 3 {
        // Without a transactional id these fields have no meaning: the answer still has a new id.
        request.producer_id = ProducerId(4000);
        request.producer_epoch = 2;
    }
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = client.ask(version, &request).await;
        assert_eq!(
            (answer.throttle_time_ms, answer.error_code, answer.producer_epoch),
            (0, NONE, 0)
        );
        assert!(answer.producer_id.0 >= 0);
        ids.push(answer.producer_id);
    }
    assert_ne!(ids[0], ids[1]);

    let first = InitProducerIdRequest::default()
        .with_transactional_id(Some(text("tx-1").into()))
        .with_transaction_timeout_ms(60_000);
    // Before somebody has looked for a coordinator there is none.
    assert_eq!(client.ask(version, &first).await.error_code, NOT_COORDINATOR);
    crate::transaction_apis::find_transaction_coordinator(&mut client).await;
    let answer = client.ask(version, &first).await;
    assert_eq!((answer.error_code, answer.producer_epoch), (NONE, 0));
    let mut again = first.clone();
    if version >= 3 {
        again.producer_id = answer.producer_id;
        again.producer_epoch = answer.producer_epoch;
    }
    let next = client.ask(version, &again).await;
    assert_eq!(
        (next.error_code, next.producer_id, next.producer_epoch),
        (NONE, answer.producer_id, 1)
    );
    if version >= 3 {
        again.producer_epoch = 7;
        let fenced = client.ask(version, &again).await;
        let code = if version < 4 {
            INVALID_PRODUCER_EPOCH
        } else {
            PRODUCER_FENCED
        };
        assert_eq!(
            (fenced.error_code, fenced.producer_id, fenced.producer_epoch),
            (code, ProducerId(-1), -1)
        );
    }
    let hasty = first.with_transaction_timeout_ms(900_001);
    assert_eq!(
        client.ask(version, &hasty).await.error_code,
        INVALID_TRANSACTION_TIMEOUT
    );
    world.stop().await;
}

pub(crate) async fn describe_producers(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let producer_id = client
        .ask(5, &InitProducerIdRequest::default().with_transactional_id(None))
        .await
        .producer_id;
    world.produce(three_records(producer_id.0, 0, 0)).await;
    let topic = TopicRequest::default()
        .with_name(topic_name(TOPIC))
        .with_partition_indexes(vec![PARTITION, 2, 8]);
    let answer = client
        .ask(
            version,
            &DescribeProducersRequest::default().with_topics(vec![topic]),
        )
        .await;

    let state = ProducerState::default()
        .with_producer_id(producer_id)
        .with_producer_epoch(0)
        .with_last_sequence(2)
        .with_last_timestamp(BASE_TIMESTAMP_MS + 20)
        .with_coordinator_epoch(-1)
        .with_current_txn_start_offset(-1);
    let unknown = answer.topics[0].partitions[2].error_message.clone();
    let partitions = vec![
        PartitionResponse::default()
            .with_partition_index(PARTITION)
            .with_error_message(None)
            .with_active_producers(vec![state]),
        PartitionResponse::default()
            .with_partition_index(2)
            .with_error_message(None),
        PartitionResponse::default()
            .with_partition_index(8)
            .with_error_code(UNKNOWN_TOPIC_OR_PARTITION)
            .with_error_message(unknown),
    ];
    let topic = TopicResponse::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(partitions);
    assert_eq!(
        answer,
        DescribeProducersResponse::default().with_topics(vec![topic])
    );
    world.stop().await;
}
