//! On-failure destinations: where a mapping's discarded records go, and the documents that tell of them. Pure; `delivery` sends them.
//!
//! Source: AWS Lambda developer guide, "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event sources" and "Using a
//! Kafka topic as an on-failure destination".

mod document;
#[cfg(test)]
mod tests;

pub(crate) use document::{DiscardedRecords, DocumentIds, RecordDocument};

use std::fmt;

/// The reason why records are discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiscardCondition {
    /// `MaximumRetryAttempts` is reached.
    RetryAttemptsExhausted,
    /// `MaximumRecordAgeInSeconds` is exceeded.
    RecordAgeExceeded,
    /// The event with one record alone exceeds 6 MB.
    MaximumPayloadSizeExceeded,
    /// The schema registry does not have the record's schema.
    SchemaNotFound,
    /// The record is not data of its schema.
    DeserializationError,
}

impl fmt::Display for DiscardCondition {
    /// Writes the condition as the documents for SQS, SNS and S3 name it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The developer guide writes these two in capitals.
            Self::SchemaNotFound => formatter.write_str("SCHEMA_NOT_FOUND"),
            Self::DeserializationError => formatter.write_str("DESERIALIZATION_ERROR"),
            _ => fmt::Debug::fmt(self, formatter),
        }
    }
}

/// The last answer to an invocation with discarded records: `responseContext`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionResponse {
    /// The HTTP status of the invocation.
    pub(crate) status: u16,
    /// The kind of error in the function; `None` if it succeeded and named failed records.
    pub(crate) function_error: Option<String>,
}

/// The destination of a mapping's discarded records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// `kafka://TOPIC`: a topic of the cluster that the mapping reads.
    KafkaTopic {
        /// The topic.
        topic: String,
    },
    /// The ARN of an SQS queue.
    Queue {
        /// The ARN.
        arn: String,
        /// The region.
        region: String,
        /// The account.
        account_id: String,
        /// The queue's name.
        name: String,
    },
    /// The ARN of an SNS topic.
    Notification {
        /// The ARN.
        arn: String,
        /// The region.
        region: String,
    },
    /// The ARN of an S3 bucket.
    Bucket {
        /// The ARN.
        arn: String,
        /// The bucket's name.
        name: String,
    },
}

/// A service of AWS that destinations are reached through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AwsService {
    /// Amazon SQS.
    Sqs,
    /// Amazon SNS.
    Sns,
    /// Amazon S3.
    S3,
}

impl AwsService {
    /// Returns the name in ARNs and signatures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::S3 => "s3",
        }
    }
}

/// The services that destinations can be reached through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReachableServices {
    /// Amazon SQS.
    pub(crate) sqs: bool,
    /// Amazon SNS.
    pub(crate) sns: bool,
    /// Amazon S3.
    pub(crate) s3: bool,
}

impl ReachableServices {
    /// Returns whether documents for `destination` can be sent.
    pub(crate) fn reach(self, destination: &Destination) -> bool {
        match destination.service() {
            None => true,
            Some(AwsService::Sqs) => self.sqs,
            Some(AwsService::Sns) => self.sns,
            Some(AwsService::S3) => self.s3,
        }
    }
}

/// The reason why a text names no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidDestination {
    /// It names something else.
    #[error(
        "Unsupported on-failure destination {text}: must be the ARN of an Amazon SQS queue, an Amazon SNS topic or an Amazon S3 bucket, or \
         kafka://TOPIC."
    )]
    Unsupported {
        /// The text.
        text: String,
    },
    /// It names a FIFO queue or topic.
    #[error("Unsupported on-failure destination {text}: FIFO queues and FIFO topics are not supported.")]
    Fifo {
        /// The text.
        text: String,
    },
}

impl Destination {
    /// Reads a destination that matches the pattern of AWS's model.
    ///
    /// # Errors
    /// [`InvalidDestination`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidDestination> {
        let unsupported = || InvalidDestination::Unsupported {
            text: text.to_owned(),
        };
        if let Some(topic) = text.strip_prefix("kafka://") {
            return Ok(Self::KafkaTopic {
                topic: topic.to_owned(),
            });
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, _, service, region, account_id, name] = parts[..] else {
            return Err(unsupported());
        };
        // Every other resource of these services has a colon or a slash in its name, such as a subscription or an object.
        if name.is_empty() || name.contains([':', '/']) {
            return Err(unsupported());
        }
        let has_place = !region.is_empty() && !account_id.is_empty();
        let arn = text.to_owned();
        match service {
            "sqs" | "sns" if has_place && name.ends_with(".fifo") => {
                Err(InvalidDestination::Fifo { text: arn })
            }
            "sqs" if has_place => Ok(Self::Queue {
                arn,
                region: region.to_owned(),
                account_id: account_id.to_owned(),
                name: name.to_owned(),
            }),
            "sns" if has_place => Ok(Self::Notification {
                arn,
                region: region.to_owned(),
            }),
            "s3" => Ok(Self::Bucket {
                arn,
                name: name.to_owned(),
            }),
            _ => Err(unsupported()),
        }
    }

    /// Returns the service that it is reached through; `None` for a Kafka topic.
    pub(crate) fn service(&self) -> Option<AwsService> {
        match self {
            Self::KafkaTopic { .. } => None,
            Self::Queue { .. } => Some(AwsService::Sqs),
            Self::Notification { .. } => Some(AwsService::Sns),
            Self::Bucket { .. } => Some(AwsService::S3),
        }
    }
}

impl fmt::Display for Destination {
    /// Writes the destination as the mapping names it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KafkaTopic { topic } => write!(formatter, "kafka://{topic}"),
            Self::Queue { arn, .. } | Self::Notification { arn, .. } | Self::Bucket { arn, .. } => {
                formatter.write_str(arn)
            }
        }
    }
}

/// The on-failure destination of a mapping, with what its documents say of the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnFailure {
    /// The destination.
    pub(crate) destination: Destination,
    /// The function's ARN, with the qualifier as the mapping names it.
    pub(crate) function_arn: String,
}
