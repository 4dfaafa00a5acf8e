//! The replicas of a partition as its leader sees them: how far each has come, which are in sync, and the high watermark that
//! follows. Pure. Source: Kafka's `Partition.maybeIncrementLeaderHW` and `UnifiedLog.maybeIncrementHighWatermark`.
//!
//! The leader's own position is the end of its log, and is passed in: it is kept in one place only.
//!
//! # Differs from Apache Kafka
//! - The followers that a topic's placement names do not copy anything: they count as in sync, and the leader is the only member
//!   here. The rule for several members is complete but for two conditions that need followers to matter: Kafka does not move the
//!   high watermark while fewer than `min.insync.replicas` are in sync, and also waits for a replica that is about to join them.

use crate::ids::{NodeId, Offset};

/// The replicas of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replicas {
    high_watermark: Offset,
    followers: Vec<Follower>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Follower {
    node: NodeId,
    /// The end of its log, as its last fetch told; -1 before the first one, as in Kafka.
    log_end_offset: Offset,
    is_in_sync: bool,
}

impl Replicas {
    /// Returns the replicas of an empty partition: its leader, and `followers` that are not in sync yet.
    pub(crate) fn new(followers: &[NodeId]) -> Self {
        let follower = |node: &NodeId| Follower {
            node: *node,
            log_end_offset: Offset(-1),
            is_in_sync: false,
        };
        Self {
            high_watermark: Offset(0),
            followers: followers.iter().map(follower).collect(),
        }
    }

    /// Returns the offset up to which every replica in sync has the records.
    pub(crate) fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Raises the high watermark to the smallest log end of the replicas in sync, the leader among them. Never lowers it: records
    /// that consumers may have read stay readable, also when a replica that is behind joins the in-sync set.
    pub(crate) fn advance(&mut self, leader_log_end_offset: Offset) {
        let in_sync = self.followers.iter().filter(|follower| follower.is_in_sync);
        // The leader is always in sync with itself, so the fold begins with its own log end.
        let smallest = in_sync.fold(leader_log_end_offset, |smallest, follower| {
            smallest.min(follower.log_end_offset)
        });
        self.high_watermark = self.high_watermark.max(smallest);
    }
}

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "followers come with brokers that can fail")
)]
impl Replicas {
    /// Takes the position that a follower's fetch tells: it has everything before `log_end_offset`. Ignores a broker that is no
    /// follower.
    pub(crate) fn follower_fetched(&mut self, node: NodeId, log_end_offset: Offset) {
        for follower in self.followers.iter_mut().filter(|follower| follower.node == node) {
            follower.log_end_offset = log_end_offset;
        }
    }

    /// Replaces the set of followers that are in sync.
    pub(crate) fn set_in_sync(&mut self, nodes: &[NodeId]) {
        for follower in &mut self.followers {
            follower.is_in_sync = nodes.contains(&follower.node);
        }
    }

    /// Lowers the high watermark to the end of a log that has been truncated: the only step back there is. Source:
    /// `UnifiedLog.truncateTo`.
    pub(crate) fn truncate(&mut self, log_end_offset: Offset) {
        self.high_watermark = self.high_watermark.min(log_end_offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADER: &[NodeId] = &[];
    const TWO: &[NodeId] = &[NodeId(2)];
    const BOTH: &[NodeId] = &[NodeId(2), NodeId(3)];

    /// The replicas of a leader that has two followers, brokers 2 and 3, with these in sync and these log ends.
    fn replicas(in_sync: &[NodeId], log_ends: [i64; 2]) -> Replicas {
        let mut replicas = Replicas::new(BOTH);
        replicas.set_in_sync(in_sync);
        replicas.follower_fetched(NodeId(2), Offset(log_ends[0]));
        replicas.follower_fetched(NodeId(3), Offset(log_ends[1]));
        replicas
    }

    #[test]
    fn the_high_watermark_is_the_smallest_log_end_of_the_replicas_in_sync() {
        let cases = [
            (LEADER, [0, 0], 10, 10),
            (TWO, [7, 3], 10, 7),
            (BOTH, [7, 3], 10, 3),
            (BOTH, [3, 7], 10, 3),
            (BOTH, [10, 10], 10, 10),
            (&[NodeId(3)], [7, 3], 10, 3),
            // A follower can be ahead of a leader that was elected while it was behind.
            (TWO, [12, 0], 10, 10),
            // A follower that has not fetched yet holds everything back.
            (TWO, [-1, 0], 10, 0),
            // The leader is always in sync with itself, also if the set names only others.
            (BOTH, [8, 9], 4, 4),
        ];
        for (in_sync, log_ends, leader_log_end, expected) in cases {
            let mut replicas = replicas(in_sync, log_ends);
            replicas.advance(Offset(leader_log_end));
            assert_eq!(
                replicas.high_watermark(),
                Offset(expected),
                "in sync {in_sync:?}, log ends {log_ends:?} and {leader_log_end}"
            );
        }
    }

    #[test]
    fn a_leader_without_followers_moves_the_high_watermark_with_its_log_end() {
        let mut replicas = Replicas::new(LEADER);
        for log_end_offset in [0, 1, 5] {
            replicas.advance(Offset(log_end_offset));
            assert_eq!(replicas.high_watermark(), Offset(log_end_offset));
        }
    }

    #[test]
    fn the_high_watermark_never_goes_back_when_a_replica_that_is_behind_joins() {
        let mut replicas = replicas(TWO, [10, 4]);
        replicas.advance(Offset(10));
        replicas.set_in_sync(BOTH);
        replicas.advance(Offset(12));
        assert_eq!(replicas.high_watermark(), Offset(10));
        replicas.follower_fetched(NodeId(3), Offset(12));
        replicas.advance(Offset(12));
        assert_eq!(replicas.high_watermark(), Offset(10), "broker 2 is at 10 still");
        replicas.follower_fetched(NodeId(2), Offset(11));
        replicas.advance(Offset(12));
        assert_eq!(replicas.high_watermark(), Offset(11));
    }

    #[test]
    fn a_replica_that_leaves_the_in_sync_set_holds_nothing_back() {
        let mut replicas = replicas(BOTH, [10, 4]);
        replicas.advance(Offset(10));
        assert_eq!(replicas.high_watermark(), Offset(4));
        replicas.set_in_sync(TWO);
        replicas.advance(Offset(10));
        assert_eq!(replicas.high_watermark(), Offset(10));
    }

    #[test]
    fn a_broker_that_is_no_follower_is_ignored() {
        let mut replicas = replicas(BOTH, [5, 5]);
        replicas.follower_fetched(NodeId(9), Offset(1));
        replicas.set_in_sync(&[NodeId(9)]);
        replicas.advance(Offset(10));
        assert_eq!(replicas.high_watermark(), Offset(10));
    }

    #[test]
    fn only_a_truncation_lowers_the_high_watermark() {
        for (log_end_offset, expected) in [(12, 10), (10, 10), (6, 6)] {
            let mut replicas = Replicas::new(LEADER);
            replicas.advance(Offset(10));
            replicas.truncate(Offset(log_end_offset));
            assert_eq!(replicas.high_watermark(), Offset(expected));
        }
    }
}
