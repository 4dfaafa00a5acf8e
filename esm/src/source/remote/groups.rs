//! The calls to the coordinator of a group.

use super::brokers::Lane;
use super::endpoint::Endpoint;
use super::error::{CallError, of_code};
use super::versions::Supported;
use super::{CALL_LIMIT, RemoteCluster, topic_name};
use crate::source::consumer::client::{ClientError, GroupMember, Join, Joined};
use bytes::Bytes;
use esmeralda_broker::{GenerationId, Offset};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    FindCoordinatorRequest, GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse,
    LeaveGroupRequest, OffsetCommitRequest, OffsetFetchRequest, OffsetFetchResponse, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;
use std::time::Duration;

/// The time that JoinGroup may take beyond the rebalance. Source: `AbstractCoordinator.JOIN_GROUP_TIMEOUT_LAPSE`.
const JOIN_LAPSE: Duration = Duration::from_secs(5);

/// The time that SyncGroup waits for the group's leader to assign.
const SYNC_LIMIT: Duration = Duration::from_secs(60);

/// COORDINATOR_NOT_AVAILABLE and NOT_COORDINATOR: another broker is to be asked.
const OTHER_COORDINATOR: [i16; 2] = [15, 16];

/// MEMBER_ID_REQUIRED.
const MEMBER_ID_REQUIRED: i16 = 79;

/// A call to a group's coordinator.
struct Call<'a, R> {
    group_id: &'a str,
    lane: Lane,
    limit: Duration,
    request: &'a R,
}

impl RemoteCluster {
    async fn coordinator(&self, group_id: &str) -> Result<Endpoint, ClientError> {
        if let Some(coordinator) = self.routes().coordinator(group_id) {
            return Ok(coordinator);
        }
        let request = FindCoordinatorRequest::default().with_key(text(group_id));
        let answer = self.call_any(&request).await?;
        if answer.error_code != 0 {
            return Err(of_code(answer.error_code));
        }
        let coordinator = Endpoint::of(&answer.host, answer.port).ok_or_else(|| CallError::Malformed {
            reason: format!("the coordinator of group {group_id} has port {}", answer.port),
        })?;
        self.routes().set_coordinator(group_id, coordinator.clone());
        Ok(coordinator)
    }

    /// Makes a call; `code_of` returns the error code of its answer.
    async fn at_coordinator<R: Supported>(
        &self,
        call: Call<'_, R>,
        code_of: impl Fn(&R::Response) -> i16,
    ) -> Result<R::Response, ClientError> {
        let coordinator = self.coordinator(call.group_id).await?;
        let called = self
            .shared
            .brokers
            .call(&coordinator, call.lane, call.request, call.limit);
        match called.await {
            Ok(answer) => {
                if OTHER_COORDINATOR.contains(&code_of(&answer)) {
                    self.routes().forget_coordinator(call.group_id);
                }
                Ok(answer)
            }
            Err(error) => {
                self.routes().forget_coordinator(call.group_id);
                Err(error.into())
            }
        }
    }

    /// Joins a group, a second time if the group asks for the member id that it gives.
    pub(super) async fn join(&self, join: Join) -> Result<Joined, ClientError> {
        let limit = join.rebalance_timeout + JOIN_LAPSE;
        let group_id = join.group_id.clone();
        let mut request = join_request(join);
        let mut answer = self.join_once(&group_id, &request, limit).await?;
        if answer.error_code == MEMBER_ID_REQUIRED {
            request.member_id = answer.member_id;
            answer = self.join_once(&group_id, &request, limit).await?;
        }
        match answer.error_code {
            0 => Ok(joined(answer)),
            code => Err(of_code(code)),
        }
    }

    async fn join_once(
        &self,
        group_id: &str,
        request: &JoinGroupRequest,
        limit: Duration,
    ) -> Result<JoinGroupResponse, ClientError> {
        let call = Call {
            group_id,
            lane: Lane::Join,
            limit,
            request,
        };
        self.at_coordinator(call, |answer| answer.error_code).await
    }

    pub(super) async fn sync(
        &self,
        member: GroupMember<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, ClientError> {
        let assignment = |(member_id, assignment): (String, Bytes)| {
            SyncGroupRequestAssignment::default()
                .with_member_id(StrBytes::from_string(member_id))
                .with_assignment(assignment)
        };
        let request = SyncGroupRequest::default()
            .with_group_id(group(member.group_id))
            .with_generation_id(member.generation_id.0)
            .with_member_id(text(member.member_id))
            .with_assignments(assignments.into_iter().map(assignment).collect());
        let call = Call {
            group_id: member.group_id,
            lane: Lane::Join,
            limit: SYNC_LIMIT,
            request: &request,
        };
        let answer = self.at_coordinator(call, |answer| answer.error_code).await?;
        match answer.error_code {
            0 => Ok(answer.assignment),
            code => Err(of_code(code)),
        }
    }

    pub(super) async fn beat(&self, member: GroupMember<'_>) -> Result<(), ClientError> {
        let request = HeartbeatRequest::default()
            .with_group_id(group(member.group_id))
            .with_generation_id(member.generation_id.0)
            .with_member_id(text(member.member_id));
        let call = control(member.group_id, &request);
        let answer = self.at_coordinator(call, |answer| answer.error_code).await?;
        succeed(answer.error_code)
    }

    pub(super) async fn leave(&self, group_id: &str, member_id: &str) -> Result<(), ClientError> {
        let request = LeaveGroupRequest::default()
            .with_group_id(group(group_id))
            .with_member_id(text(member_id));
        let call = control(group_id, &request);
        let answer = self.at_coordinator(call, |answer| answer.error_code).await?;
        succeed(answer.error_code)
    }

    pub(super) async fn commit(
        &self,
        member: GroupMember<'_>,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), ClientError> {
        let partition = |(partition, offset): &(i32, Offset)| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(offset.0)
                .with_committed_metadata(Some(StrBytes::default()))
        };
        let topic = OffsetCommitRequestTopic::default()
            .with_name(topic_name(topic))
            .with_partitions(offsets.iter().map(partition).collect());
        let request = OffsetCommitRequest::default()
            .with_group_id(group(member.group_id))
            .with_generation_id_or_member_epoch(member.generation_id.0)
            .with_member_id(text(member.member_id))
            .with_topics(vec![topic]);
        let first_error = |answer: &kafka_protocol::messages::OffsetCommitResponse| {
            let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
            let mut codes = partitions.map(|partition| partition.error_code);
            codes.find(|code| *code != 0).unwrap_or(0)
        };
        let call = control(member.group_id, &request);
        let answer = self.at_coordinator(call, first_error).await?;
        succeed(first_error(&answer))
    }

    pub(super) async fn committed_offsets(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Offset>>, ClientError> {
        let wanted = OffsetFetchRequestTopic::default()
            .with_name(topic_name(topic))
            .with_partition_indexes(partitions.to_vec());
        let request = OffsetFetchRequest::default()
            .with_group_id(group(group_id))
            .with_topics(Some(vec![wanted]));
        let call = control(group_id, &request);
        let answer = self.at_coordinator(call, code_of_committed).await?;
        succeed(code_of_committed(&answer))?;
        let offset = |partition: &i32| {
            let mut all = answer.topics.iter().flat_map(|topic| &topic.partitions);
            let found = all.find(|found| found.partition_index == *partition)?;
            // -1 stands for none.
            (found.committed_offset >= 0).then_some(Offset(found.committed_offset))
        };
        Ok(partitions.iter().map(offset).collect())
    }
}

fn control<'a, R>(group_id: &'a str, request: &'a R) -> Call<'a, R> {
    Call {
        group_id,
        lane: Lane::Control,
        limit: CALL_LIMIT,
        request,
    }
}

/// Returns the error of an answer to OffsetFetch: that of the group, which has its own field since version 2, or of a partition.
fn code_of_committed(answer: &OffsetFetchResponse) -> i16 {
    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    let codes = partitions.map(|partition| partition.error_code);
    std::iter::once(answer.error_code)
        .chain(codes)
        .find(|code| *code != 0)
        .unwrap_or(0)
}

fn succeed(code: i16) -> Result<(), ClientError> {
    match code {
        0 => Ok(()),
        code => Err(of_code(code)),
    }
}

fn join_request(join: Join) -> JoinGroupRequest {
    let milliseconds = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    let protocol = |(name, metadata): (String, Bytes)| {
        JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_string(name))
            .with_metadata(metadata)
    };
    JoinGroupRequest::default()
        .with_group_id(group(&join.group_id))
        .with_session_timeout_ms(milliseconds(join.session_timeout))
        .with_rebalance_timeout_ms(milliseconds(join.rebalance_timeout))
        .with_member_id(StrBytes::from_string(join.member_id))
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(join.protocols.into_iter().map(protocol).collect())
}

fn joined(answer: JoinGroupResponse) -> Joined {
    let members = answer.members.into_iter();
    Joined {
        generation_id: GenerationId(answer.generation_id),
        member_id: answer.member_id.to_string(),
        leader: answer.leader.to_string(),
        protocol_name: answer.protocol_name.unwrap_or_default().to_string(),
        members: members
            .map(|member| (member.member_id.to_string(), member.metadata))
            .collect(),
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn group(group_id: &str) -> GroupId {
    text(group_id).into()
}
