//! Groups as an administrator sees them, and their coordinators.

use super::*;

#[tokio::test(start_paused = true)]
async fn describe_groups_of_every_version() {
    for version in versions::<describe_groups::DescribeGroups>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let request = DescribeGroupsRequest::default().with_groups(vec![group("g"), group("nobody")]);
        let request = if version >= 3 {
            request.with_include_authorized_operations(true)
        } else {
            request
        };
        let described = call(&cluster, version, request).await;
        let ours = &described.groups[0];
        assert_eq!((ours.error_code, &*ours.group_state), (0, "Stable"));
        assert_eq!(
            (&*ours.protocol_type, &*ours.protocol_data),
            ("consumer", "range")
        );
        let operations = if version >= 3 { 0b1101_0100_1000 } else { i32::MIN };
        assert_eq!(ours.authorized_operations, operations);
        let us = &ours.members[0];
        assert_eq!((&*us.member_id, &*us.client_id), (&*member_id, "tester"));
        assert_eq!(&*us.client_host, "/127.0.0.1");
        assert_eq!(
            (&us.member_metadata[..], &us.member_assignment[..]),
            (SUBSCRIPTION, &b"mine"[..])
        );

        let nobody = &described.groups[1];
        assert_eq!((&*nobody.group_state, nobody.members.len()), ("Dead", 0));
        let (code, message) = (E::GroupIdNotFound.code(), Some("Group nobody not found."));
        let expected = if version >= 6 { (code, message) } else { (0, None) };
        assert_eq!((nobody.error_code, nobody.error_message.as_deref()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn list_groups_of_every_version() {
    for version in versions::<list_groups::ListGroups>() {
        let cluster = cluster();
        member(&cluster, 5).await;
        call(&cluster, 9, commit("", -1, 9).with_group_id(group("simple"))).await;
        let listed = call(&cluster, version, ListGroupsRequest::default()).await;
        let ids: Vec<_> = listed
            .groups
            .iter()
            .map(|group| group.group_id.to_string())
            .collect();
        assert_eq!(ids, ["g", "simple"]);
        let types: Vec<_> = listed.groups.iter().map(|group| &*group.protocol_type).collect();
        assert_eq!(types, ["consumer", ""]);
        if version >= 4 {
            assert_eq!(&*listed.groups[0].group_state, "Stable");
            let empty = ListGroupsRequest::default().with_states_filter(vec![text("empty")]);
            let empty = call(&cluster, version, empty).await;
            assert_eq!((empty.groups.len(), &*empty.groups[0].group_state), (1, "Empty"));
        }
        if version >= 5 {
            assert_eq!(&*listed.groups[0].group_type, "classic");
            let consumers = ListGroupsRequest::default().with_types_filter(vec![text("consumer")]);
            assert_eq!(call(&cluster, version, consumers).await.groups, []);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn delete_groups_of_every_version() {
    for version in versions::<delete_groups::DeleteGroups>() {
        let cluster = cluster();
        member(&cluster, 5).await;
        call(&cluster, 9, commit("", -1, 9).with_group_id(group("simple"))).await;
        let ids = ["simple", "g", "nobody", "simple"].map(group);
        let request = DeleteGroupsRequest::default().with_groups_names(ids.to_vec());
        let deleted = call(&cluster, version, request).await;
        let results: Vec<_> = deleted
            .results
            .iter()
            .map(|result| (&result.group_id, result.error_code))
            .collect();
        let (members, absent) = (E::NonEmptyGroup.code(), E::GroupIdNotFound.code());
        assert_eq!(results, [(&ids[0], 0), (&ids[1], members), (&ids[2], absent)]);
    }
}

#[tokio::test(start_paused = true)]
async fn find_coordinator_of_every_version() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    create_for_groups(&cluster);
    // "a", "b" and "c" hash to 97, 98 and 99, which are partitions 47, 48 and 49.
    let expected =
        [("a", 47), ("b", 48), ("c", 49)].map(|(id, index)| (id, leader_of_offsets(&cluster, index)));
    let invalid = E::InvalidRequest.code();
    for version in versions::<find_coordinator::FindCoordinator>() {
        if version <= 3 {
            for (id, node_id) in expected {
                let found = call(
                    &cluster,
                    version,
                    FindCoordinatorRequest::default().with_key(text(id)),
                )
                .await;
                assert_eq!(
                    (found.error_code, found.node_id.0, found.port),
                    (0, node_id, 9091 + node_id)
                );
                assert_eq!(&*found.host, "localhost");
            }
        } else {
            let ids = expected.map(|(id, _)| text(id)).to_vec();
            let request = FindCoordinatorRequest::default().with_coordinator_keys(ids);
            let found = call(&cluster, version, request).await;
            let rows = found.coordinators.iter();
            let rows: Vec<_> = rows.map(|row| (&*row.key, row.node_id.0)).collect();
            assert_eq!(rows, expected);
        }
        for key_type in (2..=2).filter(|_| version >= 1) {
            let request = FindCoordinatorRequest::default().with_key_type(key_type);
            let (code, node_id, message) = if version <= 3 {
                let found = call(&cluster, version, request.with_key(text("t"))).await;
                (found.error_code, found.node_id.0, found.error_message)
            } else {
                let found = call(&cluster, version, request.with_coordinator_keys(vec![text("t")])).await;
                let row = found.coordinators.into_iter().next().unwrap();
                (row.error_code, row.node_id.0, row.error_message)
            };
            assert_eq!((code, node_id), (invalid, -1));
            // With several keys there is no message: Kafka's `getCoordinator` returns codes.
            assert_eq!(message.unwrap().starts_with("This most likely"), version <= 3);
        }
        if version >= 1 {
            // Transactional ids have coordinators as groups have.
            let request = FindCoordinatorRequest::default().with_key_type(1);
            let id = expected[0].0;
            let found = if version <= 3 {
                call(&cluster, version, request.with_key(text(id))).await.node_id
            } else {
                let found = call(&cluster, version, request.with_coordinator_keys(vec![text(id)])).await;
                found.coordinators[0].node_id
            };
            assert_eq!(found.0, leader(&cluster, "__transaction_state", 47));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_coordinate_a_group_refuses_with_not_coordinator() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let not_coordinator = E::NotCoordinator.code();
    create_for_groups(&cluster);
    // "g" hashes to 103, which is partition 3.
    let coordinator = leader_of_offsets(&cluster, 3);
    for node_id in 1..=3 {
        let is_coordinator = node_id == coordinator;
        let joined = call_node(&cluster, node_id, 3, join(3, "stranger")).await;
        let expected = if is_coordinator {
            E::UnknownMemberId.code()
        } else {
            not_coordinator
        };
        assert_eq!(joined.error_code, expected);
        for version in [1, 2, 7] {
            let fetched = call_node(&cluster, node_id, version, fetch_one(Some(vec![0]))).await;
            let of_partitions: Vec<_> = fetched
                .topics
                .iter()
                .map(|topic| topic.partitions[0].error_code)
                .collect();
            let (whole, parts) = match (is_coordinator, version) {
                (true, _) => (0, vec![0]),
                (false, 1) => (0, vec![not_coordinator]),
                (false, _) => (not_coordinator, vec![]),
            };
            assert_eq!((fetched.error_code, of_partitions), (whole, parts));
        }
        let fetched = call_node(&cluster, node_id, 8, fetch_several(Some(vec![0]))).await;
        assert_eq!(
            fetched.groups[0].error_code,
            if is_coordinator { 0 } else { not_coordinator }
        );
        let described = DescribeGroupsRequest::default().with_groups(vec![group("g")]);
        let described = call_node(&cluster, node_id, 5, described).await;
        assert_eq!(
            described.groups[0].error_code,
            if is_coordinator { 0 } else { not_coordinator }
        );
    }
}

/// Returns the leader of a partition of `__consumer_offsets`.
fn leader_of_offsets(cluster: &Cluster, index: i32) -> i32 {
    leader(cluster, "__consumer_offsets", index)
}

fn leader(cluster: &Cluster, topic: &str, index: i32) -> i32 {
    let partition = cluster.topics.partition(topic, index);
    let partition = partition.expect("the topic has 50 partitions");
    partition.read().expect("nothing panicked").leader.0
}

#[tokio::test(start_paused = true)]
async fn no_broker_coordinates_a_group_before_the_first_look_up_creates_the_topic() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("offsets.topic.num.partitions", "7")]));
    let joined = call(&cluster, 3, join(3, "")).await;
    assert_eq!(joined.error_code, E::NotCoordinator.code());
    assert!(cluster.topics.list().is_empty());
    let look_up = FindCoordinatorRequest::default().with_key(text("g"));
    assert_eq!(call(&cluster, 3, look_up).await.error_code, 0);
    let topic = cluster.topics.get("__consumer_offsets").expect("it was created");
    assert_eq!(topic.partitions.len(), 7);
    member(&cluster, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_is_unavailable_while_no_replica_of_its_partition_is_alive() {
    let cluster = Arc::new(Cluster::for_tests(
        2,
        &[("offsets.topic.replication.factor", "1")],
    ));
    create_for_groups(&cluster);
    let coordinator = leader_of_offsets(&cluster, 3);
    cluster.node_stopped(NodeId(coordinator));
    let look_up = FindCoordinatorRequest::default().with_key(text("g"));
    let found = call_node(&cluster, 3 - coordinator, 3, look_up).await;
    assert_eq!(
        (found.error_code, found.node_id.0),
        (E::CoordinatorNotAvailable.code(), -1)
    );
}
