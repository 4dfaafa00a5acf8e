use super::*;
use batch::Compression;
use records::{NewRecord, encode_batch};

const NOW_MS: i64 = 1_700_000_000_000;

fn pool() -> Pool {
    Pool::new(64 << 20)
}

/// A batch of `values` with timestamps from `NOW_MS` on.
fn batch_of(values: &[&[u8]], compression: Compression) -> Batch {
    let records: Vec<_> = (NOW_MS..)
        .zip(values)
        .map(|(timestamp_ms, value)| NewRecord {
            timestamp_ms,
            value: Some(value),
            ..NewRecord::default()
        })
        .collect();
    Batch::verify(encode_batch(&records, compression)).expect("an encoded batch is valid")
}

fn wire(slice: &Slice) -> Bytes {
    let parts = slice.parts.iter().map(|part| match part {
        Part::Header(header) => &header[..],
        Part::Bytes(bytes) => bytes,
    });
    Bytes::from(parts.collect::<Vec<_>>().concat())
}

fn append(log: &mut PartitionLog, batch: Batch) -> Offset {
    log.append(batch, LeaderEpoch(0), NOW_MS, &LogSettings::default())
        .expect("the batch is appended")
        .base_offset
}

fn values(slice: &Slice) -> Vec<(i64, Vec<u8>)> {
    records::batches(wire(slice))
        .flat_map(|(header, body)| {
            let codec = header.compression().expect("a known codec");
            let plain = records::decompress(codec, &body, 1 << 20).expect("the body decompresses");
            records::walk(&header, &plain)
                .map(|record| record.expect("a whole record"))
                .map(|record| (record.offset.0, record.value.unwrap_or_default().to_vec()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn small_and_large_batches_are_read_back_in_order() {
    let mut log = PartitionLog::new(pool());
    let large = vec![7; 10_000];
    assert_eq!(
        append(&mut log, batch_of(&[b"a", b"b"], Compression::None)),
        Offset(0)
    );
    assert_eq!(
        append(&mut log, batch_of(&[&large], Compression::None)),
        Offset(2)
    );
    assert_eq!(append(&mut log, batch_of(&[b"c"], Compression::Zstd)), Offset(3));
    assert_eq!(log.log_end_offset(), Offset(4));

    let slice = log
        .read(Offset(0), Offset(4), usize::MAX, true)
        .expect("in range");
    assert_eq!(
        values(&slice),
        [
            (0, b"a".to_vec()),
            (1, b"b".to_vec()),
            (2, large),
            (3, b"c".to_vec())
        ]
    );
    assert_eq!(slice.bytes as u64, log.size_bytes());
    assert_eq!(slice.next_offset, Offset(4));
}
