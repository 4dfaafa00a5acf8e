//! SaslAuthenticate: carries the messages of an authentication.
//!
//! # Versions
//! 0 to 2.
//!
//! # Behaviour
//! Always ILLEGAL_SASL_STATE, as in Kafka on a listener without SASL.
//!
//! # Differs from Apache Kafka
//! There is no listener with SASL.
//!
//! # Notes by KIP
//! KIP-152: the API. KIP-368: the lifetime of a session (1).

use super::errors::RequestError;
use super::{Answer, Answering, Api, ErrorCounts, Unthrottled, UnthrottledMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `SaslAuthenticateRequest`.
pub(super) struct SaslAuthenticate;

impl Api for SaslAuthenticate {
    type Request = SaslAuthenticateRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        _cluster: &Arc<Cluster>,
        _context: &Arc<RequestContext>,
        _version: i16,
        _request: SaslAuthenticateRequest,
    ) -> Answering {
        // In Kafka's words the client has authenticated already, as whom the listener takes everybody for.
        let message =
            StrBytes::from_static_str("SaslAuthenticate request received after successful authentication");
        let response = SaslAuthenticateResponse::default()
            .with_error_code(RequestError::IllegalSaslState.code())
            .with_error_message(Some(message));
        Unthrottled(response).into()
    }

    fn refuse(_version: i16, _request: &SaslAuthenticateRequest, code: i16) -> Answer {
        let response = SaslAuthenticateResponse::default().with_error_code(code);
        Unthrottled(response.with_error_message(None)).into()
    }
}

impl UnthrottledMessage for SaslAuthenticateResponse {
    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
