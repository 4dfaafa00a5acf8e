//! The quorum of controllers as clients see it: one voter, whose log grows.

use crate::Entropy;
use crate::ids::NodeId;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// The number of records after which a cluster of Kafka 4.4 is formatted and its first broker registered.
const FIRST_OFFSET: i64 = 25;

/// The interval at which an idle controller appends a record (`metadata.max.idle.interval.ms`).
const IDLE_INTERVAL: Duration = Duration::from_millis(500);

/// The metadata log of the cluster. It has no records here, but its end moves as Kafka's does.
#[derive(Debug)]
pub(super) struct MetadataLog {
    started: Instant,
    /// The hash of the cluster's id, from which ids of directories follow.
    seed: u64,
}

impl MetadataLog {
    /// Returns the log of a cluster that starts now.
    pub(super) fn new(cluster_id: &str) -> Self {
        Self {
            started: Instant::now(),
            seed: hashed(0xcbf2_9ce4_8422_2325, cluster_id.as_bytes()),
        }
    }

    /// Returns the id of the directory with a broker's copy of the log. It follows from the ids of the cluster and the broker, so that a
    /// restart keeps it.
    pub(super) fn directory_id(&self, node: NodeId) -> Uuid {
        Entropy::from_seed(hashed(self.seed, &node.0.to_be_bytes())).uuid()
    }

    /// Returns the end of the log after `changes` records that were appended for requests.
    pub(super) fn end_offset(&self, changes: i64) -> i64 {
        let idle = self.started.elapsed().as_millis() / IDLE_INTERVAL.as_millis();
        FIRST_OFFSET + idle as i64 + changes
    }
}

/// Returns the hash `seed` with `bytes` added: FNV-1a, of which only its spread matters.
fn hashed(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_log_grows_by_changes_and_twice_a_second() {
        let log = MetadataLog::new("test");
        assert_eq!(log.end_offset(0), 25);
        tokio::time::advance(Duration::from_millis(1_600)).await;
        assert_eq!(log.end_offset(2), 30);
    }

    #[tokio::test]
    async fn directories_follow_from_the_cluster_and_the_broker() {
        let of = |cluster, node| MetadataLog::new(cluster).directory_id(NodeId(node));
        assert_eq!(of("a", 1), of("a", 1));
        assert_ne!(of("a", 1), of("b", 1));
        assert_ne!(of("a", 1), of("a", 2));
    }
}
