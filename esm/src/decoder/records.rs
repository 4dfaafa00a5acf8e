//! Records with the frames of a registry's serializers as records with JSON or bare data. Pure, but for the look into the catalog and the
//! memory that it counts.

use super::catalog::Catalog;
use super::remote::Lookup;
use crate::schema::{DecodingSettings, RecordFormat};
use crate::source::charged::charged;
use crate::source::{
    MemoryPool, OutOfMemory, RecordSchemas, Records, SchemaLabel, SourceEvent, Span, UndecodableReason,
};
use std::ops::Range;
use std::sync::Arc;

/// The bytes before the data: the magic byte 0 and the schema's id.
const FRAME_BYTES: usize = 5;

/// The length of a decoded buffer after which the next records get another, because spans are of 32 bits.
const BUFFER_BYTES: usize = 64 * 1024 * 1024;

/// The part of the memory limit that a decoded buffer takes, after which the next records get another: memory for a part of it can come
/// free while others hold the rest.
const BUFFER_SHARE: usize = 4;

/// The reason why records were not decoded yet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blocked {
    /// The schema of this id has to be looked up.
    Unknown(i32),
    /// There is no memory for the decoded records.
    OutOfMemory(OutOfMemory),
}

/// Returns the events that hand out `records` decoded: runs of records, and each record that cannot be decoded alone, in order and
/// without a gap.
///
/// # Errors
/// The first obstacle that time removes; then nothing was decoded.
pub(super) fn decode(
    records: &Records,
    settings: &DecodingSettings,
    catalog: &Catalog,
    memory: &MemoryPool,
) -> Result<Vec<SourceEvent>, Blocked> {
    let most_bytes = BUFFER_BYTES.min(memory.limit_bytes() / BUFFER_SHARE);
    let mut run = Run::new(records, memory);
    let mut events = Vec::new();
    for (index, span) in records.spans.iter().enumerate() {
        let mark = run.buffer.len();
        match run.add(span, settings, catalog) {
            Ok(()) if run.buffer.len() < most_bytes => {}
            Ok(()) => events.extend(run.close(index + 1)?),
            Err(Obstacle::Unknown(id)) => return Err(Blocked::Unknown(id)),
            Err(Obstacle::Undecodable(reason, cause)) => {
                run.buffer.truncate(mark);
                tracing::warn!(
                    partition = records.partition,
                    offset = span.offset,
                    cause,
                    "a record cannot be decoded"
                );
                events.extend(run.close(index)?);
                events.push(SourceEvent::Undecodable {
                    records: part(records, index..index + 1),
                    reason,
                });
                run.start = index + 1;
            }
        }
    }
    events.extend(run.close(records.spans.len())?);
    Ok(events)
}

/// Returns the records at `indexes` with the offsets that belong to them.
fn part(records: &Records, indexes: Range<usize>) -> Records {
    Records {
        offsets: records.range(&indexes).offsets,
        spans: records.spans[indexes].to_vec(),
        buffer: records.buffer.clone(),
        schemas: None,
        ..*records
    }
}

/// Decoded records that follow each other.
struct Run<'a> {
    records: &'a Records,
    memory: &'a MemoryPool,
    /// The index of the first.
    start: usize,
    buffer: Vec<u8>,
    spans: Vec<Span>,
    schemas: RecordSchemas,
}

/// The reason why a record was not decoded.
enum Obstacle {
    /// The schema of this id has to be looked up.
    Unknown(i32),
    /// It never will be, with the cause in words.
    Undecodable(UndecodableReason, String),
}

impl<'a> Run<'a> {
    fn new(records: &'a Records, memory: &'a MemoryPool) -> Self {
        Self {
            records,
            memory,
            start: 0,
            buffer: Vec::with_capacity(records.buffer.len()),
            spans: Vec::with_capacity(records.spans.len()),
            schemas: RecordSchemas::default(),
        }
    }

    /// Decodes a record into the run. After an obstacle, some of it may be in the buffer.
    fn add(&mut self, span: &Span, settings: &DecodingSettings, catalog: &Catalog) -> Result<(), Obstacle> {
        let key_decoder = settings.decodes_key.then_some((settings, catalog));
        let value_decoder = settings.decodes_value.then_some((settings, catalog));
        let (key, key_label) = self.attribute(span.key.as_ref(), key_decoder)?;
        let (value, value_label) = self.attribute(span.value.as_ref(), value_decoder)?;
        let headers = self.copy(&span.headers);
        self.schemas.polled_bytes += span.record_bytes();
        self.schemas
            .keys
            .extend(key_label.map(|label| (span.offset, label)));
        self.schemas
            .values
            .extend(value_label.map(|label| (span.offset, label)));
        self.spans.push(Span {
            offset: span.offset,
            timestamp_ms: span.timestamp_ms,
            key,
            value,
            headers,
        });
        Ok(())
    }

    /// Adds a key or value, decoded if there is a decoder for it. Returns its place and the label of its schema.
    fn attribute(
        &mut self,
        range: Option<&Range<u32>>,
        decoder: Option<(&DecodingSettings, &Catalog)>,
    ) -> Result<(Option<Range<u32>>, Option<SchemaLabel>), Obstacle> {
        let Some(range) = range else {
            return Ok((None, None));
        };
        let Some((settings, catalog)) = decoder else {
            return Ok((Some(self.copy(range)), None));
        };
        let start = self.buffer.len();
        let label = decode_attribute(self.records.slice(range), settings, catalog, &mut self.buffer)?;
        let bytes = self.buffer.len() - start;
        // Memory for more could not be had beside the buffer before it, however long one waits.
        if bytes > self.memory.limit_bytes() / BUFFER_SHARE {
            let cause =
                format!("it has {bytes} bytes when it is decoded, more than a quarter of the memory limit");
            return Err(Obstacle::Undecodable(
                UndecodableReason::DeserializationError,
                cause,
            ));
        }
        Ok((Some(start as u32..self.buffer.len() as u32), Some(label)))
    }

    fn copy(&mut self, range: &Range<u32>) -> Range<u32> {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(self.records.slice(range));
        start as u32..self.buffer.len() as u32
    }

    /// Ends the run before the record at `end`, and begins another there. Its memory counts against the budget until the last of its
    /// records is dropped.
    fn close(&mut self, end: usize) -> Result<Option<SourceEvent>, Blocked> {
        let indexes = self.start..end;
        self.start = end;
        if indexes.is_empty() {
            return Ok(None);
        }
        // Without the capacity that it does not need, which would not be charged.
        let buffer = std::mem::take(&mut self.buffer).into_boxed_slice();
        let charge = self.memory.charge(buffer.len()).map_err(Blocked::OutOfMemory)?;
        Ok(Some(SourceEvent::Records(Records {
            offsets: self.records.range(&indexes).offsets,
            buffer: charged(buffer.into(), charge),
            spans: std::mem::take(&mut self.spans),
            schemas: Some(Arc::new(std::mem::take(&mut self.schemas))),
            ..*self.records
        })))
    }
}

/// Appends a decoded key or value. Returns the label of its schema.
fn decode_attribute(
    data: &[u8],
    settings: &DecodingSettings,
    catalog: &Catalog,
    buffer: &mut Vec<u8>,
) -> Result<SchemaLabel, Obstacle> {
    let invalid = |cause| Obstacle::Undecodable(UndecodableReason::DeserializationError, cause);
    let (id, data) = unframe(data)
        .ok_or_else(|| invalid("it does not begin with a zero byte and a schema's id".to_owned()))?;
    let known = catalog.known(&settings.location, id);
    let schema = match known.ok_or(Obstacle::Unknown(id))? {
        Lookup::Found(schema) => schema,
        Lookup::Missing => {
            let cause = format!("the schema registry has no schema {id}");
            return Err(Obstacle::Undecodable(UndecodableReason::SchemaNotFound, cause));
        }
        Lookup::Unusable(reason) => return Err(invalid(format!("schema {id} is not usable: {reason}"))),
    };
    let start = buffer.len();
    schema
        .write_json(data, buffer)
        .map_err(|reason| invalid(format!("it is not of schema {id}: {reason}")))?;
    if settings.format == RecordFormat::Source {
        // It was decoded to see that it can be.
        buffer.truncate(start);
        buffer.extend_from_slice(data);
    }
    Ok(SchemaLabel {
        data_format: schema.schema_type().name(),
        id,
    })
}

/// Returns the schema's id and the data after the frame.
fn unframe(data: &[u8]) -> Option<(i32, &[u8])> {
    let (frame, data) = data.split_at_checked(FRAME_BYTES)?;
    match frame {
        [0, id @ ..] => Some((i32::from_be_bytes(id.try_into().ok()?), data)),
        _ => None,
    }
}
