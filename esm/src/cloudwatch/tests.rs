//! The list of metrics in the developer guide, gone through name by name.

use super::names::{MetricGroup, PUBLISHED_METRICS, UNPUBLISHED_METRICS};
use super::*;
use crate::invoker::InvocationResult;
use crate::metrics::Counters;
use crate::profile::ProfileName;
use crate::source::Progress;
use crate::{Clock, MemoryPool};
use MetricGroup::{ErrorCount, EventCount, Function, KafkaMetrics, Provisioned};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// The metrics that Lambda has of mappings of Kafka, and of the functions that they invoke. Source: Lambda developer guide, "Types of
/// metrics for Lambda functions"; `None` are those of other event sources.
const DEVELOPER_GUIDE: &[(&str, Option<MetricGroup>)] = &[
    ("PolledEventCount", Some(EventCount)),
    ("FilteredOutEventCount", Some(EventCount)),
    ("InvokedEventCount", Some(EventCount)),
    ("FailedInvokeEventCount", Some(EventCount)),
    ("DroppedEventCount", Some(EventCount)),
    ("OnFailureDestinationDeliveredEventCount", Some(EventCount)),
    ("CommittedEventCount", Some(EventCount)),
    ("DeletedEventCount", None),
    ("PollingErrorCount", Some(ErrorCount)),
    ("InvokeErrorCount", Some(ErrorCount)),
    ("SchemaRegistryErrorCount", Some(ErrorCount)),
    ("OnFailureDestinationDeliveryErrorCount", Some(ErrorCount)),
    ("CommitErrorCount", Some(ErrorCount)),
    ("MaxOffsetLag", Some(KafkaMetrics)),
    ("SumOffsetLag", Some(KafkaMetrics)),
    ("ProvisionedPollers", Some(Provisioned)),
    ("EventPollerUnit", Some(Provisioned)),
    ("EventPollerThroughputInBytes", Some(Provisioned)),
    ("OffsetLag", Some(Function)),
    ("Invocations", Some(Function)),
    ("Errors", Some(Function)),
    ("Throttles", Some(Function)),
    ("Duration", Some(Function)),
    ("ConcurrentExecutions", Some(Function)),
    ("DestinationDeliveryFailures", Some(Function)),
];

/// A mapping and a function of which everything that is counted happened twice.
struct Scene {
    store: Arc<MetricStore>,
    counters: Arc<Counters>,
    recorder: MappingRecorder,
    meters: FunctionMeters,
}

impl Scene {
    fn new() -> Self {
        let clock = Clock::new(esmeralda_broker::Clock::tokio(0));
        let store = Arc::new(MetricStore::new(MemoryPool::new(1 << 30)));
        let counters = Arc::<Counters>::default();
        let unit = ProfileName::Current.profile().event_poller_unit;
        let units = Arc::new(UnitRecorder::new(unit, &store, &clock));
        let recorder = MappingRecorder::new("u", &units, &counters, &store, &clock);
        let settings = RecorderSettings {
            event_count: true,
            error_count: true,
            kafka_metrics: true,
            has_filters: true,
            minimum_pollers: Some(1),
        };
        recorder.configure(Duration::ZERO, settings);
        recorder.join(Duration::ZERO, None);
        recorder.polling(Duration::ZERO, PollingState::Polls);
        Self {
            meters: FunctionMeters::new(&clock, &store),
            store,
            counters,
            recorder,
        }
    }

    /// Lets everything happen that a mapping counts.
    fn happen(&self) {
        let counters = &self.counters;
        for counter in [
            &counters.polled_event_count,
            &counters.polled_bytes,
            &counters.filtered_out_event_count,
            &counters.invoked_event_count,
            &counters.failed_invoke_event_count,
            &counters.dropped_event_count,
            &counters.on_failure_destination_delivered_event_count,
            &counters.polling_error_count,
            &counters.invoke_error_count,
            &counters.schema_registry_error_count,
            &counters.on_failure_destination_delivery_error_count,
            &counters.commit_error_count,
        ] {
            counter.add(2);
        }
        counters.committed(Duration::ZERO, 2);
        let progress = Progress {
            ends: vec![5],
            positions: vec![2],
        };
        self.recorder.progress(Duration::ZERO, &progress, "f");
        let failed = InvocationResult::Returned {
            function_error: Some("Unhandled".to_owned()),
            payload: Bytes::new(),
        };
        let throttled = InvocationResult::Throttled {
            reason: "ReservedFunctionConcurrentInvocationLimitExceeded".to_owned(),
        };
        for result in [failed, throttled] {
            self.meters.begin("f", None).end(&result);
        }
        self.meters.delivery_failed("f", None);
    }

    /// Returns the names of the metrics that have a sample, each once.
    fn names(&self) -> Vec<String> {
        self.recorder.show(Duration::ZERO);
        self.meters.show();
        let mut names: Vec<String> = self
            .store
            .list(None, usize::MAX, |_, _| true)
            .iter()
            .map(|id| id.name.to_string())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[tokio::test(start_paused = true)]
async fn every_metric_of_the_developer_guide_is_emitted_or_named_with_a_reason() {
    let scene = Scene::new();
    scene.happen();
    let emitted = scene.names();
    for (name, group) in DEVELOPER_GUIDE {
        let published = PUBLISHED_METRICS.iter().find(|metric| metric.name == *name);
        assert_eq!(published.map(|metric| metric.group), *group, "{name}");
        assert_eq!(
            emitted.iter().any(|emitted| emitted == name),
            group.is_some(),
            "{name}"
        );
        let has_reason = UNPUBLISHED_METRICS
            .iter()
            .any(|(unpublished, _)| unpublished == name);
        assert_eq!(has_reason, group.is_none(), "{name}");
    }
    assert_eq!(emitted.len(), PUBLISHED_METRICS.len(), "no other is emitted");
}

#[tokio::test(start_paused = true)]
async fn a_mapping_to_which_nothing_happens_has_only_what_a_poll_has() {
    let expected = [
        "EventPollerThroughputInBytes",
        "EventPollerUnit",
        "PolledEventCount",
        "ProvisionedPollers",
    ];
    assert_eq!(Scene::new().names(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_given_up_is_one_failure_of_the_function_and_of_all() {
    let scene = Scene::new();
    for _ in 0..3 {
        scene.meters.delivery_failed("f", Some("live"));
    }
    let dimension = |name: &'static str, value: &'static str| Dimension {
        name: name.into(),
        value: value.into(),
    };
    let views = [
        vec![],
        vec![dimension("FunctionName", "f")],
        vec![dimension("FunctionName", "f"), dimension("Resource", "f:live")],
    ];
    for view in views {
        let id = MetricId::new(NAMESPACE, "DestinationDeliveryFailures", view);
        let found = scene.store.datapoints(&id, Minute(0)..Minute(1), 1);
        let samples: Vec<_> = found
            .iter()
            .map(|point| (point.samples.count, point.samples.sum))
            .collect();
        assert_eq!(samples, [(3.0, 3.0)], "{id:?}");
    }
}
