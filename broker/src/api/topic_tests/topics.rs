//! Topics and their partitions.

use super::*;

#[tokio::test]
async fn metadata_of_every_version() {
    for version in metadata::Metadata::VERSIONS {
        let cluster = cluster().await;
        let mut request = MetadataRequest::default().with_topics(Some(vec![asked("orders"), asked("none")]));
        if version >= 4 {
            request.allow_auto_topic_creation = false;
        } else {
            request.topics = Some(vec![asked("orders"), asked("no!")]);
        }
        request.include_topic_authorized_operations = version >= 8;
        request.include_cluster_authorized_operations = (8..=10).contains(&version);
        let response = call(&cluster, version, request).await;
        let brokers: Vec<_> = response
            .brokers
            .iter()
            .map(|broker| {
                (
                    broker.node_id.0,
                    broker.host.as_str(),
                    broker.port,
                    broker.rack.as_deref(),
                )
            })
            .collect();
        let rack = (version >= 1).then_some("r");
        assert_eq!(
            brokers,
            [(1, "localhost", 9092, rack), (2, "localhost", 9093, rack)]
        );
        if version >= 1 {
            assert_eq!(response.controller_id, BrokerId(1));
        }
        if version >= 2 {
            assert_eq!(response.cluster_id.as_deref(), Some("test"));
        }
        let operations = if (8..=10).contains(&version) {
            8_096
        } else {
            i32::MIN
        };
        assert_eq!(response.cluster_authorized_operations, operations);
        let topic = &response.topics[0];
        assert_eq!((topic.error_code, topic.name.clone()), (0, Some(name("orders"))));
        assert_eq!(topic.topic_id.is_nil(), version < 10);
        assert_eq!(
            topic.topic_authorized_operations,
            if version >= 8 { 3_576 } else { i32::MIN }
        );
        let partition = &topic.partitions[0];
        assert_eq!(
            (
                partition.error_code,
                partition.partition_index,
                partition.leader_id.0
            ),
            (0, 0, 2)
        );
        assert_eq!(
            (&partition.replica_nodes, &partition.isr_nodes),
            (&nodes(&[2, 1]), &nodes(&[2, 1]))
        );
        assert_eq!(partition.leader_epoch, if version >= 7 { 0 } else { -1 });
        assert_eq!(topic.partitions.len(), 2);
        let expected = if version >= 4 {
            E::UnknownTopicOrPartition
        } else {
            E::InvalidTopicException
        };
        assert_eq!(response.topics[1].error_code, expected.code());
    }
}

#[tokio::test]
async fn metadata_of_all_topics_is_requested_by_an_empty_list_or_null() {
    let cluster = cluster().await;
    for version in metadata::Metadata::VERSIONS {
        let empty = MetadataRequest::default().with_topics(Some(Vec::new()));
        let count = if version == 0 { 1 } else { 0 };
        assert_eq!(
            call(&cluster, version, empty).await.topics.len(),
            count,
            "version {version}"
        );
        if version >= 1 {
            let null = MetadataRequest::default().with_topics(None);
            assert_eq!(
                call(&cluster, version, null).await.topics.len(),
                1,
                "version {version}"
            );
        }
    }
}

#[tokio::test]
async fn metadata_finds_topics_by_id_from_version_12_on() {
    let cluster = cluster().await;
    let id = cluster.topics.get("orders").unwrap().id;
    let with_id = |id| MetadataRequestTopic::default().with_name(None).with_topic_id(id);
    for version in [12, 13] {
        let topics = vec![with_id(id), with_id(Uuid::from_u128(5))];
        let request = MetadataRequest::default().with_topics(Some(topics));
        let response = call(&cluster, version, request).await;
        assert_eq!(response.topics[0].name, Some(name("orders")));
        assert_eq!(response.topics[1].error_code, E::UnknownTopicId.code());
        assert_eq!(response.topics[1].topic_id, Uuid::from_u128(5));
        // Neither a name nor an id: an exception that Kafka does not expect, so that the answer has no brokers either.
        let topics = vec![asked("orders"), with_id(Uuid::nil())];
        let request = MetadataRequest::default().with_topics(Some(topics));
        let response = call(&cluster, version, request).await;
        let codes: Vec<_> = response.topics.iter().map(|topic| topic.error_code).collect();
        assert_eq!((codes, response.brokers.len()), (vec![-1, -1], 0));
    }
    for version in [10, 11] {
        let topic = asked("orders").with_topic_id(id);
        let response = call(
            &cluster,
            version,
            MetadataRequest::default().with_topics(Some(vec![topic])),
        )
        .await;
        assert_eq!(response.topics[0].error_code, E::InvalidRequest.code());
    }
}

#[tokio::test]
async fn create_topics_of_every_version() {
    for version in create_topics::CreateTopics::VERSIONS {
        let cluster = cluster().await;
        let request = create("new");
        let checked = call(&cluster, version, request.clone().with_validate_only(true)).await;
        assert_eq!(checked.topics[0].error_code, 0);
        assert!(cluster.topics.get("new").is_none());
        let response = call(&cluster, version, request.clone()).await;
        let topic = &response.topics[0];
        assert_eq!(
            (topic.error_code, &topic.name, &topic.error_message),
            (0, &name("new"), &None)
        );
        let created = cluster.topics.get("new").unwrap();
        assert_eq!(
            topic.topic_id,
            if version >= 7 { created.id } else { Uuid::nil() }
        );
        if version >= 5 {
            assert_eq!((topic.num_partitions, topic.replication_factor), (2, 2));
            let configs = topic.configs.as_ref().unwrap();
            let config = |key| configs.iter().find(|config| config.name == text(key)).unwrap();
            let own = config("max.message.bytes");
            assert_eq!(
                (own.value.as_deref(), own.config_source, own.read_only),
                (Some("77"), 1, false)
            );
            let retention = config("retention.ms");
            assert_eq!(
                (retention.value.as_deref(), retention.config_source),
                (Some("7200000"), 4)
            );
        }
        let again = call(&cluster, version, request).await;
        assert_eq!(again.topics[0].error_code, E::TopicAlreadyExists.code());
        assert_eq!(
            again.topics[0].error_message.as_deref(),
            Some("Topic 'new' already exists.")
        );
    }
}

#[tokio::test]
async fn delete_topics_of_every_version() {
    for version in delete_topics::DeleteTopics::VERSIONS {
        let cluster = cluster().await;
        let id = cluster.topics.get("orders").unwrap().id;
        let request = DeleteTopicsRequest::default().with_timeout_ms(1_000);
        let request = if version >= 6 {
            let by_id = DeleteTopicState::default().with_name(None).with_topic_id(id);
            let by_name = DeleteTopicState::default().with_name(Some(name("none")));
            request.with_topics(vec![by_id, by_name])
        } else {
            request.with_topic_names(vec![name("orders"), name("none")])
        };
        let response = call(&cluster, version, request).await;
        // The topics that were refused come first.
        let gone = &response.responses[1];
        assert_eq!((gone.error_code, &gone.name), (0, &Some(name("orders"))));
        assert_eq!(gone.error_message, None);
        assert_eq!(gone.topic_id, if version >= 6 { id } else { Uuid::nil() });
        let unknown = &response.responses[0];
        assert_eq!(unknown.error_code, E::UnknownTopicOrPartition.code());
        assert_eq!(unknown.error_message.is_some(), version >= 5);
        assert!(cluster.topics.get("orders").is_none());
    }
}

#[tokio::test]
async fn disabled_topic_deletion_has_its_own_code_from_version_3_on() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("delete.topic.enable", "false")]));
    for version in 1..=5 {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![name("t")]);
        let response = call(&cluster, version, request).await;
        let error = if version < 3 {
            E::InvalidRequest
        } else {
            E::TopicDeletionDisabled
        };
        assert_eq!(response.responses[0].error_code, error.code());
    }
}

#[tokio::test]
async fn create_partitions_of_every_version() {
    for version in create_partitions::CreatePartitions::VERSIONS {
        let cluster = cluster().await;
        let assignment = CreatePartitionsAssignment::default().with_broker_ids(nodes(&[2, 1]));
        let more = CreatePartitionsTopic::default()
            .with_name(name("orders"))
            .with_count(3)
            .with_assignments(Some(vec![assignment]));
        let none = CreatePartitionsTopic::default()
            .with_name(name("none"))
            .with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![more, none]);
        let response = call(&cluster, version, request.clone().with_validate_only(true)).await;
        assert_eq!(response.results[0].error_code, 0);
        assert_eq!(cluster.topics.get("orders").unwrap().partitions.len(), 2);
        let response = call(&cluster, version, request.clone()).await;
        assert_eq!(
            (response.results[0].error_code, &response.results[0].error_message),
            (0, &None)
        );
        // An unknown topic is the one error without a message.
        let unknown = &response.results[1];
        assert_eq!(
            (unknown.error_code, &unknown.error_message),
            (E::UnknownTopicOrPartition.code(), &None)
        );
        assert_eq!(cluster.topics.get("orders").unwrap().partitions.len(), 3);
        let again = call(&cluster, version, request).await;
        assert_eq!(again.results[0].error_code, E::InvalidPartitions.code());
        let message = again.results[0].error_message.as_deref();
        assert_eq!(message, Some("Topic already has 3 partition(s)."));
    }
}

#[tokio::test]
async fn describe_topic_partitions_of_every_version() {
    for version in describe_topic_partitions::DescribeTopicPartitions::VERSIONS {
        let cluster = cluster().await;
        let first = DescribeTopicPartitionsRequest::default()
            .with_response_partition_limit(1)
            .with_cursor(None);
        let response = call(&cluster, version, first.clone()).await;
        let topic = &response.topics[0];
        assert_eq!((topic.error_code, &topic.name), (0, &Some(name("orders"))));
        assert_eq!(topic.topic_authorized_operations, 3_576);
        let partition = &topic.partitions[0];
        assert_eq!(
            (
                partition.partition_index,
                partition.leader_id.0,
                partition.leader_epoch
            ),
            (0, 2, 0)
        );
        assert_eq!(
            (&partition.replica_nodes, &partition.isr_nodes),
            (&nodes(&[2, 1]), &nodes(&[2, 1]))
        );
        assert_eq!(partition.eligible_leader_replicas, Some(Vec::new()));
        let next = response.next_cursor.unwrap();
        assert_eq!((&next.topic_name, next.partition_index), (&name("orders"), 1));
        let cursor = describe_topic_partitions_request::Cursor::default()
            .with_topic_name(next.topic_name)
            .with_partition_index(next.partition_index);
        let response = call(&cluster, version, first.clone().with_cursor(Some(cursor.clone()))).await;
        assert_eq!(
            (
                response.topics[0].partitions[0].partition_index,
                response.next_cursor
            ),
            (1, None)
        );
        let other = describe_topic_partitions_request::TopicRequest::default().with_name(name("other"));
        let refused = first.with_topics(vec![other]).with_cursor(Some(cursor));
        let response = call(&cluster, version, refused).await;
        assert_eq!(response.topics[0].error_code, E::InvalidRequest.code());
    }
}

/// Kafka 4.4.0 answers this, because it reads the missing cursor (`Cursor.partitionIndex()` of null).
#[tokio::test]
async fn describe_topic_partitions_of_an_empty_name_without_a_cursor_is_an_unknown_server_error() {
    let cluster = cluster().await;
    let topic = |text| describe_topic_partitions_request::TopicRequest::default().with_name(name(text));
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(vec![topic("orders"), topic("")])
        .with_response_partition_limit(1)
        .with_cursor(None);
    let response = call(&cluster, 0, request).await;
    let topics = response.topics.iter().map(|topic| {
        let operations = topic.topic_authorized_operations;
        (topic.error_code, topic.name.clone().unwrap(), operations)
    });
    let expected = [(-1, name("orders"), i32::MIN), (-1, name(""), i32::MIN)];
    assert_eq!(topics.collect::<Vec<_>>(), expected);
    assert_eq!(response.next_cursor, None);
}
