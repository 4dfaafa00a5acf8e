//! Committed offsets.

use esmeralda_broker::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use esmeralda_broker::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use esmeralda_broker::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use esmeralda_broker::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use esmeralda_broker::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{OffsetDeleteRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::client::Client;
use crate::world::{
    GROUP, NONE, PARTITION, TOPIC, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, World, group_id, text,
    topic_name,
};

const ILLEGAL_GENERATION: i16 = 22;
const GROUP_SUBSCRIBED_TO_TOPIC: i16 = 86;
const NOTE: &str = "half past ß";

/// A topic with its name, for versions up to 9, and its id, for versions from 10 on.
#[derive(Clone, Copy)]
struct Named {
    name: &'static str,
    id: Uuid,
}

impl Named {
    /// Returns the name and the id for a request of `version`; the one that the version lacks is empty.
    fn at(self, version: i16) -> (TopicName, Uuid) {
        if version >= 10 {
            (TopicName::default(), self.id)
        } else {
            (topic_name(self.name), Uuid::nil())
        }
    }
}

/// A topic that does not exist.
const ABSENT: Named = Named {
    name: "absent",
    id: Uuid::from_u128(7),
};

/// [`TOPIC`] without its id.
const BY_NAME: Named = Named {
    name: TOPIC,
    id: Uuid::nil(),
};

fn commit(version: i16, member_id: StrBytes, topic: Named) -> OffsetCommitRequest {
    let mut partition = OffsetCommitRequestPartition::default()
        .with_partition_index(PARTITION)
        .with_committed_offset(2)
        .with_committed_metadata(Some(text(NOTE)));
    if version >= 6 {
        partition.committed_leader_epoch = 0;
    }
    let (name, id) = topic.at(version);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(name)
        .with_topic_id(id)
        .with_partitions(vec![partition]);
    let mut request = OffsetCommitRequest::default()
        .with_group_id(group_id(GROUP))
        .with_generation_id_or_member_epoch(1)
        .with_member_id(member_id)
        .with_topics(vec![topic]);
    if version <= 4 {
        request.retention_time_ms = 600_000;
    }
    if version >= 7 {
        request.group_instance_id = Some(text("instance-1"));
    }
    request
}

/// Commits `offset` of [`PARTITION`] for a group that has no members.
pub(crate) async fn commit_without_member(client: &mut Client, group: &str, offset: i64) {
    let mut request = commit(6, StrBytes::default(), BY_NAME)
        .with_group_id(group_id(group))
        .with_generation_id_or_member_epoch(-1);
    request.topics[0].partitions[0].committed_offset = offset;
    let answer = client.ask(6, &request).await;
    assert_eq!(answer.topics[0].partitions[0].error_code, NONE, "{answer:?}");
}

pub(crate) async fn offset_commit(version: i16) {
    let world = World::with_topic().await;
    world.find_coordinator().await;
    let (mut client, member_id) = world.with_member().await;
    let orders = Named {
        name: TOPIC,
        id: world.topic_id,
    };
    let response = |topic: Named, error_code| {
        let partition = OffsetCommitResponsePartition::default()
            .with_partition_index(PARTITION)
            .with_error_code(error_code);
        let (name, id) = topic.at(version);
        let topic = OffsetCommitResponseTopic::default()
            .with_name(name)
            .with_topic_id(id)
            .with_partitions(vec![partition]);
        OffsetCommitResponse::default().with_topics(vec![topic])
    };
    let request = commit(version, member_id.clone(), orders);
    assert_eq!(client.ask(version, &request).await, response(orders, NONE));
    assert_eq!(fetched(&mut client, GROUP).await, (2, NOTE.to_owned()));

    let late = request.with_generation_id_or_member_epoch(5);
    assert_eq!(
        client.ask(version, &late).await,
        response(orders, ILLEGAL_GENERATION)
    );
    let absent = commit(version, member_id, ABSENT);
    assert_eq!(
        client.ask(version, &absent).await,
        response(
            ABSENT,
            if version >= 10 {
                UNKNOWN_TOPIC_ID
            } else {
                UNKNOWN_TOPIC_OR_PARTITION
            }
        )
    );
    world.stop().await;
}

/// Returns the committed offset of [`PARTITION`] and its metadata.
async fn fetched(client: &mut Client, group: &str) -> (i64, String) {
    let topic = OffsetFetchRequestTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partition_indexes(vec![PARTITION]);
    let request = OffsetFetchRequest::default()
        .with_group_id(group_id(group))
        .with_topics(Some(vec![topic]));
    let answer = client.ask(7, &request).await;
    let partition = &answer.topics[0].partitions[0];
    assert_eq!(partition.error_code, NONE);
    (
        partition.committed_offset,
        partition.metadata.clone().unwrap_or_default().to_string(),
    )
}

pub(crate) async fn offset_fetch(version: i16) {
    let world = World::with_topic().await;
    world.find_coordinator().await;
    let (mut client, member_id) = world.with_member().await;
    assert_eq!(
        client.ask(6, &commit(6, member_id.clone(), BY_NAME)).await.topics[0].partitions[0].error_code,
        NONE
    );
    if version >= 8 {
        offset_fetch_of_groups(&mut client, version, member_id, world.topic_id).await;
    } else {
        offset_fetch_of_one_group(&mut client, version).await;
    }
    world.stop().await;
}

async fn offset_fetch_of_one_group(client: &mut Client, version: i16) {
    let committed = OffsetFetchResponsePartition::default()
        .with_partition_index(PARTITION)
        .with_committed_offset(2)
        .with_committed_leader_epoch(if version >= 5 { 0 } else { -1 })
        .with_metadata(Some(text(NOTE)));
    let never = |index| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(index)
            .with_committed_offset(-1)
            .with_committed_leader_epoch(-1)
            .with_metadata(Some(text("")))
    };
    let response = |partitions| {
        let topic = OffsetFetchResponseTopic::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(partitions);
        OffsetFetchResponse::default().with_topics(vec![topic])
    };
    let topic = OffsetFetchRequestTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partition_indexes(vec![PARTITION, 2]);
    let mut request = OffsetFetchRequest::default()
        .with_group_id(group_id(GROUP))
        .with_topics(Some(vec![topic]));
    if version >= 7 {
        request.require_stable = true;
    }
    assert_eq!(
        client.ask(version, &request).await,
        response(vec![committed.clone(), never(2)])
    );
    let of_nobody = request.clone().with_group_id(group_id("absent"));
    assert_eq!(
        client.ask(version, &of_nobody).await,
        response(vec![never(PARTITION), never(2)])
    );
    if version >= 2 {
        assert_eq!(
            client.ask(version, &request.with_topics(None)).await,
            response(vec![committed])
        );
    }
}

async fn offset_fetch_of_groups(client: &mut Client, version: i16, member_id: StrBytes, topic_id: Uuid) {
    let committed = OffsetFetchResponsePartitions::default()
        .with_partition_index(PARTITION)
        .with_committed_offset(2)
        .with_committed_leader_epoch(0)
        .with_metadata(Some(text(NOTE)));
    let never = |index| {
        OffsetFetchResponsePartitions::default()
            .with_partition_index(index)
            .with_committed_offset(-1)
            .with_committed_leader_epoch(-1)
            .with_metadata(Some(text("")))
    };
    let (name, id) = Named {
        name: TOPIC,
        id: topic_id,
    }
    .at(version);
    let answered = |group: &str, partitions| {
        let topic = OffsetFetchResponseTopics::default()
            .with_name(name.clone())
            .with_topic_id(id)
            .with_partitions(partitions);
        OffsetFetchResponseGroup::default()
            .with_group_id(group_id(group))
            .with_topics(vec![topic])
    };
    let topic = OffsetFetchRequestTopics::default()
        .with_name(name.clone())
        .with_topic_id(id)
        .with_partition_indexes(vec![PARTITION, 2]);
    let mut readers = OffsetFetchRequestGroup::default()
        .with_group_id(group_id(GROUP))
        .with_topics(Some(vec![topic.clone()]));
    if version >= 9 {
        readers.member_id = Some(member_id);
        readers.member_epoch = 1;
    }
    let absent = OffsetFetchRequestGroup::default()
        .with_group_id(group_id("absent"))
        .with_topics(Some(vec![topic]));
    let all = readers.clone().with_topics(None);
    let request = OffsetFetchRequest::default()
        .with_groups(vec![readers, absent])
        .with_require_stable(true);
    let answer = client.ask(version, &request).await;
    let expected = OffsetFetchResponse::default().with_groups(vec![
        answered(GROUP, vec![committed.clone(), never(2)]),
        answered("absent", vec![never(PARTITION), never(2)]),
    ]);
    assert_eq!(answer, expected);

    let answer = client.ask(version, &request.clone().with_groups(vec![all])).await;
    assert_eq!(
        answer,
        OffsetFetchResponse::default().with_groups(vec![answered(GROUP, vec![committed.clone()])])
    );
    if version >= 10 {
        // Topics that do not exist come last.
        let unknown = OffsetFetchRequestTopics::default()
            .with_topic_id(ABSENT.id)
            .with_partition_indexes(vec![0]);
        let known = unknown
            .clone()
            .with_topic_id(topic_id)
            .with_partition_indexes(vec![PARTITION]);
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(group_id(GROUP))
            .with_topics(Some(vec![unknown, known]));
        let answer = client.ask(version, &request.with_groups(vec![group])).await;
        let mut expected = answered(GROUP, vec![committed]);
        let row = never(0).with_error_code(UNKNOWN_TOPIC_ID);
        expected.topics.push(
            OffsetFetchResponseTopics::default()
                .with_topic_id(ABSENT.id)
                .with_partitions(vec![row]),
        );
        assert_eq!(answer, OffsetFetchResponse::default().with_groups(vec![expected]));
    }
}

pub(crate) async fn offset_delete(version: i16) {
    let world = World::with_topic().await;
    world.find_coordinator().await;
    let (mut client, member_id) = world.with_member().await;
    assert_eq!(
        client.ask(6, &commit(6, member_id, BY_NAME)).await.topics[0].partitions[0].error_code,
        NONE
    );
    commit_without_member(&mut client, "idle", 3).await;
    let request = |group: &str| {
        let partition = OffsetDeleteRequestPartition::default().with_partition_index(PARTITION);
        let topic = OffsetDeleteRequestTopic::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(vec![partition]);
        OffsetDeleteRequest::default()
            .with_group_id(group_id(group))
            .with_topics(vec![topic])
    };
    for (group, error_code, left) in [("idle", NONE, -1), (GROUP, GROUP_SUBSCRIBED_TO_TOPIC, 2)] {
        let answer = client.ask(version, &request(group)).await;
        assert_eq!((answer.error_code, answer.throttle_time_ms), (NONE, 0));
        assert_eq!(answer.topics[0].name, topic_name(TOPIC));
        let partition = &answer.topics[0].partitions[0];
        assert_eq!(
            (partition.partition_index, partition.error_code),
            (PARTITION, error_code),
            "{group}"
        );
        assert_eq!(fetched(&mut client, group).await.0, left, "{group}");
    }
    let absent = client.ask(version, &request("absent")).await;
    assert_eq!(absent.error_code, 69, "GROUP_ID_NOT_FOUND");
    world.stop().await;
}
