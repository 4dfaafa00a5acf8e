//! Claims: on two cores the reference workload in its four modes takes under 60 s with built events and under 4 s with measured events, and
//! 4,096 distinct bodies take at most 1.5 times as long as one. A spike test of ten virtual minutes and 168,000 records takes under a
//! second. (Ten runs of each case take eight minutes.)

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use esmeralda::esm::Payloads;
use esmeralda::simulate::{RunSettings, Scenario, simulate};
use std::path::Path;

const RECORDS: u64 = 20_000_000;

/// The scenario of the suite's spike test.
const SPIKES: &str = include_str!("../tests/spikes.toml");

fn reference(distinct_bodies: u32) -> Scenario {
    let mut scenario = Scenario::reference();
    scenario.topics[0].distinct_bodies = distinct_bodies;
    scenario
}

fn run(scenario: &Scenario, payloads: Payloads) -> usize {
    let settings = RunSettings {
        payloads,
        ..RunSettings::default()
    };
    let outcome = simulate(scenario, settings, &|_| ()).expect("the scenario runs");
    outcome.variants.len()
}

fn simulations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let (one, many) = (reference(1), reference(4_096));
    group.throughput(Throughput::Elements(RECORDS * one.variants.len() as u64));
    let cases = [
        ("payloads=measured/bodies=1", &one, Payloads::Measured),
        ("payloads=built/bodies=1", &one, Payloads::Built),
        ("payloads=built/bodies=4096", &many, Payloads::Built),
    ];
    for (name, scenario, payloads) in cases {
        group.bench_function(name, |bencher| bencher.iter(|| run(scenario, payloads)));
    }
    let no_files = |_: &Path| Err("the scenario names no files".to_owned());
    let spikes = Scenario::parse(Path::new("spikes.toml"), SPIKES, &no_files).expect("a valid scenario");
    group.throughput(Throughput::Elements(168_000));
    group.bench_function("spikes", |bencher| bencher.iter(|| run(&spikes, Payloads::Built)));
    group.finish();
}

criterion_group!(benches, simulations);
criterion_main!(benches);
