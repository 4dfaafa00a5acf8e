//! Requests that fail as a whole, and those that name a topic or partition more than once.

use super::records::{append, batch, create_topic, fetch, partitions, produce, topic_name, values};
use super::{Client, cluster};
use crate::messages::OffsetCommitRequest;
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::operations::coordinator_topics::create_for_groups;
use bytes::Bytes;
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, FindCoordinatorRequest, ProduceResponse, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

/// Returns the index, code, base offset and message of each partition.
fn answered(response: &ProduceResponse) -> Vec<(i32, i16, i64, Option<&str>)> {
    let partitions = response
        .responses
        .iter()
        .flat_map(|topic| &topic.partition_responses);
    partitions
        .map(|partition| {
            let message = partition.error_message.as_deref();
            (
                partition.index,
                partition.error_code,
                partition.base_offset,
                message,
            )
        })
        .collect()
}

fn changed(at: usize, bytes: &[u8]) -> Bytes {
    let mut batch = batch(&["a"]).to_vec();
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    batch.into()
}

/// Returns a batch that says it is transactional, of that producer. Its checksum is wrong.
fn transactional(producer_id: i64) -> Bytes {
    let mut batch = changed(43, &producer_id.to_be_bytes()).to_vec();
    batch[22] |= 0x10;
    batch[51..57].copy_from_slice(&[0; 6]);
    batch.into()
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_cannot_be_one_fails_the_whole_request() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "whole", 2).await;
    let format = "Invalid magic found in record: 87";
    let size = "Record size 13 is less than the minimum record overhead (14)";
    for (bad, message) in [(changed(16, &[87]), format), (changed(11, &[13]), size)] {
        let request = produce(&topic, -1, vec![(0, Some(batch(&["a"]))), (1, Some(bad))]);
        for version in 3..=13 {
            let message = (version >= 8).then_some(message);
            let expected = [(0, 2, -1, message), (1, 2, -1, message)];
            assert_eq!(answered(&client.ask(version, &request).await), expected);
        }
    }
    // A format that Kafka once had, and a second batch that cannot be one, are the error of their partition.
    let mut twice = batch(&["a"]).to_vec();
    twice.extend_from_slice(&changed(16, &[87]));
    for (bad, code) in [(changed(16, &[1]), 87), (twice.into(), 2)] {
        let request = produce(&topic, -1, vec![(0, Some(batch(&["a"]))), (1, Some(bad))]);
        let found = client.ask(13, &request).await;
        assert_eq!(answered(&found)[1], (1, code, -1, None));
        assert_eq!(answered(&found)[0].1, 0);
    }
    assert_eq!(append(&mut client, &topic, 0, &["b"]).await.base_offset, 2);
}

#[tokio::test(start_paused = true)]
async fn transactional_batches_need_an_id_and_one_producer_for_the_whole_request() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "producers", 3).await;
    let partitions = |second| {
        vec![
            (0, Some(transactional(7))),
            (1, Some(second)),
            (2, Some(batch(&["a"]))),
        ]
    };
    let without_id = produce(&topic, -1, partitions(transactional(7)));
    let with_id = |second| {
        produce(&topic, -1, partitions(second))
            .with_transactional_id(Some(TransactionalId(StrBytes::from_static_str("t"))))
    };
    let expected = [0, 1, 2].map(|index| (index, 53, -1, None));
    assert_eq!(answered(&client.ask(13, &without_id).await), expected);
    let several = Some("Transactional records contained more than one producer ID");
    let expected = [0, 1, 2].map(|index| (index, 49, -1, several));
    assert_eq!(
        answered(&client.ask(13, &with_id(transactional(8))).await),
        expected
    );
    // The search for a transactional batch has ended before the second partition, so its batch fails alone.
    let found = client.ask(13, &with_id(changed(16, &[87]))).await;
    assert_eq!(answered(&found)[1..], [(1, 2, -1, None), (2, 0, 0, None)]);
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_is_named_twice_is_answered_once() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "twice", 2).await;
    for version in [3, 9, 13] {
        let mut request = produce(
            &topic,
            -1,
            vec![(0, Some(batch(&["a"]))), (1, None), (0, Some(batch(&["b"])))],
        );
        let mut again = request.topic_data[0].clone();
        again.partition_data.remove(0);
        again.partition_data[0].records = Some(batch(&["c"]));
        again.partition_data.truncate(1);
        request.topic_data.push(again);
        let response = client.ask(version, &request).await;
        assert_eq!(response.responses.len(), 1, "{version}");
        let offset = match version {
            3 => 0,
            9 => 1,
            _ => 2,
        };
        // The last valid batch is appended, but one that is invalid is the answer: INVALID_RECORD.
        assert_eq!(answered(&response), [(0, 0, offset, None), (1, 87, -1, None)]);
    }
    for version in [4, 12, 13, 18] {
        let mut request = fetch(&topic, &[(0, 1), (1, 0), (0, 2)]);
        let mut again = request.topics[0].clone();
        again.partitions.truncate(2);
        again.partitions.remove(0);
        again.partitions[0].fetch_offset = 2;
        request.topics.push(again);
        let response = client.ask(version, &request).await;
        let found: Vec<_> = partitions(&response)
            .iter()
            .map(|data| (data.partition_index, values(data)))
            .collect();
        assert_eq!(
            found,
            [(0, vec!["b".to_owned()]), (1, vec!["c".to_owned()])],
            "{version}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn committed_topics_that_come_twice_are_joined_only_if_one_is_refused() {
    let cluster = cluster(&[]);
    create_for_groups(&cluster);
    let mut client = Client::connect(&cluster);
    create_topic(&mut client, &cluster, "a", 1).await;
    create_topic(&mut client, &cluster, "b", 1).await;
    let topic = |name, partitions: &[i32]| {
        let partitions = partitions.iter().map(|index| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(*index)
                .with_committed_offset(1)
        });
        OffsetCommitRequestTopic::default()
            .with_name(topic_name(name))
            .with_partitions(partitions.collect())
    };
    let mut commit = async |topics| {
        let request = OffsetCommitRequest::default()
            .with_group_id(StrBytes::from_static_str("g").into())
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics);
        let response = client.ask(9, &request).await;
        let topics = response.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter();
            let codes = partitions.map(|partition| (partition.partition_index, partition.error_code));
            (topic.name.to_string(), codes.collect())
        });
        topics.collect::<Vec<(String, Vec<(i32, i16)>)>>()
    };
    let entry = |name: &str, codes: &[(i32, i16)]| (name.to_owned(), codes.to_vec());
    let all_exist = vec![topic("a", &[0]), topic("b", &[0, 0]), topic("a", &[0])];
    let expected = [
        entry("a", &[(0, 0)]),
        entry("b", &[(0, 0), (0, 0)]),
        entry("a", &[(0, 0)]),
    ];
    assert_eq!(commit(all_exist).await, expected);
    let one_does_not = vec![
        topic("a", &[0]),
        topic("b", &[0]),
        topic("a", &[9, 0]),
        topic("none", &[]),
    ];
    let expected = [
        entry("a", &[(9, 3), (0, 0), (0, 0)]),
        entry("none", &[]),
        entry("b", &[(0, 0)]),
    ];
    assert_eq!(commit(one_does_not).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_named_twice_has_its_last_partitions_and_is_answered_by_its_first() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let find = FindCoordinatorRequest::default()
        .with_key_type(1)
        .with_coordinator_keys(vec![StrBytes::from_static_str("t")]);
    // The first search creates the topic of the coordinators.
    client.ask(6, &find).await;
    assert_eq!(client.ask(6, &find).await.coordinators[0].error_code, 0);
    create_topic(&mut client, &cluster, "a", 1).await;
    let transaction = |index| {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(topic_name("a"))
            .with_partitions(vec![index]);
        AddPartitionsToTxnTransaction::default()
            .with_transactional_id(StrBytes::from_static_str("t").into())
            .with_topics(vec![topic])
    };
    let request =
        AddPartitionsToTxnRequest::default().with_transactions(vec![transaction(9), transaction(0)]);
    let response = client.ask(5, &request).await;
    let answered = response.results_by_transaction.iter().map(|transaction| {
        let partition = &transaction.topic_results[0].results_by_partition[0];
        (partition.partition_index, partition.partition_error_code)
    });
    // Partition 0 exists, so that the coordinator is asked, which does not know the id: INVALID_PRODUCER_ID_MAPPING.
    assert_eq!(answered.collect::<Vec<_>>(), [(9, 49), (9, 49)]);
}
