//! `esmeralda simulate` in processes of its own: numbers that follow from the scenario, the same bytes from the same seed, and refusals.

use serde_json::{Value, json};

use crate::case::Case;
use crate::command::{self, Ended};
use crate::context::Context;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(
            "esmeralda",
            "simulate_gives_the_numbers_that_follow_from_a_scenario",
            &[],
            derived,
        ),
        Case::with(
            "esmeralda",
            "simulate_writes_the_same_bytes_in_every_process_and_on_any_number_of_threads",
            &[],
            repeated,
        ),
        Case::with(
            "esmeralda",
            "simulate_names_the_error_in_a_scenario_and_its_line",
            &[],
            refused,
        ),
    ]
}

/// Writes a scenario to a file, and returns its path.
fn scenario(context: &Context, name: &str, text: &str) -> String {
    let path = context.log_dir.join(name);
    std::fs::write(&path, text).expect("a writable directory");
    path.into_os_string().into_string().expect("a path in UTF-8")
}

/// Runs a simulation with these arguments, and returns the text of its JSON report.
fn simulated(context: &Context, label: &str, arguments: &[&str]) -> String {
    let report = context.log_dir.join(format!("{label}.json"));
    let report = report.to_str().expect("a path in UTF-8");
    let all = [&["simulate", "--json", report], arguments].concat();
    let expected = Ended {
        status: Some(0),
        stderr: format!("Written: {report}\n"),
    };
    assert_eq!(command::run(context, label, &all), expected);
    std::fs::read_to_string(report).expect("the report was written")
}

/// A scenario whose outcome can be computed by hand. An invocation takes 180 ms: 80 of overhead, 100 of the function. Values are empty, so
/// that the events have no random bytes.
const DERIVED: &str = r#"
title = "Derived by hand"
profile = "announcement-2024"

[scaling]
first_evaluation_ms = 10000
evaluation_interval_ms = 10000
clear_within_ms = 1000
provisioned_step_pollers = 1
rebalance_pause_ms = 2000

[[topics]]
name = "few"
partitions = 4
value_bytes = 0
[[topics.workload]]
kind = "backlog"
records = 20_000

[[topics]]
name = "many"
partitions = 10
value_bytes = 0
[[topics.workload]]
kind = "backlog"
records = 5_000

[[functions]]
name = "handle"
duration_ms = 100

[mapping]
StartingPosition = "TRIM_HORIZON"
BatchSize = 100

[[variants]]
name = "grows"
Topics = ["few"]
ProvisionedPollerConfig = { MinimumPollers = 1 }

[[variants]]
name = "stays"
Topics = ["many"]
ProvisionedPollerConfig = { MinimumPollers = 10, MaximumPollers = 10 }
"#;

/// Checks the scenario above. One poller completes 55 invocations until second 10, and then the one in flight. The second poller joins, and
/// from second 12 to second 20 both complete 45 each, the last ones included. Then the third joins. Of the remaining 200 - 56 - 90 = 54
/// invocations, 27 belong to the poller that still has two partitions: 13 to one and 14 to the other. They take 27 * 180 ms.
fn derived(context: &Context) {
    let path = scenario(context, "derived.toml", DERIVED);
    let report = simulated(context, "derived", &[&path]);
    let report: Value = serde_json::from_str(&report).expect("the report is JSON");
    assert_eq!(report["title"], "Derived by hand");
    let [grows, stays] = [&report["variants"][0], &report["variants"][1]];

    let (few, many) = (events("few", 4, 5_000), events("many", 10, 500));
    let members = [
        "name",
        "minimum_pollers",
        "maximum_pollers",
        "drained_in_s",
        "full_concurrency_after_s",
        "records",
        "invocations",
        "payload_bytes",
        "digest",
        "largest_fleet",
    ];
    let shown = |variant: &Value| members.map(|member| variant[member].clone());
    assert_eq!(
        shown(grows).to_vec(),
        json!([
            "grows", 1, 200, 26.86, 22.0, 20_000, 200, few.bytes, few.digest, 3
        ])
        .as_array()
        .cloned()
        .unwrap_or_default()
    );
    assert_eq!(
        shown(stays).to_vec(),
        json!(["stays", 10, 10, 0.9, 0.0, 5_000, 50, many.bytes, many.digest, 10])
            .as_array()
            .cloned()
            .unwrap_or_default()
    );
    assert_eq!(
        grows["trace"]["rebalances"],
        json!([
            {"decided_at_s": 10.0, "ended_at_s": 12.0, "from": 1, "to": 2, "cause": "evaluation"},
            {"decided_at_s": 20.0, "ended_at_s": 22.0, "from": 2, "to": 3, "cause": "evaluation"},
        ])
    );
    let evaluations: Vec<Value> = grows["trace"]["evaluations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            json!([
                one["at_s"],
                one["from"],
                one["to"],
                one["lag"],
                one["raw_target"],
                one["reason"],
                one["capped_by"]
            ])
        })
        .collect();
    assert_eq!(
        evaluations,
        [
            json!([10.0, 1, 2, 14_500, 4, "lag_too_long", "step"]),
            json!([20.0, 2, 3, 5_600, 4, "lag_too_long", "step"]),
        ]
    );
    assert_eq!(stays["trace"]["rebalances"], json!([]));
}

/// The size and the digest of all events of a topic.
struct Events {
    bytes: u64,
    digest: String,
}

/// Builds the events of a topic with `each` records in every partition, 100 per event, with the start of virtual time as timestamp.
fn events(topic: &str, partition_count: u32, each: u32) -> Events {
    let (mut bytes, mut sum) = (0, 0_u64);
    for partition in 0..partition_count {
        for first in (0..each).step_by(100) {
            let record = |offset: u32| {
                format!(
                    concat!(
                        r#"{{"topic":"{}","partition":{},"offset":{},"timestamp":1767225600000,"#,
                        r#""timestampType":"CREATE_TIME","value":"","headers":[]}}"#,
                    ),
                    topic, partition, offset
                )
            };
            let records: Vec<String> = (first..first + 100).map(record).collect();
            let event = format!(
                r#"{{"eventSource":"SelfManagedKafka","bootstrapServers":"localhost:9092","records":{{"{topic}-{partition}":[{}]}}}}"#,
                records.join(",")
            );
            bytes += event.len() as u64;
            sum = sum.wrapping_add(u64::from(crc32c(event.as_bytes())));
        }
    }
    Events {
        bytes,
        digest: format!("{sum:016x}"),
    }
}

/// Computes the CRC-32C bit by bit, as RFC 3720 defines it.
fn crc32c(bytes: &[u8]) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0x82f6_3b78;
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { REVERSED_POLYNOMIAL } else { 0 }
        })
    })
}

/// A scenario in which everything that can be random is random: bodies, shares, durations, failures and the jitter of retries.
const RANDOM: &str = r#"
seed = 7
profile = "current"

[scaling]
first_evaluation_ms = 5000
evaluation_interval_ms = 5000
rebalance_pause_ms = 1000

[[topics]]
name = "spiky"
partitions = 12
key_bytes = 8
value_bytes = 100
records_per_batch = 50
distinct_bodies = 16
compression = "lz4"
skew = { zipf = 0.7 }
[[topics.workload]]
kind = "backlog"
records = 6_000
[[topics.workload]]
kind = "spike"
records_per_s = 400
from_s = 10
for_s = 10

[[topics]]
name = "steady"
partitions = 5
value_bytes = 40
distinct_bodies = 64
[[topics.workload]]
kind = "constant"
records_per_s = 250
to_s = 40

[[functions]]
name = "shaky"
duration = { normal_ms = [100, 30] }
error_rate = 0.05
concurrency = 6

[[functions]]
name = "slow"
duration = { exponential_ms = 150 }

[mapping]
StartingPosition = "TRIM_HORIZON"
BatchSize = 20

[[variants]]
name = "on-demand"
FunctionName = "shaky"
Topics = ["spiky"]

[[variants]]
name = "provisioned"
FunctionName = "slow"
Topics = ["steady"]
ProvisionedPollerConfig = { MinimumPollers = 1, MaximumPollers = 4 }
"#;

fn repeated(context: &Context) {
    let path = scenario(context, "random.toml", RANDOM);
    let one = simulated(context, "one-thread", &[&path, "--threads", "1"]);
    let two = simulated(context, "two-threads", &[&path, "--threads", "2"]);
    assert!(one == two, "see one-thread.json and two-threads.json");
    let other = simulated(context, "another-seed", &[&path, "--seed", "8"]);

    let read = |report: &str| -> Value { serde_json::from_str(report).expect("the report is JSON") };
    let (first, other) = (read(&one), read(&other));
    assert_eq!((&first["seed"], &other["seed"]), (&json!(7), &json!(8)));
    let of_both =
        |report: &Value, member: &str| [0, 1].map(|place| report["variants"][place][member].clone());
    for report in [&first, &other] {
        // The number of records does not depend on the seed.
        assert_eq!(of_both(report, "records"), [10_000, 10_000].map(Value::from));
    }
    let (digests, others) = (of_both(&first, "digest"), of_both(&other, "digest"));
    let digits = |digest: &Value| digest.as_str().map(str::len);
    assert!(
        digests
            .iter()
            .chain(&others)
            .all(|digest| digits(digest) == Some(16))
    );
    assert!(
        digests[0] != others[0] && digests[1] != others[1],
        "{digests:?}, {others:?}"
    );
    let failed = |report: &Value| -> u64 {
        let buckets = report["variants"][0]["trace"]["buckets"]
            .as_array()
            .into_iter()
            .flatten();
        buckets
            .filter_map(|bucket| bucket["invocation_errors"].as_u64())
            .sum()
    };
    assert!(
        failed(&first) > 0 && failed(&first) != failed(&other),
        "the seed decides which invocations fail"
    );
}

fn refused(context: &Context) {
    let unknown =
        "[[topics]]\nname = \"orders\"\npartitions = 1\npartition_count = 2\n\n[[functions]]\nname = \"f\"\n";
    let unknown = scenario(context, "unknown-key.toml", unknown);
    let ended = command::run(context, "unknown-key", &["simulate", &unknown]);
    assert_eq!(ended.status, Some(1));
    for part in [
        format!("esmeralda: {unknown}: "),
        "line 4".to_owned(),
        "unknown field `partition_count`".to_owned(),
        "`partitions`".to_owned(),
    ] {
        assert!(ended.stderr.contains(&part), "{part} is not in {}", ended.stderr);
    }

    let http = "[[topics]]\nname = \"orders\"\npartitions = 1\n\n[[functions]]\nname = \"real\"\ntype = \"http\"\n\
                endpoint = \"http://127.0.0.1:9000\"\n";
    let http = scenario(context, "http-function.toml", http);
    let expected = Ended {
        status: Some(1),
        stderr: format!(
            "esmeralda: {http}: line 5: function `real` has type \"http\": virtual time cannot wait for a real function, \
             use type \"simulated\"\n"
        ),
    };
    assert_eq!(
        command::run(context, "http-function", &["simulate", &http]),
        expected
    );

    let missing = context.log_dir.join("missing.toml");
    let missing = missing.to_str().expect("a path in UTF-8");
    let expected = Ended {
        status: Some(1),
        stderr: format!("esmeralda: cannot read {missing}: No such file or directory (os error 2)\n"),
    };
    assert_eq!(command::run(context, "missing", &["simulate", missing]), expected);
}
