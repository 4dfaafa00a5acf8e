//! Writes batches as a producer does. Source: Kafka's `MemoryRecordsBuilder` and `DefaultRecord.writeTo`.

use super::super::header::{BATCH_HEADER_BYTES, BatchHeader, Compression};
use super::{RecordView, codec, varint};
use crate::ids::Offset;
use bytes::Bytes;

/// A record to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRecord<'a> {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The key, if any.
    pub key: Option<&'a [u8]>,
    /// The value, if any.
    pub value: Option<&'a [u8]>,
    /// The headers, in order.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
}

/// Encodes `records` as one batch, as a producer sends it: base offset 0, `CreateTime`, a valid CRC. Brokers refuse a batch without
/// records.
pub fn encode_batch(records: &[NewRecord<'_>], compression: Compression) -> Bytes {
    let mut batch = vec![0; BATCH_HEADER_BYTES];
    let mut header = put_body(&mut batch, records, compression);
    let (space, body) = batch.split_at_mut(BATCH_HEADER_BYTES);
    header.set_crc(header.compute_crc(body));
    space.copy_from_slice(&header.0);
    Bytes::from(batch)
}

/// Appends the records of a batch to `out`, and returns the batch's header. It lacks the CRC.
pub(in crate::log) fn put_body(
    out: &mut Vec<u8>,
    records: &[NewRecord<'_>],
    compression: Compression,
) -> BatchHeader {
    let start = out.len();
    // `MemoryRecordsBuilder` takes the first record's timestamp as the base too.
    let base_timestamp_ms = records.first().map_or(-1, |record| record.timestamp_ms);
    // 24 bytes hold the length, the attributes and two deltas, which take 21 at most.
    let most_bytes = records.iter().map(|record| record_bytes(record) + 24).sum();
    if compression == Compression::None {
        out.reserve(most_bytes);
        put_records(out, records, base_timestamp_ms);
    } else {
        let mut plain = Vec::with_capacity(most_bytes);
        put_records(&mut plain, records, base_timestamp_ms);
        codec::compress(compression, &plain, out);
    }
    let timestamps = records.iter().map(|record| record.timestamp_ms);
    let mut header = BatchHeader::empty(compression);
    header.set_body_len(out.len() - start);
    header.set_timestamps(base_timestamp_ms, timestamps.max().unwrap_or(-1));
    header.set_count(records.len() as i32);
    header
}

/// Encodes the body of a batch of records that stay after compaction: with the offsets and timestamps that they have.
pub(in crate::log) fn encode_kept(
    compression: Compression,
    base_offset: Offset,
    base_timestamp_ms: i64,
    records: &[RecordView<'_>],
) -> Vec<u8> {
    let mut plain = Vec::new();
    for record in records {
        let timestamp_delta_ms = record.timestamp_ms.wrapping_sub(base_timestamp_ms);
        let offset_delta = record.offset.0 - base_offset.0;
        let len = 1
            + varint::len(timestamp_delta_ms)
            + varint::len(offset_delta)
            + nullable_bytes(record.key)
            + nullable_bytes(record.value)
            + record.headers.len();
        varint::put(&mut plain, len as i64);
        plain.push(0); // attributes: none are defined
        varint::put(&mut plain, timestamp_delta_ms);
        varint::put(&mut plain, offset_delta);
        put_nullable(&mut plain, record.key);
        put_nullable(&mut plain, record.value);
        plain.extend_from_slice(record.headers);
    }
    if compression == Compression::None {
        return plain;
    }
    let mut body = Vec::new();
    codec::compress(compression, &plain, &mut body);
    body
}

fn put_records(out: &mut Vec<u8>, records: &[NewRecord<'_>], base_timestamp_ms: i64) {
    for (index, record) in records.iter().enumerate() {
        let timestamp_delta_ms = record.timestamp_ms.wrapping_sub(base_timestamp_ms);
        let len = 1 + varint::len(timestamp_delta_ms) + varint::len(index as i64) + record_bytes(record);
        varint::put(out, len as i64);
        out.push(0); // attributes: none are defined
        varint::put(out, timestamp_delta_ms);
        varint::put(out, index as i64);
        put_nullable(out, record.key);
        put_nullable(out, record.value);
        varint::put(out, record.headers.len() as i64);
        for (key, value) in record.headers {
            put_nullable(out, Some(key.as_bytes()));
            put_nullable(out, *value);
        }
    }
}

/// Returns the length of a record's key, value and headers.
fn record_bytes(record: &NewRecord<'_>) -> usize {
    let headers: usize = record
        .headers
        .iter()
        .map(|(key, value)| nullable_bytes(Some(key.as_bytes())) + nullable_bytes(*value))
        .sum();
    nullable_bytes(record.key)
        + nullable_bytes(record.value)
        + varint::len(record.headers.len() as i64)
        + headers
}

fn nullable_bytes(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| varint::len(bytes.len() as i64) + bytes.len())
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => varint::put(out, -1),
        Some(bytes) => {
            varint::put(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}
