//! Scaling with `--time-scale`: the growth of a fleet by its lag, as the trace and the metrics show it.

use serde_json::{Value, json};

use super::{TOPIC, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::http;
use crate::kafka::{self, Sent};
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wait::until;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(
            "esmeralda",
            "a_fleet_grows_by_its_lag_in_scaled_time",
            &[Toolchain::Rust],
            growing_fleet,
        ),
        Case::with(
            "esmeralda",
            "a_time_scale_that_is_too_large_is_reported_with_the_name_of_each_interval",
            &[],
            too_large_scale,
        ),
    ]
}

/// Starts the product with a simulated function `receive` of this duration.
fn serve(context: &Context, duration_ms: u32, arguments: &[&str]) -> Server {
    let config = context.log_dir.join("esmeralda.toml");
    let declared = format!("[[functions]]\nname = \"receive\"\nduration_ms = {duration_ms}\n");
    std::fs::write(&config, declared).expect("the log directory is writable");
    let config = config.to_string_lossy();
    Server::start(context, &[&["--config", &*config], arguments].concat())
}

/// Returns samples of the metrics page, which has one mapping.
fn metrics<const N: usize>(server: &Server, names: [&str; N]) -> [Option<u64>; N] {
    let (status, page) = http::get(&server.http, "/metrics");
    assert_eq!(status, 200);
    names.map(|name| {
        let mut samples = page.lines().filter(|line| line.starts_with(&format!("{name}{{")));
        samples.next()?.rsplit(' ').next()?.parse().ok()
    })
}

fn list<'a>(trace: &'a Value, member: &str) -> &'a [Value] {
    trace[member].as_array().map_or(&[], Vec::as_slice)
}

/// A poller needs 30.08 s for ten records, so the backlog of 40 partitions with 60 records each needs the largest possible fleet until it is
/// gone. Evaluations are at 90, 150 and 210 s, in real time at 1.5, 2.5 and 3.5 s.
fn growing_fleet(context: &Context) {
    const PARTITION_COUNT: i32 = 40;
    const EACH: i32 = 60;
    let server = serve(
        context,
        30_000,
        &["--profile", "announcement-2024", "--time-scale", "60"],
    );
    kafka::create_topic(&server.bootstrap_servers, TOPIC, PARTITION_COUNT);
    let records: Vec<Sent<'_>> = (0..EACH)
        .flat_map(|_| (0..PARTITION_COUNT).map(|partition| Sent::new(partition, Some("key"), Some("value"))))
        .collect();
    kafka::produce(&server.bootstrap_servers, TOPIC, &records);
    let bootstrap: Vec<&str> = server.bootstrap_servers.split(',').collect();
    let arguments = json!({
        "FunctionName": "receive",
        "Topics": [TOPIC],
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
        "ProvisionedPollerConfig": {"MinimumPollers": 1},
    });
    let (status, created) = http::post(&server.http, "/2015-03-31/event-source-mappings", &arguments);
    assert_eq!(status, 202, "{created}");
    let uuid = uuid_of(&serde_json::from_str(&created).expect("the answer is JSON"));
    let trace = || -> Value {
        let (status, body) = http::get(
            &server.http,
            &format!("/esmeralda/event-source-mappings/{uuid}/trace"),
        );
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("a trace is JSON")
    };
    let gauges = || {
        let names = [
            "esmeralda_mapping_pollers",
            "esmeralda_mapping_provisioned_pollers",
            "esmeralda_mapping_event_poller_units",
        ];
        metrics(&server, names)
    };
    let shows = |wanted: [u64; 3]| {
        until(
            context.deadline,
            || format!("gauges {:?}, wanted {wanted:?}", gauges()),
            || gauges() == wanted.map(Some),
        );
    };
    // First one poller has invoked, in one unit; then all pollers have, in four units.
    shows([1, 1, 1]);
    shows([40, 40, 4]);
    until(
        context.deadline,
        || "the backlog is drained".to_owned(),
        || trace()["drained_at_s"].is_number(),
    );
    let trace = trace();
    server.stop();

    assert_eq!(trace["starting_pollers"], 1);
    assert_eq!(trace["is_complete"], true);
    let steps: Vec<Value> = list(&trace, "evaluations")
        .iter()
        .take(3)
        .map(|one| {
            json!([
                one["from"],
                one["to"],
                one["raw_target"],
                one["reason"],
                one["capped_by"]
            ])
        })
        .collect();
    assert_eq!(
        steps,
        [
            json!([1, 19, 40, "lag_too_long", "step"]),
            json!([19, 37, 40, "lag_too_long", "step"]),
            json!([37, 40, 40, "lag_too_long", null]),
        ]
    );
    let changes: Vec<Value> = list(&trace, "rebalances")
        .iter()
        .map(|one| json!([one["from"], one["to"], one["cause"]]))
        .collect();
    assert_eq!(
        changes,
        [[1, 19], [19, 37], [37, 40]].map(|[from, to]| json!([from, to, "evaluation"]))
    );
    assert_on_time(&trace);
    let sum = |member: &str| -> u64 {
        let counts = list(&trace, "buckets").iter();
        counts.filter_map(|bucket| bucket[member].as_u64()).sum()
    };
    assert_eq!(
        ["records", "invocations", "committed"].map(sum),
        [2_400, 240, 2_400]
    );
}

/// Asserts that nothing happens early, and late by less than a bucket, which is 100 ms of real time: delays depend on the machine.
fn assert_on_time(trace: &Value) {
    /// The largest error of the conversion to floating point.
    const ROUNDING_S: f64 = 1e-6;
    let seconds = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("no time in {trace}"));
    assert_eq!(trace["bucket_s"], 6.0);
    let mut due = 90.0;
    for evaluation in list(trace, "evaluations") {
        let at = seconds(&evaluation["at_s"]);
        assert!(
            (due - ROUNDING_S..due + 6.0).contains(&at),
            "an evaluation that was due at {due} s was at {at} s"
        );
        due = at + 60.0;
    }
    for (change, evaluation) in list(trace, "rebalances").iter().zip(list(trace, "evaluations")) {
        let decided = seconds(&change["decided_at_s"]);
        assert!(
            decided >= seconds(&evaluation["at_s"]),
            "{change} before {evaluation}"
        );
        let pause = seconds(&change["ended_at_s"]) - decided;
        assert!(pause >= 30.0 - ROUNDING_S, "a standstill of {pause} s");
    }
    let mut end = 0.0;
    for bucket in list(trace, "buckets") {
        let gap = seconds(&bucket["start_s"]) - end;
        assert!(gap.abs() < ROUNDING_S, "a gap of {gap} s before {bucket}");
        end = seconds(&bucket["start_s"]) + seconds(&bucket["length_s"]);
    }
}

/// Returns the names of the intervals that stderr warns of.
fn too_fine(server: &Server) -> Vec<String> {
    let stderr = server.log();
    let warnings = stderr
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("scaled, this is less than 5 ms of real time"));
    let name = |line: &str| {
        let (_, named) = line
            .split_once("what=\"")
            .expect("a warning names what it is about");
        named.split('"').next().unwrap_or_default().to_owned()
    };
    warnings.map(name).collect()
}

/// An overhead or a function's duration of 80 ms is 5 ms of real time at 16 times the speed, and less at 17 times.
fn too_large_scale(context: &Context) {
    let start = |duration_ms: u32, profile: &str, scale: &str| {
        serve(
            context,
            duration_ms,
            &["--profile", profile, "--time-scale", scale],
        )
    };
    let cases: [(u32, &str, &str, &[&str]); 5] = [
        (80, "announcement-2024", "16", &[]),
        (100, "announcement-2024", "17", &["provisioned_overhead_ms"]),
        (
            100,
            "announcement-2024",
            "30",
            &[
                "provisioned_overhead_ms",
                "on_demand_overhead_ms",
                "a simulated function's duration",
            ],
        ),
        (80, "instant", "17", &["a simulated function's duration"]),
        (1, "announcement-2024", "1", &[]),
    ];
    for (duration_ms, profile, scale, names) in cases {
        let server = start(duration_ms, profile, scale);
        assert_eq!(
            too_fine(&server),
            names,
            "{duration_ms} ms, {profile}, {scale} times"
        );
        server.stop();
    }
}
