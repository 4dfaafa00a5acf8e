//! The rules of a classic group for committed offsets, and for its own deletion. Offsets are kept outside, see [`crate::group::offsets`].
//!
//! Source: Kafka's `ClassicGroup`.

use super::*;
use crate::group::offsets::OffsetExpirationCondition;
use crate::group::{CommitError, Committer, NonEmptyGroup};

impl ClassicGroup {
    /// Checks that the committer may commit offsets. Source: `ClassicGroup.validateOffsetCommit`.
    pub(crate) fn validate_offset_commit(&self, committer: &Committer) -> Result<(), CommitError> {
        let membership = &committer.membership;
        // A consumer that assigns itself, or an administrator, may commit while the group has no members.
        if membership.generation_or_epoch.is_none() && self.state == ClassicGroupState::Empty {
            return Ok(());
        }
        if !membership.is_anonymous() {
            self.validate_member(membership)?;
            self.validate_generation(membership)?;
        } else if !committer.is_transactional {
            return Err(MembershipError::UnknownMemberId.into());
        }
        // The member has this generation's id but not its assignment yet: its commit belongs to the generation before.
        if self.state == ClassicGroupState::CompletingRebalance && !committer.is_transactional {
            return Err(CommitError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Checks that committed offsets may be deleted. A group with members may have its offsets deleted if it is one of consumers,
    /// because their subscriptions tell which offsets are in use. Source: `ClassicGroup.validateOffsetDelete`.
    pub(crate) fn validate_offset_delete(&self) -> Result<(), NonEmptyGroup> {
        if self.uses_consumer_protocol() {
            return Ok(());
        }
        self.validate_delete()
    }

    /// Checks that the group may be deleted. Source: `ClassicGroup.validateDeleteGroup`.
    pub(crate) fn validate_delete(&self) -> Result<(), NonEmptyGroup> {
        match self.state {
            ClassicGroupState::Empty => Ok(()),
            state => Err(NonEmptyGroup { state: state.into() }),
        }
    }

    /// Returns true if members read the topic. A group of consumers whose metadata cannot be read counts as subscribed to all topics.
    /// Source: `ClassicGroup.isSubscribedToTopic`.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    /// Returns the condition under which offsets of topics that no member reads expire; `None` if members may need any offset.
    /// Source: `ClassicGroup.offsetExpirationCondition`.
    pub(crate) fn offset_expiration_condition(&self) -> Option<OffsetExpirationCondition> {
        if self.protocol_type.is_none() {
            return Some(OffsetExpirationCondition::SinceCommit);
        }
        match self.state {
            ClassicGroupState::Empty => Some(OffsetExpirationCondition::SinceEmpty {
                emptied_at_ms: self.state_since_ms,
            }),
            ClassicGroupState::Stable if self.subscribed_topics.is_some() => {
                Some(OffsetExpirationCondition::SinceCommit)
            }
            // During a rebalance the topics of the next generation are not known, so any offset may be needed.
            _ => None,
        }
    }

    fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some("consumer")
    }

    /// Reads the topics of all members; `None` if the group is not one of consumers, or some metadata cannot be read.
    /// Source: `ClassicGroup.computeSubscribedTopics`.
    pub(super) fn read_subscriptions(&self) -> Option<BTreeSet<Arc<str>>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let mut topics = BTreeSet::new();
        for member in self.members.iter() {
            topics.extend(subscribed_topics(&member.metadata(protocol))?);
        }
        Some(topics)
    }
}
