//! The documents of both dialects. For SQS, SNS and S3 there is one for a batch; for a Kafka topic there is one for each record.
//!
//! # Differs from Lambda
//! - Lambda does not document a name for too old records of Kafka. Here it is `RecordAgeExceeded`, without a `responseContext`, as recorded for
//!   Kinesis.
//! - `executedVersion` is the qualifier that the mapping names, or `$LATEST`: an alias is not resolved to a version.
//! - `requestId` is an id of the document's own.
//! - A self-managed mapping has no `eventSourceArn`, as in its events.
//! - Lambda does not document the key of an S3 object for Kafka. Here it is that for streams, with topic and partition of the batch's first
//!   record for the shard.

use super::{DiscardCondition, FunctionResponse, OnFailure};
use crate::batch::{Batch, BatchPart, Envelope};
use crate::date::UtcTime;
use crate::source::Span;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the documents' form.
const VERSION: &str = "1.0";

/// Discarded records, with everything that their documents say of them.
#[derive(Clone, Debug)]
pub(crate) struct DiscardedRecords<'a> {
    /// The records.
    pub(crate) batch: &'a Batch,
    /// The envelope of their event.
    pub(crate) envelope: &'a Envelope,
    /// The mapping's function.
    pub(crate) on_failure: &'a OnFailure,
    /// The function's version or alias, if the mapping names one.
    pub(crate) qualifier: Option<&'a str>,
    /// The reason.
    pub(crate) condition: DiscardCondition,
    /// The last answer of the function, if the condition is about its failures.
    pub(crate) response: Option<&'a FunctionResponse>,
    /// Number of invocations that failed in the function.
    pub(crate) invoke_count: u32,
}

/// The id and the time of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentIds<'a> {
    /// `requestId`: a UUID.
    pub(crate) request_id: &'a str,
    /// The time of the discard.
    pub(crate) now: UtcTime,
}

/// The document of one record, for a Kafka topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordDocument {
    /// The record's own key.
    pub(crate) key: Option<Bytes>,
    /// The document.
    pub(crate) body: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    request_context: RequestContext<'a>,
    /// Absent, null or given.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<Option<ResponseContext<'a>>>,
    version: &'a str,
    timestamp: String,
    #[serde(rename = "KafkaBatchInfo")]
    kafka_batch_info: KafkaBatchInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: String,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    function_error: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KafkaBatchInfo<'a> {
    batch_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source_arn: Option<&'a str>,
    bootstrap_servers: &'a str,
    payload_size: usize,
    #[serde(flatten)]
    records: RecordsInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum RecordsInfo {
    /// Of a batch, by topic and partition.
    RecordsInfo(BTreeMap<String, RunInfo>),
    /// Of one record.
    RecordInfo { offset: String, timestamp: String },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunInfo {
    // Offsets are texts in AWS's documents.
    first_record_offset: String,
    last_record_offset: String,
    first_record_timestamp: String,
    last_record_timestamp: String,
}

impl DiscardedRecords<'_> {
    /// Returns the document of the batch for SQS and SNS.
    pub(crate) fn batch_document(&self, ids: DocumentIds<'_>) -> Vec<u8> {
        let records = RecordsInfo::RecordsInfo(self.runs());
        let arn = self.on_failure.function_arn.clone();
        write(&self.document(ids, self.condition.to_string(), arn, self.batch, records))
    }

    /// Returns the document of the batch for S3, which contains the whole event as a text.
    pub(crate) fn object_document(&self, ids: DocumentIds<'_>) -> Vec<u8> {
        let payload = write(&String::from_utf8_lossy(&self.event(self.batch)));
        with_payload(self.batch_document(ids), &payload)
    }

    /// Returns the key of the object in S3. `id` is a UUID of its own.
    pub(crate) fn object_key(&self, mapping_uuid: &str, now: UtcTime, id: &str) -> String {
        let partition = self.batch.parts.first().map_or(0, |part| part.records.partition);
        let time = now.format("%Y/%m/%d/%Y-%m-%dT%H.%M.%S");
        format!(
            "aws/lambda/{mapping_uuid}/{}-{partition}/{time}-{id}",
            self.envelope.topic
        )
    }

    /// Returns the document of each record for a Kafka topic, which contains the event with that record as an object.
    pub(crate) fn record_documents(&self, ids: DocumentIds<'_>) -> Vec<RecordDocument> {
        let condition = match self.condition {
            // The one condition that AWS names differently for Kafka.
            DiscardCondition::RetryAttemptsExhausted => "RetriesExhausted".to_owned(),
            other => other.to_string(),
        };
        let mut documents = Vec::with_capacity(self.batch.record_count());
        for part in &self.batch.parts {
            for (index, span) in part.range.clone().zip(part.spans()) {
                let records = &part.records;
                let one = BatchPart {
                    records: records.clone(),
                    range: index..index + 1,
                };
                let batch = self.envelope.batch(vec![one]);
                let info = RecordsInfo::RecordInfo {
                    offset: span.offset.to_string(),
                    timestamp: UtcTime::of_ms(span.timestamp_ms).to_string(),
                };
                let document = self.document(
                    ids,
                    condition.clone(),
                    self.qualified_function_arn(),
                    &batch,
                    info,
                );
                let key = span.key.as_ref();
                documents.push(RecordDocument {
                    key: key.map(|key| records.buffer.slice(key.start as usize..key.end as usize)),
                    body: with_payload(write(&document), &self.event(&batch)).into(),
                });
            }
        }
        documents
    }

    fn document<'a>(
        &'a self,
        ids: DocumentIds<'a>,
        condition: String,
        function_arn: String,
        batch: &Batch,
        records: RecordsInfo,
    ) -> Document<'a> {
        let response = self.response.map(|response| ResponseContext {
            status_code: response.status,
            executed_version: self.qualifier.unwrap_or("$LATEST"),
            function_error: response.function_error.as_deref(),
        });
        Document {
            request_context: RequestContext {
                request_id: ids.request_id,
                function_arn,
                condition,
                approximate_invoke_count: self.invoke_count,
            },
            response_context: match self.condition {
                DiscardCondition::RecordAgeExceeded => None,
                DiscardCondition::RetryAttemptsExhausted
                | DiscardCondition::MaximumPayloadSizeExceeded
                | DiscardCondition::SchemaNotFound
                | DiscardCondition::DeserializationError => Some(response),
            },
            version: VERSION,
            timestamp: ids.now.to_string(),
            kafka_batch_info: KafkaBatchInfo {
                batch_size: batch.record_count(),
                event_source_arn: self.envelope.event_source_arn.as_deref(),
                bootstrap_servers: &self.envelope.bootstrap_servers,
                payload_size: batch.event_bytes,
                records,
            },
        }
    }

    /// Returns the first and the last record of each partition.
    fn runs(&self) -> BTreeMap<String, RunInfo> {
        let time = |span: &Span| UtcTime::of_ms(span.timestamp_ms).to_string();
        let mut runs: BTreeMap<String, RunInfo> = BTreeMap::new();
        for part in &self.batch.parts {
            let (Some(first), Some(last)) = (part.spans().first(), part.spans().last()) else {
                continue;
            };
            let name = format!("{}-{}", self.envelope.topic, part.records.partition);
            // The parts of a partition are in offset order, so the first one stays the first.
            let run = runs.entry(name).or_insert_with(|| RunInfo {
                first_record_offset: first.offset.to_string(),
                last_record_offset: String::new(),
                first_record_timestamp: time(first),
                last_record_timestamp: String::new(),
            });
            run.last_record_offset = last.offset.to_string();
            run.last_record_timestamp = time(last);
        }
        runs
    }

    /// Returns the function's ARN with a qualifier, which is `$LATEST` if the mapping names none.
    fn qualified_function_arn(&self) -> String {
        let arn = &self.on_failure.function_arn;
        match self.qualifier {
            Some(_) => arn.clone(),
            None => format!("{arn}:$LATEST"),
        }
    }

    fn event(&self, batch: &Batch) -> Vec<u8> {
        let mut event = Vec::with_capacity(batch.event_bytes);
        self.envelope.write(batch, &mut event);
        event
    }
}

fn write(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers are JSON")
}

/// Returns the JSON object with a last member `payload`, which is JSON already.
fn with_payload(mut object: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    object.pop();
    object.reserve_exact(payload.len() + r#","payload":}"#.len());
    object.extend_from_slice(br#","payload":"#);
    object.extend_from_slice(payload);
    object.push(b'}');
    object
}
