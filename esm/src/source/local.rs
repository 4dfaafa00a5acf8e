//! The embedded cluster as a source: a member of a classic group over the in-process client.
//!
//! Does what any Kafka consumer does over the wire: joins, heartbeats, assigns when it leads, fetches and commits under its generation.
//! Knows nothing of batches and functions. Source: Kafka's `AbstractCoordinator`, `ConsumerCoordinator` and `Fetcher`.
//!
//! # Differs from Kafka's consumer
//! - `next` alone moves it; it has no task. The poller asks for the next event all the time, also while it invokes, so heartbeats go on.
//! - A partition without a commit that starts at LATEST has that offset committed at once. Kafka's consumer would look for the end
//!   anew after each rebalance and skip what came before.
//! - It notices that the topic has more partitions at a heartbeat, not after `metadata.max.age.ms`.

mod assignor;
mod codes;
mod member;
mod membership;
mod protocol;
mod reading;

use super::{ConsumerGroup, GroupTimeouts, Progress, SourceError};
use crate::Clock;
use crate::config::StartingPosition;
use crate::profile::RebalanceProtocol;
use esmeralda_broker::Offset;
use esmeralda_broker::local::{Committed, Error, OffsetSpec};
use std::sync::Arc;

pub use esmeralda_broker::local::Client;
pub use esmeralda_broker::{OutOfMemory, Pool, TimestampType};
pub use member::LocalSource;

/// A mapping's consumer group in the embedded cluster.
#[derive(Clone, Debug)]
pub struct LocalGroup {
    client: Client,
    settings: Arc<MemberSettings>,
}

/// What all members of a group share.
#[derive(Clone, Debug)]
pub struct MemberSettings {
    /// The group's id.
    pub group_id: String,
    /// The topic that its members read.
    pub topic: String,
    /// Where to read partitions for which the group has no commit.
    pub starting_position: StartingPosition,
    /// Of the group's protocol.
    pub timeouts: GroupTimeouts,
    /// Whether a member keeps its partitions through a rebalance.
    pub protocol: RebalanceProtocol,
    /// Counts what decompression takes.
    pub memory: Pool,
    /// Time; the protocol's timers are not scaled.
    pub clock: Clock,
}

impl LocalGroup {
    /// A group over the cluster that `client` reaches.
    pub fn new(client: Client, settings: MemberSettings) -> Self {
        Self {
            client,
            settings: Arc::new(settings),
        }
    }
}

impl MemberSettings {
    fn source_error(&self, error: &Error) -> SourceError {
        match error.code {
            codes::UNKNOWN_TOPIC_OR_PARTITION => SourceError::UnknownTopic {
                topic: self.topic.clone(),
            },
            _ => SourceError::Cluster {
                reason: error.to_string(),
            },
        }
    }
}

impl ConsumerGroup for LocalGroup {
    type Source = LocalSource;

    fn member(&self, client_id: &str) -> LocalSource {
        LocalSource::new(self.client.with_client_id(client_id), Arc::clone(&self.settings))
    }

    async fn partition_count(&self) -> Result<usize, SourceError> {
        let count = self.client.partition_count(&self.settings.topic).await;
        let count = count.map_err(|error| self.settings.source_error(&error))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    async fn progress(&self) -> Result<Progress, SourceError> {
        let settings = &self.settings;
        let failed = |error: Error| settings.source_error(&error);
        let count = self.client.partition_count(&settings.topic).await;
        let partitions: Vec<i32> = (0..count.map_err(failed)?).collect();
        let committed = self
            .client
            .committed(&settings.group_id, &settings.topic, &partitions);
        let committed = committed.await.map_err(failed)?;
        let offsets = |spec| self.client.list_offsets(&settings.topic, &partitions, spec);
        let starts = offsets(OffsetSpec::Earliest).await.map_err(failed)?;
        let ends = offsets(OffsetSpec::Latest).await.map_err(failed)?;
        let position = |(committed, start): (Option<Committed>, Offset)| {
            committed.map_or(start.0, |committed| committed.offset.0.max(start.0))
        };
        Ok(Progress {
            ends: ends.into_iter().map(|end| end.0).collect(),
            positions: committed.into_iter().zip(starts).map(position).collect(),
        })
    }
}
