//! A Kafka cluster as a source: a member of a classic consumer group, over any [`KafkaClient`].
//!
//! Does what any Kafka consumer does: joins, sends heartbeats, assigns when it leads, fetches, and commits under its generation. Knows
//! nothing of sockets, batches and functions. Source: Kafka's `AbstractCoordinator`, `ConsumerCoordinator` and `Fetcher`.
//!
//! # Differs from Kafka's consumer
//! - `next` alone moves it; it has no task. The poller asks for the next event all the time, also while it invokes, so heartbeats go on.
//! - A partition without a commit that starts at LATEST or AT_TIMESTAMP has that offset committed at once. Kafka's consumer would look for
//!   the end anew after each rebalance and skip what came before.
//! - It notices that the topic has more partitions at a heartbeat, not after `metadata.max.age.ms`.

mod assignor;
pub(crate) mod client;
mod decoding;
mod joining;
mod member;
mod protocol;
mod reading;
mod tracker;

use super::{ConsumerGroup, GroupTimeouts, Progress, SourceError};
use crate::Clock;
use crate::profile::RebalanceProtocol;
use crate::source::StartingPosition;
use client::{ClientError, ErrorKind, KafkaClient, OffsetSpec};
use esmeralda_broker::{MemoryPool, Offset};
use std::sync::Arc;

pub(crate) use member::KafkaMember;

/// A mapping's consumer group in the cluster of a client.
#[derive(Clone, Debug)]
pub(crate) struct KafkaGroup<C> {
    client: C,
    settings: Arc<MemberSettings>,
}

/// The settings that all members of a group share.
#[derive(Clone, Debug)]
pub(crate) struct MemberSettings {
    /// The group's id.
    pub group_id: String,
    /// The topic that its members read.
    pub topic: String,
    /// The position in partitions for which the group has no commit.
    pub starting_position: StartingPosition,
    /// The timers of the group's protocol.
    pub timeouts: GroupTimeouts,
    /// Whether a member keeps its partitions through a rebalance.
    pub protocol: RebalanceProtocol,
    /// The budget that decompressed batches count against.
    pub memory: MemoryPool,
    /// The clock; the protocol's timers are not scaled.
    pub clock: Clock,
}

impl<C: KafkaClient> KafkaGroup<C> {
    /// Returns a group in the cluster that `client` reaches.
    pub(crate) fn new(client: C, settings: MemberSettings) -> Self {
        Self {
            client,
            settings: Arc::new(settings),
        }
    }
}

impl MemberSettings {
    fn source_error(&self, error: ClientError) -> SourceError {
        match error.kind {
            ErrorKind::UnknownTopic => SourceError::UnknownTopic {
                topic: self.topic.clone(),
            },
            _ => SourceError::Cluster { reason: error.reason },
        }
    }
}

impl<C: KafkaClient> ConsumerGroup for KafkaGroup<C> {
    type Source = KafkaMember<C>;

    fn member(&self, client_id: &str) -> KafkaMember<C> {
        KafkaMember::new(self.client.with_client_id(client_id), Arc::clone(&self.settings))
    }

    async fn partition_count(&self) -> Result<usize, SourceError> {
        let count = self.client.partition_count(&self.settings.topic).await;
        let count = count.map_err(|error| self.settings.source_error(error))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    async fn progress(&self) -> Result<Progress, SourceError> {
        let progress = self.read_progress().await;
        progress.map_err(|error| self.settings.source_error(error))
    }
}

impl<C: KafkaClient> KafkaGroup<C> {
    async fn read_progress(&self) -> Result<Progress, ClientError> {
        let MemberSettings { group_id, topic, .. } = &*self.settings;
        let partitions: Vec<i32> = (0..self.client.partition_count(topic).await?).collect();
        // Commits are read before ends, so that no lag is negative.
        let committed = self.client.committed(group_id, topic, &partitions).await?;
        let offsets = |spec| self.client.list_offsets(topic, &partitions, spec);
        let starts = offsets(OffsetSpec::Earliest).await?;
        let ends = offsets(OffsetSpec::Latest).await?;
        let position = |(committed, start): (Option<Offset>, Offset)| {
            // Retention may have passed the commit, and records that are gone are no lag.
            committed.map_or(start.0, |committed| committed.0.max(start.0))
        };
        Ok(Progress {
            ends: ends.into_iter().map(|end| end.0).collect(),
            positions: committed.into_iter().zip(starts).map(position).collect(),
        })
    }
}
