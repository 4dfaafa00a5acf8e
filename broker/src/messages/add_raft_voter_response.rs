//! AddRaftVoterResponse, versions 0 to 1.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::codec::{message, response};
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `AddRaftVoterResponse`.
    AddRaftVoterResponse: 0 to 1, flexible 0 {
        /// The duration in milliseconds for which the request was throttled due to a quota violation, or
        /// zero if the request did not violate any quota.
        throttle_time_ms with_throttle_time_ms: i32, 0 to 1;
        /// The error code, or 0 if there was no error.
        error_code with_error_code: i16, 0 to 1;
        /// The error message, or null if there was no error.
        error_message with_error_message: Option<StrBytes> = Some(Default::default()), 0 to 1 else dropped;
    }
}

response!(AddRaftVoterResponse, flexible 0);
