//! Record batches of format 2, byte by byte. Source: Kafka's `DefaultRecordBatch` and `DefaultRecord`.

use bytes::{BufMut, Bytes};

/// The timestamp of a batch's first record; each further record is ten milliseconds later.
pub(crate) const BASE_TIMESTAMP_MS: i64 = 1_700_000_000_000;

/// Returns a batch of three records: a key and a value, a null value, a null key and a header.
pub(crate) fn three_records(producer_id: i64, producer_epoch: i16, base_sequence: i32) -> Bytes {
    batch_of_three(0, producer_id, producer_epoch, base_sequence)
}

/// Returns the batch of [`three_records`] as one of a transaction.
pub(crate) fn three_transactional_records(producer_id: i64, producer_epoch: i16) -> Bytes {
    batch_of_three(0x10, producer_id, producer_epoch, 0)
}

/// Returns a batch of records with these keys and values; a value of `None` is a tombstone. With a producer (id, epoch, first sequence) it is
/// one of a transaction.
pub(crate) fn keyed(records: &[(&str, Option<&str>)], producer: Option<(i64, i16, i32)>) -> Bytes {
    let encoded: Vec<_> = (0..)
        .zip(records)
        .map(|(place, (key, value))| record(place, Some(key.as_bytes()), value.map(str::as_bytes), &[]))
        .collect();
    let attributes = if producer.is_some() { 0x10 } else { 0 };
    batch(attributes, &encoded, producer.unwrap_or((-1, -1, -1)))
}

fn batch_of_three(attributes: i16, producer_id: i64, producer_epoch: i16, base_sequence: i32) -> Bytes {
    let records = [
        record(0, Some(b"key-0"), Some(b"value-0"), &[]),
        record(1, Some(b"key-1"), None, &[]),
        record(2, None, Some(b"value-2"), &[("trace", b"\x00\xff")]),
    ];
    batch(attributes, &records, (producer_id, producer_epoch, base_sequence))
}

fn batch(
    attributes: i16,
    records: &[Vec<u8>],
    (producer_id, producer_epoch, base_sequence): (i64, i16, i32),
) -> Bytes {
    let count = i32::try_from(records.len()).unwrap();
    let mut after_crc = Vec::new();
    after_crc.put_i16(attributes); // not compressed, CreateTime
    after_crc.put_i32(count - 1); // last offset delta
    after_crc.put_i64(BASE_TIMESTAMP_MS);
    after_crc.put_i64(BASE_TIMESTAMP_MS + i64::from(count - 1) * 10);
    after_crc.put_i64(producer_id);
    after_crc.put_i16(producer_epoch);
    after_crc.put_i32(base_sequence);
    after_crc.put_i32(count);
    after_crc.extend(records.concat());
    let mut batch = Vec::new();
    batch.put_i64(0);
    batch.put_i32(i32::try_from(9 + after_crc.len()).unwrap());
    batch.put_i32(-1); // partition leader epoch: the broker's to set
    batch.put_i8(2);
    batch.put_u32(crc32c::crc32c(&after_crc));
    batch.extend(after_crc);
    batch.into()
}

/// Returns the batch as a broker stores it, with base offset and leader epoch.
pub(crate) fn as_stored(batch: &Bytes, base_offset: i64, leader_epoch: i32) -> Bytes {
    let mut stored = batch.to_vec();
    stored[..8].copy_from_slice(&base_offset.to_be_bytes());
    stored[12..16].copy_from_slice(&leader_epoch.to_be_bytes());
    stored.into()
}

fn record(place: i64, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = vec![0];
    put_varlong(&mut body, place * 10);
    put_varlong(&mut body, place);
    put_bytes(&mut body, key);
    put_bytes(&mut body, value);
    put_varlong(&mut body, headers.len() as i64);
    for (name, value) in headers {
        put_bytes(&mut body, Some(name.as_bytes()));
        put_bytes(&mut body, Some(value));
    }
    let mut record = Vec::new();
    put_varlong(&mut record, body.len() as i64);
    record.extend(body);
    record
}

fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_varlong(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend(bytes.unwrap_or_default());
}

fn put_varlong(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}
