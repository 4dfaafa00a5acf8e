//! The metrics that are published to CloudWatch, by minute.

use super::test_engine::*;
use super::*;
use crate::cloudwatch::{Dimension, MetricId, Minute, NAMESPACE, SampleSet, Statistic};
use serde_json::json;

/// The minute in which tests begin: 2026-01-01T00:00.
const FIRST: Minute = Minute(1_767_225_600 / 60);

const MINUTE: Duration = Duration::from_secs(60);

impl TestEngine {
    /// The samples of a metric, by the number of minutes since the start.
    async fn samples(
        &self,
        name: &'static str,
        dimensions: &[(&'static str, &str)],
    ) -> Vec<(i64, SampleSet)> {
        self.engine.publish_metrics().await;
        let dimension = |(name, value): &(&'static str, &str)| Dimension {
            name: (*name).into(),
            value: (*value).to_owned().into(),
        };
        let id = MetricId::new(NAMESPACE, name, dimensions.iter().map(dimension).collect());
        let found = self
            .engine
            .metric_store()
            .datapoints(&id, FIRST..Minute(FIRST.0 + 10_000), 1);
        let found = found.into_iter();
        found
            .map(|datapoint| (datapoint.start.0 - FIRST.0, datapoint.samples))
            .collect()
    }

    /// A statistic of a metric of a mapping.
    pub(super) async fn of_mapping(&self, uuid: &str, name: &'static str) -> Vec<(i64, f64)> {
        let samples = self.samples(name, &[("EventSourceMappingUUID", uuid)]).await;
        let maximum = |(minute, set): (i64, SampleSet)| (minute, set.statistic(Statistic::Maximum));
        samples.into_iter().map(maximum).collect()
    }

    async fn of_function(&self, name: &'static str) -> Vec<(i64, f64, f64)> {
        let samples = self.samples(name, &[("FunctionName", "f")]).await;
        let values = |(minute, set): (i64, SampleSet)| (minute, set.count, set.sum);
        samples.into_iter().map(values).collect()
    }

    pub(super) async fn until_minute(&self, minute: u32, second: u32) {
        let moment = MINUTE * minute + Duration::from_secs(second.into());
        self.clock.reach(moment).await;
    }
}

#[tokio::test(start_paused = true)]
async fn trap_22_counts_are_of_their_minute_and_an_empty_poll_is_a_zero() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test
        .mapping(json!({ "MetricsConfig": { "Metrics": ["EventCount"] } }))
        .await;
    test.produce(0, 0, 5).await;
    test.until_minute(3, 10).await;
    test.produce(0, 5, 2).await;
    test.until_minute(3, 20).await;
    let polled = [(0, 5.0), (1, 0.0), (2, 0.0), (3, 2.0)];
    assert_eq!(test.of_mapping(&uuid, "PolledEventCount").await, polled);
    for name in ["InvokedEventCount", "CommittedEventCount"] {
        assert_eq!(test.of_mapping(&uuid, name).await, [(0, 5.0), (3, 2.0)], "{name}");
    }
    for name in [
        "FilteredOutEventCount",
        "FailedInvokeEventCount",
        "DroppedEventCount",
    ] {
        assert_eq!(test.of_mapping(&uuid, name).await, [], "{name}");
    }
    // Groups that were not asked for, and those of provisioned mode.
    for name in [
        "InvokeErrorCount",
        "SumOffsetLag",
        "ProvisionedPollers",
        "EventPollerUnit",
    ] {
        assert_eq!(test.of_mapping(&uuid, name).await, [], "{name}");
    }
    assert_eq!(
        test.of_function("Invocations").await,
        [(0, 1.0, 1.0), (3, 1.0, 1.0)]
    );
    assert_eq!(test.of_function("Errors").await, [(0, 1.0, 0.0), (3, 1.0, 0.0)]);
    assert_eq!(
        test.of_function("ConcurrentExecutions").await,
        [(0, 1.0, 1.0), (3, 1.0, 1.0)]
    );
    let by_resource = [("FunctionName", "f"), ("Resource", "f")];
    assert_eq!(test.samples("Invocations", &by_resource).await.len(), 2);
    assert_eq!(test.samples("Invocations", &[]).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn trap_22_an_error_group_has_samples_only_where_there_were_errors() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let times = Arc::new(std::sync::atomic::AtomicU32::new(0));
    test.function("f", move |_| {
        let is_first = times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move {
            if is_first {
                Err("broken".to_owned())
            } else {
                Ok(())
            }
        }
    });
    let uuid = test
        .mapping(json!({ "MetricsConfig": { "Metrics": ["ErrorCount", "EventCount"] } }))
        .await;
    test.produce(0, 0, 4).await;
    test.until_minute(2, 0).await;
    assert_eq!(test.of_mapping(&uuid, "InvokeErrorCount").await, [(0, 1.0)]);
    assert_eq!(test.of_mapping(&uuid, "FailedInvokeEventCount").await, [(0, 4.0)]);
    assert_eq!(test.of_mapping(&uuid, "InvokedEventCount").await, [(0, 8.0)]);
    assert_eq!(test.of_mapping(&uuid, "PollingErrorCount").await, []);
    assert_eq!(test.of_mapping(&uuid, "CommitErrorCount").await, []);
    assert_eq!(test.of_function("Errors").await, [(0, 2.0, 1.0)]);
}

#[tokio::test(start_paused = true)]
async fn filters_that_let_everything_pass_are_a_zero() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test
        .mapping(json!({
            "MetricsConfig": { "Metrics": ["EventCount"] },
            "FilterCriteria": { "Filters": [{ "Pattern": "{\"value\":[{\"prefix\":\"0/\"}]}" }] },
        }))
        .await;
    test.produce(0, 0, 3).await;
    test.until_minute(2, 0).await;
    assert_eq!(test.of_mapping(&uuid, "FilteredOutEventCount").await, [(0, 0.0)]);
}

#[tokio::test(start_paused = true)]
async fn provisioned_pollers_are_those_of_the_last_five_minutes_though_they_are_gone() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    let pollers = |count: u32| json!({ "ProvisionedPollerConfig": { "MinimumPollers": count, "MaximumPollers": count } });
    let uuid = test.mapping(pollers(2)).await;
    test.produce(0, 0, 1).await;
    test.produce(1, 0, 1).await;
    test.until_minute(1, 0).await;
    test.update(&uuid, pollers(1)).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.until_minute(6, 30).await;
    let expected = [
        (0, 2.0),
        (1, 2.0),
        (2, 2.0),
        (3, 2.0),
        (4, 2.0),
        (5, 0.0),
        (6, 0.0),
    ];
    assert_eq!(test.of_mapping(&uuid, "ProvisionedPollers").await, expected);
    // All are of one unit.
    assert_eq!(
        test.of_mapping(&uuid, "EventPollerUnit").await,
        expected.map(|(minute, _)| (minute, 1.0))
    );
    let bytes = test.of_mapping(&uuid, "EventPollerThroughputInBytes").await;
    assert_eq!(bytes[..2], [(0, 6.0), (1, 0.0)], "two values of three bytes");
}

#[tokio::test(start_paused = true)]
async fn a_lag_stands_until_it_is_looked_at_again() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    test.produce(0, 0, 7).await;
    test.produce(1, 0, 2).await;
    test.plain_function("f", std::future::pending);
    let uuid = test
        .mapping(json!({ "MetricsConfig": { "Metrics": ["KafkaMetrics"] } }))
        .await;
    test.until_minute(2, 30).await;
    let minutes = |value: f64| [0, 1, 2].map(|minute| (minute, value));
    assert_eq!(test.of_mapping(&uuid, "MaxOffsetLag").await, minutes(7.0));
    assert_eq!(test.of_mapping(&uuid, "SumOffsetLag").await, minutes(9.0));
    assert_eq!(test.of_function("OffsetLag").await, [], "nothing was processed");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_mapping_and_a_cleared_group_have_no_samples() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test
        .mapping(json!({ "MetricsConfig": { "Metrics": ["EventCount"] } }))
        .await;
    test.until_minute(1, 30).await;
    test.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.until_minute(4, 30).await;
    test.update(&uuid, json!({ "Enabled": true })).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.until_minute(5, 30).await;
    let zeros =
        |minutes: &[i64]| -> Vec<(i64, f64)> { minutes.iter().map(|minute| (*minute, 0.0)).collect() };
    assert_eq!(
        test.of_mapping(&uuid, "PolledEventCount").await,
        zeros(&[0, 1, 4, 5])
    );
    test.update(&uuid, json!({ "MetricsConfig": { "Metrics": [] } }))
        .await
        .unwrap();
    test.until_minute(8, 0).await;
    assert_eq!(
        test.of_mapping(&uuid, "PolledEventCount").await,
        zeros(&[0, 1, 4, 5])
    );
    let shown = test.engine.get(&uuid).await.unwrap();
    assert_eq!(shown.0.get("MetricsConfig"), None);
}

#[tokio::test(start_paused = true)]
async fn the_metrics_of_a_deleted_mapping_stay() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test
        .mapping(json!({ "MetricsConfig": { "Metrics": ["EventCount"] } }))
        .await;
    test.produce(0, 0, 5).await;
    test.until_minute(0, 30).await;
    test.engine.delete(&uuid).await.unwrap();
    test.until_minute(9, 0).await;
    assert_eq!(test.of_mapping(&uuid, "PolledEventCount").await, [(0, 5.0)]);
}

#[tokio::test(start_paused = true)]
async fn minutes_are_those_of_a_scaled_clock() {
    let options = TestOptions {
        time_scale: 60,
        ..TestOptions::default()
    };
    let test = TestEngine::with(options).await;
    test.topic(1).await;
    let uuid = test
        .mapping(json!({ "MetricsConfig": { "Metrics": ["EventCount"] } }))
        .await;
    let before = test.engine.now_ms();
    test.clock.sleep(MINUTE * 5).await;
    assert_eq!(test.engine.now_ms() - before, 300_000);
    let zeros = test.of_mapping(&uuid, "PolledEventCount").await;
    assert!(zeros.len() >= 5, "{zeros:?}");
}
