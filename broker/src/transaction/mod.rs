//! The transaction coordinator: the rules of transactional ids, and the shell that stores what they decide.
//!
//! The rules are pure functions of [`TransactionMetadata`]: they are told the time, and return the next value. [`Transactions`] holds
//! the lock and stores each value in one place. This room knows partitions by name only: operations write the markers, and know which broker
//! coordinates an id.

mod end;
mod errors;
mod init;
mod journal;
mod listing;
mod metadata;
mod partitions;
mod state;
#[cfg(test)]
mod tests;
mod transactions;

pub(crate) use end::EndRequest;
pub(crate) use errors::TransactionError;
pub(crate) use init::FormerProducer;
pub(crate) use journal::TransactionJournal;
pub(crate) use listing::TransactionFilters;
pub(crate) use metadata::{TopicPartition, TransactionMetadata};
pub(crate) use state::{TransactionState, TransactionVersion};
pub(crate) use transactions::{DecidedTransaction, RefusedTransaction, Transactions, TransactionsFull};
