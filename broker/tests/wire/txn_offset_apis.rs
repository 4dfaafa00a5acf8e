//! Offsets that are committed in a transaction: pending until it ends.

use esmeralda_broker::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use esmeralda_broker::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use esmeralda_broker::messages::{OffsetFetchRequest, TxnOffsetCommitRequest, TxnOffsetCommitResponse};
use kafka_protocol::messages::{AddOffsetsToTxnRequest, EndTxnRequest};

use crate::client::Client;
use crate::transaction_apis::{INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, TRANSACTION_ABORTABLE, id, init};
use crate::world::{
    GROUP, NONE, PARTITION, TOPIC, UNKNOWN_TOPIC_OR_PARTITION, World, group_id, text, topic_name,
};

const UNKNOWN_MEMBER_ID: i16 = 25;
const UNSTABLE_OFFSET_COMMIT: i16 = 88;

/// Returns the code and the committed offset of [`PARTITION`], for a client that wants a stable one or not.
async fn fetched(client: &mut Client, requires_stable: bool) -> (i16, i64) {
    let topic = OffsetFetchRequestTopics::default()
        .with_name(topic_name(TOPIC))
        .with_partition_indexes(vec![PARTITION]);
    let group = OffsetFetchRequestGroup::default()
        .with_group_id(group_id(GROUP))
        .with_topics(Some(vec![topic]));
    let request = OffsetFetchRequest::default()
        .with_groups(vec![group])
        .with_require_stable(requires_stable);
    let answer = client.ask(8, &request).await;
    let row = &answer.groups[0].topics[0].partitions[0];
    (row.error_code, row.committed_offset)
}

/// Returns each partition of the first topic with its code. As in Kafka, those that do not exist come first.
fn codes(answer: &TxnOffsetCommitResponse) -> Vec<(i32, i16)> {
    let partitions = answer.topics[0].partitions.iter();
    partitions
        .map(|partition| (partition.partition_index, partition.error_code))
        .collect()
}

/// Rows 59 and 61 of the list of behaviours.
pub(crate) async fn txn_offset_commit(version: i16) {
    for committed_outcome in [true, false] {
        let world = World::with_topic().await;
        world.find_coordinator().await;
        let mut client = world.connect().await;
        let producer_id = init(&mut client).await;
        let partition = TxnOffsetCommitRequestPartition::default()
            .with_partition_index(PARTITION)
            .with_committed_offset(7)
            .with_committed_metadata(Some(text("m")));
        let unknown = TxnOffsetCommitRequestPartition::default().with_partition_index(9);
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(topic_name(TOPIC))
            .with_topic_id(world.topic_id)
            .with_partitions(vec![partition, unknown]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(id())
            .with_group_id(group_id(GROUP))
            .with_producer_id(producer_id)
            .with_topics(vec![topic]);
        if version < 5 {
            // The client has to add the offsets first.
            let code = if version < 4 {
                INVALID_TXN_STATE
            } else {
                TRANSACTION_ABORTABLE
            };
            let answer = client.ask(version, &request).await;
            assert_eq!(
                codes(&answer),
                [(9, UNKNOWN_TOPIC_OR_PARTITION), (PARTITION, code)]
            );
            let added = AddOffsetsToTxnRequest::default()
                .with_transactional_id(id())
                .with_producer_id(producer_id)
                .with_group_id(group_id(GROUP));
            assert_eq!(client.ask(3, &added).await.error_code, NONE);
        }
        let answer = client.ask(version, &request).await;
        assert_eq!(answer.throttle_time_ms, 0);
        assert_eq!(
            codes(&answer),
            [(9, UNKNOWN_TOPIC_OR_PARTITION), (PARTITION, NONE)]
        );
        assert_eq!(fetched(&mut client, true).await, (UNSTABLE_OFFSET_COMMIT, -1));
        assert_eq!(fetched(&mut client, false).await, (NONE, -1));
        if version >= 3 {
            let member = request.clone().with_generation_id_or_member_epoch(4);
            let answer = client.ask(version, &member.with_member_id(text("nobody"))).await;
            assert_eq!(
                codes(&answer),
                [(9, UNKNOWN_TOPIC_OR_PARTITION), (PARTITION, UNKNOWN_MEMBER_ID)]
            );
        }
        let fenced = client.ask(version, &request.with_producer_epoch(3)).await;
        assert_eq!(
            codes(&fenced),
            [
                (9, UNKNOWN_TOPIC_OR_PARTITION),
                (PARTITION, INVALID_PRODUCER_EPOCH)
            ]
        );

        let request = EndTxnRequest::default()
            .with_transactional_id(id())
            .with_producer_id(producer_id)
            .with_committed(committed_outcome);
        let ended = client.ask(if version < 5 { 4 } else { 5 }, &request).await;
        assert_eq!(ended.error_code, NONE);
        let offset = if committed_outcome { 7 } else { -1 };
        assert_eq!(fetched(&mut client, true).await, (NONE, offset));
        world.stop().await;
    }
}
