use super::*;
use crate::operations::create_topics::{CreateTopic, create_topics};

fn cluster_with(name: &str, partitions: i32, replication_factor: i16) -> Arc<Cluster> {
    in_which_is(Cluster::for_tests(3, &[]), name, partitions, replication_factor)
}

/// Creates a topic in the cluster.
fn in_which_is(cluster: Cluster, name: &str, partitions: i32, replication_factor: i16) -> Arc<Cluster> {
    let cluster = Arc::new(cluster);
    let topic = CreateTopic {
        partitions,
        replication_factor,
        ..CreateTopic::named(name)
    };
    create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
    cluster
}

fn wanted(topic: &str, count: i32, assignments: Option<&[&[i32]]>) -> CreatePartitions {
    let nodes = |nodes: &&[i32]| nodes.iter().copied().map(NodeId).collect();
    CreatePartitions {
        topic: topic.to_owned(),
        count,
        assignments: assignments.map(|assignments| assignments.iter().map(nodes).collect()),
    }
}

fn create(
    cluster: &Arc<Cluster>,
    wanted: CreatePartitions,
    validate_only: bool,
) -> Result<(), CreatePartitionsError> {
    let context = RequestContext::for_tests(1);
    let mut results = create_partitions(cluster, &context, vec![wanted], validate_only);
    results.pop().expect("one topic, one result").1
}

#[test]
fn new_partitions_are_spread_over_the_racks_and_the_old_ones_stay() {
    let mut cluster = Cluster::for_tests(4, &[]);
    for (node, rack) in cluster.nodes.iter_mut().zip(["a", "a", "b", "b"]) {
        node.rack = Some(rack.into());
    }
    let cluster = in_which_is(cluster, "t", 2, 2);
    let before = cluster.topics.get("t").expect("it was created");
    assert_eq!(create(&cluster, wanted("t", 20, None), false), Ok(()));
    let after = cluster.topics.get("t").expect("it is still there");
    assert_eq!(after.id, before.id);
    assert!(Arc::ptr_eq(&after.partitions[1], &before.partitions[1]));
    assert_eq!((after.partitions.len(), after.partitions[19].index), (20, 19));
    for (index, partition) in after.partitions.iter().enumerate() {
        let replicas = after.placement.replicas(index);
        let of_rack_a = replicas.iter().filter(|node| node.0 <= 2).count();
        assert_eq!(
            (replicas.len(), of_rack_a),
            (2, 1),
            "partition {index}: {replicas:?}"
        );
        assert_eq!(partition.read().expect("nothing panicked").leader, replicas[0]);
    }
    assert_eq!(cluster.topics.change().partition_count(), 20);
}

#[test]
fn assigned_partitions_are_where_the_request_puts_them() {
    let cluster = cluster_with("t", 1, 2);
    let wanted = wanted("t", 3, Some(&[&[3, 1], &[2, 3]]));
    assert_eq!(create(&cluster, wanted, false), Ok(()));
    let topic = cluster.topics.get("t").expect("it was created");
    assert_eq!(topic.placement.replicas(1), [NodeId(3), NodeId(1)]);
    assert_eq!(topic.placement.replicas(2), [NodeId(2), NodeId(3)]);
}

#[test]
fn the_number_of_assignments_is_refused_in_the_words_of_kafka() {
    let error = CreatePartitionsError::Assignments {
        additional: 2,
        assignments: 1,
    };
    assert_eq!(
        error.to_string(),
        "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified."
    );
}

#[test]
fn what_cannot_be_added_is_refused() {
    let cluster = cluster_with("t", 2, 2);
    let cases = [
        (wanted("none", 2, None), CreatePartitionsError::UnknownTopic),
        (
            wanted("t", 2, None),
            CreatePartitionsError::AlreadyHas { existing: 2 },
        ),
        (
            wanted("t", -1, None),
            CreatePartitionsError::NoIncrease {
                topic: "t".to_owned(),
                existing: 2,
                wanted: -1,
            },
        ),
        (
            wanted("t", 4, Some(&[&[1, 2]])),
            CreatePartitionsError::Assignments {
                additional: 2,
                assignments: 1,
            },
        ),
        (
            wanted("t", 3, Some(&[&[1]])),
            CreatePartitionsError::Placement(PlacementError::Inconsistent {
                found: 1,
                expected: 2,
            }),
        ),
        (
            wanted("t", i32::MAX, None),
            CreatePartitionsError::TooMany(TooManyPartitions {
                wanted: i32::MAX as usize - 2,
                existing: 2,
            }),
        ),
    ];
    for (wanted, error) in cases {
        assert_eq!(create(&cluster, wanted.clone(), false), Err(error), "{wanted:?}");
    }
    assert_eq!(
        cluster.topics.get("t").expect("it was created").partitions.len(),
        2
    );
}

#[test]
fn validation_alone_adds_nothing_and_a_repeated_topic_is_refused_once() {
    let cluster = cluster_with("t", 2, 1);
    assert_eq!(create(&cluster, wanted("t", 3, None), true), Ok(()));
    let context = RequestContext::for_tests(1);
    let twice = vec![wanted("t", 3, None), wanted("t", 4, None)];
    let results = create_partitions(&cluster, &context, twice, false);
    assert_eq!(results, [("t".to_owned(), Err(CreatePartitionsError::Duplicate))]);
    assert_eq!(
        cluster.topics.get("t").expect("it was created").partitions.len(),
        2
    );
}
