mod variants;

use super::*;
use esmeralda_broker::Compression;
use serde_json::json;

fn parse(text: &str) -> Result<Scenario, String> {
    let read = |path: &Path| match path.to_str() {
        Some("scenarios/rates.csv") => Ok("0,10\n60,0\n".to_owned()),
        Some("scenarios/wrong.csv") => Ok("0,10\nx,0\n".to_owned()),
        other => Err(format!("cannot read {other:?}: no such file")),
    };
    Scenario::parse(Path::new("scenarios/test.toml"), text, &read).map_err(|error| error.to_string())
}

/// Returns the shortest valid scenario, with more lines at its start and end.
fn shortest(start: &str, end: &str) -> String {
    format!(
        "{start}\n[[topics]]\nname = 'orders'\npartitions = 2\n[[functions]]\nname = 'f'\nduration_ms = 5\n{end}\n"
    )
}

#[test]
fn the_reference_holds_the_numbers_of_the_announcement() {
    let scenario = Scenario::reference();
    let topic = &scenario.topics[0];
    assert_eq!(
        (topic.partitions, topic.value_bytes, topic.key_bytes),
        (100, 1_000, 0)
    );
    assert_eq!(topic.skew, Skew::Even);
    assert_eq!(topic.workload, [Arrivals::Backlog { records: 20_000_000 }]);
    let function = SimulatedFunction::fixed(Duration::from_millis(100));
    assert_eq!(scenario.functions[0].function, function);
    assert_eq!(scenario.scaling.profile, ProfileName::Announcement2024.profile());
    assert_eq!(scenario.run_for, None);
    let expected = [
        ("on-demand", None),
        ("minimum-1", Some(1)),
        ("minimum-10", Some(10)),
        ("minimum-100", Some(100)),
    ];
    let variants: Vec<_> = scenario
        .variants
        .iter()
        .map(|variant| {
            assert_eq!(variant.members["BatchSize"], 100);
            assert_eq!(variant.members["StartingPosition"], "TRIM_HORIZON");
            assert_eq!((&*variant.function, &*variant.topic), ("handle-orders", "orders"));
            let minimum = variant.members.get("ProvisionedPollerConfig");
            (
                variant.name.as_str(),
                minimum.and_then(|config| config["MinimumPollers"].as_u64()),
            )
        })
        .collect();
    assert_eq!(variants, expected);
}

#[test]
fn missing_keys_have_their_defaults() {
    let scenario = parse(&shortest("", "")).expect("a valid scenario");
    assert_eq!((&*scenario.title, scenario.seed), ("test", 0));
    assert_eq!(scenario.scaling.to_string(), "current");
    let topic = TopicScenario {
        name: "orders".to_owned(),
        partitions: 2,
        configs: BTreeMap::new(),
        key_bytes: 0,
        value_bytes: 1_000,
        records_per_batch: 100,
        distinct_bodies: 1,
        compression: Compression::None,
        skew: Skew::Even,
        workload: Vec::new(),
    };
    assert_eq!(scenario.topics, [topic]);
    let variant = VariantScenario {
        name: "mapping".to_owned(),
        members: json!({ "FunctionName": "f", "Topics": ["orders"] })
            .as_object()
            .cloned()
            .unwrap_or_default(),
        function: "f".to_owned(),
        topic: "orders".to_owned(),
        place: String::new(),
        keda: None,
    };
    assert_eq!(scenario.variants, [variant]);
}

#[test]
fn every_key_of_a_scenario_is_read() {
    let scenario = parse(
        r#"
        title = "Everything"
        seed = 7
        run_for_s = 600.5
        profile = "instant"

        [scaling]
        rebalance_pause_ms = 5000
        event_poller_unit_usd_per_hour = 0.25
        rebalance_protocol = "cooperative"

        [[topics]]
        name = "orders"
        partitions = 3
        configs = { "retention.ms" = "60000" }
        key_bytes = 16
        value_bytes = 300
        records_per_batch = 50
        distinct_bodies = 8
        compression = "lz4"
        skew = { weights = [1, 2.5, 0] }

        [[topics.workload]]
        kind = "backlog"
        records = 1000
        [[topics.workload]]
        kind = "constant"
        records_per_s = 5
        to_s = 10
        [[topics.workload]]
        kind = "spike"
        records_per_s = 50.5
        from_s = 60
        for_s = 10
        every_s = 120
        [[topics.workload]]
        kind = "sine"
        mean_per_s = 10
        amplitude_per_s = 10
        period_s = 60
        from_s = 1
        [[topics.workload]]
        kind = "csv"
        file = "rates.csv"

        [[topics]]
        name = "other"
        partitions = 1
        skew = { zipf = 1 }

        [[functions]]
        name = "f"
        type = "simulated"
        duration = { uniform_ms = [1, 2] }
        seed = 3
        [[functions]]
        name = "g"

        [mapping]
        FunctionName = "f"
        Topics = ["orders"]
        BatchSize = 10

        [[variants]]
        name = "one"
        [[variants]]
        name = "two"
        BatchSize = 20
        FunctionName = "arn:aws:lambda:eu-west-1:000000000000:function:g:live"
        Topics = ["other"]
        "#,
    )
    .expect("a valid scenario");
    assert_eq!((&*scenario.title, scenario.seed), ("Everything", 7));
    assert_eq!(scenario.run_for, Some(Duration::from_millis(600_500)));
    assert_eq!(
        scenario.scaling.to_string(),
        "instant, with event_poller_unit_usd_per_hour = 0.25, rebalance_pause_ms = 5000, rebalance_protocol = cooperative"
    );
    assert_eq!(scenario.scaling.profile.rebalance_pause, Duration::from_secs(5));
    let orders = &scenario.topics[0];
    assert_eq!((orders.key_bytes, orders.distinct_bodies), (16, 8));
    assert_eq!(orders.compression, Compression::Lz4);
    assert_eq!(orders.configs["retention.ms"], "60000");
    assert_eq!(orders.skew, Skew::Weights(vec![1.0, 2.5, 0.0]));
    let workload = [
        Arrivals::Backlog { records: 1_000 },
        Arrivals::Constant {
            records_per_s: 5.0,
            from_s: 0.0,
            to_s: Some(10.0),
        },
        Arrivals::Spike {
            records_per_s: 50.5,
            from_s: 60.0,
            for_s: 10.0,
            every_s: Some(120.0),
            to_s: None,
        },
        Arrivals::Sine {
            mean_per_s: 10.0,
            amplitude_per_s: 10.0,
            period_s: 60.0,
            from_s: 1.0,
            to_s: None,
        },
        Arrivals::Series(RateSeries::parse("0,10\n60,0\n").expect("a valid series")),
    ];
    assert_eq!(orders.workload, workload);
    assert_eq!(scenario.topics[1].skew, Skew::Zipf(1.0));
    let [one, two] = &scenario.variants[..] else {
        panic!("{:?}", scenario.variants);
    };
    assert_eq!(
        (&one.members["BatchSize"], &two.members["BatchSize"]),
        (&json!(10), &json!(20))
    );
    assert_eq!((&*one.function, &*one.topic), ("f", "orders"));
    assert_eq!((&*two.function, &*two.topic), ("g", "other"));
}

#[test]
fn shares_follow_the_skew_and_add_up_to_one() {
    assert_eq!(Skew::Even.shares(4), [0.25; 4]);
    assert_eq!(Skew::Zipf(0.0).shares(4), [0.25; 4]);
    assert_eq!(Skew::Zipf(1.0).shares(2), [2.0 / 3.0, 1.0 / 3.0]);
    assert_eq!(Skew::Weights(vec![1.0, 0.0, 3.0]).shares(3), [0.25, 0.0, 0.75]);
}

#[test]
fn an_error_names_its_line_and_what_is_allowed() {
    let workload = |lines: &str| {
        shortest(
            "",
            &format!("[[topics]]\nname='b'\npartitions=1\n[[topics.workload]]\n{lines}"),
        )
    };
    let cases = [
        // The file's own keys. The shortest scenario begins in line 2.
        (
            shortest("profile = 'fast'", ""),
            "line 1, column 11",
            "unknown scaling profile `fast`",
        ),
        (
            shortest("run_for_s = -1", ""),
            "line 1,",
            "invalid value -1 s: must be from 0 to 604800 s",
        ),
        (
            shortest("seed = -1", ""),
            "line 1,",
            "invalid value -1: must be from 0 to",
        ),
        (shortest("sed = 1", ""), "line 1,", "unknown field `sed`"),
        (
            shortest("", "[scaling]\nrebalance_pause_ms = 'long'"),
            "line 9:",
            "invalid value `long` for rebalance_pause_ms",
        ),
        (
            shortest("", "[scaling]\n\npause = 3"),
            "line 10:",
            "unknown scaling constant `pause`",
        ),
        // Topics.
        (
            shortest("", "[[topics]]\nname='b'\npartitions=0"),
            "line 10,",
            "invalid value 0: must be from 1 to 200000",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=1\nvalue_byte=1"),
            "line 11,",
            "unknown field `value_byte`",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=1\ncompression='br'"),
            "line 11,",
            "unknown variant `br`",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=1\nrecords_per_batch=2000"),
            "line 8: topic `b`:",
            "invalid records_per_batch = 2000: batches of 2052000 bytes are more than max.message.bytes of 1048588, must be at most 1022",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=2\nskew={weights=[1]}"),
            "line 8: topic `b`:",
            "invalid weights: 1 numbers for 2 partitions, must be one per partition",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=1\nskew={weights=[0]}"),
            "line 8:",
            "invalid weights: the sum must be more than 0",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=1\nskew={weights=[-1]}"),
            "line 8:",
            "invalid weight -1: must be from 0 to 1000000000",
        ),
        (
            shortest("", "[[topics]]\nname='b'\npartitions=1\nskew={zipf=-1}"),
            "line 8:",
            "invalid zipf = -1: must be from 0 to 10",
        ),
        // Workloads. Their table begins in line 11.
        (
            workload("kind='flood'"),
            "line 12,",
            "unknown variant `flood`, expected one of `backlog`, `constant`",
        ),
        (
            workload("kind='backlog'"),
            "line 11: topic `b`:",
            "a workload of kind \"backlog\" needs `records`",
        ),
        (
            workload("kind='constant'\nrecords_per_s=1\nfor_s=1"),
            "line 11: topic `b`:",
            "a workload of kind \"constant\" has no `for_s`: it has records_per_s, from_s, to_s",
        ),
        (
            workload("kind='constant'\nrecords_per_s=-1"),
            "line 13,",
            "invalid value -1 records a second: must be from 0 to",
        ),
        (
            workload("kind='constant'\nrecords_per_s=1\nfrom_s=5\nto_s=5"),
            "line 11:",
            "invalid to_s = 5: must be more than from_s = 5",
        ),
        (
            workload("kind='spike'\nrecords_per_s=1\nfrom_s=0\nfor_s=5\nevery_s=4"),
            "line 11:",
            "invalid every_s = 4: must be more than 0 and at least for_s = 5",
        ),
        (
            workload("kind='sine'\nmean_per_s=1\namplitude_per_s=2\nperiod_s=60"),
            "line 11:",
            "invalid amplitude_per_s = 2: must be at most mean_per_s = 1",
        ),
        (
            workload("kind='sine'\nmean_per_s=1\namplitude_per_s=1\nperiod_s=0"),
            "line 11:",
            "invalid period_s = 0: must be more than 0",
        ),
        (
            workload("kind='csv'\nfile='none.csv'"),
            "line 11:",
            "cannot read Some(\"scenarios/none.csv\")",
        ),
        (
            workload("kind='csv'\nfile='wrong.csv'"),
            "line 11:",
            "wrong.csv: line 2: invalid line `x,0`: must be `seconds,records_per_s`",
        ),
        // Functions.
        (
            shortest(
                "",
                "[[functions]]\nname='h'\ntype='http'\nendpoint='http://localhost'",
            ),
            "line 8:",
            "function `h` has type \"http\": virtual time cannot wait for a real function, use type \"simulated\"",
        ),
        (
            shortest("", "[[functions]]\nname='h'\nerror_rate=2"),
            "line 10,",
            "invalid share 2: must be between 0.0 and 1.0",
        ),
        // Mappings.
        (
            shortest("", "[mapping]\nBatchsize=1"),
            "line 9,",
            "unknown field `Batchsize`",
        ),
        (
            shortest("", "[[variants]]\nBatchSize=1"),
            "line 8,",
            "missing field `name`",
        ),
    ];
    for (text, place, expected) in cases {
        let error = parse(&text).expect_err(&text);
        assert!(
            error.contains(place) && error.contains(expected),
            "{text}\n{error}"
        );
    }
}

#[test]
fn parts_that_do_not_fit_each_other_are_refused() {
    let topic = "[[topics]]\nname='b'\npartitions=1\n";
    let cases = [
        (
            "[[functions]]\nname='f'\n".to_owned(),
            "missing [[topics]]: at least one is required",
        ),
        (
            topic.to_owned(),
            "missing [[functions]]: at least one is required",
        ),
        (
            shortest("", topic),
            "variant `mapping`: missing Topics: must name one of orders, b",
        ),
        (
            shortest("", "[[functions]]\nname='g'\n[mapping]\nTopics=['orders']"),
            "line 10: variant `mapping`: missing FunctionName: must name one of f, g",
        ),
        (
            shortest("", "[[variants]]\nname='a'\nFunctionName='h'"),
            "line 8: variant `a`: unknown function `h` in FunctionName: must be one of f",
        ),
        (
            shortest("", "[[variants]]\nname='a'\nTopics=['x']"),
            "line 8: variant `a`: unknown topic `x` in Topics: must be one of orders",
        ),
        (
            shortest("", "[[variants]]\nname='a'\nTopics=['orders','x']"),
            "line 8: variant `a`: invalid Topics [\"orders\",\"x\"]: must be a list of one topic name",
        ),
        (
            shortest("", "[mapping]\nFunctionName=3"),
            "line 8: variant `mapping`: invalid FunctionName 3: must be the name of a function",
        ),
        (
            shortest("", "[[topics]]\nname='orders'\npartitions=1"),
            "topic `orders` is declared twice",
        ),
        (
            shortest("", "[[functions]]\nname='f'"),
            "function `f` is declared twice",
        ),
        (
            shortest("", "[[variants]]\nname='a'\n[[variants]]\nname='a'"),
            "variant `a` is declared twice",
        ),
        (
            shortest("run_for_s=0", ""),
            "invalid run_for_s = 0: must be more than 0, or left out to run until all is drained",
        ),
        (
            shortest(
                "",
                "[mapping]\nTopics=['orders']\n[[topics]]\nname='b'\npartitions=1\n[[topics.workload]]\nkind='constant'\nrecords_per_s=1",
            ),
            "the workload of topic `b` never ends: set its `to_s`, or the scenario's `run_for_s`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(
            parse(&text),
            Err(format!("scenarios/test.toml: {expected}")),
            "{text}"
        );
    }
}
