//! The effect of each member of a mapping: a table that the rules, the documentation and a test of the whole model share, so that no
//! member is accepted in silence.

use super::ApiError;
use super::model::{self, Member, Shape};
use serde_json::{Map, Value};
use std::fmt;

/// A member of a request, or one of its values, and its effect.
#[derive(Clone, Copy, Debug)]
pub struct RequestMember {
    /// The path from the top, joined by dots; `MEMBER=VALUE` is one value of an enumeration. It stands for everything below it that has
    /// no entry of its own.
    pub path: &'static str,
    /// The effect.
    pub effect: MemberEffect,
}

/// The effect of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberEffect {
    /// The engine follows it. The text says how, or is empty if it does what AWS documents.
    Honoured(&'static str),
    /// It is accepted and shown, and changes nothing, for this reason.
    WithoutEffect(&'static str),
    /// It is refused by name, because it is not built. The text says what to use instead.
    NotBuilt(&'static str),
    /// It is refused in AWS's words: it belongs to sources other than Kafka.
    OtherSource,
}

impl fmt::Display for MemberEffect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Honoured("") => formatter.write_str("honoured"),
            Self::Honoured(how) => write!(formatter, "honoured: {how}"),
            Self::WithoutEffect(reason) => write!(formatter, "accepted, without effect: {reason}"),
            Self::NotBuilt(instead) => write!(formatter, "refused, because it is not built yet: {instead}"),
            Self::OtherSource => {
                formatter.write_str("refused as AWS refuses it: it belongs to other event sources")
            }
        }
    }
}

const fn entry(path: &'static str, effect: MemberEffect) -> RequestMember {
    RequestMember { path, effect }
}

use MemberEffect::{Honoured, NotBuilt, OtherSource, WithoutEffect};

const ACCESS: MemberEffect = NotBuilt("put the user and the password into the SchemaRegistryURI");

const REGISTRY: MemberEffect =
    Honoured("the registry on the HTTP port, or one over http; see the page on it");

const NETWORK: MemberEffect = WithoutEffect("the process connects from where it runs");

const SUBNET: MemberEffect =
    WithoutEffect("the process connects from where it runs; a poller group looks at it, see below");

const TOKEN: MemberEffect = WithoutEffect(
    "the embedded cluster asks for no credentials; refused by name for a cluster on the network",
);

/// All members of CreateEventSourceMapping, in the order of AWS's model.
pub const MAPPING_MEMBERS: &[RequestMember] = &[
    entry(
        "EventSourceArn",
        Honoured("every MSK cluster or VPC connection means the embedded cluster"),
    ),
    entry("FunctionName", Honoured("")),
    entry("Enabled", Honoured("")),
    entry("BatchSize", Honoured("")),
    entry("FilterCriteria", Honoured("see below")),
    entry(
        "KMSKeyArn",
        WithoutEffect("mappings lie in memory and are not encrypted"),
    ),
    entry(
        "MetricsConfig",
        Honoured("in both modes; /metrics has all of them in any case"),
    ),
    entry("LoggingConfig", Honoured("see [observing](observing.md)")),
    entry("ScalingConfig", OtherSource),
    entry("MaximumBatchingWindowInSeconds", Honoured("")),
    entry("ParallelizationFactor", OtherSource),
    entry("StartingPosition", Honoured("")),
    entry("StartingPositionTimestamp", Honoured("")),
    entry("DestinationConfig.OnSuccess.Destination", OtherSource),
    entry("DestinationConfig.OnFailure.Destination", Honoured("see below")),
    entry("MaximumRecordAgeInSeconds", Honoured("")),
    entry("BisectBatchOnFunctionError", Honoured("")),
    entry("MaximumRetryAttempts", Honoured("")),
    entry("Tags", Honoured("")),
    entry("TumblingWindowInSeconds", OtherSource),
    entry("Topics", Honoured("")),
    entry("Queues", OtherSource),
    entry(
        "SourceAccessConfigurations",
        Honoured("for a cluster on the network, see below; without effect for the embedded cluster"),
    ),
    entry("SourceAccessConfigurations.Type=VPC_SUBNET", SUBNET),
    entry("SourceAccessConfigurations.Type=VPC_SECURITY_GROUP", NETWORK),
    entry("SourceAccessConfigurations.Type=VIRTUAL_HOST", OtherSource),
    entry("SourceAccessConfigurations.Type=OAUTHBEARER_AUTH", TOKEN),
    entry("SourceAccessConfigurations.Type=OAUTHBEARER_SCOPE", TOKEN),
    entry("SourceAccessConfigurations.Type=OAUTHBEARER_AUDIENCE", TOKEN),
    entry(
        "SourceAccessConfigurations.Type=OAUTHBEARER_LOGICAL_CLUSTER",
        TOKEN,
    ),
    entry("SourceAccessConfigurations.Type=OAUTHBEARER_IDENTITY_POOL", TOKEN),
    entry("SourceAccessConfigurations.Type=IAM_AUTH", TOKEN),
    entry("SourceAccessConfigurations.Type=IAM_OAUTHBEARER_AUTH", TOKEN),
    entry(
        "SelfManagedEventSource",
        Honoured("the embedded cluster or any other, see below"),
    ),
    entry("FunctionResponseTypes", Honoured("")),
    entry(
        "AmazonManagedKafkaEventSourceConfig.ConsumerGroupId",
        Honoured(""),
    ),
    entry(
        "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig",
        REGISTRY,
    ),
    entry(
        "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.AccessConfigs",
        ACCESS,
    ),
    entry("SelfManagedKafkaEventSourceConfig.ConsumerGroupId", Honoured("")),
    entry("SelfManagedKafkaEventSourceConfig.SchemaRegistryConfig", REGISTRY),
    entry(
        "SelfManagedKafkaEventSourceConfig.SchemaRegistryConfig.AccessConfigs",
        ACCESS,
    ),
    entry(
        "SelfManagedKafkaEventSourceConfig.ConsumptionMode",
        WithoutEffect("`Stream` is the mode of every mapping"),
    ),
    entry(
        "SelfManagedKafkaEventSourceConfig.ConsumptionMode=Queue",
        NotBuilt("use Stream"),
    ),
    entry("DocumentDBEventSourceConfig", OtherSource),
    entry("ProvisionedPollerConfig.MinimumPollers", Honoured("")),
    entry("ProvisionedPollerConfig.MaximumPollers", Honoured("")),
    entry(
        "ProvisionedPollerConfig.PollerGroupName",
        Honoured("its mappings share event poller units, see below"),
    ),
];

/// Checks that the members of a mapping contain none of other sources.
///
/// # Errors
/// InvalidParameterValueException in AWS's words.
pub(super) fn check_source(members: &Map<String, Value>) -> Result<(), ApiError> {
    let is_foreign = |member: &&RequestMember| member.effect == OtherSource && member.is_in(members);
    let Some(member) = MAPPING_MEMBERS.iter().find(is_foreign) else {
        return Ok(());
    };
    Err(match member.path.split_once('.') {
        Some(("DestinationConfig", _)) => ApiError::invalid_parameter(
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        Some((name, _)) => ApiError::unsupported_member(name),
        None => ApiError::unsupported_member(member.path),
    })
}

/// Checks that the members of a mapping contain none that is not built.
///
/// # Errors
/// InvalidParameterValueException with the member's name.
pub(super) fn check_built(members: &Map<String, Value>) -> Result<(), ApiError> {
    for member in MAPPING_MEMBERS {
        if let NotBuilt(instead) = member.effect
            && member.is_in(members)
        {
            let name = member.path.replace('=', " ");
            return Err(ApiError::invalid_parameter(format!(
                "{name} is not supported yet by Esmeralda: {instead}."
            )));
        }
    }
    Ok(())
}

impl RequestMember {
    /// Returns whether a request has the member, or the value of it that is meant.
    pub(crate) fn is_in(&self, members: &Map<String, Value>) -> bool {
        let (path, value) = match self.path.split_once('=') {
            Some((path, value)) => (path, Some(value)),
            None => (self.path, None),
        };
        let (first, rest) = split(path);
        members.get(first).is_some_and(|found| has(found, rest, value))
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    }
}

/// Returns whether `found` has something at `path`, in any item if it is a list: this `value`, or else any.
fn has(found: &Value, path: Option<&str>, value: Option<&str>) -> bool {
    match (found, path) {
        (Value::Array(items), _) if path.is_some() || value.is_some() => {
            items.iter().any(|item| has(item, path, value))
        }
        (_, Some(path)) => {
            let (first, rest) = split(path);
            found.get(first).is_some_and(|found| has(found, rest, value))
        }
        (Value::Bool(found), None) => value.is_none_or(|value| found.to_string() == value),
        (_, None) => value.is_none_or(|value| found.as_str() == Some(value)),
    }
}

/// The members of CreateEventSourceMapping at one depth, for readers of files, which refuse unknown ones. At the top these are the
/// members that apply to Kafka.
#[derive(Clone, Copy, Debug)]
pub struct KnownMembers {
    members: &'static [Member],
}

/// The type of a member, for readers of files in which a number or a boolean can be written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberType {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// Seconds since the Unix epoch.
    Timestamp,
    /// A JSON boolean.
    Boolean,
    /// A structure, or a map.
    Members,
}

impl MemberType {
    fn of(shape: &Shape) -> Self {
        match shape {
            Shape::Text { .. } | Shape::Choice(_) => Self::Text,
            Shape::Integer { .. } => Self::Integer,
            Shape::Timestamp => Self::Timestamp,
            Shape::Boolean => Self::Boolean,
            Shape::List { .. } | Shape::Map { .. } | Shape::Structure(_) => Self::Members,
        }
    }
}

impl KnownMembers {
    /// Returns the members at the top.
    pub fn top() -> Self {
        Self {
            members: model::CREATE,
        }
    }

    /// Returns their names, in alphabetical order.
    pub fn names(self) -> Vec<&'static str> {
        let is_foreign = |name: &str| {
            MAPPING_MEMBERS
                .iter()
                .any(|member| member.path == name && member.effect == OtherSource)
        };
        let names = self.members.iter().map(|member| member.name);
        let mut names: Vec<_> = names.filter(|name| !is_foreign(name)).collect();
        names.sort_unstable();
        names
    }

    /// Returns the type of the member `name`, or of each item if it is a list; `None` for a member that is unknown here.
    pub fn type_of(self, name: &str) -> Option<MemberType> {
        let member = self.members.iter().find(|member| member.name == name)?;
        Some(match member.shape {
            Shape::List { item, .. } => MemberType::of(item),
            shape => MemberType::of(shape),
        })
    }

    /// Returns whether the member `name` is a list.
    pub fn is_list(self, name: &str) -> bool {
        let is_it = |member: &&Member| member.name == name;
        let member = self.members.iter().find(is_it);
        member.is_some_and(|member| matches!(member.shape, Shape::List { .. }))
    }

    /// Returns the members of the structure, or of each structure of the list, that the member `name` is; `None` if it is neither.
    pub fn below(self, name: &str) -> Option<Self> {
        let member = self.members.iter().find(|member| member.name == name)?;
        let members = match member.shape {
            Shape::Structure(members) => members,
            Shape::List {
                item: Shape::Structure(members),
                ..
            } => members,
            _ => return None,
        };
        Some(Self { members })
    }
}
