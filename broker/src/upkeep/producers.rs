//! Partitions forget the producers that have not written for `producer.id.expiration.ms`. Source: Kafka's `UnifiedLog.removeExpiredProducers`.

use crate::cluster::Cluster;
use crate::ids::NodeId;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::sleep;

/// Does the work every `producer.id.expiration.check.interval.ms`, until it is dropped.
pub(super) async fn keep(cluster: &Cluster) {
    let interval_ms = u64::try_from(cluster.config.producer_id_expiration_check_interval_ms).unwrap_or(0);
    // The least value that Kafka accepts is 1; an interval of 0 would never let the task sleep.
    let interval = Duration::from_millis(interval_ms.max(1));
    loop {
        sleep(interval).await;
        expire(cluster).await;
    }
}

/// Goes over all partitions once. Yields after each, so that requests on this thread do not wait for 10,000 partitions.
async fn expire(cluster: &Cluster) {
    let expirations_ms = expirations_ms(cluster);
    for topic in cluster.topics.list() {
        for partition in &topic.partitions {
            // An offline partition has no producers to forget.
            if let Ok(mut state) = partition.write() {
                let now_ms = cluster.clock.now_ms();
                if let Some(expiration_ms) = expirations_ms.get(&state.leader) {
                    state.expire_producers(now_ms, *expiration_ms);
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Returns `producer.id.expiration.ms` of each broker, which may change while running.
fn expirations_ms(cluster: &Cluster) -> HashMap<NodeId, i64> {
    let layers = cluster.layers_by_node().into_iter();
    layers
        .filter_map(|(node, layers)| Some((node, layers.value("producer.id.expiration.ms")?.long())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::create_partition;
    use super::*;
    use crate::Compression;
    use crate::ids::{ProducerEpoch, ProducerId, Sequence};
    use crate::log::records::{NewRecord, encode_batch};
    use crate::log::{Batch, LogSettings};
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_producer_is_forgotten_at_the_first_check_after_it_has_expired() {
        let properties = [
            ("producer.id.expiration.ms", "2500"),
            ("producer.id.expiration.check.interval.ms", "1000"),
        ];
        let cluster = Cluster::for_tests(1, &properties);
        let partition = create_partition(&cluster, LogSettings::default());
        let now_ms = cluster.clock.now_ms();
        let record = NewRecord {
            timestamp_ms: now_ms,
            ..NewRecord::default()
        };
        let mut batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("it is valid");
        batch
            .header
            .set_producer(ProducerId(7), ProducerEpoch(0), Sequence(0));
        let mut state = partition.write().expect("online");
        state.append(batch, now_ms).expect("there is room");
        drop(state);
        let known = || partition.read().expect("online").log().active_producers().len();
        let mut counts = Vec::new();
        let mut keeping = std::pin::pin!(keep(&cluster));
        for _ in 0..4 {
            // Half a second after each check.
            let passed_ms = if counts.is_empty() { 1_500 } else { 1_000 };
            let _ = timeout(Duration::from_millis(passed_ms), &mut keeping).await;
            counts.push(known());
        }
        assert_eq!(
            counts,
            [1, 1, 0, 0],
            "the producer expires after 2.5 s, the third check is at 3 s"
        );
    }
}
