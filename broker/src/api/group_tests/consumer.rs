//! The requests of the consumer protocol at the wire, and a consumer group in the requests of administrators.

use super::*;
use kafka_protocol::messages::consumer_group_heartbeat_request::TopicPartitions;

fn heartbeat(member_id: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group("g"))
        .with_member_id(text(member_id))
        .with_member_epoch(epoch)
}

fn join(member_id: &str) -> ConsumerGroupHeartbeatRequest {
    heartbeat(member_id, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_subscribed_topic_names(Some(vec![topic("orders")]))
        .with_topic_partitions(Some(Vec::new()))
}

fn assigned(response: &ConsumerGroupHeartbeatResponse) -> Option<Vec<Vec<i32>>> {
    let assignment = response.assignment.as_ref()?;
    let topics = assignment.topic_partitions.iter();
    Some(topics.map(|topic| topic.partitions.clone()).collect())
}

#[tokio::test(start_paused = true)]
async fn a_member_joins_stays_and_leaves_at_every_version() {
    for version in versions::<consumer_group_heartbeat::ConsumerGroupHeartbeat>() {
        let cluster = cluster();
        // The client makes its id from version 1 on; before, the broker can.
        let id = if version == 0 { "" } else { "a" };
        let joined = call(&cluster, version, join(id)).await;
        assert_eq!(
            (
                joined.error_code,
                joined.member_epoch,
                joined.heartbeat_interval_ms
            ),
            (0, 2, 5_000)
        );
        assert_eq!(assigned(&joined), Some(vec![vec![0, 1]]));
        let member_id = joined.member_id.expect("an id").to_string();
        assert_eq!(member_id.len(), if version == 0 { 22 } else { 1 });
        let owned = TopicPartitions::default()
            .with_topic_id(cluster.topics.get("orders").expect("it exists").id)
            .with_partitions(vec![0, 1]);
        let stays = heartbeat(&member_id, 2).with_topic_partitions(Some(vec![owned]));
        let stayed = call(&cluster, version, stays).await;
        assert_eq!(
            (stayed.error_code, stayed.member_epoch, assigned(&stayed)),
            (0, 2, None)
        );
        let left = call(&cluster, version, heartbeat(&member_id, -1)).await;
        assert_eq!(
            (left.error_code, left.member_epoch, left.heartbeat_interval_ms),
            (0, -1, 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_have_kafkas_codes_and_messages_and_leave_no_group_behind() {
    let cluster = cluster();
    let cases = [
        (
            heartbeat("a", 1),
            E::GroupIdNotFound,
            "Consumer group g not found.",
        ),
        (heartbeat("a", -1), E::GroupIdNotFound, "Group g not found."),
        (heartbeat("", 1), E::InvalidRequest, "MemberId can't be empty."),
        (
            join("a").with_server_assignor(Some(text("sticky"))),
            E::UnsupportedAssignor,
            "ServerAssignor sticky is not supported. Supported assignors: uniform, range.",
        ),
        (
            join("a").with_subscribed_topic_regex(Some(text("["))),
            E::InvalidRegularExpression,
            "SubscribedTopicRegex `[` is not a valid regular expression: missing closing ].",
        ),
    ];
    for (request, error, message) in cases {
        let refused = call(&cluster, 1, request).await;
        assert_eq!(refused.error_code, error.code(), "{message}");
        assert_eq!(refused.error_message.as_deref(), Some(message));
    }
    let listed = call(&cluster, 5, ListGroupsRequest::default()).await;
    assert_eq!(listed.groups, []);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_group_is_described_and_listed_by_its_type_and_not_as_a_classic_group() {
    let cluster = cluster();
    call(&cluster, 1, join("a")).await;
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group("g"), group("nobody")]);
    for version in versions::<consumer_group_describe::ConsumerGroupDescribe>() {
        let described = call(&cluster, version, request.clone()).await;
        let [found, missing] = &described.groups[..] else {
            panic!("{described:?}");
        };
        assert_eq!(
            (&found.group_state[..], found.group_epoch, found.assignment_epoch),
            ("Stable", 2, 2)
        );
        assert_eq!(&found.assignor_name[..], "uniform");
        let [member] = &found.members[..] else {
            panic!("{found:?}");
        };
        assert_eq!(
            (&member.member_id[..], &member.client_host[..]),
            ("a", "/127.0.0.1")
        );
        assert_eq!(member.member_type, if version == 0 { -1 } else { 1 });
        assert_eq!(member.assignment, member.target_assignment);
        assert_eq!(&member.assignment.topic_partitions[0].topic_name[..], "orders");
        assert_eq!(missing.error_code, E::GroupIdNotFound.code());
        assert_eq!(missing.error_message.as_deref(), Some("Group nobody not found."));
    }
    let listed = call(&cluster, 5, ListGroupsRequest::default()).await;
    let row = &listed.groups[0];
    let shown = (
        &row.group_id[..],
        &row.protocol_type[..],
        &row.group_state[..],
        &row.group_type[..],
    );
    assert_eq!(shown, ("g", "consumer", "Stable", "consumer"));
    let only_classic = ListGroupsRequest::default().with_types_filter(vec![text("classic")]);
    assert_eq!(call(&cluster, 5, only_classic).await.groups, []);

    let request = DescribeGroupsRequest::default().with_groups(vec![group("g")]);
    let described = call(&cluster, 6, request.clone()).await;
    assert_eq!(described.groups[0].error_code, E::GroupIdNotFound.code());
    assert_eq!(
        described.groups[0].error_message.as_deref(),
        Some("Group g is not a classic group.")
    );
    let described = call(&cluster, 5, request).await;
    assert_eq!(
        (
            described.groups[0].error_code,
            &described.groups[0].group_state[..]
        ),
        (0, "Dead")
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_may_not_join_an_id_of_another_type_while_the_group_has_members_of_no_consumers() {
    let cluster = cluster();
    let connect = super::join(3, "").with_protocol_type(text("connect"));
    let joined = call(&cluster, 3, connect).await;
    assert_eq!(joined.error_code, 0);
    let refused = call(&cluster, 1, join("a")).await;
    assert_eq!(refused.error_code, E::GroupIdNotFound.code());
    assert_eq!(
        refused.error_message.as_deref(),
        Some(
            "Cannot upgrade classic group g to consumer group because the group does not use the consumer embedded protocol."
        )
    );
    let refused = call(&cluster, 1, heartbeat("a", 1)).await;
    assert_eq!(
        refused.error_message.as_deref(),
        Some("Group g is not a consumer group.")
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_moves_to_the_consumer_protocol_and_back_and_keeps_its_offsets() {
    let cluster = cluster();
    let classic = super::join(3, "");
    let joined = call(&cluster, 3, classic.clone()).await;
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    let synced = call(
        &cluster,
        3,
        sync(3, &joined.member_id, 1).with_assignments(vec![]),
    )
    .await;
    assert_eq!(synced.error_code, 0);
    let committed = call(&cluster, 8, commit(&joined.member_id, 1, 8)).await;
    assert_eq!(codes(&committed)[1], 0);

    let member = call(&cluster, 1, join("a")).await;
    assert_eq!((member.error_code, member.member_epoch), (0, 2));
    assert_eq!(
        assigned(&member),
        Some(vec![vec![0]]),
        "the classic member was assigned nothing"
    );
    let heartbeat_of_classic = HeartbeatRequest::default()
        .with_group_id(group("g"))
        .with_member_id(joined.member_id.clone())
        .with_generation_id(1);
    let told = call(&cluster, 3, heartbeat_of_classic).await;
    assert_eq!(told.error_code, E::RebalanceInProgress.code());
    let again = call(&cluster, 3, super::join(3, &joined.member_id)).await;
    assert_eq!(
        (again.error_code, again.generation_id, &again.leader[..]),
        (0, 2, "")
    );

    assert_eq!(call(&cluster, 1, heartbeat("a", -1)).await.error_code, 0);
    let described = call(
        &cluster,
        6,
        DescribeGroupsRequest::default().with_groups(vec![group("g")]),
    )
    .await;
    assert_eq!(&described.groups[0].group_state[..], "PreparingRebalance");
    let fetched = call(&cluster, 7, fetch_one(Some(vec![0]))).await;
    assert_eq!(fetched.topics[0].partitions[0].committed_offset, 40);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_stores_nothing_leaves_a_group_that_only_writes_can_see() {
    let cluster = cluster();
    let too_large = OffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_metadata(Some(text(&"x".repeat(4_097))));
    let request = OffsetCommitRequest::default()
        .with_group_id(group("g"))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![
            OffsetCommitRequestTopic::default()
                .with_name(topic("orders"))
                .with_partitions(vec![too_large]),
        ]);
    let committed = call(&cluster, 8, request).await;
    assert_eq!(codes(&committed), [E::OffsetMetadataTooLarge.code()]);
    let listed = call(&cluster, 5, ListGroupsRequest::default()).await;
    assert_eq!(listed.groups, []);
    let described = call(
        &cluster,
        6,
        DescribeGroupsRequest::default().with_groups(vec![group("g")]),
    )
    .await;
    assert_eq!(described.groups[0].error_code, E::GroupIdNotFound.code());
    let refused = call(&cluster, 1, heartbeat("a", 1)).await;
    assert_eq!(
        refused.error_message.as_deref(),
        Some("Group g is not a consumer group.")
    );
    let deleted = call(
        &cluster,
        2,
        DeleteGroupsRequest::default().with_groups_names(vec![group("g")]),
    )
    .await;
    assert_eq!(deleted.results[0].error_code, 0);
}

#[tokio::test(start_paused = true)]
async fn without_group_version_the_consumer_protocol_is_off() {
    use kafka_protocol::messages::UpdateFeaturesRequest;
    use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
    let cluster = cluster();
    let off = FeatureUpdateKey::default()
        .with_feature(text("group.version"))
        .with_max_version_level(0)
        .with_upgrade_type(2);
    let request = UpdateFeaturesRequest::default().with_feature_updates(vec![off]);
    assert_eq!(call(&cluster, 1, request).await.error_code, 0);
    let refused = call(&cluster, 1, join("a")).await;
    assert_eq!(refused.error_code, E::UnsupportedVersion.code());
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group("g")]);
    let described = call(&cluster, 1, request).await;
    assert_eq!(described.groups[0].error_code, E::UnsupportedVersion.code());
}
