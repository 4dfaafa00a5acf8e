//! The states of a transactional id. Source: Kafka's `org.apache.kafka.coordinator.transaction.TransactionState`.

use crate::ids::TransactionOutcome;

/// The state of a transactional id, with Kafka's code of it in the records of `__transaction_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TransactionState {
    /// The id has a producer, and no transaction was begun since the producer was initialised.
    Empty = 0,
    /// A transaction is open.
    Ongoing = 1,
    /// The transaction is committed; markers are still to be written.
    PrepareCommit = 2,
    /// The transaction is aborted; markers are still to be written.
    PrepareAbort = 3,
    /// The transaction is committed, and all markers are written.
    CompleteCommit = 4,
    /// The transaction is aborted, and all markers are written.
    CompleteAbort = 5,
    /// The id has expired. It is removed in the same step, so no client sees this state.
    Dead = 6,
    /// The producer is being fenced. It becomes [`Self::PrepareAbort`] in the same step, so no client sees this state.
    PrepareEpochFence = 7,
}

impl TransactionState {
    /// All states.
    const ALL: [Self; 8] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
        Self::Dead,
        Self::PrepareEpochFence,
    ];

    /// Returns Kafka's name of the state.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
            Self::Dead => "Dead",
            Self::PrepareEpochFence => "PrepareEpochFence",
        }
    }

    /// Returns the state with that name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Returns whether a transaction is decided and its markers are still to be written.
    pub(crate) fn is_prepared(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }

    /// Returns whether no transaction is open and none is being ended. Ids in these states expire.
    pub(crate) fn is_at_rest(self) -> bool {
        matches!(self, Self::Empty | Self::CompleteCommit | Self::CompleteAbort)
    }

    /// Returns whether the state may follow `before`. Source: `TransactionState.validPreviousStates`.
    pub(crate) fn may_follow(self, before: Self) -> bool {
        match self {
            Self::Empty | Self::Dead => before.is_at_rest(),
            Self::Ongoing => before == Self::Ongoing || before.is_at_rest(),
            Self::PrepareCommit | Self::PrepareEpochFence => before == Self::Ongoing,
            // A producer of transactions version 2 may abort a transaction that has no partitions.
            Self::PrepareAbort => {
                matches!(before, Self::Ongoing | Self::PrepareEpochFence) || before.is_at_rest()
            }
            Self::CompleteCommit => before == Self::PrepareCommit,
            Self::CompleteAbort => before == Self::PrepareAbort,
        }
    }
}

impl TransactionOutcome {
    /// Returns the state of a transaction with this outcome until its markers are written.
    pub(super) fn prepared(self) -> TransactionState {
        match self {
            Self::Commit => TransactionState::PrepareCommit,
            Self::Abort => TransactionState::PrepareAbort,
        }
    }

    /// Returns the state of a transaction with this outcome after its markers are written.
    pub(super) fn complete(self) -> TransactionState {
        match self {
            Self::Commit => TransactionState::CompleteCommit,
            Self::Abort => TransactionState::CompleteAbort,
        }
    }
}

/// The protocol that the client of a transaction speaks. Source: Kafka's `TransactionVersion`, KIP-890.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TransactionVersion {
    /// The client adds each partition before it writes to it, and its epoch stays the same from transaction to transaction.
    V1,
    /// A write adds its partition, and each transaction has an epoch of its own.
    V2,
}

impl TransactionVersion {
    /// Returns the protocol at a level of the feature `transaction.version`. Source: `TransactionVersion.supportsEpochBump`.
    pub(crate) fn at_level(level: i16) -> Self {
        if level >= 2 { Self::V2 } else { Self::V1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_kafkas_names() {
        for state in TransactionState::ALL {
            assert_eq!(TransactionState::of_name(state.name()), Some(state));
        }
        assert_eq!(
            TransactionState::of_name("ongoing"),
            None,
            "names have their case"
        );
    }

    #[test]
    fn each_state_follows_those_that_kafka_allows() {
        use TransactionState::*;
        let expected: [(TransactionState, &[TransactionState]); 8] = [
            (Empty, &[Empty, CompleteCommit, CompleteAbort]),
            (Ongoing, &[Empty, Ongoing, CompleteCommit, CompleteAbort]),
            (PrepareCommit, &[Ongoing]),
            (
                PrepareAbort,
                &[Empty, Ongoing, CompleteCommit, CompleteAbort, PrepareEpochFence],
            ),
            (CompleteCommit, &[PrepareCommit]),
            (CompleteAbort, &[PrepareAbort]),
            (Dead, &[Empty, CompleteCommit, CompleteAbort]),
            (PrepareEpochFence, &[Ongoing]),
        ];
        for (state, allowed) in expected {
            let before = TransactionState::ALL.into_iter();
            let found: Vec<_> = before.filter(|before| state.may_follow(*before)).collect();
            assert_eq!(found, allowed, "{state:?}");
        }
    }
}
