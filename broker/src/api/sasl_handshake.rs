//! SaslHandshake: chooses the mechanism of an authentication.
//!
//! # Versions
//! 0 to 1.
//!
//! # Behaviour
//! Always ILLEGAL_SASL_STATE without mechanisms, as in Kafka on a listener without SASL.
//!
//! # Differs from Apache Kafka
//! There is no listener with SASL.
//!
//! # Notes by KIP
//! KIP-43: mechanisms. KIP-152: version 1.

use super::errors::RequestError;
use super::{Answer, Answering, Api, ErrorCounts, Unthrottled, UnthrottledMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use kafka_protocol::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `SaslHandshakeRequest`.
pub(super) struct SaslHandshake;

impl Api for SaslHandshake {
    type Request = SaslHandshakeRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        _cluster: &Arc<Cluster>,
        _context: &Arc<RequestContext>,
        version: i16,
        request: SaslHandshakeRequest,
    ) -> Answering {
        Answering::Now(Self::refuse(
            version,
            &request,
            RequestError::IllegalSaslState.code(),
        ))
    }

    fn refuse(_version: i16, _request: &SaslHandshakeRequest, code: i16) -> Answer {
        Unthrottled(SaslHandshakeResponse::default().with_error_code(code)).into()
    }
}

impl UnthrottledMessage for SaslHandshakeResponse {
    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
