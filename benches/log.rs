//! The cost of a partition's log, compared with the limit of the machine.
//!
//! - `append` copies a batch into a recycled buffer, as receiving it does, checks it and appends it to a log that is at its
//!   `retention.bytes`; `limit` only does the same copy and one CRC-32C by the crate crc32c. Claim: from 15 KB on, `append` takes at most
//!   1.15 times as long as `limit`.
//! - `fetch` builds the slices of an answer of up to 1 MiB, walking through 64 MiB of log; `limit` clones as many shared slices. Claim:
//!   no byte of sealed batches is copied, so an answer of any content costs microseconds.

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use esmeralda_broker::bench::Log;
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{Compression, MemoryPool, Offset};
use std::hint::black_box;

const MIB: usize = 1 << 20;

/// Number of records in a batch and bytes of each value: one small record, a batch of small records after a linger, and a full batch.
const SHAPES: [(usize, usize); 4] = [(1, 100), (150, 100), (16, 1_000), (1_000, 1_000)];

fn batch(record_count: usize, value_bytes: usize) -> Bytes {
    let value = vec![b'v'; value_bytes];
    let record = NewRecord {
        value: Some(&value),
        ..NewRecord::default()
    };
    encode_batch(&vec![record; record_count], Compression::None)
}

fn pool() -> MemoryPool {
    MemoryPool::new(1 << 30)
}

/// Copies a batch into the pool's memory, as if it had just been received.
fn received(pool: &MemoryPool, batch: &[u8]) -> Bytes {
    pool.copy(batch).expect("the pool has room")
}

fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    for (record_count, value_bytes) in SHAPES {
        let batch = batch(record_count, value_bytes);
        let name = format!("size={value_bytes}/records={record_count}");
        group.throughput(Throughput::Bytes(batch.len() as u64));

        let pool = pool();
        let mut log = Log::new(&pool, 8 << 20, 32 << 20);
        while log.log_start_offset() == Offset(0) {
            log.append(received(&pool, &batch));
        }
        group.bench_function(BenchmarkId::new("log", &name), |bencher| {
            bencher.iter(|| log.append(received(&pool, black_box(&batch))));
        });

        // As many buffers are used in turn as the log holds, so that the memory is equally cold for both.
        let mut ring: Vec<Bytes> = (0..(32 << 20) / batch.len())
            .map(|_| received(&pool, &batch))
            .collect();
        let mut next = 0;
        group.bench_function(BenchmarkId::new("limit", &name), |bencher| {
            bencher.iter(|| {
                ring[next] = Bytes::new();
                ring[next] = received(&pool, black_box(&batch));
                let crc = crc32c::crc32c(&ring[next]);
                next = (next + 1) % ring.len();
                crc
            });
        });
    }
    group.finish();
}

fn fetch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fetch");
    for (record_count, value_bytes) in SHAPES {
        let batch = batch(record_count, value_bytes);
        let name = format!("size={value_bytes}/records={record_count}/max_bytes={MIB}");
        let pool = pool();
        let mut log = Log::new(&pool, 8 << 20, -1);
        let mut end = Offset(0);
        for _ in 0..(64 << 20) / batch.len() {
            end = log.append(received(&pool, &batch));
        }
        let (bytes, parts, _) = log.read(Offset(0), MIB);
        group.throughput(Throughput::Bytes(bytes as u64));

        let mut from = Offset(0);
        group.bench_function(BenchmarkId::new("log", &name), |bencher| {
            bencher.iter(|| {
                let (bytes, _, next) = log.read(from, MIB);
                // The growing end of the log is left out, because it is copied and shorter.
                from = if next.0 + 2 * (next.0 - from.0) < end.0 {
                    next
                } else {
                    Offset(0)
                };
                bytes
            });
        });

        let shared = received(&pool, &batch);
        group.bench_function(BenchmarkId::new("limit", &name), |bencher| {
            bencher.iter(|| vec![black_box(&shared).clone(); parts]);
        });
    }
    group.finish();
}

criterion_group!(benches, append, fetch);
criterion_main!(benches);
