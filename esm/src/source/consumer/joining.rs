//! One rebalance as a member takes part in it: join, assign if it leads, sync, and find the positions to read from.
//! Source: Kafka's `ConsumerCoordinator` and `AbstractCoordinator`.

use super::MemberSettings;
use super::assignor;
use super::client::{ClientError, ErrorKind, GroupMember, Join, Joined, KafkaClient, OffsetSpec};
use super::protocol::{Partitions, Subscription, decode_assignment, encode_assignment};
use crate::source::StartingPosition;
use bytes::Bytes;
use esmeralda_broker::{GenerationId, Offset};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A completed rebalance.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) member_id: String,
    pub(super) generation_id: GenerationId,
    pub(super) is_leader: bool,
    /// The number of partitions that the topic had when the rebalance began. The leader begins another rebalance when it changes.
    pub(super) partition_count: i32,
    /// The member's partitions, each with the position to read it from.
    pub(super) positions: BTreeMap<i32, i64>,
}

/// A rebalance that did not complete for this member.
#[derive(Debug)]
pub(super) struct JoinFailed {
    /// The id to join with the next time; empty to join as a new member.
    pub(super) member_id: String,
    /// The reason; `None` when the group only moved on in the meantime and is to be joined again at once.
    pub(super) error: Option<ClientError>,
}

/// A member that takes part in a rebalance.
#[derive(Debug)]
pub(super) struct Candidate<C> {
    pub(super) client: C,
    pub(super) settings: Arc<MemberSettings>,
    /// Empty for a new member.
    pub(super) member_id: String,
    /// The partitions that it owned in `generation_id`.
    pub(super) owned: Vec<i32>,
    pub(super) generation_id: GenerationId,
}

impl<C: KafkaClient> Candidate<C> {
    /// Takes part in the group's next rebalance.
    pub(super) async fn join(self) -> Result<Membership, JoinFailed> {
        // Counted before the join, so that a topic that grows meanwhile has more partitions than this at the next heartbeat.
        let partition_count = match self.client.partition_count(&self.settings.topic).await {
            Ok(partition_count) => partition_count,
            Err(error) => return Err(failed(self.member_id, error)),
        };
        let joined = match self.client.join_group(self.request()).await {
            Ok(joined) => joined,
            Err(error) => return Err(failed(self.member_id, error)),
        };
        match self.positions_of(&joined).await {
            Ok(positions) => Ok(Membership {
                is_leader: joined.leader == joined.member_id,
                member_id: joined.member_id,
                generation_id: joined.generation_id,
                partition_count,
                positions,
            }),
            Err(error) => Err(failed(joined.member_id, error)),
        }
    }

    /// Syncs, and returns the partitions that the member was assigned, each with the position to read it from.
    async fn positions_of(&self, joined: &Joined) -> Result<BTreeMap<i32, i64>, ClientError> {
        let member = GroupMember {
            group_id: &self.settings.group_id,
            member_id: &joined.member_id,
            generation_id: joined.generation_id,
        };
        let assignments = self.assignments(joined).await?;
        let assignment = self.client.sync_group(member, assignments).await?;
        let partitions = self.own_partitions(&assignment)?;
        self.positions(member, partitions).await
    }

    fn request(&self) -> Join {
        let subscription = |name: &str| {
            // Only the sticky assignors use it. Kafka's members of an eager rebalance own nothing when they join.
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
            protocols: assignor::offered(self.settings.protocol)
                .iter()
                .map(|name| ((*name).to_owned(), Bytes::from(subscription(name).encode())))
                .collect(),
        }
    }

    /// Returns the assignment of every member if this one leads, else none.
    async fn assignments(&self, joined: &Joined) -> Result<Vec<(String, Bytes)>, ClientError> {
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
                // Consumers from outside may subscribe to a topic that does not exist yet; nothing of it is assigned.
                Err(error) if error.kind == ErrorKind::UnknownTopic => None,
                Err(error) => return Err(error),
            };
        }
        let assignments = assignor::assign(&joined.protocol_name, &members, &partition_counts);
        let encode = |(member, partitions): (String, Partitions)| {
            (member, Bytes::from(encode_assignment(&partitions)))
        };
        Ok(assignments.into_iter().map(encode).collect())
    }

    fn own_partitions(&self, assignment: &[u8]) -> Result<Vec<i32>, ClientError> {
        let mut partitions = decode_assignment(assignment).map_err(|error| ClientError {
            kind: ErrorKind::Other,
            reason: format!("the group's leader sent an assignment that cannot be read: {error}"),
        })?;
        Ok(partitions.remove(&self.settings.topic).unwrap_or_default())
    }

    /// Returns the position of each partition: what the group has committed, or else the starting position.
    async fn positions(
        &self,
        member: GroupMember<'_>,
        partitions: Vec<i32>,
    ) -> Result<BTreeMap<i32, i64>, ClientError> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let topic = &self.settings.topic;
        let committed = self.client.committed(member.group_id, topic, &partitions).await?;
        let mut positions = BTreeMap::new();
        let mut starting = Vec::new();
        for (partition, committed) in partitions.iter().zip(committed) {
            match committed {
                Some(committed) => {
                    positions.insert(*partition, committed.0);
                }
                None => starting.push(*partition),
            }
        }
        let offsets = starting_offsets(&self.client, &self.settings, &starting).await?;
        if self.settings.starting_position != StartingPosition::TrimHorizon && !offsets.is_empty() {
            // A later owner would take the end at its own time for the starting position and skip the records in between.
            self.client.commit_offsets(member, topic, &offsets).await?;
        }
        let offsets = offsets.into_iter();
        positions.extend(offsets.map(|(partition, offset)| (partition, offset.0)));
        Ok(positions)
    }
}

/// Returns what a failed member joins with the next time.
fn failed(member_id: String, error: ClientError) -> JoinFailed {
    match error.kind {
        // An id that the group has forgotten is no problem to show: the next join gets another one.
        ErrorKind::UnknownMember => JoinFailed {
            member_id: String::new(),
            error: None,
        },
        ErrorKind::RebalanceInProgress | ErrorKind::IllegalGeneration => JoinFailed {
            member_id,
            error: None,
        },
        _ => JoinFailed {
            member_id,
            error: Some(error),
        },
    }
}

/// Returns the present offset of the starting position in each partition.
pub(super) async fn starting_offsets<C: KafkaClient>(
    client: &C,
    settings: &MemberSettings,
    partitions: &[i32],
) -> Result<Vec<(i32, Offset)>, ClientError> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let list = |spec| client.list_offsets(&settings.topic, partitions, spec);
    let offsets = match settings.starting_position {
        StartingPosition::TrimHorizon => list(OffsetSpec::Earliest).await?,
        StartingPosition::Latest => list(OffsetSpec::Latest).await?,
        StartingPosition::AtTimestamp(timestamp_ms) => {
            // The ends are read first: a record that comes between the two reads is behind them, so that it is not skipped.
            let ends = list(OffsetSpec::Latest).await?;
            let found = list(OffsetSpec::Timestamp(timestamp_ms)).await?;
            let offset = |(found, end): (Offset, Offset)| if found.0 < 0 { end } else { found };
            found.into_iter().zip(ends).map(offset).collect()
        }
    };
    Ok(partitions.iter().copied().zip(offsets).collect())
}

/// Returns a member's subscription, or one to nothing if its metadata cannot be read, so that the others still get their partitions.
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
