//! The encoding of records against an independent implementation of the format: each reads the batches of the other.

use bytes::{Bytes, BytesMut};
use esmeralda_broker::records::{self, NewRecord, encode_batch, walk};
use esmeralda_broker::{BatchHeader, Compression};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

const TIME_MS: i64 = 1_700_000_000_000;

fn arbitrary_records() -> impl Strategy<Value = Vec<Record>> {
    let headers = btree_map("[a-z]{0,8}", option::of(vec(any::<u8>(), 0..40)), 0..4);
    let record = (
        -10_000i64..100_000,
        option::of(vec(any::<u8>(), 0..40)),
        option::of(vec(any::<u8>(), 0..300)),
        headers,
    );
    vec(record, 1..30).prop_map(|records| {
        (0..)
            .zip(records)
            .map(|(index, (delta_ms, key, value, headers))| Record {
                transactional: false,
                control: false,
                delete_horizon: false,
                partition_leader_epoch: -1,
                producer_id: -1,
                producer_epoch: -1,
                timestamp_type: TimestampType::Creation,
                offset: index,
                sequence: index as i32 - 1,
                timestamp: TIME_MS + delta_ms,
                key: key.map(Bytes::from),
                value: value.map(Bytes::from),
                headers: headers
                    .into_iter()
                    .map(|(name, value)| (StrBytes::from(name), value.map(Bytes::from)))
                    .collect(),
            })
            .collect()
    })
}

fn encode(expected: &[Record]) -> Bytes {
    type Headers<'a> = Vec<(&'a str, Option<&'a [u8]>)>;
    let headers: Vec<Headers<'_>> = expected
        .iter()
        .map(|record| {
            record
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_deref()))
                .collect()
        })
        .collect();
    let records: Vec<NewRecord<'_>> = expected
        .iter()
        .zip(&headers)
        .map(|(record, headers)| NewRecord {
            timestamp_ms: record.timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers,
        })
        .collect();
    encode_batch(&records, Compression::None)
}

/// The offset, timestamp, key, value and headers of a record.
type Plain = (
    i64,
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Vec<(Vec<u8>, Option<Vec<u8>>)>,
);

fn plain(record: &Record) -> Plain {
    let headers = record.headers.iter();
    (
        record.offset,
        record.timestamp,
        record.key.as_ref().map(|key| key.to_vec()),
        record.value.as_ref().map(|value| value.to_vec()),
        headers
            .map(|(name, value)| {
                (
                    name.as_bytes().to_vec(),
                    value.as_ref().map(|value| value.to_vec()),
                )
            })
            .collect(),
    )
}

fn walked((header, body): (BatchHeader, Bytes)) -> Vec<Plain> {
    walk(&header, &body)
        .map(|record| {
            let record = record.expect("a whole record");
            (
                record.offset.0,
                record.timestamp_ms,
                record.key.map(<[u8]>::to_vec),
                record.value.map(<[u8]>::to_vec),
                records::headers(record.headers)
                    .map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec)))
                    .collect(),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_implementation_reads_what_is_written(expected in arbitrary_records()) {
        let found = RecordBatchDecoder::decode(&mut encode(&expected)).expect("it decodes, CRC included");
        prop_assert_eq!(
            found.records.iter().map(plain).collect::<Vec<_>>(),
            expected.iter().map(plain).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_another_implementation_writes_is_walked(expected in arbitrary_records()) {
        let mut wire = BytesMut::new();
        let options = RecordEncodeOptions { version: 2, compression: kafka_protocol::records::Compression::None };
        RecordBatchEncoder::encode(&mut wire, &expected, &options).expect("it encodes");
        let batches: Vec<_> = records::batches(wire.freeze()).collect();
        prop_assert_eq!(batches.len(), 1);
        let found: Vec<_> = batches.into_iter().flat_map(walked).collect();
        prop_assert_eq!(found, expected.iter().map(plain).collect::<Vec<_>>());
    }
}
