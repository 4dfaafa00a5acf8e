//! Claim: writing the event of 100 records of 1 KB takes at most 1.5 times as long as base64-simd takes to encode the same values and keys
//! into a buffer, which is the necessary minimum.

use base64_simd::STANDARD as BASE64;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use esmeralda_broker::TimestampType;
use esmeralda_esm::{AssignmentNumber, Batch, BatchPart, Envelope, Records, Span};
use std::hint::black_box;
use std::sync::Arc;

const RECORD_COUNT: usize = 100;
const VALUE_BYTES: u32 = 1024;
const KEY_BYTES: u32 = 8;

/// Returns records in the layout of a source: key, value and a header count of zero, one after another.
fn records() -> Records {
    let record_bytes = KEY_BYTES + VALUE_BYTES + 1;
    let mut buffer: Vec<u8> = (0..RECORD_COUNT as u32 * record_bytes)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut spans = Vec::new();
    for index in 0..RECORD_COUNT as u32 {
        let key = index * record_bytes;
        let value = key + KEY_BYTES;
        let headers = value + VALUE_BYTES;
        buffer[headers as usize] = 0;
        spans.push(Span {
            offset: i64::from(index) + 1_000_000,
            timestamp_ms: 1_767_225_600_000 + i64::from(index),
            key: Some(key..value),
            value: Some(value..headers),
            headers: headers..headers + 1,
        });
    }
    Records {
        partition: 7,
        assignment: AssignmentNumber::default(),
        offsets: 1_000_000..1_000_000 + RECORD_COUNT as i64,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from(buffer),
        spans,
        schemas: None,
    }
}

fn event(criterion: &mut Criterion) {
    let records = Arc::new(records());
    let envelope = Envelope {
        event_source_arn: None,
        bootstrap_servers: "127.0.0.1:9092".into(),
        topic: "orders".into(),
    };
    let sizes = records
        .spans
        .iter()
        .map(|span| envelope.record_bytes(&records, span));
    let event_bytes = envelope.base_bytes() + envelope.partition_bytes(7) + sizes.sum::<usize>();
    let batch = Batch {
        parts: vec![BatchPart {
            records: Arc::clone(&records),
            range: 0..RECORD_COUNT,
        }],
        event_bytes,
    };
    let mut payload = Vec::with_capacity(event_bytes);

    let mut group = criterion.benchmark_group("event");
    group.throughput(Throughput::Bytes(
        RECORD_COUNT as u64 * u64::from(KEY_BYTES + VALUE_BYTES),
    ));
    group.bench_function("limit=base64-simd/records=100/size=1024", |bencher| {
        bencher.iter(|| {
            payload.clear();
            for span in &black_box(&records).spans {
                for range in [&span.key, &span.value].into_iter().flatten() {
                    BASE64.encode_append(records.slice(range), &mut payload);
                }
            }
            black_box(payload.len())
        });
    });
    group.bench_function("write/records=100/size=1024", |bencher| {
        bencher.iter(|| {
            payload.clear();
            envelope.write(black_box(&batch), &mut payload);
            black_box(payload.len())
        });
    });
    group.bench_function("sizes/records=100/size=1024", |bencher| {
        bencher.iter(|| {
            let spans = black_box(&records).spans.iter();
            spans
                .map(|span| envelope.record_bytes(&records, span))
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default();
    targets = event
}
criterion_main!(benches);
