//! Where documents for on-failure destinations are sent: `[destinations]`.

use esmeralda_esm::{AwsCredentials, AwsEndpoint, DestinationOptions};
use serde::Deserialize;

/// The table `[destinations]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DestinationsEntry {
    /// The URL of all three services.
    pub endpoint: Option<AwsEndpoint>,
    /// The URL of Amazon SQS, if it is another one.
    pub sqs_endpoint: Option<AwsEndpoint>,
    /// The URL of Amazon SNS, if it is another one.
    pub sns_endpoint: Option<AwsEndpoint>,
    /// The URL of Amazon S3, if it is another one.
    pub s3_endpoint: Option<AwsEndpoint>,
    /// The credentials that requests are signed with.
    pub credentials: AwsCredentials,
    /// Whether documents for services without a URL are kept in memory.
    pub capture: bool,
}

impl DestinationsEntry {
    /// Returns what the table says as options of the engine.
    pub fn options(self) -> DestinationOptions {
        let endpoint = self.endpoint;
        DestinationOptions {
            sqs: self.sqs_endpoint.or_else(|| endpoint.clone()),
            sns: self.sns_endpoint.or_else(|| endpoint.clone()),
            s3: self.s3_endpoint.or(endpoint),
            credentials: self.credentials,
            captures: self.capture,
        }
    }
}
