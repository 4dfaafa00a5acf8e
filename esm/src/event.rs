//! The event of a batch: the JSON that AWS Lambda sends, byte for byte, written by hand into one buffer. This is the hot path of the
//! engine. Source: AWS Lambda developer guide, "Using Lambda with Amazon MSK" and "with self-managed Apache Kafka".
//!
//! Pure. The batcher closes a batch at 6 MiB of this JSON, so the length of everything is known before it is written: of each pair below
//! (`..._bytes` and `write_...`) a change to one side is a change to the other.
//!
//! # Differs from Lambda
//! - A header with a null value has an empty array. Lambda's encoding is not documented, and a `null` would fail to parse in functions
//!   that use `aws_lambda_events`.
//! - Bytes of a header name that are not UTF-8 become U+FFFD, as in Kafka's Java client.

mod headers;
#[cfg(test)]
mod tests;

use crate::batch::{Batch, BatchPart, Envelope};
use crate::source::{Records, SchemaLabel, Span, TimestampType};
use base64_simd::STANDARD as BASE64;
use std::sync::Arc;

// The members and their order are those of the developer guide's examples.
const END: &str = "}}";
const PARTITION_LEFT: usize = r#""-":[]"#.len();
const RECORD_TOPIC: &str = r#"{"topic":""#;
const RECORD_PARTITION: &str = r#"","partition":"#;
const RECORD_OFFSET: &str = r#","offset":"#;
const RECORD_TIMESTAMP: &str = r#","timestamp":"#;
const RECORD_TIMESTAMP_TYPE: &str = r#","timestampType":""#;
const RECORD_KEY: &str = r#"","key":""#;
const RECORD_VALUE: &str = r#"","value":""#;
const RECORD_KEY_SCHEMA: &str = r#"","keySchemaMetadata":{"dataFormat":""#;
const RECORD_VALUE_SCHEMA: &str = r#"","valueSchemaMetadata":{"dataFormat":""#;
const SCHEMA_ID: &str = r#"","schemaId":""#;
const SCHEMA_END: &str = r#""}"#;
const RECORD_HEADERS: &str = r#"","headers":["#;
const RECORD_END: &str = "]}";

/// Bytes that every record has beside its numbers, its topic and its optional members.
const RECORD_LEFT: usize = RECORD_TOPIC.len()
    + RECORD_PARTITION.len()
    + RECORD_OFFSET.len()
    + RECORD_TIMESTAMP.len()
    + RECORD_TIMESTAMP_TYPE.len()
    + RECORD_HEADERS.len()
    + RECORD_END.len();

impl Envelope {
    /// Returns the bytes of an event's start and end, less one, because [`Envelope::partition_bytes`] counts a comma before the first
    /// partition, too. With it, the length of an event is exactly the sum of these bytes and those of its partitions and records.
    pub fn base_bytes(&self) -> usize {
        let mut start = Vec::new();
        self.write_start(&mut start);
        start.len() + END.len() - 1
    }

    /// Returns the bytes that a partition adds to the event: its key, its brackets and the comma before it, less the comma that
    /// [`Envelope::record_bytes`] counts after its last record.
    pub fn partition_bytes(&self, partition: i32) -> usize {
        PARTITION_LEFT + self.topic.len() + decimal_bytes(i64::from(partition))
    }

    /// Returns the exact bytes that one record adds, with the comma after it.
    pub fn record_bytes(&self, records: &Records, span: &Span) -> usize {
        self.shared_bytes(records)
            + decimal_bytes(span.offset)
            + decimal_bytes(span.timestamp_ms)
            + own_bytes(records, span)
    }

    /// Returns [`Envelope::record_bytes`] of each of `records`.
    pub fn record_sizes(&self, records: &Records) -> Arc<[usize]> {
        let shared = self.shared_bytes(records);
        let (mut offsets, mut timestamps) = (DecimalWidth::default(), DecimalWidth::default());
        let size = |span: &Span| {
            shared + offsets.of(span.offset) + timestamps.of(span.timestamp_ms) + own_bytes(records, span)
        };
        records.spans.iter().map(size).collect()
    }

    /// Returns the bytes that each of `records` adds alike.
    fn shared_bytes(&self, records: &Records) -> usize {
        RECORD_LEFT
            + ",".len()
            + self.topic.len()
            + decimal_bytes(i64::from(records.partition))
            + timestamp_type_name(records.timestamp_type).len()
    }

    /// Returns the batch of these parts, with the length of its event.
    pub fn batch(&self, parts: Vec<BatchPart>) -> Batch {
        let mut batch = Batch {
            parts,
            event_bytes: self.base_bytes(),
        };
        let opened = batch
            .partitions()
            .into_iter()
            .map(|partition| self.partition_bytes(partition));
        let records = |part: &BatchPart| -> usize {
            let spans = part.spans().iter();
            spans.map(|span| self.record_bytes(&part.records, span)).sum()
        };
        batch.event_bytes += opened.sum::<usize>() + batch.parts.iter().map(records).sum::<usize>();
        batch
    }

    /// Appends the event of `batch` to `payload`.
    pub fn write(&self, batch: &Batch, payload: &mut Vec<u8>) {
        debug_assert!(
            batch.parts.iter().enumerate().all(|(index, part)| {
                let earlier = &batch.parts[..index.saturating_sub(1)];
                index == 0
                    || part.records.partition == batch.parts[index - 1].records.partition
                    || earlier
                        .iter()
                        .all(|other| other.records.partition != part.records.partition)
            }),
            "parts of one partition are adjacent, or its key would appear twice in the event"
        );
        payload.reserve(batch.event_bytes);
        self.write_start(payload);
        let mut open_partition = None;
        // The range of offsets of a part may be without records.
        for part in batch.parts.iter().filter(|part| !part.range.is_empty()) {
            let partition = part.records.partition;
            if open_partition == Some(partition) {
                payload.push(b',');
            } else {
                if open_partition.is_some() {
                    payload.extend_from_slice(b"],");
                }
                self.write_partition_key(partition, payload);
                open_partition = Some(partition);
            }
            self.write_records(&part.records, part.spans(), payload);
        }
        if open_partition.is_some() {
            payload.push(b']');
        }
        payload.extend_from_slice(END.as_bytes());
    }

    /// Writes everything before the first partition.
    fn write_start(&self, payload: &mut Vec<u8>) {
        match &self.event_source_arn {
            Some(arn) => {
                payload.extend_from_slice(br#"{"eventSource":"aws:kafka","eventSourceArn":""#);
                headers::write_escaped(arn, payload);
                payload.push(b'"');
            }
            None => payload.extend_from_slice(br#"{"eventSource":"SelfManagedKafka""#),
        }
        payload.extend_from_slice(br#","bootstrapServers":""#);
        headers::write_escaped(&self.bootstrap_servers, payload);
        payload.extend_from_slice(br#"","records":{"#);
    }

    fn write_partition_key(&self, partition: i32, payload: &mut Vec<u8>) {
        payload.push(b'"');
        payload.extend_from_slice(self.topic.as_bytes());
        payload.push(b'-');
        write_decimal(i64::from(partition), payload);
        payload.extend_from_slice(br#"":["#);
    }

    /// Writes records with commas between them.
    fn write_records(&self, records: &Records, spans: &[Span], payload: &mut Vec<u8>) {
        // All records of the part begin with the same bytes.
        let mut start = Vec::with_capacity(RECORD_LEFT + self.topic.len() + 11);
        start.extend_from_slice(RECORD_TOPIC.as_bytes());
        start.extend_from_slice(self.topic.as_bytes());
        start.extend_from_slice(RECORD_PARTITION.as_bytes());
        write_decimal(i64::from(records.partition), &mut start);
        start.extend_from_slice(RECORD_OFFSET.as_bytes());
        let timestamp_type = timestamp_type_name(records.timestamp_type).as_bytes();

        for (index, span) in spans.iter().enumerate() {
            if index > 0 {
                payload.push(b',');
            }
            payload.extend_from_slice(&start);
            write_decimal(span.offset, payload);
            payload.extend_from_slice(RECORD_TIMESTAMP.as_bytes());
            write_decimal(span.timestamp_ms, payload);
            payload.extend_from_slice(RECORD_TIMESTAMP_TYPE.as_bytes());
            payload.extend_from_slice(timestamp_type);
            if records.schemas.is_some() {
                write_decoded(records, span, payload);
            } else {
                // Lambda leaves out a null key and the value of a tombstone; an empty one is shown as "".
                for (name, range) in [(RECORD_KEY, &span.key), (RECORD_VALUE, &span.value)] {
                    if let Some(range) = range {
                        payload.extend_from_slice(name.as_bytes());
                        write_base64(records.slice(range), payload);
                    }
                }
                payload.extend_from_slice(RECORD_HEADERS.as_bytes());
            }
            headers::write_json(records.slice(&span.headers), payload);
            payload.extend_from_slice(RECORD_END.as_bytes());
        }
    }
}

/// Returns Kafka's name, which Lambda shows unchanged.
fn timestamp_type_name(timestamp_type: TimestampType) -> &'static str {
    match timestamp_type {
        TimestampType::CreateTime => "CREATE_TIME",
        TimestampType::LogAppendTime => "LOG_APPEND_TIME",
    }
}

fn write_base64(bytes: &[u8], payload: &mut Vec<u8>) {
    // encode_append reserves exactly what it needs, so a buffer that is too small would be copied with each record.
    payload.reserve(BASE64.encoded_length(bytes.len()));
    BASE64.encode_append(bytes, payload);
}

fn write_decimal(number: i64, payload: &mut Vec<u8>) {
    payload.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes the key and value of a decoded record, each with its schema behind it, and the start of its headers.
#[cold]
fn write_decoded(records: &Records, span: &Span, payload: &mut Vec<u8>) {
    // Each name begins with the quotation mark that ends the text before it. Behind a schema there is no text to end.
    let mut follows_text = true;
    let [key, value] = schemas_of(records, span);
    for (name, range, schema_name, schema) in [
        (RECORD_KEY, &span.key, RECORD_KEY_SCHEMA, key),
        (RECORD_VALUE, &span.value, RECORD_VALUE_SCHEMA, value),
    ] {
        let Some(range) = range else {
            continue;
        };
        payload.extend_from_slice(&name.as_bytes()[usize::from(!follows_text)..]);
        write_base64(records.slice(range), payload);
        follows_text = schema.is_none();
        if let Some(schema) = schema {
            for part in [schema_name, schema.data_format, SCHEMA_ID] {
                payload.extend_from_slice(part.as_bytes());
            }
            write_decimal(i64::from(schema.id), payload);
            payload.extend_from_slice(SCHEMA_END.as_bytes());
        }
    }
    payload.extend_from_slice(&RECORD_HEADERS.as_bytes()[usize::from(!follows_text)..]);
}

/// Returns the schemas of a record's key and value.
fn schemas_of(records: &Records, span: &Span) -> [Option<SchemaLabel>; 2] {
    let schemas = records.schemas.as_deref();
    let key = schemas.filter(|_| span.key.is_some());
    let value = schemas.filter(|_| span.value.is_some());
    [
        key.and_then(|schemas| schemas.key(span.offset)),
        value.and_then(|schemas| schemas.value(span.offset)),
    ]
}

/// Returns the bytes that the schemas of a record add.
#[cold]
fn schema_bytes(records: &Records, span: &Span) -> usize {
    let [key, value] = schemas_of(records, span);
    let bytes = |name: &str, schema: Option<SchemaLabel>| {
        schema.map_or(0, |schema| {
            let id = decimal_bytes(i64::from(schema.id));
            // Less the quotation mark that what follows does not begin with.
            name.len() + schema.data_format.len() + SCHEMA_ID.len() + id + SCHEMA_END.len() - 1
        })
    };
    bytes(RECORD_KEY_SCHEMA, key) + bytes(RECORD_VALUE_SCHEMA, value)
}

/// Returns the bytes that one record adds by its key, value and headers.
#[inline]
fn own_bytes(records: &Records, span: &Span) -> usize {
    let optional = |name: &str, range: &Option<std::ops::Range<u32>>| {
        range
            .as_ref()
            .map_or(0, |range| name.len() + BASE64.encoded_length(range.len()))
    };
    optional(RECORD_KEY, &span.key)
        + optional(RECORD_VALUE, &span.value)
        + headers::json_bytes(records.slice(&span.headers))
        + match records.schemas {
            None => 0,
            Some(_) => schema_bytes(records, span),
        }
}

/// A cache for [`decimal_bytes`] of numbers that mostly have the same length as the one before.
#[derive(Default)]
struct DecimalWidth {
    known: std::ops::Range<i64>,
    bytes: usize,
}

impl DecimalWidth {
    fn of(&mut self, number: i64) -> usize {
        if !self.known.contains(&number) {
            self.bytes = decimal_bytes(number);
            // From one power of ten to the next all numbers have the same width.
            let least = 10_i64.checked_pow(self.bytes as u32 - 1);
            self.known = match least {
                Some(least) if number > 0 => least..least.saturating_mul(10),
                _ => number..number.saturating_add(1),
            };
        }
        self.bytes
    }
}

/// Returns the number of characters that [`write_decimal`] writes.
fn decimal_bytes(number: i64) -> usize {
    let digits = number
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |log| log as usize + 1);
    digits + usize::from(number < 0)
}
