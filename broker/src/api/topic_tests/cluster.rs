//! The cluster, and the contents of its logs.

use super::*;

#[tokio::test]
async fn delete_records_of_every_version() {
    for version in delete_records::DeleteRecords::VERSIONS {
        let cluster = cluster().await;
        let partition = |index, offset| {
            DeleteRecordsPartition::default()
                .with_partition_index(index)
                .with_offset(offset)
        };
        let topic = DeleteRecordsTopic::default()
            .with_name(name("orders"))
            .with_partitions(vec![
                partition(0, -1),
                partition(1, -1),
                partition(0, 7),
                partition(9, 0),
            ]);
        let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
        let response = call_node(&cluster, 2, version, request).await;
        let results: Vec<_> = response.topics[0]
            .partitions
            .iter()
            .map(|partition| {
                (
                    partition.partition_index,
                    partition.low_watermark,
                    partition.error_code,
                )
            })
            .collect();
        // The last offset of a partition that is named twice counts.
        let expected = [
            (0, -1, E::OffsetOutOfRange.code()),
            (1, -1, E::NotLeaderOrFollower.code()),
            (9, -1, E::UnknownTopicOrPartition.code()),
        ];
        assert_eq!(results, expected);
    }
}

#[tokio::test]
async fn describe_cluster_of_every_version() {
    for version in describe_cluster::DescribeCluster::VERSIONS {
        let cluster = cluster().await;
        let request = DescribeClusterRequest::default()
            .with_include_cluster_authorized_operations(true)
            .with_include_fenced_brokers(version >= 2);
        let response = call(&cluster, version, request.clone()).await;
        assert_eq!((response.error_code, response.cluster_id.as_str()), (0, "test"));
        assert_eq!((response.controller_id, response.endpoint_type), (BrokerId(1), 1));
        assert_eq!(response.cluster_authorized_operations, 8_096);
        let broker = &response.brokers[1];
        assert_eq!(
            (broker.broker_id.0, broker.host.as_str(), broker.port),
            (2, "localhost", 9093)
        );
        assert_eq!((broker.rack.as_deref(), broker.is_fenced), (Some("r"), false));
        if version >= 1 {
            for (endpoint_type, error) in [(2, E::MismatchedEndpointType), (9, E::UnsupportedEndpointType)] {
                let request = request.clone().with_endpoint_type(endpoint_type);
                let response = call(&cluster, version, request).await;
                assert_eq!(response.error_code, error.code());
                assert!(response.error_message.is_some() && response.brokers.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn describe_log_dirs_of_every_version() {
    for version in describe_log_dirs::DescribeLogDirs::VERSIONS {
        let cluster = cluster().await;
        let topic = DescribableLogDirTopic::default()
            .with_topic(name("orders"))
            .with_partitions(vec![1, 9]);
        for (topics, expected) in [(None, vec![0, 1]), (Some(vec![topic]), vec![1])] {
            let response = call(
                &cluster,
                version,
                DescribeLogDirsRequest::default().with_topics(topics),
            )
            .await;
            let dir = &response.results[0];
            assert_eq!((dir.error_code, dir.log_dir.as_str()), (0, "/tmp/kafka-logs"));
            assert_eq!(dir.total_bytes, if version >= 4 { 1 << 26 } else { -1 });
            let partitions = dir.topics[0].partitions.iter();
            let indexes: Vec<_> = partitions.map(|partition| partition.partition_index).collect();
            assert_eq!(indexes, expected);
            let partition = &dir.topics[0].partitions[0];
            assert_eq!(
                (
                    partition.partition_size,
                    partition.offset_lag,
                    partition.is_future_key
                ),
                (0, 0, false)
            );
        }
    }
}

#[tokio::test]
async fn describe_producers_of_every_version() {
    for version in describe_producers::DescribeProducers::VERSIONS {
        let cluster = cluster().await;
        let topic = |topic, indexes: &[i32]| {
            describe_producers_request::TopicRequest::default()
                .with_name(name(topic))
                .with_partition_indexes(indexes.to_vec())
        };
        let topics = vec![topic("orders", &[0, 1, 2]), topic("no!", &[0])];
        let response = call(
            &cluster,
            version,
            DescribeProducersRequest::default().with_topics(topics),
        )
        .await;
        let codes = |topic: usize| {
            let partitions = response.topics[topic].partitions.iter();
            partitions
                .map(|partition| partition.error_code)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            codes(0),
            [0, 0, E::UnknownTopicOrPartition.code()],
            "a follower answers too"
        );
        assert_eq!(codes(1), [E::InvalidTopicException.code()]);
        assert!(response.topics[0].partitions[1].active_producers.is_empty());
    }
}
