//! Compaction by time: which logs are cleaned when. The log decides whether it is due. Source: Kafka's `LogCleaner.CleanerThread`.

use crate::cluster::Cluster;
use crate::topic::Partition;
use std::time::Duration;

/// Compacts the logs that are due every `log.cleaner.backoff.ms`, for ever.
pub(super) async fn keep(cluster: &Cluster) {
    if !cluster.config.cleaner_enabled {
        return;
    }
    let backoff_ms = u64::try_from(cluster.config.cleaner_backoff_ms).unwrap_or(0);
    loop {
        tokio::time::sleep(Duration::from_millis(backoff_ms.max(1))).await;
        for topic in cluster.topics.list() {
            for partition in &topic.partitions {
                if is_compacted(partition) {
                    compact(cluster, &topic.name, partition);
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

fn is_compacted(partition: &Partition) -> bool {
    partition.read().is_ok_and(|state| state.settings.compacted)
}

/// Compacts one partition if it is due. The lock is free while the records are read and written.
fn compact(cluster: &Cluster, topic: &str, partition: &Partition) {
    let Ok(mut state) = partition.write() else { return };
    let cleaning = state.begin_cleaning(cluster.clock.now_ms());
    drop(state);
    let Some(cleaning) = cleaning else { return };
    let cleaned = cleaning.run();
    let Ok(mut state) = partition.write() else { return };
    let finished = state.finish_cleaning(cleaned);
    drop(state);
    let partition = partition.index;
    match finished {
        Ok(dropped_bytes) => tracing::info!(topic, partition, dropped_bytes, "compaction"),
        Err(reason) => tracing::warn!(topic, partition, %reason, "compaction failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compression;
    use crate::Entropy;
    use crate::ids::{NodeId, Offset};
    use crate::log::records::{NewRecord, encode_batch};
    use crate::log::{Batch, LogSettings};
    use crate::topic::{NewTopic, Placement, TopicConfig};
    use std::sync::Arc;

    /// A compacted topic of one partition with three records of one key, each in a segment of its own.
    fn partition_of_one_key(cluster: &Cluster) -> Arc<Partition> {
        let settings = Arc::new(LogSettings {
            compacted: true,
            deletes: false,
            segment_bytes: 100,
            ..LogSettings::default()
        });
        let new = NewTopic {
            name: "events".into(),
            id: Entropy::from_seed(1).uuid(),
            config: TopicConfig::default(),
            placement: Placement::for_tests(1, &[NodeId(1)]),
        };
        let topic = cluster
            .topics
            .change()
            .create(new, |_| Arc::clone(&settings), &cluster.pool);
        let record = NewRecord {
            key: Some(b"key"),
            value: Some(b"value"),
            ..NewRecord::default()
        };
        let mut state = topic.partitions[0].write().expect("online");
        for _ in 0..3 {
            let batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("it is valid");
            state.append(batch, 0).expect("there is room");
        }
        drop(state);
        Arc::clone(&topic.partitions[0])
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
}
