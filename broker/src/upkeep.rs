//! Work beside requests: the sweeps of the logs (`retention.ms`, `retention.bytes`), expired producers, compaction, the pool's stock of new
//! buffers, the return of those that nobody needs, reassignments, and the transactions that time out or wait for a leader. One task, owned
//! by the broker.
//!
//! This file decides when a sweep runs; the log decides which segments are dropped. Groups expire their offsets themselves. Source:
//! Kafka's `LogManager.cleanupLogs`.

mod compaction;
mod producers;
mod transactions;

use crate::cluster::Cluster;
use crate::operations::reassignments::progress;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The task. Dropping it ends the task.
#[derive(Debug)]
pub(crate) struct Upkeep {
    task: JoinHandle<()>,
}

impl Upkeep {
    /// Sweeps `cluster` every `log.retention.check.interval.ms` from now on, and keeps its pool's stock.
    pub(crate) fn start(cluster: Arc<Cluster>) -> Self {
        let interval_ms = u64::try_from(cluster.config.retention_check_interval_ms).unwrap_or(0);
        // The least value that Kafka accepts is 1; an interval of 0 would never let the task sleep.
        let interval = Duration::from_millis(interval_ms.max(1));
        let task = tokio::spawn(async move {
            let sweeping = async {
                loop {
                    // It sleeps first, because a cluster that has just started has nothing to sweep.
                    tokio::time::sleep(interval).await;
                    sweep(&cluster).await;
                }
            };
            let returning = return_memory(&cluster);
            let transactions = transactions::keep(&cluster);
            let moving = progress::carry_on(&cluster);
            let compacting = compaction::keep(&cluster);
            let expiring = producers::keep(&cluster);
            tokio::join!(
                sweeping,
                cluster.pool.keep_stock(),
                returning,
                transactions,
                moving,
                compacting,
                expiring
            );
        });
        Self { task }
    }

    /// Stops the task, and returns when it has ended.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        // The error says that the task was cancelled, or that it panicked, which the panic hook has reported.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The time for which nobody has needed memory that is given back. A producer that pauses for less finds its buffers again.
const UNUSED_FOR: Duration = Duration::from_secs(10);

/// Gives memory that nobody needs back to the system, for ever.
async fn return_memory(cluster: &Cluster) {
    loop {
        tokio::time::sleep(UNUSED_FOR).await;
        let returned_bytes = cluster.pool.trim_unused(cluster.spare_memory_bytes);
        if returned_bytes > 0 {
            tracing::debug!(returned_bytes, "memory given back");
        }
    }
}

/// Sweeps all partitions once. Yields after each, so that requests on this thread do not wait for 10,000 partitions.
async fn sweep(cluster: &Cluster) {
    for topic in cluster.topics.list() {
        for partition in &topic.partitions {
            // An offline partition has nothing to sweep.
            if let Ok(mut state) = partition.write() {
                let now_ms = cluster.clock.now_ms();
                let dropped_bytes = state.enforce_retention(now_ms);
                // The lock ends before the log line is written, because writing it can block.
                drop(state);
                if dropped_bytes > 0 {
                    tracing::info!(topic = %topic.name, partition = partition.index, dropped_bytes, "retention");
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{NodeId, Offset};
    use crate::log::records::{NewRecord, encode_batch};
    use crate::log::{Batch, LogSettings};
    use crate::topic::{NewTopic, Partition, Placement, TopicConfig};
    use crate::{Compression, Entropy};
    use tokio::time::{Instant, sleep};

    const START_MS: i64 = 1_700_000_000_000;

    /// Creates the topic `events` of one partition with those settings, and returns the partition.
    pub(super) fn create_partition(cluster: &Cluster, settings: LogSettings) -> Arc<Partition> {
        let settings = Arc::new(settings);
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
        Arc::clone(&topic.partitions[0])
    }

    /// A partition that keeps records for 5 s, with one record of now.
    fn partition_with_a_record(cluster: &Cluster) -> Arc<Partition> {
        let settings = LogSettings {
            retention_ms: 5_000,
            ..LogSettings::default()
        };
        let partition = create_partition(cluster, settings);
        let record = NewRecord {
            timestamp_ms: START_MS,
            ..NewRecord::default()
        };
        let batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("it is valid");
        let mut state = partition.write().expect("online");
        state.append(batch, START_MS).expect("there is room");
        drop(state);
        partition
    }

    fn log_start(partition: &Partition) -> Offset {
        partition.read().expect("online").watermarks().log_start_offset
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_sweep_after_a_record_has_expired_drops_it() {
        let cluster = Arc::new(Cluster::for_tests(
            1,
            &[("log.retention.check.interval.ms", "2000")],
        ));
        let began = Instant::now();
        let partition = partition_with_a_record(&cluster);
        let upkeep = Upkeep::start(Arc::clone(&cluster));
        let moved = partition.moved();
        sleep(Duration::from_millis(5_500)).await;
        assert_eq!(log_start(&partition), Offset(0), "expired, but not swept yet");
        moved.await;
        assert_eq!(log_start(&partition), Offset(1));
        // 5 s are over with the third sweep, at 6 s.
        assert_eq!(began.elapsed(), Duration::from_millis(6_000));
        upkeep.stop().await;
        assert_eq!(Arc::strong_count(&cluster), 1, "the task has ended");
    }
}
