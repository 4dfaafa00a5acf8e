use super::*;
use crate::http::cloudwatch::json;
use esmeralda_esm::MemoryPool;
use esmeralda_esm::cloudwatch::SampleSet;
use serde_json::{Value as Json, json};

/// 2026-01-01T00:00:00Z, and its minute.
const NOON_S: i64 = 1_767_225_600;
const NOON: i64 = NOON_S / 60;

struct TestStore(MetricStore);

impl TestStore {
    /// A store with a metric `M` of namespace `N` and dimension `D`=`d`, whose value in the minutes 0 to 9 is that number.
    fn new() -> Self {
        let store = MetricStore::new(MemoryPool::new(1 << 30));
        for minute in 0..10 {
            let samples = SampleSet::one(minute as f64);
            store.merge(&id("M", &[("D", "d")]), "Count", Minute(NOON + minute), samples);
        }
        Self(store)
    }

    fn call(&self, operation: &str, input: Json) -> Result<Json, CloudWatchError> {
        let input = json::read(input.to_string().as_bytes())?;
        let scene = Scene {
            store: &self.0,
            now_ms: (NOON_S + 600) * 1_000,
        };
        let result = carry_out(operation, &input, scene)?;
        Ok(serde_json::from_slice(&json::write(&result)).expect("an answer is JSON"))
    }

    fn refused(&self, operation: &str, input: Json) -> (&'static str, String) {
        let error = self.call(operation, input).expect_err("it is refused");
        (error.code, error.message)
    }
}

fn id(name: &str, dimensions: &[(&str, &str)]) -> MetricId {
    let dimension = |(name, value): &(&str, &str)| Dimension {
        name: (*name).to_owned().into(),
        value: (*value).to_owned().into(),
    };
    MetricId::new("N", name.to_owned(), dimensions.iter().map(dimension).collect())
}

/// A body with changed members; null removes one.
fn with(mut body: Json, changes: Json) -> Json {
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn statistics() -> Json {
    json!({
        "Namespace": "N",
        "MetricName": "M",
        "Dimensions": [{ "Name": "D", "Value": "d" }],
        "StartTime": NOON_S,
        "EndTime": NOON_S + 600,
        "Period": 300,
        "Statistics": ["Sum", "Maximum", "Average", "Minimum", "SampleCount"],
    })
}

#[test]
fn get_metric_statistics_returns_the_statistics_of_each_period() {
    let store = TestStore::new();
    let point = |start: i64, sum: f64, minimum: f64, maximum: f64| {
        json!({
            "Timestamp": start as f64, "Sum": sum, "Maximum": maximum, "Average": sum / 5.0, "Minimum": minimum,
            "SampleCount": 5.0, "Unit": "Count",
        })
    };
    assert_eq!(
        store.call("GetMetricStatistics", statistics()),
        Ok(json!({
            "Label": "M",
            "Datapoints": [point(NOON_S, 10.0, 0.0, 4.0), point(NOON_S + 300, 35.0, 5.0, 9.0)],
        }))
    );
    let none = json!({ "Label": "M", "Datapoints": [] });
    // Dimensions match as a whole, and a unit has to be the sample's.
    for changes in [
        json!({ "Dimensions": null }),
        json!({ "Dimensions": [{ "Name": "D", "Value": "d" }, { "Name": "E", "Value": "e" }] }),
        json!({ "Namespace": "O" }),
        json!({ "Unit": "Bytes" }),
    ] {
        assert_eq!(
            store.call("GetMetricStatistics", with(statistics(), changes)),
            Ok(none.clone())
        );
    }
    // The start is rounded down to a minute, and the end is exclusive.
    let one = json!({ "StartTime": NOON_S as f64 + 119.5, "EndTime": NOON_S + 120, "Period": 60, "Statistics": ["Sum"] });
    let found = store
        .call("GetMetricStatistics", with(statistics(), one))
        .expect("valid");
    assert_eq!(
        found["Datapoints"],
        json!([{ "Timestamp": (NOON_S + 60) as f64, "Sum": 1.0, "Unit": "Count" }])
    );
}

#[test]
fn get_metric_statistics_refuses_what_cloudwatch_refuses() {
    let store = TestStore::new();
    for (changes, code, message) in [
        (
            json!({ "Namespace": null }),
            "MissingParameter",
            "The parameter Namespace is required.",
        ),
        (
            json!({ "MetricName": "" }),
            "MissingParameter",
            "The parameter MetricName is required.",
        ),
        (
            json!({ "StartTime": null }),
            "MissingParameter",
            "The parameter StartTime is required.",
        ),
        (
            json!({ "Period": null }),
            "MissingParameter",
            "The parameter Period is required.",
        ),
        (
            json!({ "EndTime": NOON_S }),
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            json!({ "Period": 90 }),
            "InvalidParameterValue",
            "The parameter Period must be a multiple of 60, and not 90.",
        ),
        (
            json!({ "Period": 10 }),
            "InvalidParameterValue",
            "Period 10 is not supported yet by Esmeralda: metrics are kept by minute, so use a multiple of 60.",
        ),
        (
            json!({ "Statistics": null }),
            "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ),
        (
            json!({ "Statistics": ["Median"] }),
            "InvalidParameterValue",
            "The value Median for parameter Statistics is not supported: must be one of SampleCount, Average, Sum, Minimum, Maximum.",
        ),
        (
            json!({ "ExtendedStatistics": ["p99"] }),
            "InvalidParameterValue",
            "ExtendedStatistics p99 is not supported yet by Esmeralda: a minute has only its SampleCount, Average, Sum, Minimum, Maximum.",
        ),
        (
            json!({ "EndTime": NOON_S + 1_441 * 60, "Period": 60 }),
            "InvalidParameterCombination",
            "You have requested up to 1441 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by \
             increasing Period, or decreasing the time range.",
        ),
        (
            json!({ "Period": "often" }),
            "InvalidParameterValue",
            "The parameter Period must be an integer.",
        ),
        (
            json!({ "StartTime": "yesterday" }),
            "InvalidParameterValue",
            "The parameter StartTime must be a timestamp.",
        ),
        (
            json!({ "Dimensions": [{ "Name": "D" }] }),
            "MissingParameter",
            "The parameter Dimensions.member.1.Value is required.",
        ),
    ] {
        let refused = store.refused("GetMetricStatistics", with(statistics(), changes.clone()));
        assert_eq!(refused, (code, message.to_owned()), "{changes}");
    }
}

fn query(id: &str, changes: Json) -> Json {
    let stat = json!({
        "Metric": { "Namespace": "N", "MetricName": "M", "Dimensions": [{ "Name": "D", "Value": "d" }] },
        "Period": 60,
        "Stat": "Sum",
    });
    with(json!({ "Id": id, "MetricStat": stat }), changes)
}

fn data(queries: &[Json], changes: Json) -> Json {
    let body = json!({ "MetricDataQueries": queries, "StartTime": NOON_S, "EndTime": NOON_S + 180 });
    with(body, changes)
}

fn times(minutes: &[i64]) -> Json {
    minutes
        .iter()
        .map(|minute| (NOON_S + minute * 60) as f64)
        .collect()
}

#[test]
fn get_metric_data_returns_the_newest_values_first() {
    let store = TestStore::new();
    let other =
        json!({ "Metric": { "Namespace": "N", "MetricName": "unknown" }, "Period": 60, "Stat": "Sum" });
    let queries = [
        query("a", json!({})),
        query("b", json!({ "MetricStat": other, "Label": "mine" })),
        query("c", json!({ "ReturnData": false })),
    ];
    let result = |id: &str, label: &str, minutes: &[i64], values: &[f64]| json!({ "Id": id, "Label": label, "Timestamps": times(minutes), "Values": values, "StatusCode": "Complete" });
    assert_eq!(
        store.call("GetMetricData", data(&queries, json!({}))),
        Ok(json!({
            "MetricDataResults": [
                result("a", "M", &[2, 1, 0], &[2.0, 1.0, 0.0]),
                result("b", "mine", &[], &[]),
            ],
            "Messages": [],
        }))
    );
    let ascending = data(&queries[..1], json!({ "ScanBy": "TimestampAscending" }));
    let found = store.call("GetMetricData", ascending).expect("valid");
    assert_eq!(
        found["MetricDataResults"],
        json!([result("a", "M", &[0, 1, 2], &[0.0, 1.0, 2.0])])
    );
}

#[test]
fn get_metric_data_returns_pages() {
    let store = TestStore::new();
    let queries = [query("a", json!({})), query("b", json!({}))];
    let mut token = Json::Null;
    let mut pages = Vec::new();
    loop {
        let page = store
            .call(
                "GetMetricData",
                data(&queries, json!({ "MaxDatapoints": 2, "NextToken": token })),
            )
            .expect("valid");
        let results = page["MetricDataResults"].as_array().expect("a list").iter();
        let shown = results.map(|one| json!([one["Id"], one["Values"], one["StatusCode"]]));
        pages.push(Json::Array(shown.collect()));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(
        Json::Array(pages),
        json!([
            [["a", [2.0, 1.0], "PartialData"], ["b", [], "PartialData"]],
            [["a", [0.0], "Complete"], ["b", [2.0], "PartialData"]],
            [["b", [1.0, 0.0], "Complete"]],
        ])
    );
    let refused = store.refused("GetMetricData", data(&queries, json!({ "NextToken": "x" })));
    assert_eq!(refused.0, "InvalidNextToken");
}

#[test]
fn get_metric_data_refuses_what_is_not_built_by_name() {
    let store = TestStore::new();
    for (query, message) in [
        (
            query("a", json!({ "Expression": "a * 2" })),
            "MetricDataQueries.member.1.Expression is not supported yet by Esmeralda: ask for a MetricStat, and compute from its values.",
        ),
        (
            query("a", json!({ "Label": "${LAST}" })),
            "MetricDataQueries.member.1.Label ${LAST} is not supported yet by Esmeralda: give a label without expressions.",
        ),
        (
            query("A", json!({})),
            "The value A for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
        ),
        (
            json!({ "Id": "a" }),
            "The parameter MetricDataQueries.member.1.MetricStat is required.",
        ),
    ] {
        assert_eq!(
            store.refused("GetMetricData", data(&[query], json!({}))).1,
            message
        );
    }
    let twice = data(&[query("a", json!({})), query("a", json!({}))], json!({}));
    assert_eq!(
        store.refused("GetMetricData", twice).1,
        "The value a for parameter MetricDataQueries.member.2.Id is not unique within the request."
    );
    let message = store.refused("PutMetricAlarm", json!({})).1;
    assert!(
        message.starts_with("The operation PutMetricAlarm of CloudWatch is not served."),
        "{message}"
    );
}

#[test]
fn list_metrics_filters_by_part_of_the_dimensions_and_returns_pages() {
    let store = TestStore::new();
    for number in 0..600 {
        let id = id("P", &[("D", "d"), ("E", &format!("{number:03}"))]);
        store.0.merge(&id, "Count", Minute(NOON), SampleSet::one(1.0));
    }
    let listed = |input: Json| {
        let found = store.call("ListMetrics", input).expect("valid");
        let count = found["Metrics"].as_array().map(Vec::len);
        (count.unwrap_or(0), found["NextToken"].clone())
    };
    let (first, token) = listed(json!({}));
    assert_eq!(first, 500);
    assert_eq!(listed(json!({ "NextToken": token })), (101, Json::Null));
    for (input, count) in [
        (json!({ "MetricName": "M" }), 1),
        (json!({ "Namespace": "O" }), 0),
        (
            json!({ "MetricName": "P", "Dimensions": [{ "Name": "E", "Value": "007" }] }),
            1,
        ),
        (
            json!({ "Dimensions": [{ "Name": "E", "Value": "007" }, { "Name": "F" }] }),
            0,
        ),
        (json!({ "MetricName": "M", "RecentlyActive": "PT3H" }), 1),
    ] {
        assert_eq!(listed(input.clone()), (count, Json::Null), "{input}");
    }
    let found = store
        .call("ListMetrics", json!({ "MetricName": "M" }))
        .expect("valid");
    let metric =
        json!({ "Namespace": "N", "MetricName": "M", "Dimensions": [{ "Name": "D", "Value": "d" }] });
    assert_eq!(found, json!({ "Metrics": [metric] }));
    assert_eq!(
        store.refused("ListMetrics", json!({ "NextToken": "x" })).0,
        "InvalidNextToken"
    );
    assert_eq!(
        store
            .refused("ListMetrics", json!({ "RecentlyActive": "PT1H" }))
            .0,
        "InvalidParameterValue"
    );
}

#[test]
fn put_metric_data_adds_samples_in_each_of_their_forms() {
    let store = TestStore::new();
    let datum = |changes: Json| with(json!({ "MetricName": "own" }), changes);
    let put = |data: Json| {
        store.call(
            "PutMetricData",
            json!({ "Namespace": "Mine", "MetricData": data }),
        )
    };
    let stored = put(json!([
        datum(json!({ "Value": 3 })),
        datum(json!({ "StatisticValues": { "SampleCount": 2, "Sum": 5, "Minimum": 1, "Maximum": 4 } })),
        datum(json!({ "Values": [10, 20], "Counts": [1, 2] })),
    ]));
    assert_eq!(stored, Ok(Json::Null));
    let input = with(
        statistics(),
        json!({ "Namespace": "Mine", "MetricName": "own", "Dimensions": null, "EndTime": NOON_S + 900 }),
    );
    let found = store.call("GetMetricStatistics", input).expect("valid");
    let expected = json!([{
        "Timestamp": (NOON_S + 600) as f64, "SampleCount": 6.0, "Sum": 58.0, "Average": 58.0 / 6.0, "Minimum": 1.0,
        "Maximum": 20.0, "Unit": "None",
    }]);
    assert_eq!(found["Datapoints"], expected);
    for (change, message) in [
        (json!({}), "The parameter MetricData.member.1.Value is required."),
        (
            json!({ "Value": 1, "Values": [1] }),
            "The parameters MetricData.member.1.Value, MetricData.member.1.StatisticValues and MetricData.member.1.Values are \
             mutually exclusive.",
        ),
        (
            json!({ "Value": 1, "Timestamp": NOON_S - 15 * 86_400 }),
            "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks or the next two hours.",
        ),
        (
            json!({ "Value": 1e300 }),
            "The value 1e300 for parameter MetricData.member.1.Value must be from -2^360 to 2^360.",
        ),
        (
            json!({ "Value": 1, "StorageResolution": 1 }),
            "MetricData.member.1.StorageResolution 1 is not supported yet by Esmeralda: metrics are kept by minute, so use 60.",
        ),
        (
            json!({ "Values": [1, 2], "Counts": [1] }),
            "The parameter MetricData.member.1.Values must have at most 150 values, and MetricData.member.1.Counts as many.",
        ),
    ] {
        let error = put(json!([datum(change.clone())])).expect_err("it is refused");
        assert!(error.message.starts_with(message), "{change}: {}", error.message);
    }
    let aws = store.refused(
        "PutMetricData",
        json!({ "Namespace": "AWS/Lambda", "MetricData": [] }),
    );
    assert_eq!(
        aws.1,
        "The value AWS/Lambda for parameter Namespace is invalid: it must not begin with AWS/."
    );
}
