//! Membership of classic groups and their offsets, for a client in the same process.

use super::{Client, Committed, Error, Join, Joined};
use crate::ids::{GenerationId, LeaderEpoch, Offset};
use crate::operations::commit_offsets::{Membership, OffsetToCommit, commit_offsets};
use crate::operations::fetch_offsets::{CommittedOffset, fetch_offsets};
use crate::operations::heartbeat::heartbeat;
use crate::operations::join_group::{JoinError, JoinGroup, JoinGroupError, Protocol, join_group};
use crate::operations::leave_group::{Leaver, leave_group};
use crate::operations::sync_group::{SyncRequest, sync_group};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

impl Client {
    /// Joins a classic group; answers when the rebalance completes. MEMBER_ID_REQUIRED is handled inside: the member id it gives is
    /// joined with.
    ///
    /// # Errors
    /// Those of JoinGroup: UNKNOWN_MEMBER_ID, INVALID_SESSION_TIMEOUT, INCONSISTENT_GROUP_PROTOCOL, GROUP_MAX_SIZE_REACHED.
    pub async fn join_group(&self, join: Join) -> Result<Joined, Error> {
        let mut request = JoinGroup {
            group_id: join.group_id.into(),
            member_id: join.member_id.into(),
            group_instance_id: None,
            session_timeout_ms: milliseconds(join.session_timeout),
            rebalance_timeout_ms: milliseconds(join.rebalance_timeout),
            protocol_type: join.protocol_type.into(),
            protocols: protocols(join.protocols),
            requires_known_member_id: true,
            supports_skipping_assignment: true,
            reason: None,
        };
        let mut answer = join_group(&self.cluster, &self.context(), request.clone()).await;
        if let Err(JoinGroupError::Refused(JoinError::MemberIdRequired { member_id })) = answer {
            request.member_id = member_id;
            answer = join_group(&self.cluster, &self.context(), request).await;
        }
        let joined = answer.map_err(|error| Error::from(&error))?;
        let members = joined.members.into_iter();
        Ok(Joined {
            generation_id: joined.generation_id,
            member_id: joined.member_id.to_string(),
            leader: joined.leader.to_string(),
            protocol_name: joined
                .protocol_name
                .map(|name| name.to_string())
                .unwrap_or_default(),
            members: members
                .map(|member| (member.member_id.to_string(), member.metadata))
                .collect(),
        })
    }

    /// The member's assignment (a ConsumerProtocolAssignment); the leader hands in everybody's.
    ///
    /// # Errors
    /// Those of SyncGroup: REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID.
    pub async fn sync_group(
        &self,
        group_id: &str,
        member_id: &str,
        generation_id: GenerationId,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, Error> {
        let assignments = assignments.into_iter();
        let request = SyncRequest {
            membership: membership(member_id, generation_id),
            protocol_type: None,
            protocol_name: None,
            assignments: assignments
                .map(|(member, bytes)| (member.into(), bytes))
                .collect(),
        };
        let synced = sync_group(&self.cluster, &self.context(), group_id, request, false).await;
        Ok(synced.map_err(|error| Error::from(&error))?.assignment)
    }

    /// Tells the coordinator that the member lives.
    ///
    /// # Errors
    /// Those of Heartbeat: REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID.
    pub async fn heartbeat(
        &self,
        group_id: &str,
        member_id: &str,
        generation_id: GenerationId,
    ) -> Result<(), Error> {
        let membership = membership(member_id, generation_id);
        let result = heartbeat(&self.cluster, &self.context(), group_id, membership).await;
        result.map_err(|error| Error::from(&error))
    }

    /// Leaves the group.
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID.
    pub async fn leave_group(&self, group_id: &str, member_id: &str) -> Result<(), Error> {
        let leaver = Leaver {
            member_id: member_id.into(),
            group_instance_id: None,
            reason: None,
        };
        let results = leave_group(&self.cluster, &self.context(), group_id, vec![leaver]).await;
        let results = results.map_err(|error| Error::from(&error))?;
        let result = results.into_iter().collect::<Result<(), _>>();
        result.map_err(|error| Error::from(&error))
    }

    /// Commits the next offset to read of partitions of one topic, as a member of a generation.
    ///
    /// # Errors
    /// Those of OffsetCommit: ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, UNKNOWN_TOPIC_OR_PARTITION (the first
    /// partition's error stands for all).
    pub async fn commit_offsets(
        &self,
        group_id: &str,
        member_id: &str,
        generation_id: GenerationId,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), Error> {
        let membership = membership(member_id, generation_id);
        let offsets = offsets.iter().map(|(partition, offset)| {
            let commit = OffsetToCommit {
                offset: *offset,
                leader_epoch: LeaderEpoch::NONE,
                metadata: Arc::default(),
                retention_ms: None,
            };
            (*partition, commit)
        });
        let offsets = vec![(Arc::from(topic), offsets.collect())];
        let results = commit_offsets(&self.cluster, &self.context(), group_id, membership, offsets).await;
        let results = results.into_iter().flat_map(|(_, partitions)| partitions);
        let result = results.map(|(_, result)| result).collect::<Result<(), _>>();
        result.map_err(|error| Error::from(&error))
    }

    /// What the group has committed for `partitions` of a topic, in that order; `None` where nothing is.
    ///
    /// # Errors
    /// Those of OffsetFetch.
    pub async fn committed(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Committed>>, Error> {
        let wanted = vec![(Arc::from(topic), partitions.to_vec())];
        let fetched = fetch_offsets(&self.cluster, &self.context(), group_id, Some(wanted)).await;
        let fetched = fetched.map_err(|error| Error::from(&error))?;
        let offsets = fetched.into_iter().flat_map(|(_, offsets)| offsets);
        Ok(offsets.map(|(_, offset)| offset.map(committed)).collect())
    }
}

fn protocols(protocols: Vec<(String, Bytes)>) -> Vec<Protocol> {
    let protocols = protocols.into_iter().map(|(name, metadata)| Protocol {
        name: name.into(),
        metadata,
    });
    protocols.collect()
}

fn membership(member_id: &str, generation_id: GenerationId) -> Membership {
    Membership {
        member_id: member_id.into(),
        group_instance_id: None,
        generation_id,
    }
}

fn committed(offset: CommittedOffset) -> Committed {
    Committed {
        offset: offset.offset,
        leader_epoch: offset.leader_epoch,
        metadata: offset.metadata.to_string(),
    }
}

/// As the wire has it; longer than 24 days is as good as that.
fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
