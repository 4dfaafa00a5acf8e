//! Mappings as AWS describes them: requests, bounds, defaults, errors in AWS's words, and views.
//! Source: Lambda API reference (CreateEventSourceMapping, EventSourceMappingConfiguration) and the developer guide.
//!
//! A request becomes a [`MappingDefinition`], which is everything that AWS would store of a mapping, validated once. The engine runs
//! its [`MappingConfig`], compares it with the other mappings ([`MappingDefinition::check_conflict`]) and shows it
//! ([`MappingDefinition::view`]). Nothing here knows whether a mapping runs.

mod check;
mod constraint;
mod definition;
mod error;
mod event_source;
mod function_name;
mod listing;
mod members;
mod model;
mod pollers;
mod rules;
mod schema_registry;
mod source_access;
mod stored;
mod tags;
#[cfg(test)]
mod tests;

pub use check::{CheckedMapping, MappingCheck};
pub(crate) use constraint::{check, conform};
pub use definition::check_create;
pub(crate) use definition::{MappingDefinition, MappingState, MappingStatus, RemoteSource, Surroundings};
pub use error::ApiError;
pub(crate) use function_name::FunctionName;
pub use listing::{ListMappings, MappingsPage};
pub use members::{KnownMembers, MAPPING_MEMBERS, MemberEffect, MemberType, RequestMember};
pub(crate) use model::{Member, Pattern, Shape, TAGS, member, text as pattern_text};
pub use tags::{TagResource, Tags};
pub(crate) use tags::{tagged_mapping, tagged_mapping_not_found};

use crate::batch::Envelope;
use crate::destination::OnFailure;
use crate::filter::Filters;
use crate::schema::DecodingSettings;
use crate::source::StartingPosition;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The body of CreateEventSourceMapping, before validation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateMapping {
    /// `FunctionName`, the one required member.
    pub function_name: Option<String>,
    /// `Enabled`; true by default.
    pub enabled: Option<bool>,
    /// All other members. Those that AWS does not have are ignored.
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// The body of UpdateEventSourceMapping: absent members stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdateMapping {
    /// `FunctionName`: another function.
    pub function_name: Option<String>,
    /// `Enabled`: resumes or pauses the mapping.
    pub enabled: Option<bool>,
    /// All other members.
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// EventSourceMappingConfiguration: the view of a mapping in answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct MappingView(pub serde_json::Map<String, serde_json::Value>);

impl MappingView {
    /// Returns the mapping's UUID.
    pub fn uuid(&self) -> &str {
        self.text("UUID")
    }

    /// Returns the state: Creating, Enabling, Enabled, Disabling, Disabled, Updating or Deleting.
    pub fn state(&self) -> &str {
        self.text("State")
    }

    /// Returns LastProcessingResult: `OK`, `No records processed`, or `PROBLEM: ` and what is wrong.
    pub fn last_processing_result(&self) -> &str {
        self.text("LastProcessingResult")
    }

    fn text(&self, member: &str) -> &str {
        self.0
            .get(member)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }
}

/// `ProvisionedPollerConfig` with its defaults filled in. The maximum is not below the minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProvisionedPollers {
    /// `MinimumPollers`, 1 to 200.
    pub minimum: u32,
    /// `MaximumPollers`, 1 to 2,000.
    pub maximum: u32,
}

/// A poller group: mappings in provisioned mode that share event poller units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PollerGroup {
    /// The region of its mappings; another region can have a group of the same name.
    pub region: String,
    /// `PollerGroupName`.
    pub name: String,
}

/// The rules for batches that fail. The default retries a batch until it succeeds, which is what Lambda does unless a mapping says
/// otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FailureRules {
    /// `MaximumRetryAttempts`: invocations after the first one; `None` is without limit.
    pub maximum_retry_attempts: Option<u32>,
    /// `MaximumRecordAgeInSeconds`; `None` is without limit.
    pub maximum_record_age: Option<Duration>,
    /// `BisectBatchOnFunctionError`.
    pub bisects_batch: bool,
}

/// The `FunctionResponseTypes` of a mapping: how a function's response is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ResponseTypes {
    /// No response type: the response is not read.
    #[default]
    None,
    /// `ReportBatchItemFailures`: the response names the records that failed.
    ReportBatchItemFailures,
}

/// The validated configuration of a mapping, which the engine runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MappingConfig {
    /// The function's name, without qualifier.
    pub function_name: String,
    /// The version or alias of the function, if one was given.
    pub qualifier: Option<String>,
    /// The envelope of its events, which names the topic.
    pub envelope: Envelope,
    /// The id of its consumer group; by default the mapping's UUID.
    pub group_id: String,
    /// The position at which reading starts without a commit.
    pub starting_position: StartingPosition,
    /// `BatchSize`, 1 to 10,000 records.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`, how long a batch may wait for more records: 0 to 300 s, by default 500 ms.
    pub batching_window: Duration,
    /// The filters; `None` if every record is sent.
    pub filters: Option<Arc<Filters>>,
    /// The bounds of provisioned mode; `None` in on-demand mode.
    pub provisioned: Option<ProvisionedPollers>,
    /// The poller group; `None` if the mapping has event poller units of its own.
    pub poller_group: Option<PollerGroup>,
    /// The rules for batches that fail.
    pub failure_rules: FailureRules,
    /// The response types, by which responses are read.
    pub response_types: ResponseTypes,
    /// `MetricsConfig`: the groups of metrics that are published.
    pub metrics: MetricGroups,
    /// The on-failure destination; `None` if discarded records are dropped.
    pub on_failure: Option<OnFailure>,
    /// `LoggingConfig`: the level of the system log; `None` if there is none.
    pub system_log: Option<SystemLogLevel>,
    /// The schema registry by which records are decoded; `None` if the function gets them as they are.
    pub decoding: Option<Arc<DecodingSettings>>,
}

/// The levels of a system log, from the one that tells least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SystemLogLevel {
    /// Problems.
    Warn,
    /// Also changes of pollers.
    Info,
    /// Also the offsets of each partition, each minute.
    Debug,
}

impl SystemLogLevel {
    /// Returns the level that AWS calls `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Warn, Self::Info, Self::Debug];
        all.into_iter().find(|level| level.name() == name)
    }

    /// Returns AWS's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
        }
    }
}

/// The groups of metrics of `MetricsConfig`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetricGroups {
    /// `EventCount`.
    pub event_count: bool,
    /// `ErrorCount`.
    pub error_count: bool,
    /// `KafkaMetrics`.
    pub kafka_metrics: bool,
}
