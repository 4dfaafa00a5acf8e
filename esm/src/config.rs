//! Mappings as AWS describes them: requests, bounds, defaults, errors in AWS's words, and what is shown.
//! Source: Lambda API reference (CreateEventSourceMapping, EventSourceMappingConfiguration) and the developer guide.

use crate::event::Envelope;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The body of CreateEventSourceMapping, as it came.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateMapping {
    /// The one required member.
    pub function_name: Option<String>,
    /// `Enabled`; true unless given.
    pub enabled: Option<bool>,
    /// All other members as they came; members that AWS does not have are ignored.
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// The body of UpdateEventSourceMapping: absent members stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdateMapping {
    /// Another function.
    pub function_name: Option<String>,
    /// Resumes or pauses.
    pub enabled: Option<bool>,
    /// All other members as they came.
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// The query of ListEventSourceMappings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListMappings {
    /// Only mappings of this MSK cluster.
    pub event_source_arn: Option<String>,
    /// Only mappings of this function, in any form of its name.
    pub function_name: Option<String>,
    /// Where the page before ended.
    pub marker: Option<String>,
    /// 1 to 10,000; a page has 100 at most.
    pub max_items: Option<i32>,
}

/// One page of mappings.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MappingsPage {
    /// The mappings.
    pub event_source_mappings: Vec<MappingView>,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// EventSourceMappingConfiguration: what AWS shows of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct MappingView(pub serde_json::Map<String, serde_json::Value>);

/// Where to start in a partition for which the group has committed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// The oldest record that is kept.
    TrimHorizon,
    /// After the newest record.
    Latest,
}

/// `ProvisionedPollerConfig` with its defaults filled in; both at least 1, maximum not below minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvisionedPollers {
    /// 1 to 200.
    pub minimum: u32,
    /// 1 to 2,000.
    pub maximum: u32,
}

/// What the engine runs: a mapping's configuration, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingConfig {
    /// The function's name, without qualifier.
    pub function_name: String,
    /// Its version or alias, if one was given.
    pub qualifier: Option<String>,
    /// What its events share; names the topic.
    pub envelope: Envelope,
    /// The group's id: the mapping's UUID unless configured.
    pub group_id: String,
    /// Where to start without a commit.
    pub starting_position: StartingPosition,
    /// 1 to 10,000 records.
    pub batch_size: usize,
    /// How long a batch may wait for more records; 500 ms unless given in whole seconds, 0 to 300.
    pub batching_window: Duration,
    /// `Some` is provisioned mode.
    pub provisioned: Option<ProvisionedPollers>,
}

/// An error as the Lambda API answers it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The exception's name, such as `InvalidParameterValueException`.
    pub kind: &'static str,
    /// In AWS's words where they are known.
    pub message: String,
}
