//! The versions of each request: those that this client writes and reads, and those that a broker serves.
//!
//! # Notes
//! - Fetch ends at version 12 and OffsetCommit at 8: later ones name topics by id, and a topic of the same name that was created again
//!   would need another request to find out.
//! - FindCoordinator ends at 3, LeaveGroup at 2 and OffsetFetch at 7: later ones ask for several groups or members at once.
//! - Fetch begins at 4, and Produce at 3, with which brokers send batches of message format 2 (Apache Kafka 0.11).

use super::error::CallError;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::{
    ApiVersionsRequest, FetchRequest, FindCoordinatorRequest, HeartbeatRequest, JoinGroupRequest,
    LeaveGroupRequest, ListOffsetsRequest, MetadataRequest, OffsetCommitRequest, OffsetFetchRequest,
    ProduceRequest, SaslAuthenticateRequest, SaslHandshakeRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::Request;
use std::collections::HashMap;

/// A request of this client.
pub(super) trait Supported: Request {
    /// The name of its API.
    const NAME: &'static str;
    /// The first version and the last.
    const SUPPORTED: (i16, i16);
}

macro_rules! supported {
    ($($request:ident $name:literal $first:literal..=$last:literal;)*) => {
        $(impl Supported for $request {
            const NAME: &'static str = $name;
            const SUPPORTED: (i16, i16) = ($first, $last);
        })*
    };
}

supported! {
    ApiVersionsRequest "ApiVersions" 0..=3;
    FetchRequest "Fetch" 4..=12;
    FindCoordinatorRequest "FindCoordinator" 0..=3;
    HeartbeatRequest "Heartbeat" 0..=4;
    JoinGroupRequest "JoinGroup" 1..=7;
    LeaveGroupRequest "LeaveGroup" 0..=2;
    ListOffsetsRequest "ListOffsets" 1..=7;
    MetadataRequest "Metadata" 4..=12;
    OffsetCommitRequest "OffsetCommit" 2..=8;
    OffsetFetchRequest "OffsetFetch" 1..=7;
    ProduceRequest "Produce" 3..=9;
    SaslAuthenticateRequest "SaslAuthenticate" 0..=2;
    SaslHandshakeRequest "SaslHandshake" 1..=1;
    SyncGroupRequest "SyncGroup" 0..=4;
}

/// The versions that a broker serves, by API key.
#[derive(Clone, Debug, Default)]
pub(super) struct ServedVersions {
    by_key: HashMap<i16, (i16, i16)>,
}

impl From<ApiVersionsResponse> for ServedVersions {
    fn from(answer: ApiVersionsResponse) -> Self {
        let served = answer.api_keys.iter();
        Self {
            by_key: served
                .map(|api| (api.api_key, (api.min_version, api.max_version)))
                .collect(),
        }
    }
}

impl ServedVersions {
    /// Returns the latest version of `R` that both sides have.
    ///
    /// # Errors
    /// [`CallError::UnsupportedVersion`].
    pub(super) fn latest<R: Supported>(&self) -> Result<i16, CallError> {
        // An API that the broker does not name is one that it does not serve.
        let served = self.by_key.get(&R::KEY).copied().unwrap_or((0, -1));
        let (first, last) = (served.0.max(R::SUPPORTED.0), served.1.min(R::SUPPORTED.1));
        if first <= last {
            return Ok(last);
        }
        Err(CallError::UnsupportedVersion {
            api: R::NAME,
            served,
            supported: R::SUPPORTED,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::api_versions_response::ApiVersion;

    fn serving<R: Request>(first: i16, last: i16) -> ServedVersions {
        let api = ApiVersion::default()
            .with_api_key(R::KEY)
            .with_min_version(first)
            .with_max_version(last);
        ApiVersionsResponse::default().with_api_keys(vec![api]).into()
    }

    #[test]
    fn the_latest_common_version_is_chosen() {
        let cases = [((4, 18), 12), ((0, 7), 7), ((12, 20), 12)];
        for ((first, last), expected) in cases {
            assert_eq!(
                serving::<FetchRequest>(first, last).latest::<FetchRequest>(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn a_broker_without_a_common_version_is_refused_by_name() {
        let old = serving::<FetchRequest>(0, 3).latest::<FetchRequest>();
        assert_eq!(
            old.map_err(|error| error.to_string()),
            Err(
                "the broker serves Fetch in versions 0 to 3, and 4 to 12 are supported: Apache Kafka 0.11 is the oldest supported release"
                    .to_owned()
            )
        );
        assert!(serving::<FetchRequest>(13, 18).latest::<FetchRequest>().is_err());
        assert!(ServedVersions::default().latest::<FetchRequest>().is_err());
    }
}
