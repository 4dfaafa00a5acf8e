//! Newtypes for the numbers of the protocol, so that an offset is never passed as an epoch.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $visibility:vis $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name($visibility $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A record's position in its partition; the first record of a partition has offset 0.
    pub Offset(i64)
}
id! {
    /// The number of leader changes of a partition. Kafka's wire value for "unknown" is [`LeaderEpoch::NONE`].
    pub LeaderEpoch(i32)
}
id! {
    /// The id of an idempotent or transactional producer; [`ProducerId::NONE`] for any other.
    pub(crate) ProducerId(i64)
}
id! {
    /// The epoch of a producer id, which fences earlier producers with the same id.
    pub(crate) ProducerEpoch(i16)
}
id! {
    /// A record's number among those of its producer id in one partition; wraps from 2^31 - 1 to 0.
    pub(crate) Sequence(i32)
}
id! {
    /// The generation of a classic group, which rises with each completed rebalance.
    pub GenerationId(i32)
}
id! {
    /// An epoch of a consumer group (KIP-848). The group, its target assignment and its members move along one sequence.
    pub(crate) GroupEpoch(i32)
}
id! {
    /// A broker's `node.id`.
    pub NodeId(i32)
}

/// The way in which a transaction ends. Source: Kafka's `TransactionResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TransactionOutcome {
    /// `read_committed` consumers get its records.
    Commit,
    /// `read_committed` consumers skip its records.
    Abort,
}

impl Offset {
    /// Returns the offset `count` records later.
    pub fn plus(self, count: i64) -> Self {
        Self(self.0 + count)
    }
}

impl LeaderEpoch {
    /// The wire value for an unknown epoch.
    pub const NONE: Self = Self(-1);
}

impl NodeId {
    /// The wire value for no broker. Source: Kafka's `LeaderConstants.NO_LEADER`.
    pub(crate) const NONE: Self = Self(-1);
}

impl ProducerId {
    /// The wire value of a producer that is neither idempotent nor transactional.
    pub(crate) const NONE: Self = Self(-1);
}

impl Sequence {
    /// The wire value of a batch without sequences.
    pub(crate) const NONE: Self = Self(-1);

    /// Returns the sequence `count` records later, wrapped as in Kafka's `DefaultRecordBatch.incrementSequence`.
    pub(crate) fn plus(self, count: i32) -> Self {
        Self(if self.0 > i32::MAX - count {
            count - (i32::MAX - self.0) - 1
        } else {
            self.0 + count
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_wraps_after_the_largest_value() {
        assert_eq!(Sequence(i32::MAX).plus(1), Sequence(0));
        assert_eq!(Sequence(i32::MAX - 2).plus(5), Sequence(2));
        assert_eq!(Sequence(0).plus(5), Sequence(5));
    }
}
