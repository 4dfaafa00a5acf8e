//! Elections, reassignments and log directories at every version.

use super::*;
use crate::ids::NodeId;
use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;

fn elect(partitions: &[i32]) -> ElectLeadersRequest {
    let of = |topic, partitions: &[i32]| {
        TopicPartitions::default()
            .with_topic(name(topic))
            .with_partitions(partitions.to_vec())
    };
    ElectLeadersRequest::default()
        .with_topic_partitions(Some(vec![of("orders", partitions), of("nope", &[0])]))
        .with_timeout_ms(1_000)
}

/// Returns each result's topic, partition, code and text.
fn results(response: &ElectLeadersResponse) -> Vec<(String, i32, i16, Option<String>)> {
    let topics = response.replica_election_results.iter();
    topics
        .flat_map(|topic| {
            topic.partition_result.iter().map(|result| {
                let message = result.error_message.as_ref().map(ToString::to_string);
                (
                    topic.topic.to_string(),
                    result.partition_id,
                    result.error_code,
                    message,
                )
            })
        })
        .collect()
}

fn leaders(cluster: &Cluster) -> Vec<i32> {
    let topic = cluster.topics.get("orders").expect("it exists");
    let leader = |partition: &Arc<crate::topic::Partition>| partition.read().expect("online").leader.0;
    topic.partitions.iter().map(leader).collect()
}

#[tokio::test]
async fn elect_leaders_of_every_version() {
    for version in elect_leaders::ElectLeaders::VERSIONS {
        let cluster = cluster().await;
        cluster.node_stopped(NodeId(2));
        cluster.node_started(NodeId(2));
        assert_eq!(
            leaders(&cluster),
            [1, 1],
            "the leadership does not go back by itself"
        );
        let response = call(&cluster, version, elect(&[0, 1, 9])).await;
        let not_needed = "Leader election not needed for topic partition.";
        let expected = [
            ("orders", 0, 0, None),
            ("orders", 1, 84, Some(not_needed)),
            ("orders", 9, 3, Some("No such partition as orders-9")),
            ("nope", 0, 3, Some("No such topic as nope")),
        ];
        let expected = expected.map(|(topic, partition, code, message)| {
            (topic.to_owned(), partition, code, message.map(str::to_owned))
        });
        assert_eq!((response.error_code, results(&response)), (0, expected.to_vec()));
        assert_eq!(leaders(&cluster), [2, 1]);
        if version >= 1 {
            let unclean = elect(&[0]).with_election_type(1);
            assert_eq!(
                results(&call(&cluster, version, unclean).await)[0].2,
                84,
                "it has a leader"
            );
            let response = call(&cluster, version, elect(&[0]).with_election_type(7)).await;
            assert_eq!(response.error_code, E::InvalidRequest.code());
            assert_eq!(
                results(&response)[0].3.as_deref(),
                Some("Unknown election type 7")
            );
        }
    }
}

#[tokio::test]
async fn an_election_of_all_partitions_shows_those_that_changed() {
    let cluster = cluster().await;
    cluster.node_stopped(NodeId(2));
    cluster.node_started(NodeId(2));
    let all = elect(&[]).with_topic_partitions(None);
    let response = call(&cluster, 2, all.clone()).await;
    assert_eq!(results(&response), [("orders".to_owned(), 0, 0, None)]);
    let response = call(&cluster, 2, all).await;
    assert_eq!(
        (response.replica_election_results.len(), results(&response)),
        (1, vec![])
    );
}

#[tokio::test]
async fn without_its_preferred_replica_a_partition_keeps_its_leader_and_without_any_it_has_none() {
    let cluster = cluster().await;
    cluster.node_stopped(NodeId(2));
    assert_eq!(
        results(&call(&cluster, 2, elect(&[0])).await)[0].2,
        E::PreferredLeaderNotAvailable.code()
    );
    cluster.node_stopped(NodeId(1));
    let unclean = elect(&[0]).with_election_type(1);
    assert_eq!(
        results(&call(&cluster, 2, unclean).await)[0].2,
        E::EligibleLeadersNotAvailable.code()
    );
}

#[tokio::test]
async fn a_request_whose_time_is_over_is_answered_so_for_each_partition() {
    let cluster = cluster().await;
    let timed_out = E::RequestTimedOut.code();
    let response = call(&cluster, 2, elect(&[0]).with_timeout_ms(0)).await;
    assert_eq!(
        (response.error_code, results(&response)[0].2),
        (timed_out, timed_out)
    );
    let nothing = elect(&[])
        .with_topic_partitions(Some(Vec::new()))
        .with_timeout_ms(-1);
    assert_eq!(
        call(&cluster, 2, nothing.with_election_type(9)).await.error_code,
        0
    );
    let response = call(&cluster, 1, reassign(Some(&[1, 2])).with_timeout_ms(0)).await;
    assert_eq!(
        (
            response.error_code,
            response.responses[0].partitions[0].error_code
        ),
        (timed_out, timed_out)
    );
}

fn reassign(target: Option<&[i32]>) -> AlterPartitionReassignmentsRequest {
    let partition = ReassignablePartition::default().with_replicas(target.map(nodes));
    let topic = ReassignableTopic::default()
        .with_name(name("orders"))
        .with_partitions(vec![partition]);
    AlterPartitionReassignmentsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(1_000)
}

#[tokio::test]
async fn alter_partition_reassignments_of_every_version() {
    for version in alter_partition_reassignments::AlterPartitionReassignments::VERSIONS {
        let cluster = cluster().await;
        let response = call(&cluster, version, reassign(Some(&[1, 2]))).await;
        let partition = &response.responses[0].partitions[0];
        assert_eq!(
            (
                response.error_code,
                partition.error_code,
                &partition.error_message
            ),
            (0, 0, &None)
        );
        let response = call(&cluster, version, reassign(None)).await;
        let partition = &response.responses[0].partitions[0];
        assert_eq!((partition.error_code, &partition.error_message), (85, &None));
        let response = call(&cluster, version, reassign(None).with_topics(Vec::new())).await;
        assert_eq!(
            (response.error_code, response.error_message.as_deref()),
            (0, Some(""))
        );
        if version >= 1 {
            let fixed = reassign(Some(&[1])).with_allow_replication_factor_change(false);
            let response = call(&cluster, version, fixed).await;
            assert!(!response.allow_replication_factor_change);
            let partition = &response.responses[0].partitions[0];
            assert_eq!(
                partition.error_message.as_deref(),
                Some("The replication factor is changed from 2 to 1")
            );
        }
    }
}

#[tokio::test]
async fn list_partition_reassignments_of_every_version() {
    for version in list_partition_reassignments::ListPartitionReassignments::VERSIONS {
        let cluster = Arc::new(Cluster::for_tests(3, &[]));
        call(&cluster, 7, create("orders")).await;
        call(&cluster, 1, reassign(Some(&[3, 1]))).await;
        let topic = |topic| {
            ListPartitionReassignmentsTopics::default()
                .with_name(name(topic))
                .with_partition_indexes(vec![0, 1, 9])
        };
        for topics in [None, Some(vec![topic("orders"), topic("nope")])] {
            let request = ListPartitionReassignmentsRequest::default().with_topics(topics);
            let response = call(&cluster, version, request).await;
            assert_eq!(
                (
                    response.error_code,
                    response.topics.len(),
                    response.topics[0].partitions.len()
                ),
                (0, 1, 1)
            );
            let moving = &response.topics[0].partitions[0];
            assert_eq!(
                (moving.partition_index, &moving.replicas),
                (0, &nodes(&[3, 1, 2]))
            );
            assert_eq!(
                (&moving.adding_replicas, &moving.removing_replicas),
                (&nodes(&[3]), &nodes(&[2]))
            );
        }
    }
}

#[tokio::test]
async fn alter_replica_log_dirs_of_every_version() {
    let long_names = [212, 213].map(|length| "t".repeat(length));
    for version in alter_replica_log_dirs::AlterReplicaLogDirs::VERSIONS {
        let cluster = Arc::new(Cluster::for_tests(3, &[("log.dirs", "/a,/b")]));
        call(&cluster, 7, create("orders")).await;
        let topic = |topic, partitions: &[i32]| {
            AlterReplicaLogDirTopic::default()
                .with_name(name(topic))
                .with_partitions(partitions.to_vec())
        };
        let dir = |path, topics| {
            AlterReplicaLogDir::default()
                .with_path(text(path))
                .with_topics(topics)
        };
        let request = AlterReplicaLogDirsRequest::default().with_dirs(vec![
            dir("/b", vec![topic("orders", &[1, 9]), topic("nope", &[0])]),
            dir("/b", vec![topic("orders", &[0]), topic("empty", &[])]),
            // The last directory of a partition counts.
            dir("/c", vec![topic("orders", &[0])]),
        ]);
        let codes = |response: AlterReplicaLogDirsResponse| -> Vec<Vec<i16>> {
            let topics = response.results.iter();
            let codes = topics.map(|topic| {
                topic
                    .partitions
                    .iter()
                    .map(|partition| partition.error_code)
                    .collect()
            });
            codes.collect()
        };
        let response = call(&cluster, version, request.clone()).await;
        let unknown = E::UnknownTopicOrPartition.code();
        assert_eq!(
            codes(response),
            [vec![0, unknown, E::LogDirNotFound.code()], vec![unknown]],
            "no topic without partitions"
        );
        let response = call_node(&cluster, 3, version, request).await;
        assert_eq!(codes(response)[0][0], E::ReplicaNotAvailable.code());

        // The directory of a replica that came later is the one that was named for it.
        call(&cluster, 7, create("nope")).await;
        let response = call(&cluster, 4, DescribeLogDirsRequest::default().with_topics(None)).await;
        let dirs: Vec<_> = response
            .results
            .iter()
            .map(|dir| {
                let partitions = dir.topics.iter().flat_map(|topic| &topic.partitions);
                let indexes: Vec<_> = partitions.map(|partition| partition.partition_index).collect();
                (dir.log_dir.to_string(), indexes)
            })
            .collect();
        // The partitions of `nope`, then those of `orders`.
        assert_eq!(
            dirs,
            [("/a".to_owned(), vec![1, 0]), ("/b".to_owned(), vec![0, 1])]
        );

        // `t-10.`, 32 digits and `-future` are at most 255 characters.
        let errors = [E::LogDirNotFound, E::InvalidTopicException].map(|error| error.code());
        for (long, error) in long_names.iter().zip(errors) {
            let topics = vec![topic(long, &[10])];
            let request = AlterReplicaLogDirsRequest::default().with_dirs(vec![dir("/c", topics)]);
            let found = codes(call(&cluster, version, request).await);
            assert_eq!(found, [[error]], "{} characters", long.len());
        }
    }
}
