//! `esmeralda demo`: a spike of records, produced through TCP, drains into a simulated function while lag, pollers and rates are
//! shown.

use crate::args::DemoArgs;
use crate::memory_limit;
use esmeralda::broker::Clock;
use esmeralda::esm::invoker::SimulatedFunction;
use esmeralda::{Esmeralda, Mapping, NewMapping, Options};
use rskafka::chrono::DateTime;
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::record::Record;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

const TOPIC: &str = "orders";
const FUNCTION: &str = "handle-orders";
const RECORDS_PER_REQUEST: u32 = 1_000;
const REFRESH: Duration = Duration::from_millis(250);
const BAR_CELLS: u64 = 24;

/// Runs the demo to its summary.
///
/// # Errors
/// A sentence that says which step failed.
pub(crate) async fn run(args: DemoArgs) -> Result<(), String> {
    let options = Options {
        memory_limit_bytes: memory_limit::default_bytes(),
        ..Options::default()
    };
    let esmeralda = Esmeralda::start_with(options)
        .await
        .map_err(|error| error.to_string())?;
    esmeralda.set_ready();
    let mapping = prepare(&esmeralda, &args).await?;
    introduce(&esmeralda, &mapping, &args);

    let began = Instant::now();
    let produced = Arc::new(AtomicU64::new(0));
    let spike = produce_spike(esmeralda.bootstrap_servers(), args.clone(), Arc::clone(&produced));
    let drained = async {
        spike.await?;
        mapping.drained().await.map_err(|error| error.to_string())
    };
    let mut screen = Screen::new(u64::from(args.records), began);
    let mut refresh = tokio::time::interval(REFRESH);
    refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(drained);
    loop {
        tokio::select! {
            biased;
            outcome = &mut drained => { outcome?; break; }
            _ = refresh.tick() => screen.show(&sample(&esmeralda, &produced).await),
        }
    }
    let elapsed = began.elapsed();
    let last = sample(&esmeralda, &produced).await;
    screen.show(&last);
    summarize(&last, elapsed, &args);
    esmeralda.stop(Duration::from_secs(5)).await;
    Ok(())
}

async fn prepare(esmeralda: &Esmeralda, args: &DemoArgs) -> Result<Mapping, String> {
    let partitions = args.partitions as i32;
    esmeralda
        .create_topic_with(TOPIC, partitions)
        .await
        .map_err(|error| error.to_string())?;
    let function = SimulatedFunction::fixed(Duration::from_millis(args.duration_ms));
    esmeralda.register_simulated_function(FUNCTION, function, 0);
    let mapping = NewMapping::new(FUNCTION, TOPIC).minimum_pollers(args.pollers);
    esmeralda
        .create_mapping(mapping)
        .await
        .map_err(|error| error.to_string())
}

fn introduce(esmeralda: &Esmeralda, mapping: &Mapping, args: &DemoArgs) {
    println!("Esmeralda: Kafka in memory, with Lambda's event source mapping");
    println!();
    println!("  Kafka     {}", esmeralda.bootstrap_servers());
    println!("  Lambda    {}", esmeralda.http_url().unwrap_or_default());
    println!("  topic     {TOPIC}, {} partitions", args.partitions);
    println!("  mapping   {}", mapping.uuid());
    println!("            MinimumPollers {}, BatchSize 100", args.pollers);
    println!(
        "  function  {FUNCTION}, simulated, {} ms an invocation",
        args.duration_ms
    );
    println!(
        "  spike     {} records of 100 bytes, produced through TCP",
        args.records
    );
    println!();
}

/// One task per partition, each an ordinary Kafka producer.
async fn produce_spike(
    bootstrap_servers: String,
    args: DemoArgs,
    produced: Arc<AtomicU64>,
) -> Result<(), String> {
    let brokers = bootstrap_servers.split(',').map(str::to_owned).collect();
    let client = ClientBuilder::new(brokers)
        .build()
        .await
        .map_err(|error| format!("the producer: {error}"))?;
    let mut producers = tokio::task::JoinSet::new();
    for partition in 0..args.partitions {
        let client = client
            .partition_client(TOPIC, partition as i32, UnknownTopicHandling::Error)
            .await
            .map_err(|error| format!("the producer: {error}"))?;
        let share = args.records / args.partitions + u32::from(partition < args.records % args.partitions);
        producers.spawn(produce_share(client, share, Arc::clone(&produced)));
    }
    while let Some(ended) = producers.join_next().await {
        ended.map_err(|error| error.to_string())??;
    }
    Ok(())
}

async fn produce_share(client: PartitionClient, share: u32, produced: Arc<AtomicU64>) -> Result<(), String> {
    let clock = Clock::system();
    let mut left = share;
    while left > 0 {
        let count = left.min(RECORDS_PER_REQUEST);
        let now_ms = clock.now_ms();
        let records = (0..count).map(|place| record(left - place, now_ms)).collect();
        let sent = client.produce(records, Compression::NoCompression).await;
        sent.map_err(|error| format!("the producer: {error}"))?;
        produced.fetch_add(u64::from(count), Ordering::Relaxed);
        left -= count;
    }
    Ok(())
}

fn record(number: u32, now_ms: i64) -> Record {
    let value = format!(
        "{{\"order\":{number:>8},\"item\":\"{}\"}}",
        "esmeralda ".repeat(7)
    );
    Record {
        key: Some(number.to_string().into_bytes()),
        value: Some(value.into_bytes()),
        headers: BTreeMap::new(),
        timestamp: DateTime::from_timestamp_millis(now_ms).unwrap_or_default(),
    }
}

/// What is shown at one moment.
#[derive(Clone, Copy, Default)]
struct Sample {
    produced: u64,
    invoked: u64,
    invocations: u64,
    lag: u64,
    pollers: usize,
    in_flight: usize,
}

async fn sample(esmeralda: &Esmeralda, produced: &AtomicU64) -> Sample {
    let produced = produced.load(Ordering::Relaxed);
    let metrics = esmeralda.engine().metrics().await;
    metrics.first().map_or(
        Sample {
            produced,
            ..Sample::default()
        },
        |mapping| Sample {
            produced,
            invoked: mapping.invoked_event_count,
            invocations: mapping.invocations,
            lag: mapping.offset_lag.iter().sum(),
            pollers: mapping.pollers,
            in_flight: mapping.in_flight,
        },
    )
}

/// A line that is drawn over itself on a terminal, and a line per second elsewhere.
struct Screen {
    records: u64,
    began: Instant,
    is_terminal: bool,
    drawn: Option<(Instant, u64)>,
}

impl Screen {
    fn new(records: u64, began: Instant) -> Self {
        println!("   time   lag                                  pollers  in flight   records/s");
        Self {
            records,
            began,
            is_terminal: std::io::stdout().is_terminal(),
            drawn: None,
        }
    }

    fn show(&mut self, sample: &Sample) {
        let now = Instant::now();
        let is_last = sample.produced == self.records && sample.lag == 0;
        let since = self.drawn.map_or(now - self.began, |(drawn, _)| now - drawn);
        if !self.is_terminal && !is_last && self.drawn.is_some() && since < Duration::from_secs(1) {
            return;
        }
        let before = self.drawn.map_or(0, |(_, invoked)| invoked);
        let rate = (sample.invoked - before) as f64 / since.as_secs_f64().max(0.001);
        let filled = (sample.lag * BAR_CELLS)
            .div_ceil(self.records.max(1))
            .min(BAR_CELLS) as usize;
        let line = format!(
            "{:6.1}s {:>9} {:<24} {:>8} {:>10} {:>11.0}",
            (now - self.began).as_secs_f64(),
            sample.lag,
            "#".repeat(filled),
            sample.pollers,
            sample.in_flight,
            rate
        );
        let (start, end) = if self.is_terminal { ("\r", "") } else { ("", "\n") };
        print!("{start}{line}{end}");
        // A closed stdout ends the demo's output, not the demo.
        let _ = std::io::stdout().flush();
        self.drawn = Some((now, sample.invoked));
    }
}

fn summarize(last: &Sample, elapsed: Duration, args: &DemoArgs) {
    let seconds = elapsed.as_secs_f64();
    println!("\n");
    println!(
        "Drained {} records in {seconds:.1} s: {:.0} records/s.",
        last.invoked,
        last.invoked as f64 / seconds
    );
    println!(
        "{} invocations of {} ms by {} pollers; every record was committed after its invocation.",
        last.invocations, args.duration_ms, last.pollers
    );
    println!();
    println!(
        "Next: `esmeralda` serves on 127.0.0.1:9092 (Kafka) and 127.0.0.1:8092 (Lambda API); see README.md."
    );
}
