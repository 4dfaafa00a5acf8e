//! UnregisterControllerRequest, versions 0 to 0.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::UnregisterControllerResponse;
use super::declaration::{message, request};

message! {
    /// Kafka's `UnregisterControllerRequest`.
    UnregisterControllerRequest: 0 to 0, flexible 0 {
        controller_id with_controller_id: i32, 0 to 0;
    }
}

request!(UnregisterControllerRequest, 94, flexible 0, UnregisterControllerResponse);
