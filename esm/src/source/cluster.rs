//! The cluster of a mapping: the embedded one, or one on the network.

use super::consumer::client::{
    ClientError, FetchLimits, FetchPosition, FetchedPartition, GroupMember, Join, Joined, KafkaClient,
    Message, OffsetSpec,
};
use super::embedded::EmbeddedCluster;
use super::remote::RemoteCluster;
use bytes::Bytes;
use esmeralda_broker::Offset;

/// A client of the cluster that a mapping reads.
// One type for both, so that pollers are compiled once. Remote calls are boxed, so that those to the embedded cluster stay small.
#[derive(Clone, Debug)]
pub(crate) enum MappingCluster {
    /// The embedded cluster, within the process.
    Embedded(EmbeddedCluster),
    /// A cluster on the network.
    Remote(RemoteCluster),
}

/// Calls a method of the client, whichever it is.
macro_rules! call {
    ($self:ident, $method:ident($($argument:expr),*)) => {
        match $self {
            Self::Embedded(cluster) => cluster.$method($($argument),*).await,
            Self::Remote(cluster) => Box::pin(cluster.$method($($argument),*)).await,
        }
    };
}

impl KafkaClient for MappingCluster {
    fn with_client_id(&self, client_id: &str) -> Self {
        match self {
            Self::Embedded(cluster) => Self::Embedded(cluster.with_client_id(client_id)),
            Self::Remote(cluster) => Self::Remote(cluster.with_client_id(client_id)),
        }
    }

    async fn join_group(&self, join: Join) -> Result<Joined, ClientError> {
        call!(self, join_group(join))
    }

    async fn sync_group(
        &self,
        member: GroupMember<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, ClientError> {
        call!(self, sync_group(member, assignments))
    }

    async fn heartbeat(&self, member: GroupMember<'_>) -> Result<(), ClientError> {
        call!(self, heartbeat(member))
    }

    async fn leave_group(&self, group_id: &str, member_id: &str) -> Result<(), ClientError> {
        call!(self, leave_group(group_id, member_id))
    }

    async fn commit_offsets(
        &self,
        member: GroupMember<'_>,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), ClientError> {
        call!(self, commit_offsets(member, topic, offsets))
    }

    async fn committed(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Offset>>, ClientError> {
        call!(self, committed(group_id, topic, partitions))
    }

    async fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>, ClientError> {
        call!(self, list_offsets(topic, partitions, spec))
    }

    async fn partition_count(&self, topic: &str) -> Result<i32, ClientError> {
        call!(self, partition_count(topic))
    }

    async fn fetch(
        &self,
        topic: &str,
        positions: Vec<FetchPosition>,
        limits: FetchLimits,
    ) -> Result<Vec<FetchedPartition>, ClientError> {
        call!(self, fetch(topic, positions, limits))
    }

    async fn produce(&self, topic: &str, partition: i32, messages: &[Message]) -> Result<(), ClientError> {
        call!(self, produce(topic, partition, messages))
    }
}
