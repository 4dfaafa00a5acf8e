mod destinations;
mod failures;
mod filters;
mod functions;
mod lifecycle;
mod observation;
mod poller_groups;
mod positions;
mod rebalances;
mod remote;
mod scaling;
mod schemas;
mod system_logs;
mod test_engine;

use super::*;
use esmeralda_broker::Compression;
use serde_json::json;
use std::future::Future;
use std::time::Duration;
use test_engine::{TestEngine, TestOptions, expected};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_record_reaches_the_function_and_is_committed() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    test.produce(0, 0, 3).await;
    let uuid = test.mapping(json!({})).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(0, 0, 3));
    assert_eq!(test.invoked().len(), 1);
    assert_eq!(test.committed(&uuid, 1).await, [3]);
    let view = test.engine.get(&uuid).await.unwrap();
    assert_eq!(view.state(), "Enabled");
    assert_eq!(view.0["LastProcessingResult"], "OK");
    let metrics = test.metrics().await;
    assert_eq!(
        (
            metrics.polled_event_count,
            metrics.invoked_event_count,
            metrics.committed_event_count
        ),
        (3, 3, 3)
    );
    assert_eq!((metrics.pollers, metrics.offset_lag), (1, vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_window_of_zero_delivers_at_once() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(json!({ "MaximumBatchingWindowInSeconds": 0 })).await;
    let before = test.clock.elapsed();
    test.produce(0, 0, 1).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.clock.elapsed(), before);
    assert_eq!(test.seen(), expected(0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn compressed_batches_are_read() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let codecs = [
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    for (first, codec) in (0..).step_by(50).zip(codecs) {
        test.produce_compressed(0, first, 50, codec).await;
    }
    let uuid = test.mapping(json!({})).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(0, 0, 200));
}

/// Waits as a function that succeeds.
async fn work(clock: Clock, milliseconds: u64) -> Result<(), String> {
    clock.sleep(Duration::from_millis(milliseconds)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_backlog_drains_in_full_batches_of_one_partition_and_the_same_way_each_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let test = TestEngine::new().await;
        let clock = test.clock.clone();
        test.function("f", move |_| work(clock.clone(), 100));
        test.topic(8).await;
        for partition in 0..8 {
            for first in (0..1000).step_by(40) {
                test.produce(partition, first, 40).await;
            }
        }
        let uuid = test
            .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }))
            .await;
        test.engine.drained(&uuid).await.unwrap();
        let invoked = test.invoked();
        // Two pollers take turns over four partitions each: 40 invocations of 100 ms, one after the other.
        assert_eq!(invoked.len(), 80);
        for invocation in &invoked {
            assert_eq!(invocation.records.len(), 100);
            let partition = invocation.records[0].partition;
            assert!(invocation.records.iter().all(|seen| seen.partition == partition));
        }
        let (first_ms, last_ms) = (invoked[0].at_ms, invoked[79].at_ms);
        assert_eq!(last_ms - first_ms, 39 * 100);
        assert_eq!(test.clock.elapsed().as_millis(), last_ms + 100);
        runs.push(invoked);
    }
    assert!(runs[0] == runs[1], "the same seeds give the same run");
}
