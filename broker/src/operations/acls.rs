//! DescribeAcls, CreateAcls and DeleteAcls of a cluster without an authorizer. Source: Kafka's `AclApis`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// The reason why there are no ACLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AclsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The words of the broker, which describes ACLs itself.
    #[error("No Authorizer is configured on the broker")]
    NoneOnBroker,
    /// The words of the controller, which changes ACLs.
    #[error("No Authorizer is configured.")]
    NoneOnController,
}

/// Describes no ACLs.
///
/// # Errors
/// Always [`AclsError`], because there is no authorizer.
pub(crate) fn describe_acls(cluster: &Arc<Cluster>, context: &RequestContext) -> Result<(), AclsError> {
    authorize(cluster, context, AclOperation::Describe, Resource::Cluster)?;
    Err(AclsError::NoneOnBroker)
}

/// Creates or deletes no ACLs.
///
/// # Errors
/// Always [`AclsError`], because there is no authorizer.
pub(crate) fn change_acls(cluster: &Arc<Cluster>, context: &RequestContext) -> Result<(), AclsError> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    Err(AclsError::NoneOnController)
}
