//! A broker that is down: others lead and coordinate in its place until it returns at the same address.

use esmeralda_broker::NodeId;
use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::metadata_response::{MetadataResponse, MetadataResponseTopic};
use kafka_protocol::messages::{BrokerId, CreateTopicsRequest, FindCoordinatorRequest, MetadataRequest};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::world::{NONE, TOPIC, World, text, topic_name};

const LEADER_NOT_AVAILABLE: i16 = 5;

/// Creates [`TOPIC`] with a partition for each of `assignments`.
async fn create(client: &mut Client, assignments: &[&[i32]]) {
    let assignments = assignments.iter().enumerate().map(|(index, replicas)| {
        CreatableReplicaAssignment::default()
            .with_partition_index(index as i32)
            .with_broker_ids(replicas.iter().copied().map(BrokerId).collect())
    });
    let topic = CreatableTopic::default()
        .with_name(topic_name(TOPIC))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(assignments.collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    let answer = client.ask(7, &request).await;
    assert_eq!(answer.topics[0].error_code, NONE, "{answer:?}");
}

async fn metadata(client: &mut Client) -> MetadataResponse {
    client.ask(9, &MetadataRequest::default().with_topics(None)).await
}

fn brokers(metadata: &MetadataResponse) -> Vec<i32> {
    metadata.brokers.iter().map(|broker| broker.node_id.0).collect()
}

/// The error, leader, leader epoch, in-sync replicas and offline replicas of one partition.
type PartitionRow = (i16, i32, i32, Vec<i32>, Vec<i32>);

/// Returns a row for each partition of [`TOPIC`].
fn partitions(metadata: &MetadataResponse) -> Vec<PartitionRow> {
    let ids = |nodes: &[BrokerId]| nodes.iter().map(|node| node.0).collect();
    let is_ours = |topic: &&MetadataResponseTopic| topic.name == Some(topic_name(TOPIC));
    let topic = metadata.topics.iter().find(is_ours).expect("it was created");
    let partitions = topic.partitions.iter();
    let row = partitions.map(|partition| {
        (
            partition.error_code,
            partition.leader_id.0,
            partition.leader_epoch,
            ids(&partition.isr_nodes),
            ids(&partition.offline_replicas),
        )
    });
    row.collect()
}

async fn coordinator(client: &mut Client, group: &str) -> (i16, i32) {
    let request = FindCoordinatorRequest::default().with_key(text(group));
    let answer = client.ask(3, &request).await;
    (answer.error_code, answer.node_id.0)
}

#[tokio::test]
async fn others_lead_and_coordinate_while_a_broker_is_down() {
    let world = World::start_brokers(3).await;
    let addresses = world.broker.bootstrap_servers();
    let mut client = Client::connect(&addresses[2]).await;
    create(&mut client, &[&[1, 2], &[2, 3], &[1, 3]]).await;
    // The groups `a` to `c` have the hashes 97 to 99, whose partitions of `__consumer_offsets` three brokers lead in turn.
    let mut of_broker_1 = None;
    for group in ["a", "b", "c"] {
        if coordinator(&mut client, group).await == (NONE, 1) {
            of_broker_1 = Some(group);
        }
    }
    let group = of_broker_1.expect("each broker coordinates one of them");
    let mut cut_off = Client::connect(&addresses[0]).await;
    assert_eq!(brokers(&metadata(&mut cut_off).await), [1, 2, 3]);

    world.broker.stop_node(NodeId(1)).await;
    assert!(cut_off.receive().await.is_none(), "its connections are closed");
    assert!(TcpStream::connect(&addresses[0]).await.is_err(), "nobody listens");
    let seen = metadata(&mut client).await;
    assert_eq!((brokers(&seen), seen.controller_id), (vec![2, 3], BrokerId(2)));
    assert_eq!(
        partitions(&seen),
        [
            (NONE, 2, 1, vec![2], vec![1]),
            (NONE, 2, 0, vec![2, 3], vec![]),
            (NONE, 3, 1, vec![3], vec![1]),
        ]
    );
    // The partition's replicas are brokers 1, 2 and 3, in this order.
    assert_eq!(coordinator(&mut client, group).await, (NONE, 2));

    world
        .broker
        .start_node(NodeId(1))
        .await
        .expect("its port is free");
    let mut again = Client::connect(&addresses[0]).await;
    let seen = metadata(&mut again).await;
    assert_eq!((brokers(&seen), seen.controller_id), (vec![1, 2, 3], BrokerId(1)));
    // As in Kafka, leadership does not return to the preferred replica at once.
    assert_eq!(
        partitions(&seen),
        [
            (NONE, 2, 1, vec![1, 2], vec![]),
            (NONE, 2, 0, vec![2, 3], vec![]),
            (NONE, 3, 1, vec![1, 3], vec![]),
        ]
    );
    assert_eq!(coordinator(&mut again, group).await, (NONE, 2));
    world.stop().await;
}

#[tokio::test]
async fn a_partition_without_a_replica_alive_has_no_leader_until_one_returns() {
    let world = World::start_brokers(2).await;
    let addresses = world.broker.bootstrap_servers();
    let mut client = Client::connect(&addresses[0]).await;
    create(&mut client, &[&[2]]).await;
    world.broker.stop_node(NodeId(2)).await;
    let seen = metadata(&mut client).await;
    assert_eq!(
        partitions(&seen),
        [(LEADER_NOT_AVAILABLE, -1, 1, vec![2], vec![2])]
    );
    world
        .broker
        .start_node(NodeId(2))
        .await
        .expect("its port is free");
    let seen = metadata(&mut client).await;
    assert_eq!(partitions(&seen), [(NONE, 2, 2, vec![2], vec![])]);
    world.stop().await;
}
