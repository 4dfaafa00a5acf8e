//! Topics in which coordinators keep their state, as clients see them; the state of producers, which goes with its topic; and transactions,
//! which know topics by their names.

use super::records::{append, batch, create_topic, produce, topic_name};
use super::{Client, cluster};
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::log::Batch;
use crate::operations::RequestContext;
use crate::operations::coordinator_topics::create_for_groups;
use crate::operations::produce::{ProduceTarget, ProduceTerms};
use crate::operations::verify_transaction::WriteSupport;
use bytes::Bytes;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, DeleteTopicsRequest, EndTxnRequest, FindCoordinatorRequest,
    InitProducerIdRequest, MetadataRequest, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

#[tokio::test(start_paused = true)]
async fn the_topic_of_groups_is_listed_as_internal_from_the_first_look_up_on() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let all = MetadataRequest::default().with_topics(None);
    assert!(client.ask(9, &all).await.topics.is_empty());
    let look_up = FindCoordinatorRequest::default().with_key(StrBytes::from_static_str("g"));
    assert_eq!(client.ask(3, &look_up).await.error_code, 0);
    let topics = client.ask(9, &all).await.topics;
    let rows: Vec<_> = topics
        .iter()
        .map(|topic| (topic.name.clone(), topic.is_internal, topic.partitions.len()))
        .collect();
    assert_eq!(rows, [(Some(topic_name("__consumer_offsets")), true, 50)]);
}

#[tokio::test(start_paused = true)]
async fn clients_may_not_append_to_internal_topics_but_administrators_may() {
    const INVALID_TOPIC_EXCEPTION: i16 = 17;
    let cluster = cluster(&[]);
    create_for_groups(&cluster);
    let mut client = Client::connect(&cluster);
    let topic = cluster.topics.get("__consumer_offsets").expect("it was created");
    let refused = append(&mut client, &topic, 0, &["a"]).await;
    assert_eq!(
        (refused.error_code, refused.error_message),
        (INVALID_TOPIC_EXCEPTION, None)
    );

    // Kafka's `AdminUtils.ADMIN_CLIENT_ID`.
    let context = RequestContext {
        client_id: "__admin_client".to_owned(),
        ..RequestContext::for_tests(1)
    };
    let terms = ProduceTerms {
        acks: 1,
        transactional_id: None,
        support: WriteSupport::AddsPartition,
        allows_zstd: true,
    };
    let target = ProduceTarget::of_name(&cluster, &context, "__consumer_offsets");
    let keyed = crate::records::NewRecord {
        key: Some(b"k"),
        value: Some(b"v"),
        timestamp_ms: 1_700_000_000_000,
        ..Default::default()
    };
    let records = crate::records::encode_batch(&[keyed], crate::Compression::None);
    let appended =
        crate::operations::produce::produce(&cluster, &context, terms, &target, 0, [Some(records)]);
    assert_eq!(appended.expect("it is allowed").base_offset.0, 0);
}

/// A batch of producer 7 that begins with that sequence.
fn idempotent(sequence: i32) -> Bytes {
    let mut batch = Batch::verify(batch(&["a"])).expect("it is valid");
    batch
        .header
        .set_producer(ProducerId(7), ProducerEpoch(0), Sequence(sequence));
    batch.header.set_crc(batch.header.compute_crc(&batch.body));
    Bytes::from([&batch.header.0[..], &batch.body].concat())
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_created_again_knows_no_producer_of_the_one_before() {
    const OUT_OF_ORDER_SEQUENCE_NUMBER: i16 = 45;
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "t", 1).await;
    for (sequence, expected) in [(0, 0), (1, 0), (5, OUT_OF_ORDER_SEQUENCE_NUMBER)] {
        let request = produce(&topic, -1, vec![(0, Some(idempotent(sequence)))]);
        let answer = client.ask(9, &request).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, expected);
    }
    let deletion = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    assert_eq!(client.ask(5, &deletion).await.responses[0].error_code, 0);
    let topic = create_topic(&mut client, &cluster, "t", 1).await;
    {
        let state = topic.partitions[0].read().expect("online");
        assert!(state.log().active_producers().is_empty());
    }
    // An unknown producer may begin anywhere, so one that outlives the deletion goes on.
    let request = produce(&topic, -1, vec![(0, Some(idempotent(5)))]);
    let answer = client.ask(9, &request).await;
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!((partition.error_code, partition.base_offset), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_outlives_its_topic_and_its_marker_goes_to_the_next_one_of_the_name() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    create_topic(&mut client, &cluster, "t", 1).await;
    let id = || TransactionalId(StrBytes::from_static_str("x"));
    let look_up = FindCoordinatorRequest::default()
        .with_key(id().0)
        .with_key_type(1);
    assert_eq!(client.ask(3, &look_up).await.error_code, 0);
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(id()))
        .with_transaction_timeout_ms(60_000);
    let producer = client.ask(4, &request).await;
    assert_eq!(producer.error_code, 0);
    let topic = AddPartitionsToTxnTopic::default()
        .with_name(topic_name("t"))
        .with_partitions(vec![0]);
    let request = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id())
        .with_v3_and_below_producer_id(producer.producer_id)
        .with_v3_and_below_producer_epoch(producer.producer_epoch)
        .with_v3_and_below_topics(vec![topic]);
    let added = client.ask(3, &request).await;
    let row = &added.results_by_topic_v3_and_below[0].results_by_partition[0];
    assert_eq!(row.partition_error_code, 0);

    let deletion = DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")]);
    assert_eq!(client.ask(5, &deletion).await.responses[0].error_code, 0);
    let topic = create_topic(&mut client, &cluster, "t", 1).await;
    let request = EndTxnRequest::default()
        .with_transactional_id(id())
        .with_producer_id(producer.producer_id)
        .with_producer_epoch(producer.producer_epoch)
        .with_committed(true);
    assert_eq!(client.ask(3, &request).await.error_code, 0);
    let state = topic.partitions[0].read().expect("online");
    assert_eq!(state.watermarks().log_end_offset.0, 1, "the marker");
    let producers = state.log().active_producers();
    let known: Vec<_> = producers.iter().map(|active| active.producer_id.0).collect();
    assert_eq!(known, [producer.producer_id.0]);
}
