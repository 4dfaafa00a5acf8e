//! The quorum of controllers as clients see it: one voter, whose log grows.

use crate::Entropy;
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
    /// The id of the directory with the log, which follows from the cluster's id, so that a restart keeps it.
    pub(super) directory_id: Uuid,
}

impl MetadataLog {
    /// Returns the log of a cluster that starts now.
    pub(super) fn new(cluster_id: &str) -> Self {
        // FNV-1a, of which only its spread matters.
        let seed = cluster_id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            started: Instant::now(),
            directory_id: Entropy::from_seed(seed).uuid(),
        }
    }

    /// Returns the end of the log after `changes` records that were appended for requests.
    pub(super) fn end_offset(&self, changes: i64) -> i64 {
        let idle = self.started.elapsed().as_millis() / IDLE_INTERVAL.as_millis();
        FIRST_OFFSET + idle as i64 + changes
    }
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
    async fn the_directory_follows_from_the_cluster() {
        let [one, again, other] = ["a", "a", "b"].map(|id| MetadataLog::new(id).directory_id);
        assert_eq!(one, again);
        assert_ne!(one, other);
    }
}
