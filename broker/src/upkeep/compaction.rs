//! Compaction by time: which logs are cleaned when. The log decides whether it is due. Source: Kafka's `LogCleaner.CleanerThread`.

use crate::cluster::{Cluster, CoordinatorTopic};
use crate::log::Cleaning;
use crate::topic::{Partition, State};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// Compacts the logs that are due every `log.cleaner.backoff.ms`, and those of coordinators when their room is used up, for ever.
pub(super) async fn keep(cluster: &Cluster) {
    if !cluster.config.cleaner_enabled {
        return;
    }
    let backoff_ms = u64::try_from(cluster.config.cleaner_backoff_ms).unwrap_or(0);
    let backoff = Duration::from_millis(backoff_ms.max(1));
    let mut due = Instant::now() + backoff;
    loop {
        let is_crowded = tokio::select! {
            biased;
            () = cluster.coordinator_logs.until_crowded() => true,
            () = sleep_until(due) => false,
        };
        if is_crowded {
            make_room(cluster).await;
            continue;
        }
        for topic in cluster.topics.list() {
            for partition in &topic.partitions {
                if is_compacted(partition) {
                    compact(cluster, &topic.name, partition, State::begin_cleaning).await;
                    yield_now().await;
                }
            }
        }
        due = Instant::now() + backoff;
    }
}

/// Compacts the logs of coordinators that have used up their room.
async fn make_room(cluster: &Cluster) {
    for topic in CoordinatorTopic::ALL {
        let Some(topic) = cluster.topics.get(topic.name()) else {
            continue;
        };
        for partition in &topic.partitions {
            if is_crowded(cluster, partition) {
                compact(cluster, &topic.name, partition, State::begin_making_room).await;
            }
        }
    }
}

fn is_crowded(cluster: &Cluster, partition: &Partition) -> bool {
    let state = partition.read();
    state.is_ok_and(|state| cluster.coordinator_logs.is_crowded(state.log()))
}

fn is_compacted(partition: &Partition) -> bool {
    partition.read().is_ok_and(|state| state.settings.compacted)
}

/// Compacts one partition, if `begin` returns a cleaning. The lock is free while the records are read and written.
async fn compact(
    cluster: &Cluster,
    topic: &str,
    partition: &Partition,
    begin: fn(&mut State, i64) -> Option<Cleaning>,
) {
    let Some(cleaning) = begun(cluster, partition, begin) else {
        return;
    };
    let cleaned = cleaning.run(yield_now).await;
    let Ok(mut state) = partition.write() else { return };
    let finished = state.finish_cleaning(cleaned);
    drop(state);
    let partition = partition.index;
    match finished {
        Ok(dropped_bytes) => tracing::info!(topic, partition, dropped_bytes, "compaction"),
        Err(reason) => tracing::warn!(topic, partition, %reason, "compaction failed"),
    }
}

/// Begins a cleaning. This is a function of its own, so that no guard lives across an await.
fn begun(
    cluster: &Cluster,
    partition: &Partition,
    begin: fn(&mut State, i64) -> Option<Cleaning>,
) -> Option<Cleaning> {
    begin(&mut *partition.write().ok()?, cluster.clock.now_ms())
}

#[cfg(test)]
mod tests {
    use super::super::tests::create_partition;
    use super::*;
    use crate::Compression;
    use crate::ids::{LeaderEpoch, Offset};
    use crate::log::records::{NewRecord, batches, encode_batch, walk};
    use crate::log::{Batch, LogSettings, Part};
    use crate::operations::RequestContext;
    use crate::operations::commit_offsets::{Committer, Membership, OffsetToCommit, commit_offsets};
    use crate::operations::coordinator_topics::create_for_groups;
    use crate::topic::TopicKey;
    use std::sync::Arc;

    /// A compacted partition with three records of one key, each in a segment of its own.
    fn partition_of_one_key(cluster: &Cluster) -> Arc<Partition> {
        let settings = LogSettings {
            compacted: true,
            deletes: false,
            segment_bytes: 100,
            ..LogSettings::default()
        };
        let partition = create_partition(cluster, settings);
        let record = NewRecord {
            key: Some(b"key"),
            value: Some(b"value"),
            ..NewRecord::default()
        };
        let mut state = partition.write().expect("online");
        for _ in 0..3 {
            let batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("it is valid");
            state.append(batch, 0).expect("there is room");
        }
        drop(state);
        partition
    }

    fn first_kept(partition: &Partition) -> Offset {
        let state = partition.read().expect("online");
        let slice = state.log().read(Offset(0), Offset(3), 1, true);
        Offset(slice.expect("in range").next_offset.0 - 1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_is_compacted_after_the_backoff_and_not_before() {
        let cluster = Cluster::for_tests(1, &[("log.cleaner.backoff.ms", "2000")]);
        let partition = partition_of_one_key(&cluster);
        let compacted_after = |time: Duration| tokio::time::timeout(time, keep(&cluster));
        assert!(compacted_after(Duration::from_millis(1_999)).await.is_err());
        assert_eq!(first_kept(&partition), Offset(0));
        assert!(compacted_after(Duration::from_millis(2_001)).await.is_err());
        // The last record is in the active segment.
        assert_eq!(first_kept(&partition), Offset(1));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_compacted_without_the_cleaner() {
        let cluster = Cluster::for_tests(1, &[("log.cleaner.enable", "false")]);
        let partition = partition_of_one_key(&cluster);
        let ended = tokio::time::timeout(Duration::from_secs(3_600), keep(&cluster)).await;
        assert!(ended.is_ok());
        assert_eq!(first_kept(&partition), Offset(0));
    }

    /// Commits an offset of partition 0 of `events` for a group, with metadata of 4,000 characters.
    async fn commit(cluster: &Arc<Cluster>, group_id: &str, offset: i64) {
        let offset = OffsetToCommit {
            offset: Offset(offset),
            leader_epoch: LeaderEpoch::NONE,
            metadata: "m".repeat(4_000).into(),
            retention_ms: None,
        };
        let administrator = Committer {
            membership: Membership::none(),
            is_transactional: false,
            api_version: 9,
        };
        let offsets = vec![(TopicKey::Name("events".into()), vec![(0, offset)])];
        let context = RequestContext::for_tests(1);
        let committed = commit_offsets(cluster, &context, group_id, administrator, offsets).await;
        assert!(committed[0].1[0].1.is_ok(), "{committed:?}");
    }

    /// The records of a partition as (offset, group id), of which each key holds one after its version and its length.
    fn committed(partition: &Partition) -> Vec<(i64, String)> {
        let state = partition.read().expect("online");
        let watermarks = state.watermarks();
        let (mut from, end) = (watermarks.log_start_offset, watermarks.log_end_offset);
        let mut wire = Vec::new();
        loop {
            // A read ends with its segment.
            let slice = state.log().read(from, end, usize::MAX, true).expect("in range");
            if slice.bytes == 0 {
                break;
            }
            from = slice.next_offset;
            for part in &slice.parts {
                match part {
                    Part::Header(header) => wire.extend_from_slice(header),
                    Part::Bytes(bytes) => wire.extend_from_slice(bytes),
                }
            }
        }
        let mut records = Vec::new();
        for (header, body) in batches(wire.into()) {
            for record in walk(&header, &body) {
                let record = record.expect("it is valid");
                let key = record.key.expect("it has a key");
                let length = usize::from(u16::from_be_bytes([key[2], key[3]]));
                let group_id = String::from_utf8_lossy(&key[4..4 + length]).into_owned();
                records.push((record.offset.0, group_id));
            }
        }
        records
    }

    #[tokio::test(start_paused = true)]
    async fn the_offset_of_a_quiet_group_outlives_all_commits_of_a_busy_one() {
        let one_partition_each = [
            ("offsets.topic.num.partitions", "1"),
            ("transaction.state.log.num.partitions", "1"),
        ];
        let cluster = Arc::new(Cluster::for_tests(1, &one_partition_each));
        create_partition(&cluster, LogSettings::default());
        create_for_groups(&cluster);
        let committing = async {
            commit(&cluster, "quiet", 0).await;
            // 10 MB, for which a sixteenth of 64 MiB, half of it for each topic, has no room.
            for offset in 0..2_500 {
                commit(&cluster, "busy", offset).await;
            }
        };
        tokio::select! {
            biased;
            () = keep(&cluster) => panic!("it goes on for ever"),
            () = committing => {}
        }
        let topic = cluster.topics.get("__consumer_offsets").expect("it was created");
        let records = committed(&topic.partitions[0]);
        assert_eq!(records[0], (0, "quiet".to_owned()));
        assert_eq!(records.last(), Some(&(2_500, "busy".to_owned())));
        let state = topic.partitions[0].read().expect("online");
        let size_bytes = state.log().size_bytes();
        assert!(size_bytes <= 2 << 20, "{size_bytes} bytes");
    }
}
