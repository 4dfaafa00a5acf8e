//! Maps errors to Kafka's codes: the only place that decides, with one exhaustive match for each operation's error.

mod access;
mod cluster;
mod counts;
mod groups;
mod messages;
mod names;
mod records;
mod requests;
mod topics;
mod transactions;

pub(crate) use counts::ErrorCounts;
pub(super) use groups::{
    commit_in_transaction_code, commit_offsets_code, describe_group_code, joining_member_id,
};
pub(super) use messages::default_message;
pub(super) use requests::RequestError;
pub(super) use transactions::fenced_code;

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use std::fmt::Display;

/// An error that has a code of Kafka.
pub(crate) trait KafkaError: Display {
    /// Returns Kafka's error.
    fn response(&self) -> ResponseError;

    /// Returns the code on the wire.
    fn code(&self) -> i16 {
        self.response().code()
    }

    /// Returns Kafka's name, such as `REBALANCE_IN_PROGRESS`.
    fn name(&self) -> &'static str {
        names::name(self.response())
    }

    /// Returns the message for the client.
    fn message(&self) -> StrBytes {
        StrBytes::from_string(self.to_string())
    }
}

/// Returns the code of an operation's result: 0 if it succeeded.
pub(crate) fn code_of<T, E: KafkaError>(result: &Result<T, E>) -> i16 {
    result.as_ref().err().map_or(0, KafkaError::code)
}

/// Returns the code for clients that do not know KAFKA_STORAGE_ERROR. It makes them look for the leader and try again.
pub(crate) fn code_instead_of_storage_error() -> i16 {
    ResponseError::NotLeaderOrFollower.code()
}
