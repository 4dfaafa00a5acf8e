//! AddRaftVoter and RemoveRaftVoter in a quorum of one voter. Source: Kafka's `KafkaRaftClient`, `AddVoterHandler` and
//! `RemoveVoterHandler`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::features::Feature;
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// The listener of controllers, on which voters reach each other.
const LISTENER: &str = "CONTROLLER";

/// A voter that a request names.
#[derive(Clone, Debug)]
pub(crate) struct RaftVoter {
    /// The cluster that the client means; `None` for any.
    pub(crate) cluster_id: Option<String>,
    pub(crate) key: VoterKey,
}

/// The id of a voter and of the directory of its log. Written as Kafka's `ReplicaKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VoterKey {
    pub(crate) id: NodeId,
    pub(crate) directory_id: Uuid,
}

/// An endpoint of a voter, by the name of its listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VoterEndpoint {
    pub(crate) listener: String,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The reason why the voters stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RaftVoterError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("The given id \"{given}\" doesn't match the cluster id \"{cluster_id}\"")]
    WrongCluster { given: String, cluster_id: String },
    #[error("{verb} voter request didn't include a valid voter", verb = if *.is_added { "Add" } else { "Remove" })]
    InvalidVoter { is_added: bool },
    #[error(
        "Add voter request didn't include the endpoint (Endpoints(endpoints={{{endpoints}}})) for the default listener ListenerName({LISTENER})"
    )]
    NoEndpoint { endpoints: String },
    #[error(
        "Cluster doesn't support {verb} voter because the kraft.version feature is 0",
        verb = if *.is_added { "adding" } else { "removing" }
    )]
    StaticQuorum { is_added: bool },
    #[error("The voter id for {voter} is already part of the set of voters [{present}].")]
    Duplicate { voter: VoterKey, present: VoterKey },
    /// No other process can be a voter, as if it could not be reached.
    #[error("Aborted add voter operation for since API_VERSIONS returned an error BROKER_NOT_AVAILABLE")]
    Unreachable,
    #[error("Cannot remove voter {voter} from the set of voters [{present}]")]
    NotFound { voter: VoterKey, present: VoterKey },
    /// The last voter cannot go: Kafka refuses an empty set of voters, and answers with its error of bugs.
    #[error("The server experienced an unexpected error when processing the request.")]
    LastVoter,
}

impl fmt::Display for VoterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, directory) = (self.id, uuid_text(self.directory_id));
        write!(formatter, "ReplicaKey(id={id}, directoryId={directory})")
    }
}

impl VoterKey {
    /// Returns whether the key names a voter: a controller with a directory.
    fn is_valid(&self) -> bool {
        self.id.0 >= 0 && !self.directory_id.is_nil()
    }
}

/// Adds no voter, because no other process is a controller of this cluster.
///
/// # Errors
/// Always [`RaftVoterError`], checked in Kafka's order.
pub(crate) fn add_raft_voter(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    voter: &RaftVoter,
    endpoints: &[VoterEndpoint],
) -> Result<(), RaftVoterError> {
    check(cluster, context, voter, true)?;
    // Names of listeners are compared without regard to case (`ListenerName.normalised`).
    if !endpoints
        .iter()
        .any(|endpoint| endpoint.listener.eq_ignore_ascii_case(LISTENER))
    {
        let endpoints = endpoints_text(endpoints);
        return Err(RaftVoterError::NoEndpoint { endpoints });
    }
    let present = present(cluster, true)?;
    Err(if voter.key.id == present.id {
        let voter = voter.key;
        RaftVoterError::Duplicate { voter, present }
    } else {
        RaftVoterError::Unreachable
    })
}

/// Removes no voter, because the quorum would have none left.
///
/// # Errors
/// Always [`RaftVoterError`], checked in Kafka's order.
pub(crate) fn remove_raft_voter(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    voter: &RaftVoter,
) -> Result<(), RaftVoterError> {
    check(cluster, context, voter, false)?;
    let present = present(cluster, false)?;
    Err(if voter.key == present {
        RaftVoterError::LastVoter
    } else {
        let voter = voter.key;
        RaftVoterError::NotFound { voter, present }
    })
}

/// Checks what both requests have in common.
fn check(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    voter: &RaftVoter,
    is_added: bool,
) -> Result<(), RaftVoterError> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    if let Some(given) = voter.cluster_id.as_ref().filter(|id| **id != cluster.cluster_id) {
        return Err(RaftVoterError::WrongCluster {
            given: given.clone(),
            cluster_id: cluster.cluster_id.clone(),
        });
    }
    if !voter.key.is_valid() {
        return Err(RaftVoterError::InvalidVoter { is_added });
    }
    Ok(())
}

/// Returns the only voter, if voters may change.
fn present(cluster: &Cluster, is_added: bool) -> Result<VoterKey, RaftVoterError> {
    if cluster.features().level(Feature::Kraft) == 0 {
        return Err(RaftVoterError::StaticQuorum { is_added });
    }
    Ok(VoterKey {
        id: cluster.quorum_leader(),
        directory_id: cluster.directory_id(),
    })
}

/// Writes endpoints as Java writes a map from listeners to addresses that were not looked up.
fn endpoints_text(endpoints: &[VoterEndpoint]) -> String {
    let texts = endpoints.iter().map(|endpoint| {
        let VoterEndpoint { listener, host, port } = endpoint;
        format!(
            "ListenerName({})={host}/<unresolved>:{port}",
            listener.to_uppercase()
        )
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Writes an id as Kafka does: base64 for URLs, without padding.
fn uuid_text(id: Uuid) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // 128 bits are 21 digits of 6 bits and one of 2, which is followed by four bits of 0.
    let bits = id.as_u128();
    let whole = (0..21).map(|digit| (bits >> (122 - 6 * digit)) & 63);
    let last = (bits & 3) << 4;
    whole
        .chain([last])
        .map(|digit| char::from(ALPHABET[digit as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_in_base64_for_urls() {
        assert_eq!(uuid_text(Uuid::nil()), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(uuid_text(Uuid::from_u128(1)), "AAAAAAAAAAAAAAAAAAAAAQ");
        let id = Uuid::from_u128(0x7b75_f10c_57d9_9e16_88d8_a781_b7c4_ce5c);
        assert_eq!(uuid_text(id), "e3XxDFfZnhaI2KeBt8TOXA");
    }
}
