//! The work of transactions by time: those that have lasted too long are aborted, ids that are not used expire, and markers that could not be
//! written are tried again. Source: Kafka's `TransactionCoordinator.startup`, `TransactionStateManager.enableTransactionalIdExpiration` and
//! `TransactionMarkerChannelManager.generateRequests`.

use crate::cluster::Cluster;
use crate::operations::write_txn_markers::write_decided_markers;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Does the work until it is dropped.
pub(super) async fn keep(cluster: &Arc<Cluster>) {
    tokio::join!(
        abort_timed_out(cluster),
        expire_ids(cluster),
        write_markers(cluster)
    );
}

async fn abort_timed_out(cluster: &Arc<Cluster>) {
    let interval = interval(cluster.config.transaction_timeout_check_interval_ms);
    loop {
        sleep(interval).await;
        let now_ms = cluster.clock.now_ms();
        cluster.transactions.abort_timed_out(now_ms, |id| {
            let coordinator = cluster.transaction_coordinator(id);
            // Without a coordinator the ids come from the block of no broker, which is as good.
            cluster
                .producer_ids
                .next(coordinator.unwrap_or(crate::ids::NodeId::NONE))
        });
    }
}

async fn expire_ids(cluster: &Arc<Cluster>) {
    let interval = interval(cluster.config.transactional_id_expiration_check_interval_ms);
    let expiration_ms = i64::from(cluster.config.transactional_id_expiration_ms);
    loop {
        sleep(interval).await;
        cluster.transactions.expire(cluster.clock.now_ms(), expiration_ms);
    }
}

async fn write_markers(cluster: &Arc<Cluster>) {
    loop {
        cluster.transactions.until_markers_are_due().await;
        write_decided_markers(cluster).await;
    }
}

fn interval(interval_ms: i32) -> Duration {
    // The least value that Kafka accepts is 1; an interval of 0 would never let the task sleep.
    Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0).max(1))
}
