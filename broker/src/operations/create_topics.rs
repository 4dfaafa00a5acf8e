//! Creates topics. Names, partitions, replicas and configs are checked as in Kafka's controller, in the same order. Source: Kafka's
//! `ControllerApis.createTopics` and `ReplicationControlManager.createTopics`.

use super::RequestContext;
use super::access::{Denied, authorize_topic, is_authorized};
use crate::Entropy;
use crate::cluster::{Cluster, NodeDefaults};
use crate::config::layers::{ConfigEntry, Layers};
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
pub(crate) use crate::topic::config::InvalidTopicConfig;
pub(crate) use crate::topic::name::InvalidName;
pub(crate) use crate::topic::placement::PlacementError;
use crate::topic::{Change, NewTopic, Placement, TopicConfig, TopicDefaults};
use crate::topic::{config, name};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// The most partitions of a cluster, because even an empty partition needs memory. Kafka limits only what one request may create (10,000
/// records of metadata).
pub(crate) const MAX_PARTITIONS: usize = 200_000;

/// The topic in which Kafka's controllers keep the cluster's metadata.
const CLUSTER_METADATA: &str = "__cluster_metadata";

/// The request for a new topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CreateTopic {
    pub(crate) name: String,
    /// -1 means `num.partitions`, or the number of assignments.
    pub(crate) partitions: i32,
    /// -1 means `default.replication.factor`, or the number of replicas in the assignments.
    pub(crate) replication_factor: i16,
    /// The replicas of each partition; if it is empty, the cluster chooses them.
    pub(crate) assignments: Vec<(i32, Vec<NodeId>)>,
    /// Configs by name, in the order given.
    pub(crate) configs: Vec<(String, Option<String>)>,
}

/// A topic that was created, or would have been.
#[derive(Clone, Debug)]
pub(crate) struct CreatedTopic {
    pub(crate) id: Uuid,
    pub(crate) partitions: i32,
    pub(crate) replication_factor: i16,
    /// All configs of the topic.
    pub(crate) configs: Vec<ConfigEntry>,
    /// True if the client may see the configs, the number of partitions and the replication factor.
    pub(crate) is_describable: bool,
}

/// The reason why a topic was not created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CreateTopicError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("Duplicate topic name.")]
    Duplicate,
    #[error("Creation of internal topic {CLUSTER_METADATA} is prohibited.")]
    ClusterMetadata,
    #[error("Topic '{name}' already exists.")]
    Exists { name: String },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Config(#[from] InvalidTopicConfig),
    #[error("A manual partition assignment was specified, but replication factor was not set to -1.")]
    AssignedWithFactor,
    #[error("A manual partition assignment was specified, but numPartitions was not set to -1.")]
    AssignedWithPartitions,
    #[error("Replication factor must be larger than 0, or -1 to use the default value.")]
    ReplicationFactor,
    #[error("Number of partitions was set to an invalid non-positive value.")]
    Partitions,
    #[error(transparent)]
    TooMany(#[from] TooManyPartitions),
    #[error(transparent)]
    Placement(#[from] PlacementError),
}

/// An error of a request that would exceed [`MAX_PARTITIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Cannot add {wanted} partition(s): the cluster has {existing} and may have at most {MAX_PARTITIONS}."
)]
pub(crate) struct TooManyPartitions {
    pub(crate) wanted: usize,
    pub(crate) existing: usize,
}

/// The result for each topic, in the order of the request. A name that occurs twice has one entry.
pub(crate) type CreateTopicResults = Vec<(String, Result<CreatedTopic, CreateTopicError>)>;

impl CreateTopic {
    /// Returns the request for a topic of that name with the cluster's defaults.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            partitions: -1,
            replication_factor: -1,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }
}

/// Creates each topic by itself. With `validate_only` nothing is created, and the answer is the same as if it were. Completes at once, so
/// there is no timeout.
pub(crate) fn create_topics(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topics: Vec<CreateTopic>,
    validate_only: bool,
) -> CreateTopicResults {
    // The names are counted first: Kafka refuses every occurrence of a name that is repeated, the first one too.
    let mut times: HashMap<String, usize> = HashMap::new();
    for topic in &topics {
        *times.entry(topic.name.clone()).or_default() += 1;
    }
    let may_create_any = is_authorized(cluster, context, AclOperation::Create, Resource::Cluster);
    let authorize = |name: &str| {
        // As in `ControllerApis`, this name is not authorised: any client is told that the topic cannot be created.
        if may_create_any || name == CLUSTER_METADATA {
            return Ok(());
        }
        authorize_topic(cluster, context, AclOperation::Create, name)
    };
    let mut planned = Planned::default();
    // The turn is held for the whole request, so that the names and the room for partitions that were checked are still free when the topic
    // is created.
    let mut change = cluster.topics.change();
    // The defaults are read once. Each topic used to read every default three times, each through all layers of the broker configs.
    let defaults = Defaults::new(cluster, context.node_id);
    let mut results = Vec::with_capacity(times.len());
    for topic in topics {
        let name = topic.name.clone();
        let result = match times.remove(&name) {
            // The name was answered at its first occurrence.
            None => continue,
            Some(1) => authorize(&name).map_err(CreateTopicError::from).and_then(|()| {
                create(
                    cluster,
                    &defaults,
                    &mut change,
                    &mut planned,
                    topic,
                    validate_only,
                )
            }),
            Some(_) => Err(CreateTopicError::Duplicate),
        };
        let result = result.map(|created| CreatedTopic {
            // The permission to create a topic does not include that to see its configs (KIP-525).
            is_describable: authorize_topic(cluster, context, AclOperation::DescribeConfigs, &name).is_ok(),
            ..created
        });
        results.push((name, result));
    }
    results
}

/// Creates one topic for a broker itself, which needs no permission.
pub(super) fn create_unauthorized(
    cluster: &Cluster,
    node: NodeId,
    topic: CreateTopic,
) -> Result<CreatedTopic, CreateTopicError> {
    let mut change = cluster.topics.change();
    let defaults = Defaults::new(cluster, node);
    create(
        cluster,
        &defaults,
        &mut change,
        &mut Planned::default(),
        topic,
        false,
    )
}

/// The topics and partitions that a request which only validates would have created so far.
#[derive(Debug, Default)]
struct Planned {
    colliding: HashSet<String>,
    partitions: usize,
}

/// The brokers' configs during one request. They cannot change meanwhile, because the request holds the turn to change topics.
struct Defaults {
    /// The values of the broker that received the request, for the configs in the answer.
    layers: Layers,
    shown: TopicDefaults,
    by_node: NodeDefaults,
}

impl Defaults {
    fn new(cluster: &Cluster, asked: NodeId) -> Self {
        let layers = cluster.broker_configs.layers(asked);
        Self {
            shown: TopicDefaults::new(&layers),
            layers,
            by_node: cluster.topic_defaults(),
        }
    }
}

fn create(
    cluster: &Cluster,
    defaults: &Defaults,
    change: &mut Change<'_>,
    planned: &mut Planned,
    topic: CreateTopic,
    validate_only: bool,
) -> Result<CreatedTopic, CreateTopicError> {
    check_name(cluster, change, planned, &topic.name)?;
    let config = config(&topic.configs, &defaults.shown)?;
    let existing = change.partition_count() + planned.partitions;
    let placement = place(cluster, existing, &topic)?;
    let new = NewTopic {
        id: change.new_id(&topic.name, &cluster.entropy),
        name: topic.name.into(),
        config,
        placement,
    };
    let created = CreatedTopic {
        id: new.id,
        partitions: new.placement.partition_count() as i32,
        replication_factor: new.placement.factor() as i16,
        configs: config::describe_created(&new.config, &defaults.layers, &defaults.shown),
        is_describable: true,
    };
    if validate_only {
        // A later topic of the request is checked as if this one existed.
        planned.colliding.extend(name::collision_key(&new.name));
        planned.partitions += new.placement.partition_count();
    } else {
        let settings = defaults.by_node.log_settings(&new.name, &new.config);
        let topic = change.create(new, settings, &cluster.pool);
        // Assigned replicas may be on brokers that are down.
        cluster.elect_leaders_of(&topic, &defaults.by_node);
    }
    Ok(created)
}

fn check_name(
    cluster: &Cluster,
    change: &Change<'_>,
    planned: &Planned,
    name: &str,
) -> Result<(), CreateTopicError> {
    if name == CLUSTER_METADATA {
        return Err(CreateTopicError::ClusterMetadata);
    }
    if cluster.topics.get(name).is_some() {
        return Err(CreateTopicError::Exists {
            name: name.to_owned(),
        });
    }
    name::validate(name)?;
    let existing = change.collision(name);
    let is_planned = name::collision_key(name).is_some_and(|key| planned.colliding.contains(&key));
    if existing.is_none() && !is_planned {
        return Ok(());
    }
    Err(CreateTopicError::Name(InvalidName::Collides {
        name: name.to_owned(),
        existing: existing.map_or_else(
            || "another topic of this request".to_owned(),
            |name| name.to_string(),
        ),
    }))
}

fn config(
    configs: &[(String, Option<String>)],
    defaults: &TopicDefaults,
) -> Result<TopicConfig, InvalidTopicConfig> {
    let nulls: Vec<_> = configs
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    if !nulls.is_empty() {
        return Err(InvalidTopicConfig::Null { names: nulls });
    }
    let overrides: BTreeMap<_, _> = configs
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
        .collect();
    TopicConfig::new(overrides, defaults)
}

/// Checks that `wanted` more partitions are allowed in addition to the `existing` ones.
///
/// # Errors
/// [`TooManyPartitions`] if they are not.
pub(super) fn check_room(existing: usize, wanted: usize) -> Result<(), TooManyPartitions> {
    if wanted > MAX_PARTITIONS.saturating_sub(existing) {
        return Err(TooManyPartitions { wanted, existing });
    }
    Ok(())
}

fn place(cluster: &Cluster, existing: usize, topic: &CreateTopic) -> Result<Placement, CreateTopicError> {
    if !topic.assignments.is_empty() {
        if topic.replication_factor != -1 {
            return Err(CreateTopicError::AssignedWithFactor);
        }
        if topic.partitions != -1 {
            return Err(CreateTopicError::AssignedWithPartitions);
        }
        check_room(existing, topic.assignments.len())?;
        return Ok(Placement::assigned(
            &cluster.assignable(),
            0,
            &topic.assignments,
            None,
        )?);
    }
    // The factor is checked before the number of partitions, as in `ReplicationControlManager.createTopic`.
    let factor = match topic.replication_factor {
        -1 => cluster.config.default_replication_factor,
        factor @ 1.. => factor,
        _ => return Err(CreateTopicError::ReplicationFactor),
    };
    let partitions = match topic.partitions {
        -1 => cluster.config.default_partitions,
        partitions @ 1.. => partitions,
        _ => return Err(CreateTopicError::Partitions),
    } as usize;
    check_room(existing, partitions)?;
    Ok(spread(cluster, partitions, factor)?)
}

/// Places new partitions on the brokers that are alive.
///
/// # Errors
/// [`PlacementError`] if there are fewer brokers than `factor`.
pub(super) fn spread(cluster: &Cluster, partitions: usize, factor: i16) -> Result<Placement, PlacementError> {
    // One draw for all partitions, so that their number does not change what is drawn later in a run that is repeated.
    let random = Entropy::from_seed(cluster.entropy.next_u64());
    let below = |end: usize| random.below(end as u64) as usize;
    Placement::spread(&cluster.placeable(), partitions, factor, below)
}

#[cfg(test)]
mod tests;
