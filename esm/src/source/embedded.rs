//! The embedded cluster as a [`KafkaClient`]: its own client in the same process, in the member's terms.
//!
//! The only file of this crate that names the broker's client. Batches pass through as they lie in the log, without a copy.

use super::consumer::client::{
    ClientError, ErrorKind, FetchLimits, FetchPosition, FetchedPartition, FetchedRecords, GroupMember, Join,
    Joined, KafkaClient, Message, OffsetSpec,
};
use super::producer::encode;
use bytes::Bytes;
use esmeralda_broker::Offset;
use esmeralda_broker::local::{self, Client};

/// A client of the embedded cluster.
#[derive(Clone, Debug)]
pub struct EmbeddedCluster {
    client: Client,
}

impl From<Client> for EmbeddedCluster {
    fn from(client: Client) -> Self {
        Self { client }
    }
}

impl From<local::Error> for ClientError {
    fn from(error: local::Error) -> Self {
        Self {
            kind: ErrorKind::of_code(error.code),
            reason: error.to_string(),
        }
    }
}

impl KafkaClient for EmbeddedCluster {
    fn with_client_id(&self, client_id: &str) -> Self {
        self.client.with_client_id(client_id).into()
    }

    async fn join_group(&self, join: Join) -> Result<Joined, ClientError> {
        let join = local::Join {
            group_id: join.group_id,
            member_id: join.member_id,
            session_timeout: join.session_timeout,
            rebalance_timeout: join.rebalance_timeout,
            // The type of Kafka's own consumers, so that those from outside can be members of the same group.
            protocol_type: "consumer".to_owned(),
            protocols: join.protocols,
        };
        let joined = self.client.join_group(join).await?;
        Ok(Joined {
            generation_id: joined.generation_id,
            member_id: joined.member_id,
            leader: joined.leader,
            protocol_name: joined.protocol_name,
            members: joined.members,
        })
    }

    async fn sync_group(
        &self,
        member: GroupMember<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, ClientError> {
        let GroupMember {
            group_id,
            member_id,
            generation_id,
        } = member;
        let synced = self
            .client
            .sync_group(group_id, member_id, generation_id, assignments);
        Ok(synced.await?)
    }

    async fn heartbeat(&self, member: GroupMember<'_>) -> Result<(), ClientError> {
        let answered = self
            .client
            .heartbeat(member.group_id, member.member_id, member.generation_id);
        Ok(answered.await?)
    }

    async fn leave_group(&self, group_id: &str, member_id: &str) -> Result<(), ClientError> {
        Ok(self.client.leave_group(group_id, member_id).await?)
    }

    async fn commit_offsets(
        &self,
        member: GroupMember<'_>,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), ClientError> {
        let GroupMember {
            group_id,
            member_id,
            generation_id,
        } = member;
        let committed = self
            .client
            .commit_offsets(group_id, member_id, generation_id, topic, offsets);
        Ok(committed.await?)
    }

    async fn committed(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Offset>>, ClientError> {
        let committed = self.client.committed(group_id, topic, partitions).await?;
        let offset = |committed: Option<local::Committed>| committed.map(|committed| committed.offset);
        Ok(committed.into_iter().map(offset).collect())
    }

    async fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>, ClientError> {
        let spec = match spec {
            OffsetSpec::Earliest => local::OffsetSpec::Earliest,
            OffsetSpec::Latest => local::OffsetSpec::Latest,
            OffsetSpec::Timestamp(timestamp_ms) => local::OffsetSpec::Timestamp(timestamp_ms),
        };
        Ok(self.client.list_offsets(topic, partitions, spec).await?)
    }

    async fn partition_count(&self, topic: &str) -> Result<i32, ClientError> {
        Ok(self.client.partition_count(topic).await?)
    }

    async fn fetch(
        &self,
        topic: &str,
        positions: Vec<FetchPosition>,
        limits: FetchLimits,
    ) -> Result<Vec<FetchedPartition>, ClientError> {
        // Both collections are made in place, because the elements have the same size as before, or a smaller one.
        let position = |position: FetchPosition| local::FetchPosition {
            partition: position.partition,
            offset: position.offset,
            max_bytes: position.max_bytes,
        };
        let positions: Vec<local::FetchPosition> = positions.into_iter().map(position).collect();
        let FetchLimits {
            max_wait,
            min_bytes,
            max_bytes,
        } = limits;
        let fetched = self
            .client
            .fetch(topic, &positions, max_wait, min_bytes, max_bytes)
            .await?;
        let partition = |fetched: local::FetchedPartition| FetchedPartition {
            partition: fetched.partition,
            result: match fetched.batches {
                Ok(batches) => Ok(FetchedRecords::Batches(batches)),
                Err(error) => Err(error.into()),
            },
        };
        Ok(fetched.into_iter().map(partition).collect())
    }

    async fn produce(&self, topic: &str, partition: i32, messages: &[Message]) -> Result<(), ClientError> {
        self.client.produce(topic, partition, encode(messages)).await?;
        Ok(())
    }
}
