//! What a group has committed, and when it is forgotten. Pure: the shell brings the time.
//!
//! Source: Kafka's `OffsetMetadataManager`, `OffsetAndMetadata` and `OffsetExpirationConditionImpl`; KIP-211.

use super::classic::{ClassicGroup, GroupState};
use crate::ids::{LeaderEpoch, Offset};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An offset to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OffsetToCommit {
    /// The next offset to read.
    pub(crate) offset: Offset,
    /// Of the last record that was read; [`LeaderEpoch::NONE`] if unknown.
    pub(crate) leader_epoch: LeaderEpoch,
    /// Whatever the committer wants to keep beside it.
    pub(crate) metadata: Arc<str>,
    /// How long to keep it, from the versions that could say so (up to 4); `None`: `offsets.retention.minutes`.
    pub(crate) retention_ms: Option<i64>,
}

/// An offset as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: Offset,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) metadata: Arc<str>,
    committed_at_ms: i64,
    expires_at_ms: Option<i64>,
}

impl CommittedOffset {
    fn held_bytes(&self) -> usize {
        OFFSET_BYTES + self.metadata.len()
    }
}

/// The committed offsets of one topic, by partition.
pub(crate) type TopicOffsets = BTreeMap<i32, CommittedOffset>;

/// What an offset takes beside its metadata, and a topic beside its name: themselves and their places in the maps.
const OFFSET_BYTES: usize = 128;
const TOPIC_BYTES: usize = 128;

/// The committed offsets of one group.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    by_topic: BTreeMap<Arc<str>, TopicOffsets>,
    held_bytes: usize,
}

impl Offsets {
    /// The memory that they take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// How much more they take with the offset of the partition in the place of an earlier one.
    pub(crate) fn growth_bytes(&self, topic: &str, partition: i32, commit: &OffsetToCommit) -> usize {
        let after_bytes = OFFSET_BYTES + commit.metadata.len();
        match self.by_topic.get(topic) {
            None => TOPIC_BYTES + topic.len() + after_bytes,
            Some(offsets) => {
                let before_bytes = offsets.get(&partition).map_or(0, CommittedOffset::held_bytes);
                after_bytes.saturating_sub(before_bytes)
            }
        }
    }

    fn count(&mut self) {
        let topic_bytes = |(topic, offsets): (&Arc<str>, &TopicOffsets)| {
            let offsets_bytes: usize = offsets.values().map(CommittedOffset::held_bytes).sum();
            TOPIC_BYTES + topic.len() + offsets_bytes
        };
        self.held_bytes = self.by_topic.iter().map(topic_bytes).sum();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_topic.is_empty()
    }

    /// Keeps the offset in the place of an earlier one, which may be greater.
    pub(crate) fn commit(&mut self, now_ms: i64, topic: &Arc<str>, partition: i32, commit: OffsetToCommit) {
        let committed = CommittedOffset {
            offset: commit.offset,
            leader_epoch: commit.leader_epoch,
            metadata: commit.metadata,
            committed_at_ms: now_ms,
            expires_at_ms: commit
                .retention_ms
                .map(|retention_ms| now_ms.saturating_add(retention_ms)),
        };
        let offsets = match self.by_topic.get_mut(topic) {
            Some(offsets) => offsets,
            None => {
                self.held_bytes += TOPIC_BYTES + topic.len();
                self.by_topic.entry(Arc::clone(topic)).or_default()
            }
        };
        self.held_bytes += committed.held_bytes();
        let before = offsets.insert(partition, committed);
        self.held_bytes -= before.as_ref().map_or(0, CommittedOffset::held_bytes);
    }

    /// What is committed for the partition.
    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.by_topic.get(topic)?.get(&partition)
    }

    /// Everything, by topic and partition.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &TopicOffsets)> {
        self.by_topic.iter()
    }

    /// Forgets the partition's offset.
    pub(crate) fn delete(&mut self, topic: &str, partition: i32) {
        if let Some(offsets) = self.by_topic.get_mut(topic) {
            offsets.remove(&partition);
            if offsets.is_empty() {
                self.by_topic.remove(topic);
            }
        }
        self.count();
    }

    /// Forgets all offsets of the topic, which was deleted.
    pub(crate) fn forget_topic(&mut self, topic: &str) {
        self.by_topic.remove(topic);
        self.count();
    }

    /// Forgets the offsets whose time is over, by [`ExpiryRule::of`] the group. A topic that the group's members subscribe to keeps
    /// its offsets.
    pub(crate) fn expire(&mut self, now_ms: i64, retention_ms: i64, group: &ClassicGroup) {
        let rule = ExpiryRule::of(group);
        self.by_topic.retain(|topic, offsets| {
            if !group.is_subscribed_to(topic) {
                offsets.retain(|_, committed| !rule.has_expired(now_ms, retention_ms, committed));
            }
            !offsets.is_empty()
        });
        self.count();
    }
}

/// From when the retention of a group's offsets counts. Source: `ClassicGroup.offsetExpirationCondition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExpiryRule {
    /// A group that only stores offsets, and a stable one of consumers (whose subscribed topics are spared): from each commit.
    SinceCommit,
    /// A group whose members are gone: from when the last one went.
    Since { emptied_at_ms: i64 },
    /// Any other group may need all of them.
    Never,
}

impl ExpiryRule {
    fn of(group: &ClassicGroup) -> Self {
        if group.protocol_type().is_none() {
            return Self::SinceCommit;
        }
        match group.state() {
            GroupState::Empty => Self::Since {
                emptied_at_ms: group.state_since_ms(),
            },
            GroupState::Stable if group.knows_subscribed_topics() => Self::SinceCommit,
            _ => Self::Never,
        }
    }

    fn has_expired(self, now_ms: i64, retention_ms: i64, committed: &CommittedOffset) -> bool {
        let since_ms = match self {
            Self::Never => return false,
            Self::SinceCommit => committed.committed_at_ms,
            Self::Since { emptied_at_ms } => emptied_at_ms,
        };
        match committed.expires_at_ms {
            Some(expires_at_ms) => now_ms >= expires_at_ms,
            None => now_ms - since_ms >= retention_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::classic::{JoinRequest, Limits, Membership, Protocol, SyncRequest, Ticket};
    use crate::ids::GenerationId;
    use bytes::Bytes;

    const RETENTION_MS: i64 = 1_000;

    fn to_commit(retention_ms: Option<i64>) -> OffsetToCommit {
        OffsetToCommit {
            offset: Offset(7),
            leader_epoch: LeaderEpoch(1),
            metadata: "".into(),
            retention_ms,
        }
    }

    fn simple() -> ClassicGroup {
        let limits = Limits {
            initial_rebalance_delay_ms: 0,
            max_size: 10,
            max_members: 10,
            new_member_join_timeout_ms: 1_000_000,
        };
        ClassicGroup::new(limits, 0)
    }

    /// A group with member `a`, which subscribes to topic `t`, in a generation that waits for its assignment.
    fn completing(protocol_type: &str, metadata: &'static [u8]) -> ClassicGroup {
        let mut group = simple();
        let request = JoinRequest {
            member_id: "".into(),
            new_member_id: "a".into(),
            group_instance_id: None,
            client_id: "".into(),
            client_host: "".into(),
            session_timeout_ms: 2_000,
            rebalance_timeout_ms: 2_000,
            protocol_type: protocol_type.into(),
            protocols: vec![Protocol {
                name: "p".into(),
                metadata: Bytes::from_static(metadata),
            }],
            requires_known_member_id: false,
            supports_skipping_assignment: false,
            reason: None,
        };
        group.join(0, Ticket(1), &request);
        group.expire(0);
        group
    }

    fn stable(protocol_type: &str, metadata: &'static [u8]) -> ClassicGroup {
        let mut group = completing(protocol_type, metadata);
        let request = SyncRequest {
            membership: Membership {
                member_id: "a".into(),
                group_instance_id: None,
                generation_id: GenerationId(1),
            },
            protocol_type: None,
            protocol_name: None,
            assignments: Vec::new(),
        };
        group.sync(0, Ticket(2), &request);
        assert_eq!(group.state(), GroupState::Stable);
        group
    }

    /// A group of consumers that became empty at 2,000, when its only member's session ended.
    fn emptied() -> ClassicGroup {
        let mut group = stable("consumer", SUBSCRIPTION);
        group.expire(2_000);
        assert_eq!(
            (group.state(), group.state_since_ms()),
            (GroupState::Empty, 2_000)
        );
        group
    }

    const SUBSCRIPTION: &[u8] = b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff";

    #[test]
    fn when_an_offset_expires_depends_on_its_group() {
        let consumers = || stable("consumer", SUBSCRIPTION);
        // Committed at 100; the last moment at which the offset is still there, if there is one.
        let cases: [(&str, ClassicGroup, &str, Option<i64>); 7] = [
            ("simple: from the commit", simple(), "t", Some(1_099)),
            ("emptied: from when it was", emptied(), "t", Some(2_999)),
            ("stable, subscribed: never", consumers(), "t", None),
            (
                "stable, no longer subscribed: from the commit",
                consumers(),
                "u",
                Some(1_099),
            ),
            (
                "stable, subscriptions unreadable: never",
                stable("consumer", b"?"),
                "u",
                None,
            ),
            (
                "stable, no consumers: never",
                stable("connect", SUBSCRIPTION),
                "u",
                None,
            ),
            (
                "rebalancing: never",
                completing("consumer", SUBSCRIPTION),
                "u",
                None,
            ),
        ];
        for (what, group, topic, last_ms) in cases {
            let mut offsets = Offsets::default();
            offsets.commit(100, &topic.into(), 0, to_commit(None));
            offsets.expire(last_ms.unwrap_or(i64::MAX / 2), RETENTION_MS, &group);
            assert!(!offsets.is_empty(), "{what}");
            if let Some(last_ms) = last_ms {
                offsets.expire(last_ms + 1, RETENTION_MS, &group);
                assert!(offsets.is_empty(), "{what}");
            }
        }
    }

    #[test]
    fn a_retention_that_the_commit_named_comes_before_the_brokers() {
        let mut offsets = Offsets::default();
        offsets.commit(100, &"t".into(), 0, to_commit(Some(50)));
        offsets.commit(100, &"t".into(), 1, to_commit(Some(5_000)));
        offsets.expire(149, RETENTION_MS, &simple());
        assert!(offsets.get("t", 0).is_some());
        offsets.expire(150, RETENTION_MS, &simple());
        assert_eq!(offsets.get("t", 0), None);
        offsets.expire(5_099, RETENTION_MS, &simple());
        assert!(offsets.get("t", 1).is_some());
    }

    #[test]
    fn the_memory_is_that_of_topics_offsets_and_metadata() {
        let noted = |metadata: &str| OffsetToCommit {
            metadata: metadata.into(),
            ..to_commit(None)
        };
        let mut offsets = Offsets::default();
        let steps: [(&str, i32, &str, usize); 5] = [
            ("orders", 0, "", 128 + 6 + 128),
            ("orders", 0, "note", 128 + 6 + 128 + 4),
            ("orders", 1, "note", 128 + 6 + 2 * (128 + 4)),
            ("t", 0, "note", 128 + 6 + 128 + 1 + 3 * (128 + 4)),
            ("orders", 0, "no", 128 + 6 + 128 + 1 + 3 * (128 + 4) - 2),
        ];
        for (topic, partition, metadata, held_bytes) in steps {
            let growth_bytes = offsets.growth_bytes(topic, partition, &noted(metadata));
            assert_eq!(growth_bytes, held_bytes.saturating_sub(offsets.held_bytes()));
            offsets.commit(0, &topic.into(), partition, noted(metadata));
            assert_eq!(offsets.held_bytes(), held_bytes);
            offsets.count();
            assert_eq!(offsets.held_bytes(), held_bytes, "counted anew");
        }
        offsets.delete("t", 0);
        assert_eq!(offsets.held_bytes(), 128 + 6 + 2 * 128 + 4 + 2);
        offsets.forget_topic("orders");
        assert_eq!(offsets.held_bytes(), 0);
    }

    #[test]
    fn a_commit_may_go_back() {
        let mut offsets = Offsets::default();
        offsets.commit(0, &"t".into(), 0, to_commit(None));
        let back = OffsetToCommit {
            offset: Offset(2),
            ..to_commit(None)
        };
        offsets.commit(0, &"t".into(), 0, back);
        assert_eq!(
            offsets.get("t", 0).map(|committed| committed.offset),
            Some(Offset(2))
        );
    }
}
