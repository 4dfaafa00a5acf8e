//! Committed offsets.

use super::*;

#[tokio::test(start_paused = true)]
async fn offset_commit_of_every_version() {
    let (too_large, absent) = (
        E::OffsetMetadataTooLarge.code(),
        E::UnknownTopicOrPartition.code(),
    );
    for version in versions::<offset_commit::OffsetCommit>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let id = cluster.topics.get("orders").unwrap().id;
        let commit = |member_id: &str, generation_id, version| {
            let mut request = commit(member_id, generation_id, version);
            request.topics[0].topic_id = id;
            request
        };
        let no_topic = if version >= 10 {
            E::UnknownTopicId.code()
        } else {
            absent
        };
        let committed = call(&cluster, version, commit(&member_id, 1, version)).await;
        // As in Kafka, what is refused without the group comes first.
        assert_eq!(codes(&committed), [absent, 0, too_large, no_topic]);
        let (name, id) = if version >= 10 {
            ("", id)
        } else {
            ("orders", Uuid::nil())
        };
        assert_eq!(
            (&committed.topics[0].name, committed.topics[0].topic_id),
            (&topic(name), id)
        );

        let illegal = E::IllegalGeneration.code();
        let refused = call(&cluster, version, commit(&member_id, 2, version)).await;
        assert_eq!(codes(&refused), [absent, illegal, illegal, no_topic]);
        let anonymous = call(&cluster, version, commit("", -1, version)).await;
        assert_eq!(codes(&anonymous)[1], E::UnknownMemberId.code());
        let elsewhere = commit(&member_id, 1, version).with_group_id(group("h"));
        let elsewhere = call(&cluster, version, elsewhere).await;
        let not_found = E::GroupIdNotFound.code();
        assert_eq!(
            codes(&elsewhere)[1],
            if version >= 9 { not_found } else { illegal }
        );
        let simple = commit("", -1, version).with_group_id(group("simple"));
        assert_eq!(codes(&call(&cluster, version, simple).await)[1], 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retention_time_is_used_in_the_versions_that_have_it() {
    for version in 2..=5 {
        let cluster = cluster();
        let mut request = commit("", -1, version);
        if version <= 4 {
            request = request.with_retention_time_ms(1_000);
        }
        call(&cluster, version, request).await;
        tokio::time::sleep(std::time::Duration::from_secs(1_201)).await;
        let fetched = call(&cluster, 8, fetch_several(Some(vec![0]))).await;
        let offset = fetched.groups[0].topics[0].partitions[0].committed_offset;
        assert_eq!(offset, if version <= 4 { -1 } else { 40 });
    }
}

#[tokio::test(start_paused = true)]
async fn offset_fetch_of_every_version() {
    for version in versions::<offset_fetch::OffsetFetch>() {
        let cluster = cluster();
        call(&cluster, 9, commit("", -1, 9)).await;
        let epoch = if version >= 5 { 5 } else { -1 };
        if version <= 7 {
            let fetched = call(&cluster, version, fetch_one(Some(vec![1, 0]))).await;
            assert_eq!(fetched.error_code, 0);
            let rows = &fetched.topics[0].partitions;
            assert_eq!((rows[0].partition_index, rows[0].committed_offset), (1, -1));
            assert_eq!((rows[1].partition_index, rows[1].committed_offset), (0, 40));
            assert_eq!(
                (rows[1].committed_leader_epoch, rows[1].metadata.as_deref()),
                (epoch, Some("note"))
            );
            let nobody = fetch_one(Some(vec![0])).with_group_id(group("nobody"));
            let nobody = call(&cluster, version, nobody).await;
            let row = &nobody.topics[0].partitions[0];
            assert_eq!(
                (nobody.error_code, row.error_code, row.committed_offset),
                (0, 0, -1)
            );
        } else {
            let mut request = fetch_several(Some(vec![0]));
            for group in &mut request.groups {
                group.topics.as_mut().unwrap()[0].topic_id = cluster.topics.get("orders").unwrap().id;
            }
            let fetched = call(&cluster, version, request).await;
            let row = |index: usize| &fetched.groups[index].topics[0].partitions[0];
            assert_eq!(
                (row(0).committed_offset, row(0).committed_leader_epoch),
                (40, epoch)
            );
            assert_eq!((row(1).committed_offset, row(1).error_code), (-1, 0));
            assert_eq!(fetched.groups[1].error_code, 0);
        }
        if version >= 8 {
            let fetched = call(&cluster, version, fetch_several(None)).await;
            assert_eq!(fetched.groups[0].topics[0].partitions.len(), 1);
            assert_eq!(fetched.groups[1].topics, []);
        } else if version >= 2 {
            let fetched = call(&cluster, version, fetch_one(None)).await;
            assert_eq!(fetched.topics[0].partitions.len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn offset_delete_keeps_offsets_of_subscribed_topics() {
    let cluster = cluster();
    let others = CreateTopic {
        partitions: 1,
        ..CreateTopic::named("others")
    };
    create_topics(&cluster, &asking(1), vec![others], false);
    let member_id = member(&cluster, 5).await;
    let mut commits = commit(&member_id, 1, 9);
    commits.topics[1].name = topic("others");
    assert_eq!(codes(&call(&cluster, 9, commits).await)[3], 0);
    let request = |id: &str| {
        let of = |name: &str, index: i32| {
            let partition = OffsetDeleteRequestPartition::default().with_partition_index(index);
            OffsetDeleteRequestTopic::default()
                .with_name(topic(name))
                .with_partitions(vec![partition])
        };
        OffsetDeleteRequest::default()
            .with_group_id(group(id))
            .with_topics(vec![of("orders", 0), of("others", 0), of("orders", 9)])
    };
    let mut with_empty = request("g");
    for name in ["others", "absent"] {
        let empty = OffsetDeleteRequestTopic::default().with_name(topic(name));
        with_empty.topics.push(empty);
    }
    let deleted = call(&cluster, 0, with_empty).await;
    let codes: Vec<_> = deleted
        .topics
        .iter()
        .map(|topic| {
            let codes = topic.partitions.iter();
            let codes = codes.map(|partition| (partition.partition_index, partition.error_code));
            (topic.name.to_string(), codes.collect())
        })
        .collect();
    let (subscribed, absent) = (
        E::GroupSubscribedToTopic.code(),
        E::UnknownTopicOrPartition.code(),
    );
    // As in Kafka, what is refused without the group comes first, and a topic that exists is there by its partitions.
    let expected: [(String, Vec<_>); 3] = [
        ("orders".to_owned(), vec![(9, absent), (0, subscribed)]),
        ("absent".to_owned(), vec![]),
        ("others".to_owned(), vec![(0, 0)]),
    ];
    assert_eq!((deleted.error_code, codes.as_slice()), (0, &expected[..]));
    let left = call(&cluster, 8, fetch_several(None)).await;
    assert_eq!(left.groups[0].topics.len(), 1);
    assert_eq!(left.groups[0].topics[0].name, topic("orders"));
    let nobody = call(&cluster, 0, request("nobody")).await;
    assert_eq!(nobody.error_code, E::GroupIdNotFound.code());
}

#[tokio::test]
async fn offset_fetch_for_an_unknown_group_is_minus_one_without_an_error() {
    let cluster = cluster();
    let wanted = OffsetFetchRequestTopics::default()
        .with_name(topic("orders"))
        .with_partition_indexes(vec![0]);
    let asked = OffsetFetchRequestGroup::default()
        .with_group_id(group("nobody"))
        .with_topics(Some(vec![wanted]));
    let request = OffsetFetchRequest::default().with_groups(vec![asked]);
    let fetched = call(&cluster, 8, request).await;
    let found = &fetched.groups[0];
    let partition = &found.topics[0].partitions[0];
    assert_eq!(
        (found.error_code, partition.error_code, partition.committed_offset),
        (0, 0, -1)
    );
}
