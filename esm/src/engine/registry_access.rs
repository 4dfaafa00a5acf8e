//! Whether a mapping's schema registry answers: Lambda asks it when the mapping is created or gets another registry. Source: Lambda
//! developer guide, "Using schema registries with Kafka event sources in Lambda".

use crate::config::{ApiError, MappingConfig};
use crate::decoder::{RemoteRegistry, RemoteRegistryError};
use crate::schema::RegistryLocation;

/// Checks the registry of a mapping, if it has one at a URL.
///
/// # Errors
/// InvalidParameterValueException in AWS's words, which do not say why. The log does.
pub(super) async fn check(config: &MappingConfig) -> Result<(), ApiError> {
    let Some(RegistryLocation::Url(url)) = config.decoding.as_deref().map(|decoding| &decoding.location)
    else {
        return Ok(());
    };
    let answer = match RemoteRegistry::new(url) {
        Ok(registry) => registry.check().await,
        Err(error) => Err(error),
    };
    answer.map_err(|error| {
        tracing::info!(%error, "the schema registry of a mapping is not accessible");
        ApiError::invalid_parameter(match error {
            RemoteRegistryError::Refused { status: 429, .. } => {
                "Receiving throttling errors when accessing the schema registry. Please increase API TPS limits for your schema registry."
            }
            // The words are AWS's.
            RemoteRegistryError::Refused { status: 500.., .. } => {
                "Lambda received an internal server an unexpected error from the provided self-managed schema registry."
            }
            _ => "Cannot access Confluent Schema with the provided access configuration.",
        })
    })
}
