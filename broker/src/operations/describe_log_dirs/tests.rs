use super::*;
use crate::ids::NodeId;
use crate::operations::create_topics::{CreateTopic, create_topics};

#[test]
fn a_broker_shows_the_partitions_that_it_has_a_replica_of() {
    let cluster = Arc::new(Cluster::for_tests(3, &[("log.dirs", "/data/a,/data/b")]));
    let topic = CreateTopic {
        assignments: vec![
            (0, vec![NodeId(1), NodeId(2)]),
            (1, vec![NodeId(2), NodeId(3)]),
            (2, vec![NodeId(3), NodeId(1)]),
        ],
        ..CreateTopic::named("t")
    };
    create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
    let dirs = describe_log_dirs(&cluster, &RequestContext::for_tests(1), None).expect("allowed");
    let [dir, other] = dirs.as_slice() else {
        panic!("two directories: {dirs:?}");
    };
    assert_eq!(
        (other.path.as_str(), other.topics.len()),
        ("/data/b", 0),
        "nothing was moved there"
    );
    let expected = BTreeMap::from([("t".to_owned(), BTreeMap::from([(0, 0), (2, 0)]))]);
    assert_eq!(dir.topics, expected);
    assert_eq!(dir.path, "/data/a");
    assert_eq!(dir.total_bytes, 1 << 26);
    assert!(dir.usable_bytes <= dir.total_bytes);

    let wanted = vec![("t".to_owned(), vec![2, 1, 9, -1]), ("none".to_owned(), vec![0])];
    let dirs = describe_log_dirs(&cluster, &RequestContext::for_tests(3), Some(wanted)).expect("allowed");
    let expected = BTreeMap::from([("t".to_owned(), BTreeMap::from([(1, 0), (2, 0)]))]);
    assert_eq!(dirs[0].topics, expected);
}
