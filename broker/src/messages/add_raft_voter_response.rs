//! AddRaftVoterResponse, versions 0 to 1.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `AddRaftVoterResponse`.
    AddRaftVoterResponse: 0 to 1, flexible 0 {
        throttle_time_ms with_throttle_time_ms: i32, 0 to 1;
        error_code with_error_code: i16, 0 to 1;
        error_message with_error_message: Option<StrBytes> = Some(Default::default()), 0 to 1 else dropped;
    }
}

response!(AddRaftVoterResponse, flexible 0);
