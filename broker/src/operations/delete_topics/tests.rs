use super::*;
use crate::ids::{LeaderEpoch, Offset};
use crate::operations::commit_offsets::{Committer, Membership, OffsetToCommit, commit_offsets};
use crate::operations::coordinator_topics::create_for_groups;
use crate::operations::create_topics::{CreateTopic, create_topics};
use crate::operations::fetch_offsets::fetch_offsets;
use crate::topic::TopicKey;

fn cluster_with(names: &[&str], properties: &[(&str, &str)]) -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(1, properties));
    let topics = names.iter().map(|name| CreateTopic::named(name)).collect();
    create_topics(&cluster, &RequestContext::for_tests(1), topics, false);
    cluster
}

fn named(name: &str) -> DeleteTopic {
    DeleteTopic {
        name: Some(name.to_owned()),
        id: Uuid::nil(),
    }
}

fn with_id(id: Uuid) -> DeleteTopic {
    DeleteTopic { name: None, id }
}

async fn delete(cluster: &Arc<Cluster>, topics: Vec<DeleteTopic>) -> Vec<Result<(), DeleteTopicError>> {
    delete_topics(cluster, &RequestContext::for_tests(1), topics)
        .await
        .into_iter()
        .map(|topic| topic.result)
        .collect()
}

#[tokio::test]
async fn a_topic_is_deleted_by_name_or_id_and_is_told_with_both() {
    let cluster = cluster_with(&["a", "b"], &[]);
    let id = |name: &str| cluster.topics.get(name).expect("it was created").id;
    let (a, b) = (id("a"), id("b"));
    let context = RequestContext::for_tests(1);
    let results = delete_topics(&cluster, &context, vec![named("a"), with_id(b)]).await;
    let told: Vec<_> = results
        .into_iter()
        .map(|topic| (topic.name.expect("known"), topic.id, topic.result))
        .collect();
    assert_eq!(told, [("b".to_owned(), b, Ok(())), ("a".to_owned(), a, Ok(()))]);
    assert!(cluster.topics.list().is_empty());
    assert!(cluster.topics.get_by_id(&a).is_none());
    assert_eq!(cluster.topics.change().partition_count(), 0);
}

#[tokio::test]
async fn a_topic_that_is_created_again_has_another_id_and_may_collide_with_nothing() {
    let cluster = cluster_with(&["a.b"], &[]);
    let before = cluster.topics.get("a.b").expect("it was created").id;
    assert_eq!(delete(&cluster, vec![named("a.b")]).await, [Ok(())]);
    let topics = vec![CreateTopic::named("a_b")];
    let results = create_topics(&cluster, &RequestContext::for_tests(1), topics, false);
    assert_ne!(results[0].1.as_ref().expect("nothing collides").id, before);
}

#[tokio::test]
async fn deletion_wakes_a_fetch_that_waits_for_the_topic() {
    let cluster = cluster_with(&["a"], &[]);
    let partition = cluster.topics.partition("a", 0).expect("it was created");
    let mut moved = std::pin::pin!(partition.moved());
    moved.as_mut().enable();
    delete(&cluster, vec![named("a")]).await;
    moved.await;
    assert!(partition.read().expect("nothing panicked").is_deleted);
}

#[tokio::test]
async fn a_topic_named_twice_or_not_at_all_is_refused() {
    let cluster = cluster_with(&["a", "b", "c"], &[]);
    let id = |name: &str| cluster.topics.get(name).expect("it was created").id;
    let unknown = Uuid::from_u128(1);
    let both = DeleteTopic {
        id: id("a"),
        ..named("a")
    };
    let nameless = with_id(Uuid::nil());
    let topics = vec![
        named("a"),
        named("a"),
        named("b"),
        with_id(id("b")),
        with_id(id("c")),
        with_id(id("c")),
        named("c"),
        nameless.clone(),
        nameless,
        named("none"),
        with_id(unknown),
        both,
    ];
    let context = RequestContext::for_tests(1);
    let results = delete_topics(&cluster, &context, topics).await;
    let told: Vec<_> = results
        .iter()
        .map(|topic| (topic.name.as_deref(), topic.id, topic.result.err()))
        .collect();
    let expected = [
        (None, Uuid::nil(), DeleteTopicError::Neither),
        (None, Uuid::nil(), DeleteTopicError::Neither),
        (Some("a"), id("a"), DeleteTopicError::Both),
        (Some("a"), Uuid::nil(), DeleteTopicError::DuplicateName),
        (None, id("c"), DeleteTopicError::DuplicateId),
        (None, unknown, DeleteTopicError::UnknownTopicId),
        // The entry for the name also tells of the id.
        (Some("b"), id("b"), DeleteTopicError::NameAndId),
        (Some("c"), id("c"), DeleteTopicError::NameAndId),
        (Some("none"), Uuid::nil(), DeleteTopicError::UnknownTopic),
    ];
    let expected: Vec<_> = expected.map(|(name, id, error)| (name, id, Some(error))).to_vec();
    assert_eq!(told, expected);
    assert_eq!(cluster.topics.list().len(), 3);
}

#[tokio::test]
async fn a_topic_that_also_occurs_with_name_and_id_together_is_deleted() {
    let cluster = cluster_with(&["a"], &[]);
    let both = DeleteTopic {
        id: Uuid::from_u128(1),
        ..named("a")
    };
    let results = delete(&cluster, vec![both, named("a")]).await;
    assert_eq!(results, [Err(DeleteTopicError::Both), Ok(())]);
    assert!(cluster.topics.list().is_empty());
}

#[tokio::test]
async fn delete_topic_enable_refuses_all() {
    let cluster = cluster_with(&["a"], &[("delete.topic.enable", "false")]);
    let results = delete(&cluster, vec![named("a"), named("none")]).await;
    assert_eq!(
        results,
        [Err(DeleteTopicError::Disabled), Err(DeleteTopicError::Disabled)]
    );
    assert!(cluster.topics.get("a").is_some());
}

/// Commits an offset of partition 0 of each topic, as an administrator of group `g`.
async fn commit(cluster: &Arc<Cluster>, topics: &[&str]) {
    let offset = OffsetToCommit {
        offset: Offset(5),
        leader_epoch: LeaderEpoch::NONE,
        metadata: "".into(),
        retention_ms: None,
    };
    let keyed = |name: &&str| (TopicKey::Name((*name).into()), vec![(0, offset.clone())]);
    let administrator = Committer {
        membership: Membership::none(),
        is_transactional: false,
        api_version: 9,
    };
    let offsets = topics.iter().map(keyed).collect();
    let context = RequestContext::for_tests(1);
    let committed = commit_offsets(cluster, &context, "g", administrator, offsets).await;
    assert!(committed.iter().all(|(_, partitions)| partitions[0].1.is_ok()));
}

/// Returns the topics that group `g` has offsets of; `None` if the group cannot be asked.
async fn committed_topics(cluster: &Arc<Cluster>) -> Option<Vec<String>> {
    let reader = crate::group::OffsetReader::anonymous();
    let context = RequestContext::for_tests(1);
    let committed = fetch_offsets(cluster, &context, "g", reader, None).await.ok()?;
    let topics = committed.offsets.iter();
    Some(topics.map(|(topic, _)| topic.to_string()).collect())
}

#[tokio::test]
async fn what_groups_committed_for_a_deleted_topic_is_gone_when_the_answer_comes() {
    let cluster = cluster_with(&["a", "b"], &[]);
    create_for_groups(&cluster);
    commit(&cluster, &["a", "b"]).await;
    assert_eq!(delete(&cluster, vec![named("a")]).await, [Ok(())]);
    assert_eq!(committed_topics(&cluster).await, Some(vec!["b".to_owned()]));
}

#[tokio::test]
async fn groups_end_with_the_topic_that_their_coordinators_keep_them_in() {
    let cluster = cluster_with(&["a"], &[]);
    create_for_groups(&cluster);
    commit(&cluster, &["a"]).await;
    assert_eq!(
        delete(&cluster, vec![named("__consumer_offsets")]).await,
        [Ok(())]
    );
    assert_eq!(
        committed_topics(&cluster).await,
        None,
        "nobody coordinates the group"
    );
    create_for_groups(&cluster);
    assert_eq!(committed_topics(&cluster).await, Some(Vec::new()));
}

#[tokio::test]
async fn a_topic_has_its_id_again_after_a_restart_and_a_random_one_after_a_deletion() {
    let id = |cluster: &Cluster| cluster.topics.get("orders").expect("it was created").id;
    let (cluster, restarted) = (
        cluster_with(&["orders"], &[]),
        cluster_with(&["other", "orders"], &[]),
    );
    assert_eq!(id(&cluster), id(&restarted));
    let mut ids = vec![id(&cluster)];
    for _ in 0..3 {
        assert_eq!(delete(&cluster, vec![named("orders")]).await, [Ok(())]);
        let topics = vec![CreateTopic::named("orders")];
        create_topics(&cluster, &RequestContext::for_tests(1), topics, false);
        let again = id(&cluster);
        assert!(!ids.contains(&again), "{again} was the id of an earlier topic");
        ids.push(again);
    }
}
