//! Many partitions, connections and groups at once, and memory that goes back when the records are gone. docs/limits.md has the figures of
//! a larger run, which `cargo bench --bench scale` makes.
#![cfg(target_os = "linux")]

mod load;
mod product;
mod wire;

use esmeralda::broker::Compression;
use esmeralda::broker::records::{NewRecord, encode_batch};
use load::Load;
use product::Product;
use std::time::Duration;
use tokio::time::Instant;
use wire::Connection;

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_connections_and_groups_take_kilobytes_each() {
    let product = Product::start(&[]);
    let load = Load {
        partitions: 2_000,
        connections: 500,
        groups: 200,
    };
    let taken = load.measure(&product).await;
    let kinds: Vec<_> = taken.iter().map(|taken| taken.kind).collect();
    assert_eq!(kinds, ["partitions", "connections", "groups", "answers"]);
    for taken in taken {
        // Far above what is measured, and far below a buffer or a thread for each.
        assert!(taken.bytes_each() < 64 << 10, "{taken:?}");
        assert!(taken.elapsed < Duration::from_secs(60), "{taken:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_goes_back_to_the_system_after_the_records_are_gone() {
    const RECORDS_BYTES: usize = 400 * MIB;
    let product = Product::start(&["--memory-limit", "2G", "--spare-memory", "32M"]);
    let before = product.resident_bytes();
    let value = vec![7; 1000];
    let record = NewRecord {
        timestamp_ms: 1,
        value: Some(&value),
        ..NewRecord::default()
    };
    let batch = encode_batch(&vec![record; 900], Compression::None);
    let mut client = Connection::open(&product.address).await;
    client.create_topic("large", 1).await;
    for _ in 0..RECORDS_BYTES / batch.len() {
        client.produce("large", &batch).await;
    }
    let full = product.resident_bytes();
    assert!(full > before + RECORDS_BYTES * 9 / 10, "{before} to {full} bytes");
    client.delete_topic("large").await;

    let deadline = Instant::now() + Duration::from_secs(90);
    // 32 MiB may stay, and the allocator keeps some pages that are partly used.
    while product.resident_bytes() > before + 64 * MIB {
        let resident = product.resident_bytes();
        assert!(
            Instant::now() < deadline,
            "{before} to {full} to {resident} bytes"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
