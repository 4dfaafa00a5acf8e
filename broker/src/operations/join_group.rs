//! A member joins a classic group.

use super::RequestContext;
use super::find_coordinator::check_named_group;
use crate::cluster::Cluster;
use crate::group::AccessError;
use crate::group::classic::{InstanceId, JoinRequest, MemberId};
use std::sync::Arc;

pub(crate) use crate::group::classic::{JoinError, Joined, JoinedMember, MembershipError, Protocol};

/// A JoinGroup as its client sent it.
#[derive(Clone, Debug)]
pub(crate) struct JoinGroup {
    pub(crate) group_id: Arc<str>,
    /// Empty at the first join.
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) protocol_type: Arc<str>,
    /// Most wanted first.
    pub(crate) protocols: Vec<Protocol>,
    /// See [`JoinRequest::requires_known_member_id`].
    pub(crate) requires_known_member_id: bool,
    /// See [`JoinRequest::supports_skipping_assignment`].
    pub(crate) supports_skipping_assignment: bool,
    pub(crate) reason: Option<Arc<str>>,
}

/// Why a JoinGroup failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinGroupError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Outside `group.min.session.timeout.ms` and `group.max.session.timeout.ms`.
    #[error("session timeout {given_ms} ms is not within {min_ms} to {max_ms} ms")]
    InvalidSessionTimeout {
        /// As asked.
        given_ms: i32,
        /// `group.min.session.timeout.ms`.
        min_ms: i32,
        /// `group.max.session.timeout.ms`.
        max_ms: i32,
    },
    /// The group's rules refuse it.
    #[error(transparent)]
    Refused(#[from] JoinError),
}

/// Joins; answered when the rebalance completes.
pub(crate) async fn join_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    join: JoinGroup,
) -> Result<Joined, JoinGroupError> {
    check_named_group(cluster, context, &join.group_id)?;
    let config = &cluster.config;
    let (min_ms, max_ms) = (
        config.group_min_session_timeout_ms,
        config.group_max_session_timeout_ms,
    );
    if !(min_ms..=max_ms).contains(&join.session_timeout_ms) {
        return Err(JoinGroupError::InvalidSessionTimeout {
            given_ms: join.session_timeout_ms,
            min_ms,
            max_ms,
        });
    }
    let group_id = Arc::clone(&join.group_id);
    let request = request(cluster, context, join);
    Ok(cluster.groups.join(&group_id, request).await??)
}

fn request(cluster: &Cluster, context: &RequestContext, join: JoinGroup) -> JoinRequest {
    // As `ClassicGroup.generateMemberId` names them.
    let stem = join.group_instance_id.as_deref().unwrap_or(&context.client_id);
    let new_member_id = if join.member_id.is_empty() {
        format!("{stem}-{}", cluster.entropy.uuid()).into()
    } else {
        Arc::clone(&join.member_id)
    };
    // As Java writes an address; whoever calls within the process is on this host.
    let client_host = match context.peer_address {
        Some(address) => format!("/{}", address.ip()),
        None => "/127.0.0.1".to_owned(),
    };
    JoinRequest {
        member_id: join.member_id,
        new_member_id,
        group_instance_id: join.group_instance_id,
        client_id: context.client_id.as_str().into(),
        client_host: client_host.into(),
        session_timeout_ms: i64::from(join.session_timeout_ms),
        rebalance_timeout_ms: i64::from(join.rebalance_timeout_ms.max(0)),
        protocol_type: join.protocol_type,
        protocols: join.protocols,
        requires_known_member_id: join.requires_known_member_id,
        supports_skipping_assignment: join.supports_skipping_assignment,
        reason: join.reason,
    }
}
