//! UpdateFeatures: finalizes other levels of features. Source: Kafka's `ControllerApis.handleUpdateFeatures`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::features::{Feature, FeatureUpdate, UpdateFeaturesError};
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// The reason why no feature changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpdateError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("The update failed for all features since the following feature had an error: {0}")]
    Refused(#[from] UpdateFeaturesError),
}

/// Changes all the levels or none; with `validate_only` none.
///
/// # Errors
/// [`UpdateError`] if the client may not, or a level is refused.
pub(crate) fn update_features(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    updates: &[FeatureUpdate],
    validate_only: bool,
) -> Result<(), UpdateError> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    let controller = cluster.quorum_leader().0;
    cluster.change_features(|features| {
        features.update(updates, controller, validate_only)?;
        // Set before another change of the features, so that the last one is in force.
        cluster
            .transactions
            .set_level(features.level(Feature::Transaction));
        Ok(())
    })
}
