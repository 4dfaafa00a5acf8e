//! Transactions: partitions and offsets are added, the outcome is decided, markers are written, and administrators see it.

use bytes::Bytes;
use esmeralda_broker::messages::WriteTxnMarkersRequest;
use esmeralda_broker::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::add_partitions_to_txn_response::AddPartitionsToTxnTopicResult;
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_transactions_response::TransactionState as ListedState;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, DescribeTransactionsRequest, EndTxnRequest,
    FetchRequest, FindCoordinatorRequest, InitProducerIdRequest, ListTransactionsRequest, ProduceRequest,
    ProducerId, TransactionalId,
};

use crate::batch::three_transactional_records;
use crate::client::Client;
use crate::world::{
    GROUP, NONE, PARTITION, TOPIC, UNKNOWN_TOPIC_OR_PARTITION, World, group_id, text, topic_name,
};

const ID: &str = "tx-1";
pub(crate) const INVALID_PRODUCER_EPOCH: i16 = 47;
const TRANSACTION_COORDINATOR_FENCED: i16 = 52;
pub(crate) const INVALID_TXN_STATE: i16 = 48;
const INVALID_PRODUCER_ID_MAPPING: i16 = 49;
const OPERATION_NOT_ATTEMPTED: i16 = 55;
const PRODUCER_FENCED: i16 = 90;
const TRANSACTIONAL_ID_NOT_FOUND: i16 = 105;
const INVALID_REGULAR_EXPRESSION: i16 = 128;
pub(crate) const TRANSACTION_ABORTABLE: i16 = 120;

pub(crate) fn id() -> TransactionalId {
    TransactionalId(text(ID))
}

/// Finds the coordinator, which creates `__transaction_state`, and initialises the producer.
pub(crate) async fn init(client: &mut Client) -> ProducerId {
    find_transaction_coordinator(client).await;
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(id()))
        .with_transaction_timeout_ms(60_000);
    let answer = client.ask(5, &request).await;
    assert_eq!(
        (answer.error_code, answer.producer_epoch),
        (NONE, 0),
        "{answer:?}"
    );
    answer.producer_id
}

pub(crate) async fn find_transaction_coordinator(client: &mut Client) {
    let request = FindCoordinatorRequest::default()
        .with_key(text(ID))
        .with_key_type(1);
    let found = client.ask(3, &request).await;
    assert_eq!((found.error_code, found.node_id.0), (NONE, 1), "{found:?}");
}

fn wanted(partitions: &[i32]) -> Vec<AddPartitionsToTxnTopic> {
    let topic = AddPartitionsToTxnTopic::default().with_name(topic_name(TOPIC));
    vec![topic.with_partitions(partitions.to_vec())]
}

fn rows(topics: &[AddPartitionsToTxnTopicResult]) -> Vec<(i32, i16)> {
    let rows = topics.iter().flat_map(|topic| &topic.results_by_partition);
    rows.map(|row| (row.partition_index, row.partition_error_code))
        .collect()
}

/// Adds partitions as a producer does.
async fn add(
    client: &mut Client,
    version: i16,
    (producer_id, epoch): (ProducerId, i16),
    partitions: &[i32],
) -> Vec<(i32, i16)> {
    let request = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id())
        .with_v3_and_below_producer_id(producer_id)
        .with_v3_and_below_producer_epoch(epoch)
        .with_v3_and_below_topics(wanted(partitions));
    rows(&client.ask(version, &request).await.results_by_topic_v3_and_below)
}

/// Writes three records of the transaction to [`PARTITION`].
async fn write(world: &World, producer_id: ProducerId) {
    let partition = PartitionProduceData::default()
        .with_index(PARTITION)
        .with_records(Some(three_transactional_records(producer_id.0, 0)));
    let topic = TopicProduceData::default()
        .with_name(topic_name(TOPIC))
        .with_partition_data(vec![partition]);
    let request = ProduceRequest::default()
        .with_transactional_id(Some(id()))
        .with_acks(-1)
        .with_timeout_ms(1_000)
        .with_topic_data(vec![topic]);
    let answer = world.connect().await.ask(11, &request).await;
    assert_eq!(
        answer.responses[0].partition_responses[0].error_code, NONE,
        "{answer:?}"
    );
}

/// Returns the last stable offset, the number of bytes that `read_committed` gets, and the aborted transactions.
async fn committed(world: &World) -> (i64, usize, Vec<(i64, i64)>) {
    let partition = FetchPartition::default()
        .with_partition(PARTITION)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_bytes(1 << 20)
        .with_isolation_level(1)
        .with_topics(vec![topic]);
    let answer = world.connect().await.ask(12, &request).await;
    let partition = &answer.responses[0].partitions[0];
    assert_eq!(partition.error_code, NONE);
    let aborted = partition.aborted_transactions.iter().flatten();
    (
        partition.last_stable_offset,
        partition.records.as_ref().map_or(0, Bytes::len),
        aborted
            .map(|aborted| (aborted.producer_id.0, aborted.first_offset))
            .collect(),
    )
}

async fn described(client: &mut Client) -> TransactionState {
    let request = DescribeTransactionsRequest::default().with_transactional_ids(vec![id()]);
    client.ask(0, &request).await.transaction_states.remove(0)
}

pub(crate) async fn add_partitions_to_txn(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let producer_id = init(&mut client).await;
    if version < 4 {
        // Row 62 of the list of behaviours.
        assert_eq!(
            add(&mut client, version, (producer_id, 0), &[PARTITION, 9]).await,
            [
                (PARTITION, OPERATION_NOT_ATTEMPTED),
                (9, UNKNOWN_TOPIC_OR_PARTITION)
            ]
        );
        assert_eq!(described(&mut client).await.transaction_state, text("Empty"));
        let fenced = if version < 2 {
            INVALID_PRODUCER_EPOCH
        } else {
            PRODUCER_FENCED
        };
        assert_eq!(
            add(&mut client, version, (producer_id, 1), &[PARTITION]).await,
            [(PARTITION, fenced)]
        );
        assert_eq!(
            add(&mut client, version, (ProducerId(5), 0), &[PARTITION]).await,
            [(PARTITION, INVALID_PRODUCER_ID_MAPPING)]
        );
        assert_eq!(
            add(&mut client, version, (producer_id, 0), &[0, PARTITION]).await,
            [(0, NONE), (PARTITION, NONE)]
        );
    } else {
        let transaction = |name: &str, partitions: &[i32], verify_only| {
            AddPartitionsToTxnTransaction::default()
                .with_transactional_id(TransactionalId(text(name)))
                .with_producer_id(producer_id)
                .with_verify_only(verify_only)
                .with_topics(wanted(partitions))
        };
        let request = AddPartitionsToTxnRequest::default().with_transactions(vec![
            transaction(ID, &[0, PARTITION], false),
            transaction("unknown", &[PARTITION], true),
        ]);
        let answer = client.ask(version, &request).await;
        assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
        let [added, unknown] = answer.results_by_transaction.as_slice() else {
            panic!("{answer:?}");
        };
        assert_eq!(added.transactional_id, id());
        assert_eq!(rows(&added.topic_results), [(0, NONE), (PARTITION, NONE)]);
        assert_eq!(
            rows(&unknown.topic_results),
            [(PARTITION, INVALID_PRODUCER_ID_MAPPING)]
        );
        let request = AddPartitionsToTxnRequest::default().with_transactions(vec![transaction(
            ID,
            &[PARTITION, 2],
            true,
        )]);
        let answer = client.ask(version, &request).await;
        assert_eq!(
            rows(&answer.results_by_transaction[0].topic_results),
            [(PARTITION, NONE), (2, TRANSACTION_ABORTABLE)]
        );
    }
    let state = described(&mut client).await;
    assert_eq!(state.transaction_state, text("Ongoing"));
    assert_eq!(state.topics[0].partitions, [0, PARTITION]);
    world.stop().await;
}

pub(crate) async fn add_offsets_to_txn(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let producer_id = init(&mut client).await;
    let request = AddOffsetsToTxnRequest::default()
        .with_transactional_id(id())
        .with_producer_id(producer_id)
        .with_group_id(group_id(GROUP));
    let answer = client.ask(version, &request).await;
    assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
    let fenced = client.ask(version, &request.with_producer_epoch(3)).await;
    let code = if version < 2 {
        INVALID_PRODUCER_EPOCH
    } else {
        PRODUCER_FENCED
    };
    assert_eq!(fenced.error_code, code);
    // "readers".hashCode() % 50 of Java.
    let topic = TopicData::default()
        .with_topic(topic_name("__consumer_offsets"))
        .with_partitions(vec![28]);
    assert_eq!(described(&mut client).await.topics, [topic]);
    world.stop().await;
}

pub(crate) async fn end_txn(version: i16) {
    for committed_outcome in [true, false] {
        let world = World::with_topic().await;
        let mut client = world.connect().await;
        let producer_id = init(&mut client).await;
        let added = add(&mut client, 3, (producer_id, 0), &[PARTITION]).await;
        assert_eq!(added, [(PARTITION, NONE)]);
        write(&world, producer_id).await;
        assert_eq!(committed(&world).await, (0, 0, vec![]), "nothing is stable yet");

        let request = EndTxnRequest::default()
            .with_transactional_id(id())
            .with_producer_id(producer_id)
            .with_committed(committed_outcome);
        let fenced = client.ask(version, &request.clone().with_producer_epoch(5)).await;
        let code = if version < 2 {
            INVALID_PRODUCER_EPOCH
        } else {
            PRODUCER_FENCED
        };
        assert_eq!(
            (fenced.error_code, fenced.producer_id, fenced.producer_epoch),
            (code, ProducerId(-1), -1)
        );
        // The second request is one that the client sends again.
        for _ in 0..2 {
            let answer = client.ask(version, &request).await;
            assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
            let next = if version < 5 {
                (ProducerId(-1), -1)
            } else {
                (producer_id, 1)
            };
            assert_eq!((answer.producer_id, answer.producer_epoch), next);
        }
        let other = request.with_committed(!committed_outcome);
        assert_eq!(client.ask(version, &other).await.error_code, INVALID_TXN_STATE);

        let (last_stable_offset, bytes, aborted) = committed(&world).await;
        // Three records and the marker.
        assert_eq!(last_stable_offset, 4);
        assert!(bytes > 0);
        let expected = if committed_outcome {
            vec![]
        } else {
            vec![(producer_id.0, 0)]
        };
        assert_eq!(aborted, expected);
        let state = if committed_outcome {
            "CompleteCommit"
        } else {
            "CompleteAbort"
        };
        assert_eq!(described(&mut client).await.transaction_state, text(state));
        world.stop().await;
    }
}

pub(crate) async fn write_txn_markers(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let producer_id = init(&mut client).await;
    add(&mut client, 3, (producer_id, 0), &[PARTITION]).await;
    write(&world, producer_id).await;
    let topic = WritableTxnMarkerTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partition_indexes(vec![PARTITION, 9]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(producer_id)
        .with_transaction_result(false)
        .with_coordinator_epoch(3)
        .with_topics(vec![topic]);
    let request = WriteTxnMarkersRequest::default().with_markers(vec![marker.clone()]);
    let answer = client.ask(version, &request).await;
    assert_eq!(answer.markers[0].producer_id, producer_id);
    let rows: Vec<_> = answer.markers[0].topics[0]
        .partitions
        .iter()
        .map(|row| (row.partition_index, row.error_code))
        .collect();
    assert_eq!(rows, [(PARTITION, NONE), (9, UNKNOWN_TOPIC_OR_PARTITION)]);
    assert_eq!(committed(&world).await.2, [(producer_id.0, 0)]);
    let stale = marker.with_coordinator_epoch(2);
    let request = WriteTxnMarkersRequest::default().with_markers(vec![stale]);
    let answer = client.ask(version, &request).await;
    assert_eq!(
        answer.markers[0].topics[0].partitions[0].error_code,
        TRANSACTION_COORDINATOR_FENCED
    );
    world.stop().await;
}

pub(crate) async fn describe_transactions(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let producer_id = init(&mut client).await;
    add(&mut client, 3, (producer_id, 0), &[0, PARTITION]).await;
    let ids = vec![id(), TransactionalId(text("none")), TransactionalId(text(""))];
    let request = DescribeTransactionsRequest::default().with_transactional_ids(ids);
    let answer = client.ask(version, &request).await;
    let [known, unknown, empty] = answer.transaction_states.as_slice() else {
        panic!("{answer:?}");
    };
    let topic = TopicData::default()
        .with_topic(topic_name(TOPIC))
        .with_partitions(vec![0, PARTITION]);
    let expected = TransactionState::default()
        .with_transactional_id(id())
        .with_transaction_state(text("Ongoing"))
        .with_transaction_timeout_ms(60_000)
        .with_transaction_start_time_ms(known.transaction_start_time_ms)
        .with_producer_id(producer_id)
        .with_producer_epoch(0)
        .with_topics(vec![topic]);
    assert_eq!(*known, expected);
    assert!(known.transaction_start_time_ms >= crate::batch::BASE_TIMESTAMP_MS);
    let expected = TransactionState::default()
        .with_transactional_id(TransactionalId(text("none")))
        .with_error_code(TRANSACTIONAL_ID_NOT_FOUND);
    assert_eq!(*unknown, expected);
    assert_eq!(empty.error_code, 42);
    world.stop().await;
}

pub(crate) async fn list_transactions(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let producer_id = init(&mut client).await;
    add(&mut client, 3, (producer_id, 0), &[PARTITION]).await;
    let request = ListTransactionsRequest::default();
    let answer = client.ask(version, &request).await;
    let listed = ListedState::default()
        .with_transactional_id(id())
        .with_producer_id(producer_id)
        .with_transaction_state(text("Ongoing"));
    assert_eq!(
        (
            answer.throttle_time_ms,
            answer.error_code,
            answer.transaction_states
        ),
        (0, NONE, vec![listed])
    );
    let filtered = request
        .clone()
        .with_state_filters(vec![text("Empty"), text("Nonsense")])
        .with_producer_id_filters(vec![producer_id]);
    let answer = client.ask(version, &filtered).await;
    assert_eq!(answer.unknown_state_filters, [text("Nonsense")]);
    assert_eq!(answer.transaction_states, []);
    if version >= 1 {
        let long = request.clone().with_duration_filter(3_600_000);
        assert_eq!(client.ask(version, &long).await.transaction_states, []);
    }
    if version >= 2 {
        for (pattern, count) in [("tx-.", 1), ("tx", 0), ("", 1)] {
            let pattern = request.clone().with_transactional_id_pattern(Some(text(pattern)));
            let answer = client.ask(version, &pattern).await;
            assert_eq!(answer.transaction_states.len(), count, "{pattern:?}");
        }
        let invalid = request.with_transactional_id_pattern(Some(text("(")));
        assert_eq!(
            client.ask(version, &invalid).await.error_code,
            INVALID_REGULAR_EXPRESSION
        );
    }
    world.stop().await;
}
