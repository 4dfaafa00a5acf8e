//! Creating, deleting and growing topics.

use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{
    BrokerId, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, MetadataRequest,
};
use uuid::Uuid;

use crate::client::Client;
use crate::world::{NONE, TOPIC, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, World, text, topic_name};

const TOPIC_ALREADY_EXISTS: i16 = 36;
const INVALID_PARTITIONS: i16 = 37;

async fn describe(client: &mut Client, topic: &str) -> MetadataResponseTopic {
    let request = MetadataRequest::default()
        .with_topics(Some(vec![
            MetadataRequestTopic::default().with_name(Some(topic_name(topic))),
        ]))
        .with_allow_auto_topic_creation(false);
    client.ask(13, &request).await.topics.remove(0)
}

pub(crate) async fn create_topics(version: i16) {
    let world = World::start().await;
    let mut client = world.connect().await;
    let config = |name, value| {
        CreatableTopicConfig::default()
            .with_name(text(name))
            .with_value(Some(text(value)))
    };
    let counted = CreatableTopic::default()
        .with_name(topic_name("invoices"))
        .with_num_partitions(4)
        .with_replication_factor(1)
        .with_configs(vec![
            config("retention.ms", "3600000"),
            config("cleanup.policy", "compact"),
        ]);
    let assignment = |index| {
        CreatableReplicaAssignment::default()
            .with_partition_index(index)
            .with_broker_ids(vec![BrokerId(1)])
    };
    let assigned = CreatableTopic::default()
        .with_name(topic_name("shipments"))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![assignment(0), assignment(1)]);
    let request = CreateTopicsRequest::default()
        .with_topics(vec![counted, assigned])
        .with_timeout_ms(7000)
        .with_validate_only(true);

    let validated = client.ask(version, &request).await;
    assert!(
        validated.topics.iter().all(|topic| topic.error_code == NONE),
        "{validated:?}"
    );
    assert_eq!(
        describe(&mut client, "invoices").await.error_code,
        UNKNOWN_TOPIC_OR_PARTITION
    );

    let request = request.with_validate_only(false);
    let answer = client.ask(version, &request).await;
    assert_eq!(answer.throttle_time_ms, 0);
    let results: Vec<_> = answer
        .topics
        .iter()
        .map(|topic| (topic.name.clone(), topic.error_code))
        .collect();
    assert_eq!(
        results,
        [(topic_name("invoices"), NONE), (topic_name("shipments"), NONE)]
    );
    for (result, partitions) in answer.topics.iter().zip([4, 2]) {
        assert_eq!(result.error_message, None);
        let topic = describe(&mut client, result.name.as_str()).await;
        assert_eq!(topic.partitions.len(), partitions);
        if version >= 5 {
            assert_eq!(
                (result.num_partitions, result.replication_factor),
                (partitions as i32, 1)
            );
            assert_eq!(result.topic_config_error_code, NONE);
        }
        if version >= 7 {
            assert_eq!(result.topic_id, topic.topic_id);
        }
    }
    if version >= 5 {
        let configs = answer.topics[0]
            .configs
            .as_ref()
            .expect("configs from version 5 on");
        for (name, value) in [("retention.ms", "3600000"), ("cleanup.policy", "compact")] {
            let config = configs.iter().find(|config| config.name == text(name)).unwrap();
            assert_eq!(config.value, Some(text(value)));
            assert_eq!(
                (config.config_source, config.read_only, config.is_sensitive),
                (1, false, false)
            );
        }
    }

    let again = client.ask(version, &request).await;
    assert_eq!(again.topics[0].error_code, TOPIC_ALREADY_EXISTS);
    assert_eq!(
        again.topics[0].error_message,
        Some(text("Topic 'invoices' already exists."))
    );
    world.stop().await;
}

pub(crate) async fn delete_topics(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let mut request = DeleteTopicsRequest::default().with_timeout_ms(3000);
    if version >= 6 {
        let unknown = DeleteTopicState::default()
            .with_name(None)
            .with_topic_id(Uuid::from_u128(3));
        let known = DeleteTopicState::default()
            .with_name(None)
            .with_topic_id(world.topic_id);
        let absent = DeleteTopicState::default().with_name(Some(topic_name("absent")));
        request.topics = vec![unknown, known, absent];
    } else {
        request.topic_names = vec![topic_name(TOPIC), topic_name("absent")];
    }
    let answer = client.ask(version, &request).await;
    assert_eq!(answer.throttle_time_ms, 0);
    let mut results: Vec<_> = answer
        .responses
        .iter()
        .map(|result| {
            (
                result.name.clone().map(|name| name.to_string()),
                result.topic_id,
                result.error_code,
            )
        })
        .collect();
    results.sort();
    let name = |name: &str| Some(name.to_owned());
    let expected = if version >= 6 {
        vec![
            (None, Uuid::from_u128(3), UNKNOWN_TOPIC_ID),
            (name("absent"), Uuid::nil(), UNKNOWN_TOPIC_OR_PARTITION),
            (name(TOPIC), world.topic_id, NONE),
        ]
    } else {
        vec![
            (name("absent"), Uuid::nil(), UNKNOWN_TOPIC_OR_PARTITION),
            (name(TOPIC), Uuid::nil(), NONE),
        ]
    };
    assert_eq!(results, expected);
    assert_eq!(
        describe(&mut client, TOPIC).await.error_code,
        UNKNOWN_TOPIC_OR_PARTITION
    );
    world.stop().await;
}

pub(crate) async fn create_partitions(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let assignment = CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(1)]);
    let grown = CreatePartitionsTopic::default()
        .with_name(topic_name(TOPIC))
        .with_count(5)
        .with_assignments(Some(vec![assignment; 2]));
    let request = CreatePartitionsRequest::default()
        .with_topics(vec![grown])
        .with_timeout_ms(2000)
        .with_validate_only(true);
    let success = CreatePartitionsTopicResult::default()
        .with_name(topic_name(TOPIC))
        .with_error_message(None);
    for (validate_only, partitions) in [(true, 3), (false, 5)] {
        let answer = client
            .ask(version, &request.clone().with_validate_only(validate_only))
            .await;
        assert_eq!(answer.throttle_time_ms, 0);
        assert_eq!(answer.results, std::slice::from_ref(&success));
        assert_eq!(describe(&mut client, TOPIC).await.partitions.len(), partitions);
    }

    let shrunk = CreatePartitionsTopic::default()
        .with_name(topic_name(TOPIC))
        .with_count(2)
        .with_assignments(None);
    let answer = client
        .ask(
            version,
            &request.with_topics(vec![shrunk]).with_validate_only(false),
        )
        .await;
    assert_eq!(answer.results[0].error_code, INVALID_PARTITIONS);
    assert!(answer.results[0].error_message.is_some());
    assert_eq!(describe(&mut client, TOPIC).await.partitions.len(), 5);
    world.stop().await;
}
