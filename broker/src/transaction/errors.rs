//! The reasons for which the coordinator refuses a request. The variants have the meaning of Kafka's errors of the same name.

/// A request of a producer is refused by the rules of its transactional id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub(crate) enum TransactionError {
    /// The transaction is being ended, or was just aborted on behalf of a new producer: the client waits and tries again.
    #[error("another change of the transaction is in progress")]
    Concurrent,
    /// Another producer has taken the transactional id over. Requests of early versions get INVALID_PRODUCER_EPOCH instead.
    #[error("a newer producer has the transactional id")]
    Fenced,
    /// The transactional id is unknown, or has another producer id.
    #[error("the transactional id does not have this producer id")]
    InvalidProducerIdMapping,
    /// The transaction cannot end in this way in its state.
    #[error("the transaction cannot end in this way in its state")]
    InvalidState,
}
