//! The names of the metrics that are published in the namespace `AWS/Lambda`: one table for what is emitted, and for the documentation.
//! Source: Lambda developer guide, "Types of metrics for Lambda functions".

use super::{Dimension, MetricId};
use crate::metrics::Counters;
use std::fmt;

/// The namespace of Lambda's metrics.
pub const NAMESPACE: &str = "AWS/Lambda";

/// The dimension of the metrics of a mapping.
const MAPPING_DIMENSION: &str = "EventSourceMappingUUID";

/// A metric of CloudWatch and where else it is shown.
#[derive(Debug)]
pub struct PublishedMetric {
    /// The name in CloudWatch.
    pub name: &'static str,
    /// The unit of CloudWatch.
    pub unit: &'static str,
    /// Whose metric it is, and which mappings have it.
    pub group: MetricGroup,
    /// The same on the page of Prometheus' metrics: a name, or an expression over one; empty if there is none.
    pub prometheus: &'static str,
    /// When it has a sample in a minute.
    pub emission: Emission,
    /// The counter of a mapping whose change in a minute is the sample.
    pub(super) count: Option<fn(&Counters) -> u64>,
}

impl PublishedMetric {
    /// Returns its id for the mapping with this UUID.
    pub(super) fn of_mapping(&self, uuid: &str) -> MetricId {
        let dimension = Dimension {
            name: MAPPING_DIMENSION.into(),
            value: uuid.to_owned().into(),
        };
        MetricId::new(NAMESPACE, self.name, vec![dimension])
    }
}

/// The group that a metric belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricGroup {
    /// `EventCount` of a mapping's MetricsConfig.
    EventCount,
    /// `ErrorCount` of a mapping's MetricsConfig.
    ErrorCount,
    /// `KafkaMetrics` of a mapping's MetricsConfig.
    KafkaMetrics,
    /// Every mapping in provisioned mode.
    Provisioned,
    /// Every function that is invoked.
    Function,
}

impl fmt::Display for MetricGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EventCount => "`EventCount`",
            Self::ErrorCount => "`ErrorCount`",
            Self::KafkaMetrics => "`KafkaMetrics`",
            Self::Provisioned => "provisioned mode",
            Self::Function => "functions",
        })
    }
}

/// The minutes in which a metric has a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emission {
    /// Every minute in which the mapping polls.
    WhilePolling,
    /// Minutes in which a mapping with filters read records, also if it is 0.
    WithFilters,
    /// Minutes in which it is more than 0.
    IfAny,
    /// Minutes in which records were committed, or the lag was looked at.
    WhileProcessing,
    /// One sample for each invocation, in the minute in which the function was invoked.
    PerInvocation,
    /// One sample for each throttled invocation.
    PerThrottle,
    /// One sample for each delivery that was given up.
    PerFailedDelivery,
}

impl fmt::Display for Emission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::WhilePolling => "every minute in which the mapping polls",
            Self::WithFilters => "if the mapping has filters and read records, also 0",
            Self::IfAny => "only if more than 0",
            Self::WhileProcessing => "while records are processed",
            Self::PerInvocation => "a sample for each invocation, in the minute of its start",
            Self::PerThrottle => "a sample for each throttled invocation",
            Self::PerFailedDelivery => {
                "a sample for each delivery to an on-failure destination that was given up"
            }
        })
    }
}

/// Returns the entry of a metric that is no counter of a mapping.
const fn metric(
    name: &'static str,
    unit: &'static str,
    group: MetricGroup,
    emission: Emission,
    prometheus: &'static str,
) -> PublishedMetric {
    PublishedMetric {
        name,
        unit,
        group,
        prometheus,
        emission,
        count: None,
    }
}

/// Returns the entry of a counter of a mapping.
const fn counter(
    name: &'static str,
    group: MetricGroup,
    emission: Emission,
    prometheus: &'static str,
    count: fn(&Counters) -> u64,
) -> PublishedMetric {
    PublishedMetric {
        count: Some(count),
        ..metric(name, "Count", group, emission, prometheus)
    }
}

use Emission::{
    IfAny, PerFailedDelivery, PerInvocation, PerThrottle, WhilePolling, WhileProcessing, WithFilters,
};
use MetricGroup::{ErrorCount, EventCount, Function, KafkaMetrics, Provisioned};

pub(super) static POLLED_EVENT_COUNT: PublishedMetric = counter(
    "PolledEventCount",
    EventCount,
    WhilePolling,
    "esmeralda_mapping_polled_events_total",
    |counters| counters.polled_event_count.get(),
);
pub(super) static FILTERED_OUT_EVENT_COUNT: PublishedMetric = counter(
    "FilteredOutEventCount",
    EventCount,
    WithFilters,
    "esmeralda_mapping_filtered_out_events_total",
    |counters| counters.filtered_out_event_count.get(),
);
pub(super) static INVOKED_EVENT_COUNT: PublishedMetric = counter(
    "InvokedEventCount",
    EventCount,
    IfAny,
    "esmeralda_mapping_invoked_events_total",
    |counters| counters.invoked_event_count.get(),
);
pub(super) static FAILED_INVOKE_EVENT_COUNT: PublishedMetric = counter(
    "FailedInvokeEventCount",
    EventCount,
    IfAny,
    "esmeralda_mapping_failed_invoke_events_total",
    |counters| counters.failed_invoke_event_count.get(),
);
pub(super) static DROPPED_EVENT_COUNT: PublishedMetric = counter(
    "DroppedEventCount",
    EventCount,
    IfAny,
    "esmeralda_mapping_dropped_events_total",
    |counters| counters.dropped_event_count.get(),
);
pub(super) static ON_FAILURE_DESTINATION_DELIVERED_EVENT_COUNT: PublishedMetric = counter(
    "OnFailureDestinationDeliveredEventCount",
    EventCount,
    IfAny,
    "esmeralda_mapping_on_failure_delivered_events_total",
    |counters| counters.on_failure_destination_delivered_event_count.get(),
);
pub(super) static COMMITTED_EVENT_COUNT: PublishedMetric = counter(
    "CommittedEventCount",
    EventCount,
    IfAny,
    "esmeralda_mapping_committed_events_total",
    Counters::committed_event_count,
);
pub(super) static POLLING_ERROR_COUNT: PublishedMetric = counter(
    "PollingErrorCount",
    ErrorCount,
    IfAny,
    "esmeralda_mapping_polling_errors_total",
    |counters| counters.polling_error_count.get(),
);
pub(super) static INVOKE_ERROR_COUNT: PublishedMetric = counter(
    "InvokeErrorCount",
    ErrorCount,
    IfAny,
    "esmeralda_mapping_invoke_errors_total",
    |counters| counters.invoke_error_count.get(),
);
pub(super) static SCHEMA_REGISTRY_ERROR_COUNT: PublishedMetric = counter(
    "SchemaRegistryErrorCount",
    ErrorCount,
    IfAny,
    "esmeralda_mapping_schema_registry_errors_total",
    |counters| counters.schema_registry_error_count.get(),
);
pub(super) static ON_FAILURE_DESTINATION_DELIVERY_ERROR_COUNT: PublishedMetric = counter(
    "OnFailureDestinationDeliveryErrorCount",
    ErrorCount,
    IfAny,
    "esmeralda_mapping_on_failure_delivery_errors_total",
    |counters| counters.on_failure_destination_delivery_error_count.get(),
);
pub(super) static COMMIT_ERROR_COUNT: PublishedMetric = counter(
    "CommitErrorCount",
    ErrorCount,
    IfAny,
    "esmeralda_mapping_commit_errors_total",
    |counters| counters.commit_error_count.get(),
);
pub(super) static MAX_OFFSET_LAG: PublishedMetric = metric(
    "MaxOffsetLag",
    "Count",
    KafkaMetrics,
    WhilePolling,
    "max by (uuid) (esmeralda_mapping_offset_lag)",
);
pub(super) static SUM_OFFSET_LAG: PublishedMetric = metric(
    "SumOffsetLag",
    "Count",
    KafkaMetrics,
    WhilePolling,
    "sum by (uuid) (esmeralda_mapping_offset_lag)",
);
pub(super) static PROVISIONED_POLLERS: PublishedMetric = metric(
    "ProvisionedPollers",
    "Count",
    Provisioned,
    WhilePolling,
    "esmeralda_mapping_provisioned_pollers",
);
pub(super) static EVENT_POLLER_UNIT: PublishedMetric = metric(
    "EventPollerUnit",
    "Count",
    Provisioned,
    WhilePolling,
    "esmeralda_mapping_event_poller_units",
);
pub(super) static EVENT_POLLER_THROUGHPUT_IN_BYTES: PublishedMetric = PublishedMetric {
    unit: "Bytes",
    ..counter(
        "EventPollerThroughputInBytes",
        Provisioned,
        WhilePolling,
        "esmeralda_mapping_polled_bytes_total",
        |counters| counters.polled_bytes.get(),
    )
};
pub(super) static OFFSET_LAG: PublishedMetric = metric(
    "OffsetLag",
    "Count",
    Function,
    WhileProcessing,
    "sum by (function) (esmeralda_mapping_offset_lag)",
);
pub(super) static INVOCATIONS: PublishedMetric = metric(
    "Invocations",
    "Count",
    Function,
    PerInvocation,
    "sum by (function) (esmeralda_mapping_invocations_total)",
);
pub(super) static ERRORS: PublishedMetric = metric(
    "Errors",
    "Count",
    Function,
    PerInvocation,
    "sum by (function) (esmeralda_mapping_invocation_errors_total)",
);
pub(super) static THROTTLES: PublishedMetric = metric(
    "Throttles",
    "Count",
    Function,
    PerThrottle,
    "sum by (function) (esmeralda_mapping_throttles_total)",
);
pub(super) static DURATION: PublishedMetric = metric("Duration", "Milliseconds", Function, PerInvocation, "");
pub(super) static CONCURRENT_EXECUTIONS: PublishedMetric =
    metric("ConcurrentExecutions", "Count", Function, PerInvocation, "");

pub(super) static DESTINATION_DELIVERY_FAILURES: PublishedMetric = metric(
    "DestinationDeliveryFailures",
    "Count",
    Function,
    PerFailedDelivery,
    "sum by (function) (esmeralda_mapping_destination_delivery_failures_total)",
);

/// The metrics of mappings that the developer guide has and that are never published, with the reason.
pub static UNPUBLISHED_METRICS: &[(&str, &str)] =
    &[("DeletedEventCount", "it belongs to mappings of Amazon SQS")];

/// Every metric that is published, by group.
pub static PUBLISHED_METRICS: &[&PublishedMetric] = &[
    &POLLED_EVENT_COUNT,
    &FILTERED_OUT_EVENT_COUNT,
    &INVOKED_EVENT_COUNT,
    &FAILED_INVOKE_EVENT_COUNT,
    &DROPPED_EVENT_COUNT,
    &ON_FAILURE_DESTINATION_DELIVERED_EVENT_COUNT,
    &COMMITTED_EVENT_COUNT,
    &POLLING_ERROR_COUNT,
    &INVOKE_ERROR_COUNT,
    &SCHEMA_REGISTRY_ERROR_COUNT,
    &ON_FAILURE_DESTINATION_DELIVERY_ERROR_COUNT,
    &COMMIT_ERROR_COUNT,
    &MAX_OFFSET_LAG,
    &SUM_OFFSET_LAG,
    &PROVISIONED_POLLERS,
    &EVENT_POLLER_UNIT,
    &EVENT_POLLER_THROUGHPUT_IN_BYTES,
    &OFFSET_LAG,
    &INVOCATIONS,
    &ERRORS,
    &THROTTLES,
    &DURATION,
    &CONCURRENT_EXECUTIONS,
    &DESTINATION_DELIVERY_FAILURES,
];
