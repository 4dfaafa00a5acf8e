//! The quorum of controllers, and brokers that leave the cluster.

use super::*;
use crate::ids::NodeId;
use crate::messages::add_raft_voter_request::Listener;
use crate::messages::{AddRaftVoterRequest, UnregisterControllerRequest};
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;

fn asked_quorum(topic: &str, partitions: &[i32]) -> DescribeQuorumRequest {
    let partition = |index: &i32| PartitionData::default().with_partition_index(*index);
    let topic = TopicData::default()
        .with_topic_name(name(topic))
        .with_partitions(partitions.iter().map(partition).collect());
    DescribeQuorumRequest::default().with_topics(vec![topic])
}

/// Lets voters change: `kraft.version` 1.
async fn upgrade_kraft(cluster: &Arc<Cluster>) {
    let update = FeatureUpdateKey::default()
        .with_feature(text("kraft.version"))
        .with_max_version_level(1);
    let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]);
    assert_eq!(call(cluster, 2, request).await.error_code, 0);
}

#[tokio::test(start_paused = true)]
async fn describe_quorum_of_every_version() {
    for version in describe_quorum::DescribeQuorum::VERSIONS {
        let cluster = cluster().await;
        let response = call_node(&cluster, 2, version, asked_quorum("__cluster_metadata", &[0])).await;
        let partition = &response.topics[0].partitions[0];
        assert_eq!((response.error_code, partition.error_code), (0, 0));
        assert_eq!(
            (
                partition.leader_id.0,
                partition.leader_epoch,
                partition.high_watermark
            ),
            (1, 1, 25)
        );
        let ([voter], [observer]) = (
            partition.current_voters.as_slice(),
            partition.observers.as_slice(),
        ) else {
            panic!("one voter, and the other broker: {partition:?}");
        };
        let time_ms = if version >= 1 { 1_700_000_000_000 } else { -1 };
        for (replica, id) in [(voter, 1), (observer, 2)] {
            assert_eq!((replica.replica_id.0, replica.log_end_offset), (id, 25));
            let times = (replica.last_fetch_timestamp, replica.last_caught_up_timestamp);
            assert_eq!(times, (time_ms, time_ms));
        }
        // Voters are named by id alone while their set is static.
        assert_eq!(voter.replica_directory_id, Uuid::nil());
        assert_eq!(observer.replica_directory_id.is_nil(), version < 2);
        if version >= 2 {
            let listener = &response.nodes[0].listeners[0];
            assert_eq!(
                (listener.name.as_str(), listener.host.as_str(), listener.port),
                ("CONTROLLER", "localhost", 9092)
            );
        }
        for request in [
            asked_quorum("__cluster_metadata", &[1]),
            asked_quorum("__cluster_metadata", &[0, 1]),
            asked_quorum("orders", &[0]),
        ] {
            let response = call(&cluster, version, request).await;
            let partitions = &response.topics[0].partitions;
            assert!(
                partitions.iter().all(|partition| partition.error_code == 3),
                "{partitions:?}"
            );
            assert!(response.nodes.is_empty());
        }
    }
}

#[tokio::test]
async fn voters_are_refused_in_kafkas_order() {
    for version in add_raft_voter::AddRaftVoter::VERSIONS {
        let cluster = cluster().await;
        let directory_id = Uuid::from_u128(1);
        let listener = Listener::default()
            .with_name(text("controller"))
            .with_host(text("h"))
            .with_port(9);
        let other = listener.clone().with_name(text("x"));
        let add = AddRaftVoterRequest::default()
            .with_cluster_id(None)
            .with_voter_id(7)
            .with_voter_directory_id(directory_id);
        let wrong_cluster = add.clone().with_cluster_id(Some(text("other")));
        let nameless = add.clone().with_voter_directory_id(Uuid::nil());
        let elsewhere = add.clone().with_listeners(vec![other]);
        let right = add.with_listeners(vec![listener]);
        for (request, code, message) in [
            (
                wrong_cluster,
                104,
                r#"The given id "other" doesn't match the cluster id "test""#,
            ),
            (nameless, 42, "Add voter request didn't include a valid voter"),
            (
                elsewhere,
                42,
                "Add voter request didn't include the endpoint (Endpoints(endpoints={ListenerName(X)=h/<unresolved>:9})) for the default listener ListenerName(CONTROLLER)",
            ),
            (
                right.clone(),
                35,
                "Cluster doesn't support adding voter because the kraft.version feature is 0",
            ),
        ] {
            let response = call(&cluster, version, request).await;
            assert_eq!(
                (response.error_code, response.error_message.as_deref()),
                (code, Some(message))
            );
        }
        upgrade_kraft(&cluster).await;
        assert_eq!(
            call(&cluster, version, right.clone()).await.error_code,
            E::RequestTimedOut.code()
        );
        let response = call(&cluster, version, right.with_voter_id(1)).await;
        assert_eq!(response.error_code, E::DuplicateVoter.code());
        let message = response.error_message.expect("a text");
        let expected = "The voter id for ReplicaKey(id=1, directoryId=AAAAAAAAAAAAAAAAAAAAAQ) is already part of the set of voters [ReplicaKey(id=1, directoryId=";
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn the_only_voter_stays() {
    let cluster = cluster().await;
    let remove = |id, directory_id| {
        RemoveRaftVoterRequest::default()
            .with_cluster_id(Some(text("test")))
            .with_voter_id(id)
            .with_voter_directory_id(directory_id)
    };
    let own = cluster.directory_id();
    assert_eq!(
        call(&cluster, 0, remove(1, own)).await.error_code,
        E::UnsupportedVersion.code()
    );
    upgrade_kraft(&cluster).await;
    for (id, directory_id, error) in [
        (-1, own, E::InvalidRequest),
        (1, Uuid::nil(), E::InvalidRequest),
        (2, own, E::VoterNotFound),
        (1, Uuid::from_u128(1), E::VoterNotFound),
        (1, own, E::UnknownServerError),
    ] {
        assert_eq!(
            call(&cluster, 0, remove(id, directory_id)).await.error_code,
            error.code()
        );
    }
}

#[tokio::test]
async fn the_active_controller_is_not_unregistered() {
    let cluster = cluster().await;
    for (id, code, message) in [
        (1, 42, "Controller cannot unregister itself while it is active."),
        (2, 136, "Controller ID 2 is not currently registered."),
    ] {
        let request = UnregisterControllerRequest::default().with_controller_id(id);
        let response = call(&cluster, 0, request).await;
        assert_eq!(
            (response.error_code, response.error_message.as_deref()),
            (code, Some(message))
        );
    }
}

#[tokio::test]
async fn an_unregistered_broker_is_shown_to_nobody_and_leads_nothing_until_it_starts() {
    let cluster = cluster().await;
    let unregister = |id| UnregisterBrokerRequest::default().with_broker_id(BrokerId(id));
    let response = call(&cluster, 0, unregister(2)).await;
    assert_eq!(
        (response.error_code, response.error_message.as_deref()),
        (0, Some(""))
    );
    let response = call(&cluster, 0, unregister(2)).await;
    assert_eq!(response.error_code, E::BrokerIdNotRegistered.code());
    assert_eq!(
        response.error_message.as_deref(),
        Some("Broker ID 2 is not currently registered")
    );

    let request = MetadataRequest::default().with_topics(Some(vec![asked("orders")]));
    let response = call(&cluster, 9, request.clone()).await;
    let brokers: Vec<_> = response.brokers.iter().map(|broker| broker.node_id.0).collect();
    assert_eq!((brokers, response.controller_id.0), (vec![1], 1));
    let partition = &response.topics[0].partitions[0];
    assert_eq!(
        (partition.leader_id.0, &partition.offline_replicas),
        (1, &nodes(&[2]))
    );
    let response = call(&cluster, 7, create("more")).await;
    let message = "The manual partition assignment includes broker 2, but no such broker is registered.";
    assert_eq!(response.topics[0].error_message.as_deref(), Some(message));

    assert!(cluster.node_started(NodeId(2)));
    assert_eq!(call(&cluster, 9, request).await.brokers.len(), 2);
}
