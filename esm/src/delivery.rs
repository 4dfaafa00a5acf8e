//! The delivery of discarded records to on-failure destinations: Kafka topics of the mapping's cluster; SQS, SNS and S3 at endpoints; and
//! memory, for tests.
//!
//! A delivery holds up the partitions of its records, and nothing else. A transient failure is tried again, and a delivery that failed in the
//! end drops its records, so that a destination never stops a partition.
//!
//! # Differs from Lambda
//! - How often Lambda tries is not documented. Here it is three times, after 100 ms and 200 ms, of which a random part of up to a half is
//!   taken off. An endpoint has 10 s for each answer.
//! - A Kafka topic that does not exist is not created, whatever `auto.create.topics.enable` says.
//! - There is no TLS to endpoints.

mod aws;
mod captured;
mod endpoint;
mod signature;
#[cfg(test)]
mod tests;

pub use captured::{CapturedDestination, CapturedDocument, CapturedDocuments};
pub use endpoint::{AwsEndpoint, InvalidAwsEndpoint};
pub use signature::AwsCredentials;

use crate::batch::Batch;
use crate::config::MappingConfig;
use crate::date::UtcTime;
use crate::destination::{
    Destination, DiscardCondition, DiscardedRecords, DocumentIds, FunctionResponse, OnFailure,
    ReachableServices, RecordDocument,
};
use crate::retry::Backoff;
use crate::source::consumer::client::{ErrorKind, Message};
use crate::source::producer::Producer;
use crate::{Clock, Entropy, MemoryPool};
use aws::{AwsClient, Parcel};
use std::sync::Arc;
use std::time::Duration;

/// Number of times that a document is sent before the delivery has failed.
const ATTEMPTS: u32 = 3;

const BACKOFF: Backoff = Backoff {
    initial: Duration::from_millis(100),
    maximum: Duration::from_secs(1),
};

/// The places that documents for AWS's services are sent to.
#[derive(Clone, Debug, Default)]
pub struct DestinationOptions {
    /// The endpoint of Amazon SQS.
    pub sqs: Option<AwsEndpoint>,
    /// The endpoint of Amazon SNS.
    pub sns: Option<AwsEndpoint>,
    /// The endpoint of Amazon S3.
    pub s3: Option<AwsEndpoint>,
    /// The credentials that requests are signed with.
    pub credentials: AwsCredentials,
    /// Whether documents for a service without an endpoint are kept in memory, where tests read them. Otherwise a mapping with such a
    /// destination is refused.
    pub captures: bool,
}

/// The destinations that all mappings of an engine share.
#[derive(Debug)]
pub(crate) struct Destinations {
    aws: AwsClient,
    captured: Option<CapturedDocuments>,
}

/// Delivers the discarded records of one mapping.
#[derive(Debug)]
pub(crate) struct Deliverer {
    /// The mapping's UUID.
    pub(crate) uuid: String,
    pub(crate) destinations: Arc<Destinations>,
    /// The producer to the cluster that the mapping reads.
    pub(crate) producer: Arc<dyn Producer>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) memory: MemoryPool,
}

/// Records that are to be delivered.
#[derive(Clone, Debug)]
pub(crate) struct Discard {
    /// The records.
    pub(crate) batch: Arc<Batch>,
    /// The configuration with which they were read.
    pub(crate) config: Arc<MappingConfig>,
    /// The reason.
    pub(crate) condition: DiscardCondition,
    /// The last answer of the function, if the condition is about its failures.
    pub(crate) response: Option<FunctionResponse>,
    /// Number of invocations that failed in the function.
    pub(crate) invoke_count: u32,
}

/// The outcome of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// Number of records that were delivered.
    pub(crate) delivered: u64,
    /// Number of records that were not.
    pub(crate) dropped: u64,
    /// Number of attempts that failed.
    pub(crate) errors: u64,
    /// The last error, if records were dropped.
    pub(crate) reason: Option<String>,
}

/// The reason why a document was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
struct SendError {
    /// Whether the same document can be taken a moment later.
    is_transient: bool,
    reason: String,
}

impl Destinations {
    /// Returns the destinations. `region` is that of requests to S3, whose ARNs name none.
    pub(crate) fn new(options: DestinationOptions, region: String, memory: MemoryPool) -> Self {
        Self {
            captured: options.captures.then(|| CapturedDocuments::new(memory)),
            aws: AwsClient::new(options, region),
        }
    }

    /// Returns the services that destinations can be reached through.
    pub(crate) fn reachable(&self) -> ReachableServices {
        let captures = self.captured.is_some();
        let ReachableServices { sqs, sns, s3 } = self.aws.reachable();
        ReachableServices {
            sqs: sqs || captures,
            sns: sns || captures,
            s3: s3 || captures,
        }
    }

    /// Returns the documents that are kept in memory, if any are to be.
    pub(crate) fn captured(&self) -> Option<&CapturedDocuments> {
        self.captured.as_ref()
    }

    async fn send(&self, destination: &Destination, parcel: &Parcel) -> Result<(), SendError> {
        if self.aws.reachable().reach(destination) {
            return self.aws.send(destination, parcel).await;
        }
        match &self.captured {
            Some(captured) => captured.add(destination, parcel),
            // A mapping with such a destination is refused when it is created.
            None => Err(SendError {
                is_transient: false,
                reason: format!("there is no endpoint for {destination}"),
            }),
        }
    }
}

impl Deliverer {
    /// Delivers records, or gives up.
    pub(crate) async fn deliver(&self, discard: Discard) -> Delivered {
        let Some(on_failure) = &discard.config.on_failure else {
            return Delivered::default();
        };
        let record_count = discard.batch.record_count() as u64;
        // Documents contain the event, or each record of it.
        let _charge = match self.room_for(discard.batch.event_bytes).await {
            Ok(charge) => charge,
            Err(failed) => return failed.all(record_count),
        };
        let request_id = self.entropy.uuid().to_string();
        let ids = DocumentIds {
            request_id: &request_id,
            now: UtcTime::of_ms(self.clock.now_ms()),
        };
        let records = discard.records(on_failure);
        match &on_failure.destination {
            Destination::KafkaTopic { topic } => {
                let documents = records.record_documents(ids);
                self.produce(topic, documents).await
            }
            destination => {
                let parcel = self.parcel(destination, &records, ids);
                self.send(destination, parcel, record_count).await
            }
        }
    }

    fn parcel(
        &self,
        destination: &Destination,
        records: &DiscardedRecords<'_>,
        ids: DocumentIds<'_>,
    ) -> Parcel {
        let is_object = matches!(destination, Destination::Bucket { .. });
        let (document, object_key) = if is_object {
            let id = self.entropy.uuid().to_string();
            let key = records.object_key(&self.uuid, ids.now, &id);
            (records.object_document(ids), Some(key))
        } else {
            (records.batch_document(ids), None)
        };
        Parcel {
            document: document.into(),
            object_key,
            now: ids.now,
        }
    }

    /// Sends one document.
    async fn send(&self, destination: &Destination, parcel: Parcel, record_count: u64) -> Delivered {
        let mut failed = Failed::default();
        for nth in 1..=ATTEMPTS {
            match self.destinations.send(destination, &parcel).await {
                Ok(()) => {
                    return Delivered {
                        delivered: record_count,
                        errors: failed.errors,
                        ..Delivered::default()
                    };
                }
                Err(error) => failed.add(error.reason, error.is_transient),
            }
            if !failed.is_transient {
                break;
            }
            self.back_off(nth).await;
        }
        failed.all(record_count)
    }

    /// Produces one message for each document.
    async fn produce(&self, topic: &str, documents: Vec<RecordDocument>) -> Delivered {
        let timestamp_ms = self.clock.now_ms();
        let message = |RecordDocument { key, body }| Message {
            key,
            value: body,
            timestamp_ms,
        };
        let mut waiting: Vec<Message> = documents.into_iter().map(message).collect();
        let mut result = Delivered::default();
        for nth in 1..=ATTEMPTS {
            let sent = waiting.len();
            let unsent = self
                .producer
                .produce(topic, waiting, self.entropy.next_u64())
                .await;
            result.delivered += (sent - unsent.len()) as u64;
            result.errors += u64::from(!unsent.is_empty());
            if let Some((_, error)) = unsent.last() {
                result.reason = Some(error.reason.clone());
            }
            let is_transient = |error: ErrorKind| error == ErrorKind::Transient && nth < ATTEMPTS;
            let (again, lost): (Vec<_>, Vec<_>) = unsent
                .into_iter()
                .partition(|(_, error)| is_transient(error.kind));
            result.dropped += lost.len() as u64;
            if again.is_empty() {
                break;
            }
            waiting = again.into_iter().map(|(message, _)| message).collect();
            self.back_off(nth).await;
        }
        if result.dropped == 0 {
            result.reason = None;
        }
        result
    }

    /// Takes the memory for a document.
    async fn room_for(&self, bytes: usize) -> Result<impl Sized, Failed> {
        let mut failed = Failed::default();
        for nth in 1..=ATTEMPTS {
            match self.memory.charge(bytes) {
                Ok(charge) => return Ok(charge),
                Err(full) => failed.add(full.to_string(), true),
            }
            self.back_off(nth).await;
        }
        Err(failed)
    }

    /// Waits after the attempt `nth`, unless it was the last one.
    async fn back_off(&self, nth: u32) {
        if nth < ATTEMPTS {
            let delay = BACKOFF.delay(nth, self.entropy.next_u64());
            self.clock.sleep(delay).await;
        }
    }
}

impl Discard {
    /// Returns the destination as the mapping names it; nothing without one.
    pub(crate) fn destination(&self) -> String {
        let on_failure = self.config.on_failure.as_ref();
        on_failure
            .map(|on_failure| on_failure.destination.to_string())
            .unwrap_or_default()
    }

    fn records<'a>(&'a self, on_failure: &'a OnFailure) -> DiscardedRecords<'a> {
        DiscardedRecords {
            batch: &self.batch,
            envelope: &self.config.envelope,
            on_failure,
            qualifier: self.config.qualifier.as_deref(),
            condition: self.condition,
            response: self.response.as_ref(),
            invoke_count: self.invoke_count,
        }
    }
}

/// The attempts that have failed.
#[derive(Debug, Default)]
struct Failed {
    errors: u64,
    is_transient: bool,
    reason: String,
}

impl Failed {
    fn add(&mut self, reason: String, is_transient: bool) {
        self.errors += 1;
        self.is_transient = is_transient;
        self.reason = reason;
    }

    /// Returns the outcome if `record_count` records are dropped for it.
    fn all(self, record_count: u64) -> Delivered {
        Delivered {
            delivered: 0,
            dropped: record_count,
            errors: self.errors,
            reason: Some(self.reason),
        }
    }
}
