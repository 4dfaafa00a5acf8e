use super::*;
use crate::Compression;
use crate::operations::create_topics::{CreateTopic, create_topics};
use crate::records::{NewRecord, encode_batch};

fn cluster_with(configs: &[(&str, &str)]) -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(2, &[]));
    let topic = CreateTopic {
        assignments: vec![(0, vec![crate::ids::NodeId(2)])],
        configs: configs
            .iter()
            .map(|(name, value)| (name.to_string(), Some(value.to_string())))
            .collect(),
        ..CreateTopic::named("t")
    };
    create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
    cluster
}

fn delete(
    cluster: &Arc<Cluster>,
    node: i32,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<Offset, DeleteRecordsError> {
    delete_records(
        cluster,
        &RequestContext::for_tests(node),
        topic,
        partition,
        Offset(offset),
    )
}

#[test]
fn only_what_exists_is_deleted_and_only_by_its_leader() {
    let cluster = cluster_with(&[]);
    assert_eq!(
        delete(&cluster, 2, "none", 0, 0),
        Err(DeleteRecordsError::UnknownPartition)
    );
    assert_eq!(
        delete(&cluster, 2, "t", 1, 0),
        Err(DeleteRecordsError::UnknownPartition)
    );
    assert_eq!(
        delete(&cluster, 2, "t", -1, 0),
        Err(DeleteRecordsError::UnknownPartition)
    );
    assert_eq!(delete(&cluster, 1, "t", 0, 0), Err(DeleteRecordsError::NotLeader));
    assert_eq!(delete(&cluster, 2, "t", 0, 0), Ok(Offset(0)));
    assert_eq!(delete(&cluster, 2, "t", 0, -1), Ok(Offset(0)));
}

#[test]
fn offsets_beyond_the_high_watermark_are_out_of_range() {
    let cluster = cluster_with(&[]);
    for offset in [1, -2] {
        let error = DeleteRecordsError::OutOfRange {
            offset: Offset(offset),
            high_watermark: Offset(0),
        };
        assert_eq!(delete(&cluster, 2, "t", 0, offset), Err(error));
    }
}

#[test]
fn a_topic_that_is_only_compacted_keeps_its_records() {
    let cluster = cluster_with(&[("cleanup.policy", "compact")]);
    assert_eq!(
        delete(&cluster, 2, "t", 0, 0),
        Err(DeleteRecordsError::NotDeletable)
    );
}

#[tokio::test]
async fn records_before_the_offset_are_gone_and_an_earlier_offset_changes_nothing() {
    let cluster = cluster_with(&[]);
    let record = NewRecord {
        timestamp_ms: 1_700_000_000_000,
        value: Some(b"value"),
        ..NewRecord::default()
    };
    let client = crate::local::Client::new(Arc::clone(&cluster), "test");
    for _ in 0..3 {
        let batch = encode_batch(std::slice::from_ref(&record), Compression::None);
        client.produce("t", 0, batch).await.expect("the partition exists");
    }
    assert_eq!(delete(&cluster, 2, "t", 0, 2), Ok(Offset(2)));
    assert_eq!(delete(&cluster, 2, "t", 0, 1), Ok(Offset(2)));
    let beyond = DeleteRecordsError::OutOfRange {
        offset: Offset(4),
        high_watermark: Offset(3),
    };
    assert_eq!(delete(&cluster, 2, "t", 0, 4), Err(beyond));
    assert_eq!(delete(&cluster, 2, "t", 0, -1), Ok(Offset(3)));
    let partition = cluster.topics.partition("t", 0).expect("it was created");
    let state = partition.read().expect("nothing panicked");
    let watermarks = state.watermarks();
    let bounds = (watermarks.log_start_offset, watermarks.log_end_offset);
    assert_eq!(bounds, (Offset(3), Offset(3)));
}
