//! Reading from followers (KIP-392).

use super::*;
use crate::Compression;
use crate::ids::NodeId;
use crate::log::Batch;
use crate::log::records::{NewRecord, encode_batch};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use kafka_protocol::messages::fetch_response::PartitionData;

const BY_RACK: (&str, &str) = (
    "replica.selector.class",
    "org.apache.kafka.common.replica.RackAwareReplicaSelector",
);

/// Brokers 1, 2 and 3 in the racks `a`, `b` and `c`. Partition 0 of `orders` is led by broker 2, follows on broker 1, is not on broker 3, and
/// has a record.
async fn cluster(properties: &[(&str, &str)]) -> Arc<Cluster> {
    let mut cluster = Cluster::for_tests(3, properties);
    for (node, rack) in cluster.nodes.iter_mut().zip(["a", "b", "c"]) {
        node.rack = Some(rack.into());
    }
    let cluster = Arc::new(cluster);
    call(&cluster, 7, create("orders")).await;
    let topic = cluster.topics.get("orders").expect("it was created");
    let batch = Batch::verify(encode_batch(&[NewRecord::default()], Compression::None)).expect("it is valid");
    let mut state = topic.partitions[0].write().expect("online");
    state.append(batch, 0).expect("there is room");
    drop(state);
    cluster
}

/// A fetch of partition 0, which does not wait.
fn request(rack: &str, fetch_offset: i64) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_fetch_offset(fetch_offset)
        .with_partition_max_bytes(1_000);
    let topic = FetchTopic::default()
        .with_topic(name("orders"))
        .with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_bytes(1_000)
        .with_isolation_level(1)
        .with_session_epoch(-1)
        .with_rack_id(text(rack))
        .with_topics(vec![topic])
}

async fn fetch(cluster: &Arc<Cluster>, node_id: i32, version: i16, request: FetchRequest) -> PartitionData {
    let mut fetched = call_node(cluster, node_id, version, request).await;
    fetched.responses.remove(0).partitions.remove(0)
}

#[tokio::test]
async fn any_replica_answers_a_consumer_from_version_11_on() {
    let cluster = cluster(&[]).await;
    let not_leader = E::NotLeaderOrFollower.code();
    for (version, replica_id, codes) in [
        (10, -1, [not_leader, 0, not_leader]),
        (11, -1, [0, 0, not_leader]),
        (12, -1, [0, 0, not_leader]),
        (11, 1, [not_leader, 0, not_leader]),
    ] {
        let request = request("", 0).with_replica_id(BrokerId(replica_id));
        for (node_id, code) in (1..).zip(codes) {
            let partition = fetch(&cluster, node_id, version, request.clone()).await;
            let context = format!("version {version}, replica {replica_id} asks broker {node_id}");
            assert_eq!(partition.error_code, code, "{context}");
            let bytes = partition.records.map_or(0, |records| records.len());
            assert_eq!(bytes > 0, code == 0, "{context}");
        }
    }
    // From version 15 on the id of a replica is a part of its state.
    let by_id = |replica_id| {
        let state = ReplicaState::default().with_replica_id(BrokerId(replica_id));
        let mut request = request("", 0).with_replica_state(state);
        request.topics[0].topic = TopicName::default();
        request.topics[0].topic_id = cluster.topics.get("orders").expect("it was created").id;
        request
    };
    assert_eq!(fetch(&cluster, 1, 15, by_id(-1)).await.error_code, 0);
    assert_eq!(fetch(&cluster, 1, 15, by_id(1)).await.error_code, not_leader);
}

#[tokio::test]
async fn a_leader_names_a_follower_in_the_consumers_rack_if_brokers_select_by_rack() {
    let by_rack = cluster(&[BY_RACK]).await;
    let without = cluster(&[]).await;
    for (cluster, node_id, rack, preferred) in [
        (&by_rack, 2, "a", 1),
        (&by_rack, 2, "b", -1),
        (&by_rack, 2, "c", -1),
        (&by_rack, 2, "", -1),
        // A follower names none.
        (&by_rack, 1, "b", -1),
        (&without, 2, "a", -1),
    ] {
        let partition = fetch(cluster, node_id, 11, request(rack, 0)).await;
        let context = format!("a consumer in rack {rack:?} asks broker {node_id}");
        assert_eq!(partition.error_code, 0, "{context}");
        assert_eq!(partition.high_watermark, 1, "{context}");
        assert_eq!(partition.preferred_read_replica.0, preferred, "{context}");
        // As in Kafka, there are neither records nor a list of aborted transactions then.
        assert_eq!(
            partition.aborted_transactions.is_none(),
            preferred == 1,
            "{context}"
        );
        let bytes = partition.records.map_or(0, |records| records.len());
        assert_eq!(bytes == 0, preferred == 1, "{context}");
    }
    by_rack.node_stopped(NodeId(1));
    let alone = fetch(&by_rack, 2, 11, request("a", 0)).await;
    assert_eq!((alone.error_code, alone.preferred_read_replica.0), (0, -1));
}

#[tokio::test]
async fn a_leader_names_no_follower_for_an_offset_that_none_has() {
    let by_rack = cluster(&[BY_RACK]).await;
    // The leader itself answers.
    let beyond = fetch(&by_rack, 2, 11, request("a", 5)).await;
    assert_eq!(
        (beyond.error_code, beyond.preferred_read_replica.0),
        (E::OffsetOutOfRange.code(), -1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_is_sent_to_a_follower_does_not_wait() {
    let cluster = cluster(&[BY_RACK]).await;
    let asked = tokio::time::Instant::now();
    // There is nothing to read at the end yet.
    let request = request("a", 1).with_max_wait_ms(500).with_min_bytes(1);
    let partition = fetch(&cluster, 2, 11, request).await;
    assert_eq!(partition.preferred_read_replica.0, 1);
    assert!(asked.elapsed().is_zero());
}
