//! The records of a fetch answer as batches, each with its CRC checked. Pure.

use bytes::Bytes;
use esmeralda_broker::{BatchHeader, records};

/// The place of the message format in a batch, and in a message of older formats.
const MAGIC_AT: usize = 16;

/// The message format that is read, since Apache Kafka 0.11.
const MAGIC: u8 = 2;

/// Splits records into batches. An incomplete last batch is left out, as brokers cut answers at their limit; so is everything from the
/// first batch on that cannot be read, which is the error of the next fetch.
///
/// # Errors
/// The reason why the first batch cannot be read.
pub(super) fn split(records: Bytes) -> Result<Vec<(BatchHeader, Bytes)>, String> {
    check_format(&records)?;
    let is_empty = records.is_empty();
    let mut batches = Vec::new();
    for (header, body) in records::batches(records) {
        let fault = fault_of(&header, &body);
        match fault {
            None => batches.push((header, body)),
            Some(fault) if batches.is_empty() => return Err(fault),
            Some(_) => break,
        }
    }
    if batches.is_empty() && !is_empty {
        return Err("the broker sent an incomplete batch".to_owned());
    }
    Ok(batches)
}

/// Checks the format before the header is read, which is longer than a message of an older format may be.
fn check_format(records: &[u8]) -> Result<(), String> {
    match records.get(MAGIC_AT) {
        None | Some(&MAGIC) => Ok(()),
        Some(magic) => Err(old_format(*magic)),
    }
}

fn fault_of(header: &BatchHeader, body: &[u8]) -> Option<String> {
    let magic = header.magic().to_be_bytes()[0];
    if magic != MAGIC {
        return Some(old_format(magic));
    }
    (!header.matches_crc(body)).then(|| {
        format!(
            "the CRC of the batch at offset {} is not {:#010x}, which its header has",
            header.base_offset().0,
            header.crc()
        )
    })
}

fn old_format(magic: u8) -> String {
    format!(
        "message format {magic} is not supported: it must be {MAGIC}, which Apache Kafka writes since 0.11 unless the topic's \
         message.format.version is older"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda_broker::Compression;
    use esmeralda_broker::records::{NewRecord, encode_batch};

    fn batch(value: &[u8]) -> Bytes {
        let record = NewRecord {
            value: Some(value),
            ..NewRecord::default()
        };
        encode_batch(&[record], Compression::None)
    }

    fn joined(parts: &[&[u8]]) -> Bytes {
        parts.concat().into()
    }

    #[test]
    fn batches_are_split_and_an_incomplete_last_one_is_left_out() {
        let batch = batch(b"value");
        let cases = [
            (Bytes::new(), 0),
            (batch.clone(), 1),
            (joined(&[&batch, &batch]), 2),
            (joined(&[&batch, &batch[..70]]), 1),
            (joined(&[&batch, &batch[..10]]), 1),
        ];
        for (records, expected) in cases {
            assert_eq!(split(records).map(|batches| batches.len()), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_when_it_comes_first() {
        let whole = batch(b"value");
        let mut broken = whole.to_vec();
        *broken.last_mut().expect("a batch has bytes") ^= 1;
        let mut old = whole.to_vec();
        old[MAGIC_AT] = 1;
        let cases = [
            (&broken[..], "the CRC of the batch at offset 0 is not"),
            (&old, "message format 1 is not supported: it must be 2"),
            (&old[..30], "message format 1 is not supported: it must be 2"),
            (&whole[..70], "the broker sent an incomplete batch"),
            (&whole[..5], "the broker sent an incomplete batch"),
        ];
        for (records, expected) in cases {
            let error = split(Bytes::copy_from_slice(records)).expect_err(expected);
            assert!(error.contains(expected), "{error}");
            if records.len() == whole.len() {
                let after = split(joined(&[&whole, records]));
                assert_eq!(after.map(|batches| batches.len()), Ok(1));
            }
        }
    }
}
