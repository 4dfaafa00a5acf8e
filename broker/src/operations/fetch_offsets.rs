//! OffsetFetch: the committed offsets of a group.

use super::RequestContext;
use super::access::{authorize_topic, check_group};
use crate::cluster::Cluster;
use crate::group::{GroupError, PartitionsByTopic};
use crate::security::AclOperation;
use crate::topic::{TopicKey, UnknownTopicId};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub(crate) use crate::group::offsets::{CommittedOffset, FetchedOffset};
pub(crate) use crate::group::{FetchedOffsets, GenerationOrEpoch, OffsetReader};

/// The reason why the committed offsets of a group cannot be read.
pub(crate) type FetchOffsetsError = GroupError<crate::group::FetchOffsetsError>;

/// The offsets that a client may see, and the requested partitions that it may not see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VisibleOffsets {
    pub(crate) offsets: FetchedOffsets,
    pub(crate) denied: PartitionsByTopic,
}

/// Returns the offsets of the partitions in `wanted`, or with `None` all. A group that does not exist has no offsets, which is not an
/// error.
pub(crate) async fn fetch_offsets(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    reader: OffsetReader,
    wanted: Option<PartitionsByTopic>,
) -> Result<VisibleOffsets, FetchOffsetsError> {
    // The id may be empty: Kafka serves the offsets of the group with the empty id for old clients.
    check_group(cluster, context, AclOperation::Describe, group_id)?;
    let may_describe = |topic: &str| authorize_topic(cluster, context, AclOperation::Describe, topic).is_ok();
    let (wanted, denied) = match wanted {
        None => (None, Vec::new()),
        Some(wanted) => {
            let (wanted, denied) = wanted.into_iter().partition(|(topic, _)| may_describe(topic));
            (Some(wanted), denied)
        }
    };
    let wants_all = wanted.is_none();
    let mut offsets = match cluster
        .groups
        .fetch_offsets(group_id, reader, wanted.clone())
        .await
    {
        // An error here would stop a partition of librdkafka for good.
        Err(GroupError::NotFound) => nothing(wanted.unwrap_or_default()),
        fetched => fetched?,
    };
    // The topics are known only now that the group has answered.
    if wants_all {
        offsets.retain(|(topic, _)| may_describe(topic));
    }
    Ok(VisibleOffsets { offsets, denied })
}

/// The committed offset of each partition of a topic that was asked for.
type OffsetsOfTopic = Vec<(i32, FetchedOffset)>;

/// The offsets that a client may see, with topics by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VisibleOffsetsById {
    pub(crate) offsets: Vec<(Uuid, OffsetsOfTopic)>,
    pub(crate) denied: Vec<(Uuid, Vec<i32>)>,
    /// The topics that do not exist, with the requested partitions.
    pub(crate) unknown: Vec<(UnknownTopicId, Vec<i32>)>,
}

/// Returns the offsets of the partitions in `wanted`, or with `None` those of all topics that still exist. Source: Kafka's
/// `KafkaApis.fetchOffsetsForGroup` and `fetchAllOffsetsForGroup`.
pub(crate) async fn fetch_offsets_by_id(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    reader: OffsetReader,
    wanted: Option<Vec<(Uuid, Vec<i32>)>>,
) -> Result<VisibleOffsetsById, FetchOffsetsError> {
    let Some(wanted) = wanted else {
        let all = fetch_offsets(cluster, context, group_id, reader, None).await?;
        // An offset is stored by name, and a topic deleted meanwhile has no id to show.
        let existing = all.offsets.into_iter().filter_map(|(name, offsets)| {
            let topic = cluster.topics.get(&name)?;
            Some((topic.id, offsets))
        });
        return Ok(VisibleOffsetsById {
            offsets: existing.collect(),
            ..VisibleOffsetsById::default()
        });
    };
    let mut unknown = Vec::new();
    let mut ids = HashMap::with_capacity(wanted.len());
    let mut named = Vec::with_capacity(wanted.len());
    for (id, indexes) in wanted {
        match TopicKey::Id(id).find_name(&cluster.topics) {
            Ok(name) => {
                ids.insert(Arc::clone(&name), id);
                named.push((name, indexes));
            }
            Err(error) => unknown.push((error, indexes)),
        }
    }
    let fetched = fetch_offsets(cluster, context, group_id, reader, Some(named)).await?;
    let offsets = fetched.offsets.into_iter();
    let denied = fetched.denied.into_iter();
    Ok(VisibleOffsetsById {
        offsets: offsets.map(|(name, offsets)| (ids[&name], offsets)).collect(),
        denied: denied.map(|(name, indexes)| (ids[&name], indexes)).collect(),
        unknown,
    })
}

fn nothing(wanted: PartitionsByTopic) -> FetchedOffsets {
    let topics = wanted.into_iter().map(|(topic, indexes)| {
        let offsets = indexes.into_iter().map(|index| (index, Ok(None)));
        (topic, offsets.collect())
    });
    topics.collect()
}
