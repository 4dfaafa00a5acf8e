//! Becoming a member of the group: join, assign if chosen to lead, sync, and where to read from.
//! Source: Kafka's `ConsumerCoordinator` and `AbstractCoordinator`.

use super::assignor;
use super::protocol::{Partitions, Subscription, decode_assignment, encode_assignment};
use super::{MemberSettings, codes};
use crate::config::StartingPosition;
use crate::source::SourceError;
use bytes::Bytes;
use esmeralda_broker::local::{Client, Error, Join, Joined, OffsetSpec};
use esmeralda_broker::{GenerationId, Offset};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A completed rebalance, as a member sees it.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) member_id: String,
    pub(super) generation_id: GenerationId,
    pub(super) is_leader: bool,
    /// How many partitions the topic had when the rebalance began; the leader begins another when that changes.
    pub(super) partition_count: i32,
    /// The member's partitions and where to read on in each.
    pub(super) positions: BTreeMap<i32, i64>,
}

/// A rebalance that did not complete for this member.
#[derive(Debug)]
pub(super) struct JoinFailed {
    /// The id to join with the next time; empty to join as a new member.
    pub(super) member_id: String,
    /// Why; `None` when the group only moved on meanwhile and is to be joined again at once.
    pub(super) error: Option<SourceError>,
}

/// What a member brings into a rebalance.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) client: Client,
    pub(super) settings: Arc<MemberSettings>,
    /// Empty for a new member.
    pub(super) member_id: String,
    /// What it owned in `generation_id`.
    pub(super) owned: Vec<i32>,
    pub(super) generation_id: GenerationId,
}

impl Candidate {
    /// Takes part in the group's next rebalance.
    pub(super) async fn join(self) -> Result<Membership, JoinFailed> {
        let partition_count = match self.client.partition_count(&self.settings.topic).await {
            Ok(partition_count) => partition_count,
            Err(error) => return Err(self.failed(self.member_id.clone(), &error)),
        };
        let joined = match self.client.join_group(self.request()).await {
            Ok(joined) => joined,
            Err(error) => return Err(self.failed(self.member_id.clone(), &error)),
        };
        let failed = |error: Error| self.failed(joined.member_id.clone(), &error);
        let assignments = self.assignments(&joined).await.map_err(failed)?;
        let assignment = self
            .client
            .sync_group(
                &self.settings.group_id,
                &joined.member_id,
                joined.generation_id,
                assignments,
            )
            .await
            .map_err(failed)?;
        let partitions = self.own_partitions(&assignment).map_err(|error| JoinFailed {
            member_id: joined.member_id.clone(),
            error: Some(error),
        })?;
        let positions = self.positions(&joined, partitions).await.map_err(failed)?;
        Ok(Membership {
            is_leader: joined.leader == joined.member_id,
            member_id: joined.member_id,
            generation_id: joined.generation_id,
            partition_count,
            positions,
        })
    }

    fn request(&self) -> Join {
        let subscription = |name: &str| {
            // What was owned is for our own assignor: to Kafka's, who still owns something in an eager rebalance is odd.
            let is_owner = assignor::is_sticky(name) && !self.owned.is_empty();
            let owned = is_owner.then(|| (self.settings.topic.clone(), self.owned.clone()));
            Subscription {
                topics: vec![self.settings.topic.clone()],
                owned: owned.into_iter().collect(),
                generation_id: if is_owner { self.generation_id.0 } else { -1 },
            }
        };
        Join {
            group_id: self.settings.group_id.clone(),
            member_id: self.member_id.clone(),
            session_timeout: self.settings.timeouts.session,
            rebalance_timeout: self.settings.timeouts.rebalance,
            protocol_type: "consumer".to_owned(),
            protocols: assignor::offered(self.settings.protocol)
                .iter()
                .map(|name| ((*name).to_owned(), Bytes::from(subscription(name).encode())))
                .collect(),
        }
    }

    /// Everybody's assignment, if this member leads; else nothing.
    async fn assignments(&self, joined: &Joined) -> Result<Vec<(String, Bytes)>, Error> {
        if joined.leader != joined.member_id {
            return Ok(Vec::new());
        }
        let members: BTreeMap<String, Subscription> = joined
            .members
            .iter()
            .map(|(member_id, metadata)| (member_id.clone(), subscription_of(member_id, metadata)))
            .collect();
        let topics: BTreeSet<&String> = members.values().flat_map(|member| &member.topics).collect();
        let mut partition_counts = BTreeMap::new();
        for topic in topics {
            match self.client.partition_count(topic).await {
                Ok(count) => partition_counts.insert(topic.clone(), count),
                Err(error) if error.code == codes::UNKNOWN_TOPIC_OR_PARTITION => None,
                Err(error) => return Err(error),
            };
        }
        let assignments = assignor::assign(&joined.protocol_name, &members, &partition_counts);
        let encode = |(member, partitions): (String, Partitions)| {
            (member, Bytes::from(encode_assignment(&partitions)))
        };
        Ok(assignments.into_iter().map(encode).collect())
    }

    fn own_partitions(&self, assignment: &[u8]) -> Result<Vec<i32>, SourceError> {
        let mut partitions = decode_assignment(assignment).map_err(|error| SourceError::Cluster {
            reason: format!("the group's leader sent an assignment that cannot be read: {error}"),
        })?;
        Ok(partitions.remove(&self.settings.topic).unwrap_or_default())
    }

    /// Where to read each partition: where the group committed, or else the starting position.
    async fn positions(&self, joined: &Joined, partitions: Vec<i32>) -> Result<BTreeMap<i32, i64>, Error> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (group_id, topic) = (&self.settings.group_id, &self.settings.topic);
        let committed = self.client.committed(group_id, topic, &partitions).await?;
        let mut positions = BTreeMap::new();
        let mut starting = Vec::new();
        for (partition, committed) in partitions.iter().zip(committed) {
            match committed {
                Some(committed) => {
                    positions.insert(*partition, committed.offset.0);
                }
                None => starting.push(*partition),
            }
        }
        let offsets = starting_offsets(&self.client, &self.settings, &starting).await?;
        if self.settings.starting_position == StartingPosition::Latest && !offsets.is_empty() {
            // A later owner would take the end of its own time for the starting position and skip what came between.
            self.client
                .commit_offsets(group_id, &joined.member_id, joined.generation_id, topic, &offsets)
                .await?;
        }
        positions.extend(
            offsets
                .into_iter()
                .map(|(partition, offset)| (partition, offset.0)),
        );
        Ok(positions)
    }

    fn failed(&self, member_id: String, error: &Error) -> JoinFailed {
        match error.code {
            codes::UNKNOWN_MEMBER_ID | codes::FENCED_INSTANCE_ID => JoinFailed {
                member_id: String::new(),
                error: None,
            },
            codes::REBALANCE_IN_PROGRESS | codes::ILLEGAL_GENERATION => JoinFailed {
                member_id,
                error: None,
            },
            _ => JoinFailed {
                member_id,
                error: Some(self.settings.source_error(error)),
            },
        }
    }
}

/// The starting position's present offset in each partition.
pub(super) async fn starting_offsets(
    client: &Client,
    settings: &MemberSettings,
    partitions: &[i32],
) -> Result<Vec<(i32, Offset)>, Error> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let spec = match settings.starting_position {
        StartingPosition::TrimHorizon => OffsetSpec::Earliest,
        StartingPosition::Latest => OffsetSpec::Latest,
    };
    let offsets = client.list_offsets(&settings.topic, partitions, spec).await?;
    Ok(partitions.iter().copied().zip(offsets).collect())
}

/// A member whose metadata cannot be read gets nothing; it does not keep the others from their partitions.
fn subscription_of(member_id: &str, metadata: &[u8]) -> Subscription {
    Subscription::decode(metadata).unwrap_or_else(|error| {
        tracing::warn!(member_id, %error, "a member's subscription cannot be read");
        Subscription {
            topics: Vec::new(),
            owned: Partitions::new(),
            generation_id: -1,
        }
    })
}
