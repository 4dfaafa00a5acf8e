use super::*;
use crate::operations::create_topics::{CreateTopic, create_topics};

async fn cluster_with(configs: &[(&str, &str)]) -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(2, &[]));
    let topic = CreateTopic {
        assignments: vec![(0, vec![crate::ids::NodeId(2)])],
        configs: configs
            .iter()
            .map(|(name, value)| (name.to_string(), Some(value.to_string())))
            .collect(),
        ..CreateTopic::named("t")
    };
    create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false).await;
    cluster
}

async fn delete(
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
    .await
}

#[tokio::test]
async fn only_what_exists_is_deleted_and_only_by_its_leader() {
    let cluster = cluster_with(&[]).await;
    assert_eq!(
        delete(&cluster, 2, "none", 0, 0).await,
        Err(DeleteRecordsError::UnknownPartition)
    );
    assert_eq!(
        delete(&cluster, 2, "t", 1, 0).await,
        Err(DeleteRecordsError::UnknownPartition)
    );
    assert_eq!(
        delete(&cluster, 2, "t", -1, 0).await,
        Err(DeleteRecordsError::UnknownPartition)
    );
    assert_eq!(
        delete(&cluster, 1, "t", 0, 0).await,
        Err(DeleteRecordsError::NotLeader)
    );
    assert_eq!(delete(&cluster, 2, "t", 0, 0).await, Ok(Offset(0)));
    assert_eq!(delete(&cluster, 2, "t", 0, -1).await, Ok(Offset(0)));
}

#[tokio::test]
async fn offsets_beyond_the_high_watermark_are_out_of_range() {
    let cluster = cluster_with(&[]).await;
    for offset in [1, -2] {
        let error = DeleteRecordsError::OutOfRange {
            offset: Offset(offset),
            high_watermark: Offset(0),
        };
        assert_eq!(delete(&cluster, 2, "t", 0, offset).await, Err(error));
    }
}

#[tokio::test]
async fn a_topic_that_is_only_compacted_keeps_its_records() {
    let cluster = cluster_with(&[("cleanup.policy", "compact")]).await;
    assert_eq!(
        delete(&cluster, 2, "t", 0, 0).await,
        Err(DeleteRecordsError::NotDeletable)
    );
}
