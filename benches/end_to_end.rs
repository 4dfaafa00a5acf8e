//! Claims, for a mapping of the embedded cluster whose function is a closure:
//! - The time from the append of a record to the start of the function is at most ten times that of a bare long poll which returns the
//!   batch. The difference is the group, the batch, the payload and a task per invocation.
//! - Draining batches of 100 records of 1 KB takes at most three times as long as appending, fetching, walking and encoding them.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use esmeralda_broker::local::{Client, FetchPosition, NewTopic};
use esmeralda_broker::records::{NewRecord, encode_batch, walk};
use esmeralda_broker::{Broker, Compression, Config, Entropy, Offset, TimestampType};
use esmeralda_esm::invoker::ClosureInvoker;
use esmeralda_esm::schema::SchemaRegistry;
use esmeralda_esm::trace::TraceSettings;
use esmeralda_esm::{
    AssignmentNumber, Batch, BatchPart, Clock, DestinationOptions, Engine, EngineOptions, Envelope,
    Functions, GroupTimeouts, Payloads, ProfileName, Records, ScalingProfile, Secrets, Span,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

const TOPIC: &str = "orders";
const VALUE_BYTES: usize = 1024;
const BATCH_SIZE: usize = 100;
const BATCH_COUNT: usize = 20;

/// A cluster and an engine on one thread, with the lengths of the payloads that the function received.
struct Bench {
    runtime: Runtime,
    client: Client,
    engine: Engine,
    uuid: String,
    invoked: mpsc::UnboundedReceiver<usize>,
    _broker: Broker,
}

impl Bench {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (client, engine, uuid, invoked, broker) = runtime.block_on(async {
            let wall = esmeralda_broker::Clock::system();
            let broker = Broker::start(Config::default(), wall.clone(), Entropy::from_seed(1))
                .await
                .unwrap();
            let client = broker.client("bench");
            for topic in [TOPIC, "bare"] {
                client.create_topic(bounded(topic)).await.unwrap();
            }
            let functions = Arc::new(Functions::default());
            let (sender, invoked) = mpsc::unbounded_channel();
            let function = ClosureInvoker::new(move |payload: Bytes| {
                sender.send(payload.len()).unwrap();
                async { Ok::<_, String>(Bytes::new()) }
            });
            functions.register("f", Arc::new(function));
            let engine = Engine::new(EngineOptions {
                cluster: client.clone().into(),
                has_network: false,
                secrets: Secrets::default(),
                bootstrap_servers: vec!["localhost:9092".into()],
                destinations: DestinationOptions::default(),
                functions,
                schemas: SchemaRegistry::default(),
                account_id: "000000000000".into(),
                region: "eu-west-1".into(),
                clock: Clock::new(wall),
                entropy: Entropy::from_seed(2),
                memory: broker.memory().clone(),
                transition_delay: Duration::ZERO,
                group_timeouts: GroupTimeouts {
                    session: Duration::from_secs(45),
                    rebalance: Duration::from_secs(60),
                    heartbeat: Duration::from_secs(3),
                },
                // The profile has no limit on a poller's bytes: the bench measures the code and not AWS's limits.
                profile: ScalingProfile {
                    poller_bytes_per_second: 0,
                    ..ProfileName::Instant.profile()
                },
                trace: TraceSettings::default(),
                payloads: Payloads::Built,
                log_sink: None,
            });
            let request = json!({
                "FunctionName": "f",
                "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["localhost:9092"] } },
                "Topics": [TOPIC],
                "MaximumBatchingWindowInSeconds": 0,
                "BatchSize": BATCH_SIZE,
            });
            let request = serde_json::from_value(request).unwrap();
            let uuid = engine.create(request, None).await.unwrap().uuid().to_owned();
            engine.settled(&uuid).await.unwrap();
            (client, engine, uuid, invoked, broker)
        });
        Self {
            runtime,
            client,
            engine,
            uuid,
            invoked,
            _broker: broker,
        }
    }
}

/// Returns a topic with one partition that keeps the last 64 MB, so that any number of iterations fits.
fn bounded(name: &str) -> NewTopic {
    let config = |name: &str, value: i32| (name.to_owned(), value.to_string());
    NewTopic {
        name: name.to_owned(),
        partitions: Some(1),
        configs: [
            config("retention.bytes", 64 << 20),
            config("segment.bytes", 8 << 20),
            // The records' timestamps are old, so retention by time is off.
            config("retention.ms", -1),
        ]
        .into(),
    }
}

fn batch(record_count: usize) -> Bytes {
    let value = [b'x'; VALUE_BYTES];
    let record = NewRecord {
        timestamp_ms: 1_767_225_600_000,
        value: Some(&value),
        ..NewRecord::default()
    };
    encode_batch(&vec![record; record_count], Compression::None)
}

/// Runs the necessary minimum: a long poll that is woken and returns one batch.
async fn fetch_one(client: &Client, offset: &mut Offset) -> Records {
    let position = FetchPosition {
        partition: 0,
        offset: *offset,
        max_bytes: 1,
    };
    let (header, body) = loop {
        let fetched = client
            .fetch("bare", &[position], Duration::from_secs(5), 1, 1)
            .await;
        let batches = fetched.unwrap().remove(0).batches.unwrap();
        // The poll timed out, because the other bench ran meanwhile.
        if let Some(batch) = batches.into_iter().next() {
            break batch;
        }
    };
    *offset = Offset(header.last_offset().0 + 1);
    let range = |part: &[u8]| {
        let start = (part.as_ptr() as usize - body.as_ptr() as usize) as u32;
        start..start + part.len() as u32
    };
    let span = |record: esmeralda_broker::records::RecordView<'_>| Span {
        offset: record.offset.0,
        timestamp_ms: record.timestamp_ms,
        key: record.key.map(range),
        value: record.value.map(range),
        headers: range(record.headers),
    };
    Records {
        partition: 0,
        assignment: AssignmentNumber::default(),
        offsets: header.base_offset().0..offset.0,
        timestamp_type: TimestampType::CreateTime,
        spans: walk(&header, &body).map(|record| span(record.unwrap())).collect(),
        buffer: body,
        schemas: None,
    }
}

fn latency(criterion: &mut Criterion) {
    let mut bench = Bench::new();
    let one = batch(1);
    let mut group = criterion.benchmark_group("record to invocation");
    let client = bench.client.clone();
    let (ready, mut fetched) = mpsc::unbounded_channel();
    bench.runtime.block_on(async {
        let client = client.clone();
        tokio::spawn(async move {
            let mut offset = Offset(0);
            while ready
                .send(fetch_one(&client, &mut offset).await.spans.len())
                .is_ok()
            {}
        });
    });
    group.bench_function("limit=long poll/size=1024", |bencher| {
        bencher.iter(|| {
            bench.runtime.block_on(async {
                client.produce("bare", 0, one.clone()).await.unwrap();
                fetched.recv().await.unwrap()
            })
        });
    });
    group.bench_function("mapping/size=1024", |bencher| {
        bencher.iter(|| {
            bench.runtime.block_on(async {
                client.produce(TOPIC, 0, one.clone()).await.unwrap();
                bench.invoked.recv().await.unwrap()
            })
        });
    });
    group.finish();
    bench
        .runtime
        .block_on(bench.engine.shutdown(Duration::from_secs(5)));
}

fn drain(criterion: &mut Criterion) {
    let bench = Bench::new();
    let full = batch(BATCH_SIZE);
    let envelope = Envelope {
        event_source_arn: None,
        bootstrap_servers: "localhost:9092".into(),
        topic: TOPIC.into(),
    };
    let mut group = criterion.benchmark_group("drain");
    group.sample_size(30);
    group.throughput(Throughput::Bytes((BATCH_COUNT * BATCH_SIZE * VALUE_BYTES) as u64));
    let mut payload = Vec::new();
    let mut offset = Offset(0);
    group.bench_function(
        "limit=append, fetch, walk, encode/records=2000/size=1024",
        |bencher| {
            bencher.iter(|| {
                bench.runtime.block_on(async {
                    for _ in 0..BATCH_COUNT {
                        bench.client.produce("bare", 0, full.clone()).await.unwrap();
                    }
                    for _ in 0..BATCH_COUNT {
                        let records = Arc::new(fetch_one(&bench.client, &mut offset).await);
                        let range = 0..records.spans.len();
                        payload.clear();
                        let batch = Batch {
                            parts: vec![BatchPart { records, range }],
                            event_bytes: 0,
                        };
                        envelope.write(&batch, &mut payload);
                    }
                });
            });
        },
    );
    group.bench_function("mapping/records=2000/size=1024", |bencher| {
        bencher.iter(|| {
            bench.runtime.block_on(async {
                for _ in 0..BATCH_COUNT {
                    bench.client.produce(TOPIC, 0, full.clone()).await.unwrap();
                }
                bench.engine.drained(&bench.uuid).await.unwrap();
            });
        });
    });
    group.finish();
    bench
        .runtime
        .block_on(bench.engine.shutdown(Duration::from_secs(5)));
}

criterion_group! {
    name = benches;
    config = Criterion::default();
    targets = latency, drain
}
criterion_main!(benches);
