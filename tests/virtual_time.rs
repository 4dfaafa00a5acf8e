//! Scaling in virtual time, as a user's test suite tests its own mappings: minutes of scaling take a moment, and the same seed gives the same
//! run.

use esmeralda::broker::records::walk;
use esmeralda::broker::{Entropy, Offset, local::FetchPosition};
use esmeralda::esm::invoker::{Audit, Digest, DurationModel, SimulatedFunction, SimulatedInvoker};
use esmeralda::esm::{Payloads, ProfileName};
use esmeralda::simulate::{
    Arrivals, RunSettings, Scenario, VariantOutcome, Workload, simulate, with_published,
};
use esmeralda::{Esmeralda, FunctionError, NewMapping, Options};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The example of docs/rust.md.
#[test]
fn twelve_partitions_drain_within_four_minutes() {
    Esmeralda::simulated(7, |sim| async move {
        sim.create_topic_with("orders", 12).await.expect("a new topic");
        for partition in 0..12 {
            for _ in 0..20 {
                let values = vec![[b'x'; 1_000]; 500];
                sim.produce("orders", partition, &values)
                    .await
                    .expect("memory for the records");
            }
        }
        let function = SimulatedFunction::fixed(Duration::from_millis(400));
        sim.register_simulated_function("handle-orders", function, 1);
        let mapping = NewMapping::new("handle-orders", "orders").minimum_pollers(1);
        let mapping = sim.create_mapping(mapping).await.expect("a valid mapping");
        mapping.drained().await.expect("the mapping exists");

        let trace = mapping.trace().await.expect("the mapping exists");
        trace
            .drains_within(4 * MINUTE)
            .and_then(|trace| trace.pollers_never_exceed(12))
            .and_then(|trace| trace.reaches_full_concurrency_within(2 * MINUTE))
            .and_then(|trace| trace.no_thrash(0))
            .and_then(|trace| trace.cost_below(0.02))
            .expect("the trace meets all limits");
    });
}

/// Runs the reference workload with batches of one record, which takes only a moment: scaling depends on batches, not on records.
#[test]
fn the_published_table_is_reproduced() {
    let mut scenario = Scenario::reference();
    scenario.topics[0].value_bytes = 10;
    scenario.topics[0].workload = vec![Arrivals::Backlog { records: 200_000 }];
    for variant in &mut scenario.variants {
        variant.members.insert("BatchSize".to_owned(), 1.into());
    }
    let settings = RunSettings {
        payloads: Payloads::Measured,
        ..RunSettings::default()
    };
    let outcome = with_published(simulate(&scenario, settings, &|_| ()).expect("the scenario runs"));
    assert_eq!(outcome.variants.len(), 4);
    for variant in &outcome.variants {
        let published = variant.published.expect("each mode was published");
        let minutes = |time: Option<Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() / 60.0);
        let (drained, full) = (
            minutes(variant.drained_in),
            minutes(variant.full_concurrency_after),
        );
        let deviation = drained / published.drained_in_minutes - 1.0;
        assert!(
            deviation.abs() < 0.05,
            "{}: drained in {drained} min",
            variant.name
        );
        let late = full - published.full_concurrency_after_minutes;
        assert!(late.abs() < 0.2, "{}: full after {full} min", variant.name);
        assert_eq!((variant.records, variant.invocations), (200_000, 200_000));
    }
}

/// A scenario of ten minutes in which 100 records a second become 1,000 for a minute, twice.
const SPIKES: &str = include_str!("spikes.toml");

#[test]
fn spikes_are_drained_without_thrashing() {
    let no_files = |_: &Path| Err("the scenario names no files".to_owned());
    let scenario = Scenario::parse(Path::new("spikes.toml"), SPIKES, &no_files).expect("a valid scenario");
    let outcome = simulate(&scenario, RunSettings::default(), &|_| ()).expect("the scenario runs");
    let variant = &outcome.variants[0];
    // The sum is 600 s of 100 records a second, and twice 60 s of 900 records a second.
    let arrived: u64 = variant.trace.buckets.iter().map(|bucket| bucket.arrived).sum();
    assert_eq!(arrived, 168_000);
    variant
        .trace
        .pollers_never_exceed(20)
        .and_then(|trace| trace.records_wait_at_most(Duration::from_secs(90)))
        .and_then(|trace| trace.reaches_full_concurrency_within(5 * MINUTE))
        .and_then(|trace| trace.no_thrash(2))
        .and_then(|trace| trace.cost_below(0.07))
        .expect("the trace meets all limits");
}

/// The mappings of a poller group share event poller units until the last of them has drained.
#[test]
fn a_poller_group_is_billed_for_all_its_pollers_together() {
    let text = r#"
        topics = [
            { name = "first", partitions = 4, value_bytes = 10, workload = [{ kind = "backlog", records = 1_000 }] },
            { name = "second", partitions = 4, value_bytes = 10, workload = [{ kind = "backlog", records = 20_000 }] },
        ]
        functions = [{ name = "f", duration_ms = 100 }, { name = "g", duration_ms = 100 }]
        [mapping]
        BatchSize = 10
        StartingPosition = "TRIM_HORIZON"
        [[variants]]
        name = "a together"
        Topics = ["first"]
        FunctionName = "f"
        ProvisionedPollerConfig = { MinimumPollers = 4, MaximumPollers = 4, PollerGroupName = "g" }
        [[variants]]
        name = "b alone"
        Topics = ["second"]
        FunctionName = "g"
        ProvisionedPollerConfig = { MinimumPollers = 4, MaximumPollers = 4 }
        [[variants]]
        name = "b together"
        Topics = ["second"]
        FunctionName = "g"
        ProvisionedPollerConfig = { MinimumPollers = 4, MaximumPollers = 4, PollerGroupName = "g" }
    "#;
    let no_files = |_: &Path| Err("the scenario names no files".to_owned());
    let scenario = Scenario::parse(Path::new("groups.toml"), text, &no_files).expect("a valid scenario");
    let outcome = simulate(&scenario, RunSettings::default(), &|_| ()).expect("the scenario runs");
    let [first, alone, second] = &outcome.variants[..] else {
        panic!("three variants")
    };
    let drained: Vec<_> = outcome
        .variants
        .iter()
        .map(|variant| variant.drained_in)
        .collect();
    assert_eq!(drained[1], drained[2], "who shares units scales alone");
    assert!(drained[0] < drained[1], "{drained:?}");
    // One unit for eight pollers, until the second has drained.
    let hours = |variant: &VariantOutcome| variant.trace.event_poller_unit_hours;
    assert_eq!([hours(first), hours(second)], [hours(alone), 0.0]);
    let records: Vec<_> = outcome.variants.iter().map(|variant| variant.records).collect();
    assert_eq!(records, [1_000, 20_000, 20_000]);
}

/// Lambda takes pollers away from an on-demand mapping whose function is throttled, and the trace shows what runs.
#[test]
fn a_throttled_on_demand_mapping_keeps_the_pollers_that_its_function_can_use() {
    let text = r#"
        run_for_s = 900
        [[topics]]
        name = "orders"
        partitions = 100
        value_bytes = 10
        workload = [{ kind = "backlog", records = 500_000 }]
        [[functions]]
        name = "f"
        duration_ms = 100
        concurrency = 4
        [mapping]
        BatchSize = 10
        StartingPosition = "TRIM_HORIZON"
    "#;
    let no_files = |_: &Path| Err("the scenario names no files".to_owned());
    let scenario = Scenario::parse(Path::new("throttled.toml"), text, &no_files).expect("a valid scenario");
    let settings = RunSettings {
        payloads: Payloads::Measured,
        ..RunSettings::default()
    };
    let outcome = simulate(&scenario, settings, &|_| ()).expect("the scenario runs");
    let variant = &outcome.variants[0];
    let changes: Vec<_> = variant
        .trace
        .rebalances
        .iter()
        .map(|one| (one.from, one.to))
        .collect();
    assert_eq!(changes, [(1, 18), (18, 10)]);
    let most = variant
        .trace
        .buckets
        .iter()
        .map(|bucket| bucket.running_max)
        .max();
    assert_eq!(most, Some(4));
    let limits: Vec<_> = variant.limits.iter().map(ToString::to_string).collect();
    assert!(
        limits[0].contains("because the function runs 4 times at once at most"),
        "{limits:?}"
    );
}

/// Builds the function's events from the log again, without the engine's code, and compares the digests.
#[test]
fn the_digest_is_that_of_the_events_that_the_log_holds() {
    const PARTITIONS: i32 = 4;
    let text = r#"
        [[topics]]
        name = "orders"
        partitions = 4
        key_bytes = 7
        value_bytes = 50
        distinct_bodies = 3
        workload = [{ kind = "backlog", records = 2_000 }]
        [[functions]]
        name = "f"
    "#;
    let no_files = |_: &Path| Err("the scenario names no files".to_owned());
    let scenario = Scenario::parse(Path::new("small.toml"), text, &no_files).expect("a valid scenario");
    Esmeralda::simulated(5, |sim| async move {
        sim.create_topic_with("orders", PARTITIONS)
            .await
            .expect("a new topic");
        let mut workload = Workload::new(&scenario.topics[0], 5);
        workload
            .fill(sim.client(), sim.clock())
            .await
            .expect("memory for the records");
        let audit = Arc::new(Audit::default());
        let function = SimulatedFunction {
            duration: DurationModel::Uniform {
                from: Duration::from_millis(10),
                to: Duration::from_millis(90),
            },
            ..SimulatedFunction::fixed(Duration::ZERO)
        };
        let invoker = SimulatedInvoker::new(function, sim.clock().clone(), Entropy::from_seed(1));
        sim.register_invoker("f", Arc::new(invoker.audited(Arc::clone(&audit))));
        let mapping = NewMapping::new("f", "orders").batch_size(100).minimum_pollers(3);
        let mapping = sim.create_mapping(mapping).await.expect("a valid mapping");
        mapping.drained().await.expect("the mapping exists");

        let mut digest = Digest::default();
        for partition in 0..PARTITIONS {
            let records = records(&sim, partition).await;
            assert_eq!(records.len(), 500);
            for batch in records.chunks(100) {
                digest.add(event(partition, batch).as_bytes());
            }
        }
        let summary = audit.summary();
        assert_eq!(
            (summary.invocations, summary.records, summary.error_count),
            (20, 2_000, 0)
        );
        assert_eq!(summary.digest, Some(digest));
    });
}

/// Returns the JSON members in which the records of an event differ, for each record of a partition.
async fn records(sim: &Esmeralda, partition: i32) -> Vec<String> {
    let from = FetchPosition {
        partition,
        offset: Offset(0),
        max_bytes: usize::MAX,
    };
    let fetched = sim
        .client()
        .fetch("orders", &[from], Duration::ZERO, 1, usize::MAX)
        .await;
    let fetched = fetched.expect("the topic exists").remove(0);
    let mut records = Vec::new();
    for (header, body) in fetched.batches.expect("the partition exists") {
        for record in walk(&header, &body) {
            let record = record.expect("the log only holds valid records");
            let base64 = |bytes: Option<&[u8]>| {
                base64_simd::STANDARD.encode_to_string(bytes.expect("each record has a key and a value"))
            };
            records.push(format!(
                r#""offset":{},"timestamp":{},"timestampType":"CREATE_TIME","key":"{}","value":"{}","headers":[]"#,
                record.offset.0,
                record.timestamp_ms,
                base64(record.key),
                base64(record.value),
            ));
        }
    }
    records
}

fn event(partition: i32, records: &[String]) -> String {
    let record = |members: &String| format!(r#"{{"topic":"orders","partition":{partition},{members}}}"#);
    let records: Vec<_> = records.iter().map(record).collect();
    format!(
        r#"{{"eventSource":"SelfManagedKafka","bootstrapServers":"localhost:9092","records":{{"orders-{partition}":[{}]}}}}"#,
        records.join(",")
    )
}

#[test]
fn the_same_seed_gives_the_same_ids_and_the_same_trace() {
    let run = |seed| {
        let options = Options {
            scaling: ProfileName::Instant.profile(),
            ..Options::simulated()
        };
        Esmeralda::simulated_with(options, seed, |sim| async move {
            sim.create_topic_with("orders", 5).await.expect("a new topic");
            let function = SimulatedFunction {
                duration: DurationModel::Exponential {
                    mean: Duration::from_millis(40),
                },
                error_rate: 0.2,
                concurrency: Some(2),
            };
            sim.register_simulated_function("f", function, seed);
            let mapping = NewMapping::new("f", "orders").minimum_pollers(1).batch_size(10);
            let mapping = sim.create_mapping(mapping).await.expect("a valid mapping");
            for round in 0..50 {
                let values = vec![[b'v'; 10]; 25];
                sim.produce("orders", round % 5, &values)
                    .await
                    .expect("memory for the records");
                sim.sleep(Duration::from_millis(130)).await;
            }
            mapping.drained().await.expect("the mapping exists");
            (
                mapping.uuid().to_owned(),
                mapping.trace().await.expect("the mapping exists"),
            )
        })
    };
    let (one, again, other) = (run(3), run(3), run(4));
    assert!(
        one == again,
        "the same seed gives the same ids and the same trace"
    );
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
    assert!(one.1.buckets.iter().map(|bucket| bucket.throttles).sum::<u64>() > 0);
}

#[test]
fn a_real_function_is_refused_by_name() {
    Esmeralda::simulated(1, |sim| async move {
        let refused = sim.register_http_function("real", "http://127.0.0.1:9000");
        assert!(matches!(&refused, Err(FunctionError::InVirtualTime { name, .. }) if name == "real"));
        assert_eq!(
            refused.map_err(|error| error.to_string()),
            Err("function `real` is an http function, which virtual time cannot wait for: make it a simulated function or a closure".to_owned())
        );
    });
}

/// Returns the times of the messages in a dead-letter topic after a run with a seed: each of twenty records fails eleven times.
fn dead_letters(seed: u64) -> Vec<i64> {
    Esmeralda::simulated(seed, |sim| async move {
        sim.create_topic_with("orders", 2).await.expect("a new topic");
        sim.create_topic_with("failed", 1).await.expect("a new topic");
        sim.register_function("handle-orders", |_| async { Err::<&str, _>("no") });
        let mapping = NewMapping::new("handle-orders", "orders")
            .minimum_pollers(1)
            .on_failure("kafka://failed");
        let mapping = sim.create_mapping(mapping).await.expect("a valid mapping");
        for partition in 0..2 {
            let values = [[b'x'; 100]; 10];
            sim.produce("orders", partition, &values)
                .await
                .expect("there is room");
        }
        mapping.drained().await.expect("the mapping exists");
        let position = FetchPosition {
            partition: 0,
            offset: Offset(0),
            max_bytes: 1 << 20,
        };
        let fetched = sim
            .client()
            .fetch("failed", &[position], Duration::ZERO, 0, 1 << 20)
            .await;
        let fetched = fetched.expect("the topic exists").remove(0);
        let batches = fetched.batches.expect("the partition is there");
        let records = batches.iter().flat_map(|(header, body)| walk(header, body));
        let times = records.map(|record| record.expect("a record").timestamp_ms);
        times.collect()
    })
}

#[test]
fn discarded_records_reach_a_kafka_topic_in_virtual_time() {
    let times = dead_letters(7);
    assert_eq!(times.len(), 20);
    assert_eq!(times, dead_letters(7), "the same seed gives the same run");
}
