use super::progress::STEP;
use super::*;
use crate::operations::create_topics::{CreateTopic, create_topics};
use crate::operations::metadata::TopicView;
use crate::upkeep::Upkeep;
use std::time::Duration;

/// Three brokers, and a topic of one partition with replicas on brokers 1 and 2.
fn cluster() -> (Arc<Cluster>, RequestContext, Upkeep) {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let context = RequestContext::for_tests(1);
    let topic = CreateTopic {
        assignments: vec![(0, ids(&[1, 2]))],
        ..CreateTopic::named("orders")
    };
    let created = create_topics(&cluster, &context, vec![topic], false);
    assert!(created[0].1.is_ok());
    let upkeep = Upkeep::start(Arc::clone(&cluster));
    (cluster, context, upkeep)
}

fn ids(nodes: &[i32]) -> Vec<NodeId> {
    nodes.iter().copied().map(NodeId).collect()
}

fn alter(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    target: Option<&[i32]>,
) -> Result<(), ReassignError> {
    let wanted = vec![("orders".to_owned(), vec![(0, target.map(ids))])];
    let mut results = alter_reassignments(cluster, context, wanted, true).expect("it is allowed");
    results.remove(0).1.remove(0).1
}

/// Returns the partition as clients see it: its replicas, those in sync, its leader and leader epoch.
fn seen(cluster: &Arc<Cluster>) -> (Vec<NodeId>, Vec<NodeId>, i32, i32) {
    let topic = cluster.topics.get("orders").expect("it exists");
    let view = TopicView::new(cluster, Arc::clone(&topic));
    let leader = view.leaders[0].expect("online");
    (
        topic.placement.replicas(0).to_vec(),
        view.in_sync_replicas(0),
        leader.node.0,
        leader.epoch.0,
    )
}

fn listed(cluster: &Arc<Cluster>, context: &RequestContext) -> Vec<Moving> {
    let topics = list_reassignments(cluster, context, None).expect("it is allowed");
    topics.into_iter().flat_map(|(_, moving)| moving).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reassignment_shows_until_the_new_replica_has_the_records_and_then_the_old_one_goes() {
    let (cluster, context, upkeep) = cluster();
    tokio::task::yield_now().await;
    assert_eq!(alter(&cluster, &context, Some(&[3, 2])), Ok(()));
    assert_eq!(seen(&cluster), (ids(&[3, 2, 1]), ids(&[2, 1]), 1, 0));
    let moving = listed(&cluster, &context);
    assert_eq!(
        (moving[0].0, &moving[0].1.adding, &moving[0].1.removing),
        (0, &ids(&[3]), &ids(&[1]))
    );
    tokio::time::sleep(STEP - Duration::from_millis(1)).await;
    assert_eq!(listed(&cluster, &context).len(), 1);
    tokio::time::sleep(Duration::from_millis(2)).await;
    // Broker 1 led, and is no replica any more: the first replica in sync leads, in another epoch.
    assert_eq!(seen(&cluster), (ids(&[3, 2]), ids(&[3, 2]), 3, 1));
    assert_eq!(listed(&cluster, &context), []);
    upkeep.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_reassignment_goes_back_and_there_is_none_to_cancel_then() {
    let (cluster, context, upkeep) = cluster();
    assert_eq!(alter(&cluster, &context, None), Err(ReassignError::NotInProgress));
    assert_eq!(alter(&cluster, &context, Some(&[3])), Ok(()));
    assert_eq!(alter(&cluster, &context, None), Ok(()));
    assert_eq!(seen(&cluster), (ids(&[1, 2]), ids(&[1, 2]), 1, 1));
    tokio::time::sleep(10 * STEP).await;
    assert_eq!(seen(&cluster), (ids(&[1, 2]), ids(&[1, 2]), 1, 1));
    assert_eq!(alter(&cluster, &context, None), Err(ReassignError::NotInProgress));
    upkeep.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_copy_a_reassignment_is_done_at_once() {
    let (cluster, context, upkeep) = cluster();
    assert_eq!(alter(&cluster, &context, Some(&[2, 1])), Ok(()));
    // The leader stays: only a preferred election makes the first replica the leader.
    assert_eq!(seen(&cluster), (ids(&[2, 1]), ids(&[2, 1]), 1, 0));
    assert_eq!(alter(&cluster, &context, Some(&[2])), Ok(()));
    assert_eq!(seen(&cluster), (ids(&[2]), ids(&[2]), 2, 1));
    assert_eq!(alter(&cluster, &context, Some(&[2])), Ok(()));
    assert_eq!(seen(&cluster).3, 1, "nothing changes, and the epoch neither");
    assert_eq!(listed(&cluster, &context), []);
    upkeep.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_replica_on_a_broker_that_is_down_is_waited_for() {
    let (cluster, context, upkeep) = cluster();
    cluster.node_stopped(NodeId(3));
    assert_eq!(alter(&cluster, &context, Some(&[1, 3])), Ok(()));
    tokio::time::sleep(10 * STEP).await;
    assert_eq!(seen(&cluster).0, ids(&[1, 3, 2]));
    cluster.node_started(NodeId(3));
    tokio::time::sleep(2 * STEP).await;
    assert_eq!(seen(&cluster).0, ids(&[1, 3]));
    upkeep.stop().await;
}

#[test]
fn invalid_targets_are_refused_in_kafkas_words() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let context = RequestContext::for_tests(1);
    let topic = CreateTopic {
        assignments: vec![(0, ids(&[1, 2]))],
        ..CreateTopic::named("orders")
    };
    create_topics(&cluster, &context, vec![topic], false);
    for (topic, partition, target, message) in [
        ("nope", 0, Some(&[1][..]), "Unable to find a topic named nope."),
        ("orders", 1, Some(&[1]), "Unable to find partition orders:1."),
        ("orders", -1, None, "Unable to find partition orders:-1."),
        (
            "orders",
            0,
            Some(&[]),
            "The manual partition assignment includes an empty replica list.",
        ),
        (
            "orders",
            0,
            Some(&[9]),
            "The manual partition assignment includes broker 9, but no such broker is registered.",
        ),
        (
            "orders",
            0,
            Some(&[1, 1]),
            "The manual partition assignment includes the broker 1 more than once.",
        ),
        (
            "orders",
            0,
            Some(&[1]),
            "The replication factor is changed from 2 to 1",
        ),
    ] {
        let wanted = vec![(topic.to_owned(), vec![(partition, target.map(ids))])];
        let results = alter_reassignments(&cluster, &context, wanted, false).expect("it is allowed");
        let error = results[0].1[0].1.as_ref().expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_makes_the_copy_as_slow_as_it_says() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let context = RequestContext::for_tests(1);
    let topic = CreateTopic {
        assignments: vec![(0, ids(&[1, 2]))],
        configs: vec![(
            "follower.replication.throttled.replicas".to_owned(),
            Some("0:3".to_owned()),
        )],
        ..CreateTopic::named("orders")
    };
    assert!(create_topics(&cluster, &context, vec![topic], false)[0].1.is_ok());
    let upkeep = Upkeep::start(Arc::clone(&cluster));
    let set_rate = |rate: &str| {
        let values = [("follower.replication.throttled.rate".to_owned(), rate.to_owned())];
        cluster.broker_configs.set_dynamic(Some(NodeId(3)), values.into());
    };
    append_a_record(&cluster);
    set_rate("1");
    assert_eq!(alter(&cluster, &context, Some(&[1, 3])), Ok(()));
    tokio::time::sleep(20 * STEP).await;
    assert_eq!(listed(&cluster, &context).len(), 1, "a byte a second");
    set_rate("1000000");
    tokio::time::sleep(2 * STEP).await;
    assert_eq!(seen(&cluster).0, ids(&[1, 3]));
    upkeep.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_replica_is_in_sync_before_another_one_that_is_slow() {
    let cluster = Arc::new(Cluster::for_tests(4, &[]));
    let context = RequestContext::for_tests(1);
    let throttled = "follower.replication.throttled.replicas";
    let topic = CreateTopic {
        assignments: vec![(0, ids(&[1, 2]))],
        configs: vec![(throttled.to_owned(), Some("0:4".to_owned()))],
        ..CreateTopic::named("orders")
    };
    assert!(create_topics(&cluster, &context, vec![topic], false)[0].1.is_ok());
    let upkeep = Upkeep::start(Arc::clone(&cluster));
    append_a_record(&cluster);
    let rate = ("follower.replication.throttled.rate".to_owned(), "1".to_owned());
    cluster.broker_configs.set_dynamic(Some(NodeId(4)), [rate].into());
    assert_eq!(alter(&cluster, &context, Some(&[1, 3, 4])), Ok(()));
    assert_eq!(seen(&cluster), (ids(&[1, 3, 4, 2]), ids(&[1, 2]), 1, 0));
    tokio::time::sleep(2 * STEP).await;
    assert_eq!(seen(&cluster), (ids(&[1, 3, 4, 2]), ids(&[1, 3, 2]), 1, 0));
    let moving = listed(&cluster, &context);
    assert_eq!(moving[0].1.adding, ids(&[3, 4]));
    assert_eq!(alter(&cluster, &context, None), Ok(()));
    assert_eq!(seen(&cluster), (ids(&[1, 2]), ids(&[1, 2]), 1, 1));
    upkeep.stop().await;
}

fn append_a_record(cluster: &Cluster) {
    use crate::log::Batch;
    use crate::log::records::{NewRecord, encode_batch};
    let record = NewRecord {
        value: Some(b"some bytes"),
        ..NewRecord::default()
    };
    let batch = Batch::verify(encode_batch(&[record], crate::Compression::None)).expect("it is valid");
    let topic = cluster.topics.get("orders").expect("it exists");
    let mut state = topic.partitions[0].write().expect("online");
    state.append(batch, 0).expect("there is room");
}
