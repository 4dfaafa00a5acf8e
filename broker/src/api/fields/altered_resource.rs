//! One resource in an answer to AlterConfigs or IncrementalAlterConfigs, whose messages differ in their names only.

use crate::api::errors::{KafkaError, code_of};
use crate::operations::alter_configs::AlterConfigsError;
use kafka_protocol::messages::{alter_configs_response, incremental_alter_configs_response};
use kafka_protocol::protocol::StrBytes;

/// A message that tells what became of one resource.
pub(crate) trait AlteredResource: Sized {
    /// Returns the message with these fields.
    fn with(code: i16, message: Option<StrBytes>, resource_type: i8, resource_name: StrBytes) -> Self;

    /// Returns the message for the result of an operation.
    fn of(result: Result<(), AlterConfigsError>, resource_type: i8, resource_name: StrBytes) -> Self {
        let message = match &result {
            // The whole request failed, and Kafka says why in its log only.
            Err(AlterConfigsError::ControllerFailed) | Ok(()) => None,
            Err(error) => Some(error.message()),
        };
        Self::with(code_of(&result), message, resource_type, resource_name)
    }
}

impl AlteredResource for alter_configs_response::AlterConfigsResourceResponse {
    fn with(code: i16, message: Option<StrBytes>, resource_type: i8, resource_name: StrBytes) -> Self {
        Self::default()
            .with_error_code(code)
            .with_error_message(message)
            .with_resource_type(resource_type)
            .with_resource_name(resource_name)
    }
}

impl AlteredResource for incremental_alter_configs_response::AlterConfigsResourceResponse {
    fn with(code: i16, message: Option<StrBytes>, resource_type: i8, resource_name: StrBytes) -> Self {
        Self::default()
            .with_error_code(code)
            .with_error_message(message)
            .with_resource_type(resource_type)
            .with_resource_name(resource_name)
    }
}
