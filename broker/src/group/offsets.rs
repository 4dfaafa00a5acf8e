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

/// The committed offsets of one topic, by partition.
pub(crate) type TopicOffsets = BTreeMap<i32, CommittedOffset>;

/// The committed offsets of one group.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    by_topic: BTreeMap<Arc<str>, TopicOffsets>,
}

impl Offsets {
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
        let offsets = self.by_topic.entry(Arc::clone(topic)).or_default();
        offsets.insert(partition, committed);
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
    }

    /// Forgets all offsets of the topic, which was deleted.
    pub(crate) fn forget_topic(&mut self, topic: &str) {
        self.by_topic.remove(topic);
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
