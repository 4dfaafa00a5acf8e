//! A client in the same process: the operations of the wire without sockets. The event source mapping engine and the facade use it. It has
//! no rights beyond those of any Kafka client.

mod groups;
mod prepared;
mod records;
mod routes;

pub use prepared::PreparedBatch;

use crate::api::errors::KafkaError;
use crate::cluster::{Cluster, Ingress};
use crate::ids::{GenerationId, LeaderEpoch, NodeId, Offset};
use crate::operations::RequestContext;
use crate::operations::create_partitions::{CreatePartitions, create_partitions};
use crate::operations::create_topics::{CreateTopic, create_topics};
use crate::operations::delete_topics::{DeleteTopic, delete_topics};
use crate::operations::metadata::MetadataError;
use bytes::Bytes;
use routes::Routes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A client of the cluster in the same process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    cluster: Arc<Cluster>,
    client_id: Arc<str>,
    routes: Arc<Routes>,
}

/// The error of an operation, with Kafka's name and code and the broker's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct Error {
    /// Kafka's code on the wire.
    pub code: i16,
    /// Kafka's name, such as `REBALANCE_IN_PROGRESS`.
    pub name: &'static str,
    /// The broker's message.
    pub message: String,
}

impl<E: KafkaError> From<&E> for Error {
    fn from(error: &E) -> Self {
        Self {
            code: error.code(),
            name: error.name(),
            message: error.to_string(),
        }
    }
}

/// The request for a new topic.
#[derive(Clone, Debug, Default)]
pub struct NewTopic {
    /// The topic's name.
    pub name: String,
    /// The number of partitions, 1 or more; `None` means `num.partitions`.
    pub partitions: Option<i32>,
    /// Topic configs by Kafka's name.
    pub configs: BTreeMap<String, String>,
}

/// A member that joins a classic group, or joins it again.
#[derive(Clone, Debug)]
pub struct Join {
    /// The group.
    pub group_id: String,
    /// The member's id; empty at the first join.
    pub member_id: String,
    /// The time without a heartbeat after which the member is removed.
    pub session_timeout: Duration,
    /// The time that a rebalance waits for this member to join again.
    pub rebalance_timeout: Duration,
    /// The type of the protocol; `consumer` for consumers.
    pub protocol_type: String,
    /// The assignors by name, in order of preference, each with the member's metadata (a ConsumerProtocolSubscription).
    pub protocols: Vec<(String, Bytes)>,
}

/// A completed join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The generation that the member belongs to.
    pub generation_id: GenerationId,
    /// The member's id from now on.
    pub member_id: String,
    /// The id of the leader, which assigns the partitions.
    pub leader: String,
    /// The assignor that was chosen.
    pub protocol_name: String,
    /// For the leader, every member with its metadata; empty for other members.
    pub members: Vec<(String, Bytes)>,
}

/// A partition to read, and the offset to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchPosition {
    /// The partition's index.
    pub partition: i32,
    /// The offset to read from.
    pub offset: Offset,
    /// The most bytes of the partition. The first batch is returned even if it is larger.
    pub max_bytes: usize,
}

/// The batches read from one partition.
#[derive(Clone, Debug)]
pub struct FetchedPartition {
    /// The partition's index.
    pub partition: i32,
    /// The batches from the one that contains the offset on, in order, each as header and body; or the partition's error.
    pub batches: Result<Vec<(crate::BatchHeader, Bytes)>, Error>,
    /// The end of the records that may be read.
    pub high_watermark: Offset,
    /// The first offset that is kept.
    pub log_start_offset: Offset,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The next offset to read.
    pub offset: Offset,
    /// Leader epoch of the record before it; -1 if it is not known.
    pub leader_epoch: LeaderEpoch,
    /// The text that was committed with the offset.
    pub metadata: String,
}

/// The offset that ListOffsets looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first offset that is kept.
    Earliest,
    /// The offset after the last record that may be read.
    Latest,
    /// The offset of the first record with this timestamp or a later one, in milliseconds.
    Timestamp(i64),
}

impl Client {
    pub(crate) fn new(cluster: Arc<Cluster>, client_id: &str) -> Self {
        Self {
            cluster,
            client_id: client_id.into(),
            routes: Arc::default(),
        }
    }

    /// Returns a client of the same cluster with another client id.
    pub fn with_client_id(&self, client_id: &str) -> Self {
        Self {
            client_id: client_id.into(),
            ..self.clone()
        }
    }

    /// Returns the context of a call to that broker.
    fn context(&self, node_id: NodeId) -> RequestContext {
        RequestContext {
            node_id,
            ingress: Ingress::plaintext(),
            // The client has the rights of any client that has not authenticated.
            principal: crate::security::Principal::ANONYMOUS,
            api_key: -1,
            api_version: -1,
            peer_address: None,
            client_id: self.client_id.to_string(),
            software: None,
        }
    }

    /// Returns the context of a call that any broker can answer. It goes to the first broker alive, as with a list of bootstrap servers.
    fn bootstrap(&self) -> RequestContext {
        self.context(self.cluster.controller())
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_CONFIG.
    pub async fn create_topic(&self, topic: NewTopic) -> Result<(), Error> {
        let wanted = CreateTopic {
            partitions: topic.partitions.unwrap_or(-1),
            configs: topic
                .configs
                .into_iter()
                .map(|(name, value)| (name, Some(value)))
                .collect(),
            ..CreateTopic::named(&topic.name)
        };
        let results = create_topics(&self.cluster, &self.bootstrap(), vec![wanted], false);
        match results.into_iter().next() {
            Some((_, Err(error))) => Err(Error::from(&error)),
            _ => Ok(()),
        }
    }

    /// Deletes a topic and the groups' offsets for it.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION, TOPIC_DELETION_DISABLED.
    pub async fn delete_topic(&self, topic: &str) -> Result<(), Error> {
        let wanted = DeleteTopic {
            name: Some(topic.to_owned()),
            id: Uuid::nil(),
        };
        let deleted = delete_topics(&self.cluster, &self.bootstrap(), vec![wanted]).await;
        match deleted.into_iter().next().map(|deleted| deleted.result) {
            Some(Err(error)) => Err(Error::from(&error)),
            _ => Ok(()),
        }
    }

    /// Adds partitions to a topic, to `count` in all.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS.
    pub async fn create_partitions(&self, topic: &str, count: i32) -> Result<(), Error> {
        let wanted = CreatePartitions {
            topic: topic.to_owned(),
            count,
            assignments: None,
        };
        let results = create_partitions(&self.cluster, &self.bootstrap(), vec![wanted], false);
        match results.into_iter().next() {
            Some((_, Err(error))) => Err(Error::from(&error)),
            _ => Ok(()),
        }
    }

    /// Returns the number of partitions of a topic.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION.
    pub async fn partition_count(&self, topic: &str) -> Result<i32, Error> {
        let Some(topic) = self.cluster.topics.get(topic) else {
            return Err(Error::from(&MetadataError::UnknownTopic));
        };
        Ok(topic.partitions.len() as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_topic_is_created_with_its_configs_and_errors_have_kafkas_names() {
        let client = Client::new(
            Arc::new(Cluster::for_tests(2, &[("num.partitions", "4")])),
            "test",
        );
        let topic = NewTopic {
            name: "orders".to_owned(),
            partitions: None,
            configs: BTreeMap::from([("retention.ms".to_owned(), "5".to_owned())]),
        };
        assert_eq!(client.create_topic(topic.clone()).await, Ok(()));
        assert_eq!(client.partition_count("orders").await, Ok(4));
        let created = client.cluster.topics.get("orders").expect("it was created");
        assert_eq!(created.config.overrides, topic.configs);
        let again = Error {
            code: 36,
            name: "TOPIC_ALREADY_EXISTS",
            message: "Topic 'orders' already exists.".to_owned(),
        };
        assert_eq!(client.create_topic(topic).await, Err(again));
        let unknown = Error {
            code: 3,
            name: "UNKNOWN_TOPIC_OR_PARTITION",
            message: "the topic does not exist".to_owned(),
        };
        assert_eq!(client.partition_count("none").await, Err(unknown));
    }
}
