//! Offsets and leader epochs.

use super::records::{append, batch, create_topic, fetch, partitions, produce, topic_name};
use super::{Client, cluster};
use crate::Compression;
use crate::ids::{Offset, ProducerEpoch, ProducerId, Sequence, TransactionOutcome};
use crate::log::{Batch, TransactionMarker, Verification};
use crate::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use crate::messages::{ListOffsetsRequest, ListOffsetsResponse};
use crate::records::{NewRecord, encode_batch};
use crate::topic::Topic;
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

#[tokio::test(start_paused = true)]
async fn offset_outside_the_log_and_wrong_epochs_are_errors() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "epochs", 1).await;
    append(&mut client, &topic, 0, &["a", "b"]).await;
    let leader = topic.partitions[0].read().unwrap().leader;
    topic.partitions[0].write().unwrap().set_leader(leader);
    let with = |offset, current: i32, last: i32| {
        let mut request = fetch(&topic, &[(0, offset)]).with_max_wait_ms(0);
        let partition = &mut request.topics[0].partitions[0];
        partition.current_leader_epoch = current;
        partition.last_fetched_epoch = last;
        request
    };
    for (offset, current, last, code) in [
        (0, -1, -1, 0),
        (2, 1, -1, 0),
        (3, -1, -1, 1), // OFFSET_OUT_OF_RANGE
        (-1, -1, -1, 1),
        (0, 0, -1, 74), // FENCED_LEADER_EPOCH
        (0, 2, -1, 75), // UNKNOWN_LEADER_EPOCH
        (2, 1, 0, 0),
    ] {
        let response = client.ask(17, &with(offset, current, last)).await;
        let partition = partitions(&response)[0];
        assert_eq!(partition.error_code, code, "{offset} {current} {last}");
        assert_eq!(partition.diverging_epoch.end_offset, -1);
        let leader = if code == 74 { (leader.0, 1) } else { (-1, -1) };
        assert_eq!(
            (
                partition.current_leader.leader_id.0,
                partition.current_leader.leader_epoch
            ),
            leader
        );
    }
    let response = client.ask(12, &with(3, 1, 0)).await;
    let partition = partitions(&response)[0];
    assert_eq!(
        (
            partition.diverging_epoch.epoch,
            partition.diverging_epoch.end_offset
        ),
        (0, 2)
    );
    assert_eq!(partition.records.as_deref(), Some(&[][..]));
}

#[tokio::test(start_paused = true)]
async fn offsets_are_listed_by_special_timestamp_and_by_time() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "listed", 1).await;
    let at = |timestamp_ms| NewRecord {
        timestamp_ms,
        value: Some(b"v"),
        ..NewRecord::default()
    };
    let start = 1_700_000_000_000;
    for times in [[0, 10], [30, 20]] {
        let records = times.map(|time| at(start + time));
        let sent = encode_batch(&records, Compression::None);
        let request = produce(&topic, 1, vec![(0, Some(sent))]);
        client.ask(9, &request).await;
    }
    topic.partitions[0]
        .write()
        .unwrap()
        .delete_records(crate::Offset(1))
        .unwrap();
    let list = |timestamp, epoch| {
        let partition = ListOffsetsPartition::default()
            .with_partition_index(0)
            .with_timestamp(timestamp)
            .with_current_leader_epoch(epoch);
        let topic = ListOffsetsTopic::default()
            .with_name(topic_name("listed"))
            .with_partitions(vec![partition]);
        ListOffsetsRequest::default()
            .with_replica_id((-1).into())
            .with_topics(vec![topic])
    };
    // Timestamp, then code, offset, timestamp and the leader epoch of the answer.
    for (timestamp, since, expected) in [
        (-1, 1, (4, -1, 0)),
        (-2, 1, (1, -1, 0)),
        (-3, 7, (2, start + 30, 0)),
        (-4, 8, (1, -1, 0)),
        (-5, 9, (-1, -1, -1)),
        (-6, 11, (-1, -1, -1)),
        (start, 1, (1, start + 10, 0)),
        (start + 15, 1, (2, start + 30, 0)),
        (start + 31, 1, (-1, -1, -1)),
    ] {
        for version in 1..=11 {
            let response = client.ask(version, &list(timestamp, -1)).await;
            let found = &response.topics[0].partitions[0];
            let (offset, time, epoch) = expected;
            let expected = match version {
                _ if version < since => (35, -1, -1, -1),
                1..=3 => (0, offset, time, -1),
                _ => (0, offset, time, epoch),
            };
            let found = (
                found.error_code,
                found.offset,
                found.timestamp,
                found.leader_epoch,
            );
            assert_eq!(found, expected, "{timestamp} at version {version}");
        }
    }
    let code = |response: ListOffsetsResponse| response.topics[0].partitions[0].error_code;
    assert_eq!(code(client.ask(10, &list(-7, -1)).await), 35);
    assert_eq!(code(client.ask(10, &list(-1, 1)).await), 75);
    assert_eq!(
        code(client.ask(10, &list(-1, -2)).await),
        74,
        "only -1 stands for no epoch"
    );
    let mut twice = list(-1, -1);
    twice.topics.push(twice.topics[0].clone());
    assert_eq!(code(client.ask(10, &twice).await), 42);
    let mut unknown = list(-1, -1);
    unknown.topics[0].partitions[0].partition_index = 1;
    assert_eq!(code(client.ask(10, &unknown).await), 3);
}

#[tokio::test(start_paused = true)]
async fn end_of_a_leader_epoch_is_answered_at_every_version() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "ended", 1).await;
    append(&mut client, &topic, 0, &["a", "b"]).await;
    let leader = topic.partitions[0].read().unwrap().leader;
    topic.partitions[0].write().unwrap().set_leader(leader);
    append(&mut client, &topic, 0, &["c"]).await;
    for version in 2..=4 {
        for (current, asked, expected) in [
            (1, 0, (0, 0, 2)),
            (-1, 1, (0, 1, 3)),
            (1, 2, (0, -1, -1)),
            (0, 0, (74, -1, -1)),
            (-2, 0, (74, -1, -1)),
            (2, 0, (75, -1, -1)),
        ] {
            let partition = OffsetForLeaderPartition::default()
                .with_partition(0)
                .with_current_leader_epoch(current)
                .with_leader_epoch(asked);
            let request = OffsetForLeaderEpochRequest::default()
                .with_topics(vec![
                    OffsetForLeaderTopic::default()
                        .with_topic(topic_name("ended"))
                        .with_partitions(vec![partition]),
                ])
                .with_replica_id(if version >= 3 { (-1).into() } else { (-2).into() });
            let response = client.ask(version, &request).await;
            let found = &response.topics[0].partitions[0];
            assert_eq!((found.error_code, found.leader_epoch, found.end_offset), expected);
        }
    }
}

/// The time at which a cluster of a test starts.
const NOW_MS: i64 = 1_700_000_000_000;

/// Returns the offset and the leader epoch that ListOffsets finds in partition 0.
async fn listed(client: &mut Client, topic: &'static str, timestamp: i64, isolation_level: i8) -> (i64, i32) {
    let partition = ListOffsetsPartition::default().with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(isolation_level)
        .with_topics(vec![topic]);
    let answer = client.ask(7, &request).await;
    let found = &answer.topics[0].partitions[0];
    assert_eq!(found.error_code, 0);
    (found.offset, found.leader_epoch)
}

/// Makes the leader of partition 0 its leader again, in the next epoch.
fn begin_next_epoch(topic: &Topic) {
    let mut state = topic.partitions[0].write().expect("online");
    let leader = state.leader;
    state.set_leader(leader);
}

#[tokio::test(start_paused = true)]
async fn the_earliest_offset_has_the_epoch_of_its_record_and_not_the_leaders() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "earliest", 1).await;
    for value in ["a", "b"] {
        append(&mut client, &topic, 0, &[value]).await;
        begin_next_epoch(&topic);
    }
    let (earliest, latest) = (-2, -1);
    assert_eq!(listed(&mut client, "earliest", earliest, 0).await, (0, 0));
    assert_eq!(listed(&mut client, "earliest", latest, 0).await, (2, 2));
    let deleted = topic.partitions[0]
        .write()
        .expect("online")
        .delete_records(Offset(1));
    assert_eq!(deleted, Ok(Offset(1)));
    assert_eq!(listed(&mut client, "earliest", earliest, 0).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_latest_offset_is_the_last_stable_one_under_read_committed() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "latest", 1).await;
    append(&mut client, &topic, 0, &["a"]).await;
    let (producer_id, producer_epoch) = (ProducerId(7), ProducerEpoch(0));
    let mut within = Batch::verify(batch(&["b"])).expect("it is valid");
    let header = &mut within.header;
    header.set_producer(producer_id, producer_epoch, Sequence(0));
    header.set_transactional();
    header.set_crc(header.compute_crc(&within.body));
    let write = || topic.partitions[0].write().expect("online");
    let appended = write().append_verified(within, Verification::Disabled, NOW_MS);
    assert_eq!(appended.map(|appended| appended.base_offset), Ok(Offset(1)));
    assert_eq!(listed(&mut client, "latest", -1, 0).await, (2, 0));
    assert_eq!(listed(&mut client, "latest", -1, 1).await, (1, 0));
    let marker = TransactionMarker {
        producer_id,
        producer_epoch,
        outcome: TransactionOutcome::Commit,
        coordinator_epoch: 0,
        transaction_version: 0,
    };
    write()
        .append_marker(marker, NOW_MS)
        .expect("it is the producer's epoch");
    assert_eq!(listed(&mut client, "latest", -1, 1).await, (3, 0));
}

#[tokio::test(start_paused = true)]
async fn an_epoch_without_records_ends_where_the_one_before_it_ends() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "gaps", 1).await;
    let ask = |epoch| {
        let partition = OffsetForLeaderPartition::default()
            .with_current_leader_epoch(-1)
            .with_leader_epoch(epoch);
        let topic = OffsetForLeaderTopic::default()
            .with_topic(topic_name("gaps"))
            .with_partitions(vec![partition]);
        OffsetForLeaderEpochRequest::default()
            .with_replica_id((-1).into())
            .with_topics(vec![topic])
    };
    let answered = |response: OffsetForLeaderEpochResponse| {
        let found = &response.topics[0].partitions[0];
        (found.error_code, found.leader_epoch, found.end_offset)
    };
    // The log is empty: the current epoch ends at its end.
    assert_eq!(answered(client.ask(4, &ask(0)).await), (0, 0, 0));
    append(&mut client, &topic, 0, &["a", "b"]).await;
    for _ in 0..3 {
        begin_next_epoch(&topic);
    }
    append(&mut client, &topic, 0, &["c"]).await;
    for (epoch, expected) in [
        (0, (0, 0, 2)),
        (1, (0, 0, 2)),
        (2, (0, 0, 2)),
        (3, (0, 3, 3)),
        (4, (0, -1, -1)),
    ] {
        assert_eq!(
            answered(client.ask(4, &ask(epoch)).await),
            expected,
            "epoch {epoch}"
        );
    }
}
