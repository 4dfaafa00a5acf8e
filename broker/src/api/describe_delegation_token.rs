//! DescribeDelegationToken: shows delegation tokens.
//!
//! # Versions
//! 1 to 3.
//!
//! # Behaviour
//! Always DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, as in Kafka on a listener that authenticates nobody.
//!
//! # Differs from Apache Kafka
//! There are no tokens, because there is no listener with authentication.
//!
//! # Notes by KIP
//! KIP-48: delegation tokens.

use super::errors::RequestError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use kafka_protocol::messages::{DescribeDelegationTokenRequest, DescribeDelegationTokenResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DescribeDelegationTokenRequest`.
pub(super) struct DescribeDelegationToken;

impl Api for DescribeDelegationToken {
    type Request = DescribeDelegationTokenRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(
        _cluster: &Arc<Cluster>,
        _context: &Arc<RequestContext>,
        version: i16,
        request: DescribeDelegationTokenRequest,
    ) -> Answering {
        let code = RequestError::DelegationTokenRequestNotAllowed.code();
        Answering::Now(Self::refuse(version, &request, code))
    }

    fn refuse(_version: i16, _request: &DescribeDelegationTokenRequest, code: i16) -> Answer {
        DescribeDelegationTokenResponse::default()
            .with_error_code(code)
            .into()
    }
}

impl ResponseMessage for DescribeDelegationTokenResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
