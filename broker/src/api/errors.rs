//! Domain errors to Kafka codes: the only place that decides, one exhaustive match per operation's error.

mod access;
mod counts;
mod groups;
mod names;
mod records;
mod topics;

pub(crate) use counts::ErrorCounts;
pub(super) use groups::{commit_offsets_code, describe_group_code, joining_member_id};

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use std::fmt::Display;

/// A domain error as Kafka's clients know it.
pub(crate) trait KafkaError: Display {
    /// Kafka's error for it.
    fn response(&self) -> ResponseError;

    /// Its code on the wire.
    fn code(&self) -> i16 {
        self.response().code()
    }

    /// Kafka's name of it, such as `REBALANCE_IN_PROGRESS`.
    fn name(&self) -> &'static str {
        names::name(self.response())
    }

    /// What the broker says of it.
    fn message(&self) -> StrBytes {
        StrBytes::from_string(self.to_string())
    }
}

/// The code of an operation's result: 0 when it succeeded.
pub(crate) fn code_of<T, E: KafkaError>(result: &Result<T, E>) -> i16 {
    result.as_ref().err().map_or(0, KafkaError::code)
}

/// What clients are told that do not know KAFKA_STORAGE_ERROR: they look for the leader and try again.
pub(crate) fn code_instead_of_storage_error() -> i16 {
    ResponseError::NotLeaderOrFollower.code()
}
