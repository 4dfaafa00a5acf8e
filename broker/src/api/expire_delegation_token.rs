//! ExpireDelegationToken: ends the life of a delegation token.
//!
//! # Versions
//! 1 to 2.
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
use super::fields::NO_TIMESTAMP;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use kafka_protocol::messages::{ExpireDelegationTokenRequest, ExpireDelegationTokenResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ExpireDelegationTokenRequest`.
pub(super) struct ExpireDelegationToken;

impl Api for ExpireDelegationToken {
    type Request = ExpireDelegationTokenRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=2;

    fn handle(
        _cluster: &Arc<Cluster>,
        _context: &Arc<RequestContext>,
        version: i16,
        request: ExpireDelegationTokenRequest,
    ) -> Answering {
        let code = RequestError::DelegationTokenRequestNotAllowed.code();
        Answering::Now(Self::refuse(version, &request, code))
    }

    fn refuse(_version: i16, _request: &ExpireDelegationTokenRequest, code: i16) -> Answer {
        ExpireDelegationTokenResponse::default()
            .with_error_code(code)
            .with_expiry_timestamp_ms(NO_TIMESTAMP)
            .into()
    }
}

impl ResponseMessage for ExpireDelegationTokenResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
