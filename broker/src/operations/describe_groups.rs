//! DescribeGroups: classic groups and their members.

use super::RequestContext;
use super::access::check_group;
use crate::cluster::Cluster;
use crate::group::{AccessError, GroupError};
use crate::security::AclOperation;
use std::sync::Arc;

pub(crate) use crate::group::GroupState;
pub(crate) use crate::group::classic::{ClassicDescription, DescribedMember, NotClassic};

/// The reason why a group was not described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescribeGroupError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The group is of another type.
    #[error(transparent)]
    NotClassic(#[from] NotClassic),
    /// The group does not exist.
    #[error("Group {group_id} not found.")]
    NotFound {
        /// The group.
        group_id: String,
    },
}

/// Describes one group with its members.
pub(crate) async fn describe_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
) -> Result<ClassicDescription, DescribeGroupError> {
    // Kafka describes the group with the empty id for old clients, so the id may be empty.
    check_group(cluster, context, AclOperation::Describe, group_id)?;
    let described = cluster.groups.describe(group_id).await;
    described.map_err(|error| match error {
        GroupError::NotFound => DescribeGroupError::NotFound {
            group_id: group_id.to_owned(),
        },
        GroupError::Access(error) => error.into(),
        GroupError::Refused(error) => error.into(),
    })
}
