//! The definition of a mapping: everything that AWS would store of it.

use super::event_source::EventSource;
use super::function_name::{FunctionName, partition_of};
use super::pollers::GroupMember;
use super::{
    ApiError, CreateMapping, FailureRules, MappingConfig, MappingView, MetricGroups, ResponseTypes,
    SystemLogLevel, Tags, UpdateMapping, constraint, members, model, pollers, rules, schema_registry,
    source_access, stored,
};
use crate::destination::{OnFailure, ReachableServices};
use crate::invoker::{Functions, LONGEST_MAPPED_TIMEOUT};
use crate::secrets::Secrets;
use crate::source::remote::{Endpoint, RemoteAccess};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const DEFAULT_BATCH_SIZE: usize = 100;

/// The retries of a mapping with an on-failure destination whose `MaximumRetryAttempts` is -1. Source: Lambda developer guide, "Configuring
/// error handling controls for Kafka event sources".
const RETRY_ATTEMPTS_WITH_DESTINATION: u32 = 10;

/// The batching window of Kafka sources by default. The member holds whole seconds, so the view shows this default by leaving it out.
const DEFAULT_BATCHING_WINDOW: Duration = Duration::from_millis(500);

/// The facts about an engine that requests are validated against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// The account id in ARNs, 12 digits.
    pub account_id: &'a str,
    /// The region of the request, for the ARNs of a new mapping.
    pub region: &'a str,
    /// The addresses of the embedded cluster, each `host:port`.
    pub bootstrap_servers: &'a [String],
    /// The functions that exist.
    pub functions: &'a Functions,
    /// The secrets that requests may name.
    pub secrets: &'a Secrets,
    /// Whether there are sockets, through which a cluster on the network can be read.
    pub has_network: bool,
    /// The services through which on-failure destinations are reached.
    pub reachable: ReachableServices,
    /// The wall time in milliseconds since the Unix epoch.
    pub now_ms: i64,
}

/// Checks a request to create a mapping at a time, in milliseconds since the Unix epoch, without creating it. The embedded cluster is reached
/// at `bootstrap_servers`, there are no sockets, and documents for destinations are kept in memory.
///
/// # Errors
/// [`ApiError`] as CreateEventSourceMapping answers.
pub fn check_create(
    request: CreateMapping,
    bootstrap_servers: &[String],
    functions: &Functions,
    now_ms: i64,
) -> Result<(), ApiError> {
    let surroundings = Surroundings {
        account_id: "000000000000",
        region: "us-east-1",
        bootstrap_servers,
        functions,
        secrets: &Secrets::default(),
        has_network: false,
        reachable: ReachableServices {
            sqs: true,
            sns: true,
            s3: true,
        },
        now_ms,
    };
    MappingDefinition::create(request, "00000000-0000-0000-0000-000000000000", &surroundings).map(drop)
}

/// The states of a mapping, as AWS names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MappingState {
    /// After a create.
    Creating,
    /// After an update of a disabled mapping with `Enabled: true`.
    Enabling,
    /// It polls.
    Enabled,
    /// After an update with `Enabled: false`.
    Disabling,
    /// It does not poll.
    Disabled,
    /// After any other update.
    Updating,
    /// After a delete; then it is gone.
    Deleting,
}

impl fmt::Display for MappingState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// The part of a mapping's view that changes while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MappingStatus {
    /// The state.
    pub state: MappingState,
    /// `USER_INITIATED`, or the code of the problem that stopped it, such as `ESM_CONFIG_NOT_VALID`.
    pub state_transition_reason: String,
    /// `No records processed`, `OK` or `PROBLEM: ...`.
    pub last_processing_result: String,
    /// Time of the last change of state or configuration, in milliseconds since the Unix epoch.
    pub last_modified_ms: i64,
}

/// A cluster on the network as a mapping's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteSource {
    /// The bootstrap servers in the order of the request.
    pub bootstrap_servers: Vec<Endpoint>,
    /// The authentication.
    pub access: RemoteAccess,
}

/// Everything that AWS stores of a mapping, validated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MappingDefinition {
    /// The UUID, 36 characters in lower case.
    pub uuid: String,
    /// The ARN, `arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:UUID`.
    pub arn: String,
    /// The function's ARN, with the qualifier exactly as it was given.
    pub function_arn: String,
    /// Whether it polls once it has settled.
    pub is_enabled: bool,
    /// The configuration that the engine runs.
    pub config: MappingConfig,
    /// The cluster on the network that it reads; `None` for the embedded cluster.
    pub remote: Option<RemoteSource>,
    /// The tags that it was created with.
    pub tags: Tags,
    source: EventSource,
    /// The members of EventSourceMappingConfiguration that requests gave, and the defaults of those that they did not.
    members: Map<String, Value>,
}

impl MappingDefinition {
    /// Returns the definition that a CreateEventSourceMapping request makes, by AWS's rules and by what is built.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers.
    pub(crate) fn create(
        request: CreateMapping,
        uuid: &str,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ApiError> {
        let definition = Self::create_by_aws_rules(request, uuid, surroundings)?;
        // After AWS's own rules, so that a request which AWS would refuse gets AWS's error.
        members::check_built(&definition.members)?;
        Ok(definition)
    }

    /// Returns the definition that a request makes by AWS's own rules. It can have members that are not built.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers.
    pub(super) fn create_by_aws_rules(
        request: CreateMapping,
        uuid: &str,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ApiError> {
        let mut body = request.members;
        body.extend(
            request
                .function_name
                .map(|name| ("FunctionName".to_owned(), Value::String(name))),
        );
        // AWS reports all violations in one message, so the name is checked together with the other members.
        let mut given = constraint::conform(model::CREATE, body)?;
        let function_name = take_text(&mut given, "FunctionName").unwrap_or_default();
        let tags = Tags::of(given.remove("Tags"));

        let mut members = Map::new();
        for (name, value) in given {
            stored::put(&mut members, &name, value);
        }
        members.entry("BatchSize").or_insert(DEFAULT_BATCH_SIZE.into());
        // The API reference calls it required, but AWS accepts a self-managed source without it, and answered with this value (recorded
        // in 2024).
        members.entry("StartingPosition").or_insert("TRIM_HORIZON".into());
        let source = EventSource::of(&members)?;
        stored::put_kafka_config(&mut members, &source, uuid);
        rules::check(&members, &source, surroundings.reachable)?;
        rules::check_new(&members, surroundings.now_ms)?;

        let function = existing_function(&function_name, surroundings)?;
        Ok(Self {
            uuid: uuid.to_owned(),
            arn: format!(
                "arn:{}:lambda:{}:{}:event-source-mapping:{uuid}",
                partition_of(surroundings.region),
                surroundings.region,
                surroundings.account_id
            ),
            function_arn: function.arn(surroundings.region, surroundings.account_id),
            is_enabled: request.enabled.unwrap_or(true),
            config: read_config(&members, &source, &function, surroundings)?,
            remote: read_remote(&members, &source, surroundings)?,
            tags,
            source,
            members,
        })
    }

    /// Returns the definition that an UpdateEventSourceMapping request makes of this one. Absent members stay.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers.
    pub(crate) fn update(
        &self,
        request: UpdateMapping,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ApiError> {
        let mut body = request.members;
        body.extend(
            request
                .function_name
                .map(|name| ("FunctionName".to_owned(), Value::String(name))),
        );
        let mut given = constraint::conform(model::UPDATE, body)?;
        let function = match take_text(&mut given, "FunctionName") {
            Some(name) => existing_function(&name, surroundings)?,
            None => FunctionName::parse(&self.function_arn)?,
        };

        let mut members = self.members.clone();
        let (config_member, _) = self.source.config_members();
        if let Some(config) = given.remove(config_member) {
            stored::change_kafka_config(&mut members, config_member, &config)?;
        }
        for (name, value) in given {
            stored::put(&mut members, &name, value);
        }
        rules::check(&members, &self.source, surroundings.reachable)?;
        members::check_built(&members)?;

        // ARNs stay in the region in which the mapping was created, whatever region this request was signed for.
        let surroundings = &Surroundings {
            region: self.arn.split(':').nth(3).unwrap_or(surroundings.region),
            ..*surroundings
        };
        Ok(Self {
            uuid: self.uuid.clone(),
            arn: self.arn.clone(),
            function_arn: function.arn(surroundings.region, surroundings.account_id),
            is_enabled: request.enabled.unwrap_or(self.is_enabled),
            config: read_config(&members, &self.source, &function, surroundings)?,
            remote: read_remote(&members, &self.source, surroundings)?,
            tags: self.tags.clone(),
            source: self.source.clone(),
            members,
        })
    }

    /// Checks that it may exist beside `existing`, which is any other mapping.
    ///
    /// # Errors
    /// 409 ResourceConflictException if both bring the same topic of the same cluster to the same function, 400
    /// InvalidParameterValueException if both have the same consumer group.
    pub(crate) fn check_conflict(&self, existing: &Self) -> Result<(), ApiError> {
        let topic = &self.config.envelope.topic;
        if self.function_arn == existing.function_arn
            && *topic == existing.config.envelope.topic
            && self.source.overlaps(&existing.source)
        {
            return Err(ApiError::conflict(format!(
                "An event source mapping with event source (\"{}\"), function (\"{}\"), topics (\"{topic}\") already exists. \
                 Please update or delete the existing mapping with UUID {}",
                // AWS names the servers of the new request here, and not those of the existing mapping.
                self.source.name(),
                self.function_arn,
                existing.uuid
            )));
        }
        if self.config.group_id == existing.config.group_id {
            return Err(ApiError::invalid_parameter(format!(
                "ConsumerGroupId {} is already used by the event source mapping with UUID {}.",
                self.config.group_id, existing.uuid
            )));
        }
        Ok(())
    }

    /// Checks that its poller group may have it beside `others`, which are all other mappings.
    ///
    /// # Errors
    /// 400 InvalidParameterValueException if the group has too many mappings or pollers, or another network.
    pub(crate) fn check_poller_group<'a>(
        &self,
        others: impl IntoIterator<Item = &'a Self>,
    ) -> Result<(), ApiError> {
        let Some(group) = &self.config.poller_group else {
            return Ok(());
        };
        let others = others.into_iter().map(Self::group_member);
        pollers::check_group(group, &self.group_member(), others)
    }

    fn group_member(&self) -> GroupMember<'_> {
        GroupMember {
            group: self.config.poller_group.as_ref(),
            maximum_pollers: self.config.provisioned.map_or(0, |pollers| pollers.maximum),
            network: source_access::network(&self.members, &self.source),
        }
    }

    /// Returns the EventSourceMappingConfiguration that Create, Get, Update, Delete and List answer with.
    pub(crate) fn view(&self, status: &MappingStatus) -> MappingView {
        let mut view = self.members.clone();
        let mut show = |name: &str, value: Value| view.insert(name.to_owned(), value);
        show("UUID", self.uuid.as_str().into());
        show("EventSourceMappingArn", self.arn.as_str().into());
        show("FunctionArn", self.function_arn.as_str().into());
        show("State", status.state.to_string().into());
        show(
            "StateTransitionReason",
            status.state_transition_reason.as_str().into(),
        );
        show(
            "LastProcessingResult",
            status.last_processing_result.as_str().into(),
        );
        // A number of seconds with a fraction, because SDKs of typed languages fail on text.
        show("LastModified", (status.last_modified_ms as f64 / 1000.0).into());
        if self.config.provisioned.is_some() {
            for (name, default) in stored::provisioned_defaults() {
                view.entry(name).or_insert(default);
            }
        }
        MappingView(view)
    }
}

/// Returns the function that a request names.
///
/// # Errors
/// ValidationException for a malformed name, InvalidParameterValueException for a function that does not exist, or has a longer timeout
/// than a mapping may wait for.
fn existing_function(name: &str, surroundings: &Surroundings<'_>) -> Result<FunctionName, ApiError> {
    let function = FunctionName::parse(name)?;
    // At creation a missing function is a bad parameter, not a missing resource.
    if let Some(found) = surroundings.functions.get(&function.name) {
        let timeout = found.invoker().limits().timeout;
        if timeout > LONGEST_MAPPED_TIMEOUT {
            // AWS documents the limit, and no words.
            return Err(ApiError::invalid_parameter(format!(
                "The function {} has a timeout of {} seconds; an event source mapping for Kafka invokes functions with a timeout of {} \
                 seconds or less.",
                function.name,
                timeout.as_secs(),
                LONGEST_MAPPED_TIMEOUT.as_secs()
            )));
        }
        return Ok(function);
    }
    tracing::warn!(
        function = function.name,
        "a mapping names a function that does not exist: declare it under [[functions]] in the file of --config, create it with the \
         Lambda API's CreateFunction, or give --lambda-endpoint, which makes every name known"
    );
    // AWS's words, which do not say which function is meant.
    Err(ApiError::invalid_parameter(format!(
        "Function does not exist: {}",
        function.name
    )))
}

/// Returns the cluster on the network that the members name; `None` if they name the embedded cluster.
///
/// # Errors
/// InvalidParameterValueException where there is no network, and for an authentication that cannot be carried out.
fn read_remote(
    members: &Map<String, Value>,
    source: &EventSource,
    surroundings: &Surroundings<'_>,
) -> Result<Option<RemoteSource>, ApiError> {
    let Some(bootstrap_servers) = source.remote_servers(surroundings.bootstrap_servers)? else {
        return Ok(None);
    };
    if !surroundings.has_network {
        return Err(ApiError::invalid_parameter(format!(
            "The Kafka cluster at {} cannot be read in virtual time, which has no network: only the embedded cluster can, at {}.",
            source.name(),
            surroundings.bootstrap_servers.join(","),
        )));
    }
    Ok(Some(RemoteSource {
        bootstrap_servers,
        access: source_access::read(members, surroundings.secrets)?,
    }))
}

/// Returns the configuration of members that passed the rules.
fn read_config(
    members: &Map<String, Value>,
    source: &EventSource,
    function: &FunctionName,
    surroundings: &Surroundings<'_>,
) -> Result<MappingConfig, ApiError> {
    let (config_member, _) = source.config_members();
    let number = |name: &str| members.get(name).and_then(Value::as_u64);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let group_id = members
        .get(config_member)
        .and_then(|config| config.get("ConsumerGroupId"));
    Ok(MappingConfig {
        function_name: function.name.clone(),
        qualifier: function.qualifier.clone(),
        envelope: source.envelope(text(members["Topics"].get(0)), surroundings.bootstrap_servers),
        group_id: text(group_id),
        starting_position: rules::read_starting_position(members),
        batch_size: number("BatchSize")
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(DEFAULT_BATCH_SIZE),
        batching_window: number("MaximumBatchingWindowInSeconds")
            .map_or(DEFAULT_BATCHING_WINDOW, Duration::from_secs),
        filters: rules::read_filters(members)?.map(Arc::new),
        provisioned: members
            .get("ProvisionedPollerConfig")
            .map(pollers::read)
            .transpose()?,
        poller_group: members
            .get("ProvisionedPollerConfig")
            .and_then(|config| pollers::read_group(config, surroundings.region)),
        failure_rules: read_failure_rules(members),
        // The model allows one value only, and an empty list is not stored.
        response_types: match members.get("FunctionResponseTypes") {
            Some(_) => ResponseTypes::ReportBatchItemFailures,
            None => ResponseTypes::None,
        },
        metrics: read_metric_groups(members),
        on_failure: rules::read_destination(members)?.map(|destination| OnFailure {
            destination,
            function_arn: function.arn(surroundings.region, surroundings.account_id),
        }),
        system_log: members
            .get("LoggingConfig")
            .and_then(|config| config.get("SystemLogLevel"))
            .and_then(Value::as_str)
            .and_then(SystemLogLevel::named),
        decoding: members
            .get(config_member)
            .and_then(|config| config.get("SchemaRegistryConfig"))
            .map(|registry| Arc::new(schema_registry::read(registry))),
    })
}

fn read_metric_groups(members: &Map<String, Value>) -> MetricGroups {
    let metrics = members
        .get("MetricsConfig")
        .and_then(|config| config.get("Metrics"));
    let metrics = metrics.and_then(Value::as_array);
    let has = |name: &str| metrics.is_some_and(|metrics| metrics.iter().any(|metric| metric == name));
    MetricGroups {
        event_count: has("EventCount"),
        error_count: has("ErrorCount"),
        kafka_metrics: has("KafkaMetrics"),
    }
}

fn read_failure_rules(members: &Map<String, Value>) -> FailureRules {
    // -1 is without limit, and no unsigned number.
    let limit = |name: &str| members.get(name).and_then(Value::as_u64);
    let attempts = limit("MaximumRetryAttempts").and_then(|limit| u32::try_from(limit).ok());
    // A mapping with a destination never retries without limit. The view goes on to show -1.
    let attempts_of_default = members
        .contains_key("DestinationConfig")
        .then_some(RETRY_ATTEMPTS_WITH_DESTINATION);
    FailureRules {
        maximum_retry_attempts: attempts.or(attempts_of_default),
        maximum_record_age: limit("MaximumRecordAgeInSeconds").map(Duration::from_secs),
        bisects_batch: members.get("BisectBatchOnFunctionError") == Some(&Value::Bool(true)),
    }
}

fn take_text(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
