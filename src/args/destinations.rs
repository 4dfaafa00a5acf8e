//! The options of on-failure destinations.

use clap::Args;
use esmeralda::declarations::DestinationsEntry;
use esmeralda::esm::{AwsEndpoint, DestinationOptions};

/// The places that documents for on-failure destinations are sent to.
#[derive(Clone, Debug, Args)]
pub(crate) struct DestinationArgs {
    /// URL at which on-failure destinations in Amazon SQS, SNS and S3 are reached: that of
    /// anything that speaks their APIs
    #[arg(long, value_name = "URL")]
    pub(crate) aws_endpoint: Option<AwsEndpoint>,
    /// URL of Amazon SQS [default: that of --aws-endpoint]
    #[arg(long, value_name = "URL")]
    pub(crate) sqs_endpoint: Option<AwsEndpoint>,
    /// URL of Amazon SNS [default: that of --aws-endpoint]
    #[arg(long, value_name = "URL")]
    pub(crate) sns_endpoint: Option<AwsEndpoint>,
    /// URL of Amazon S3 [default: that of --aws-endpoint]
    #[arg(long, value_name = "URL")]
    pub(crate) s3_endpoint: Option<AwsEndpoint>,
    /// Keep the documents for services without a URL in memory, where GET /esmeralda/destinations
    /// shows them. Without it, a mapping with such a destination is refused
    #[arg(long)]
    pub(crate) capture_destinations: bool,
}

impl DestinationArgs {
    /// Returns what the config file says, changed by the options that were given.
    pub(crate) fn apply(&self, file: DestinationsEntry) -> DestinationOptions {
        // An option of one service comes before the file's, and that of all services only before the file's for all.
        let entry = DestinationsEntry {
            endpoint: self.aws_endpoint.clone().or(file.endpoint),
            sqs_endpoint: self.sqs_endpoint.clone().or(file.sqs_endpoint),
            sns_endpoint: self.sns_endpoint.clone().or(file.sns_endpoint),
            s3_endpoint: self.s3_endpoint.clone().or(file.s3_endpoint),
            credentials: file.credentials,
            capture: self.capture_destinations || file.capture,
        };
        entry.options()
    }
}
