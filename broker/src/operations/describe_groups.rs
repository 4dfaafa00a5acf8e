//! Groups as an administrator sees them.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use crate::group::AccessError;
use std::sync::Arc;

pub(crate) use crate::group::classic::{DescribedMember, Description, GroupState};

/// Why a group was not described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescribeGroupError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// No such group.
    #[error("Group {group_id} not found.")]
    NotFound {
        /// As asked.
        group_id: String,
    },
}

/// One group with its members.
pub(crate) async fn describe_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
) -> Result<Description, DescribeGroupError> {
    check_coordinator(cluster, context, group_id)?;
    match cluster.groups.describe(group_id).await {
        Ok(Some(description)) if description.state != GroupState::Dead => Ok(description),
        Ok(_) | Err(AccessError::Ended) => Err(DescribeGroupError::NotFound {
            group_id: group_id.to_owned(),
        }),
        Err(error) => Err(error.into()),
    }
}
