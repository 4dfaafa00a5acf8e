//! Sweeps by time: `retention.ms` and `retention.bytes`, expired producers. One task, owned by the broker.
//!
//! Owns: when. What goes is the log's rule. Source: Kafka's `LogManager.cleanupLogs`.

use crate::cluster::Cluster;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The task that sweeps. Dropping it ends the task.
#[derive(Debug)]
pub(crate) struct Upkeep {
    task: JoinHandle<()>,
}

impl Upkeep {
    /// Sweeps `cluster` every `log.retention.check.interval.ms` from now on.
    pub(crate) fn start(cluster: Arc<Cluster>) -> Self {
        let interval_ms = u64::try_from(cluster.config.retention_check_interval_ms).unwrap_or(0);
        let interval = Duration::from_millis(interval_ms.max(1));
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                sweep(&cluster).await;
            }
        });
        Self { task }
    }

    /// Ends the task, and returns when it has ended.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        // An error says only that it was cancelled, or that it panicked, which has been reported then.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One round over all partitions, with a pause after each so that requests are not kept waiting.
async fn sweep(cluster: &Cluster) {
    for topic in cluster.topics.list() {
        for partition in &topic.partitions {
            // An offline partition has nothing to sweep.
            if let Ok(mut state) = partition.write() {
                let dropped_bytes = state.enforce_retention(cluster.clock.now_ms());
                drop(state);
                if dropped_bytes > 0 {
                    tracing::info!(topic = %topic.name, partition = partition.index, dropped_bytes, "retention");
                }
            }
            tokio::task::yield_now().await;
        }
    }
}
