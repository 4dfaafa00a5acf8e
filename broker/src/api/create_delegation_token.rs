//! CreateDelegationToken: creates a delegation token.
//!
//! # Versions
//! 1 to 3. From version 3 on the owner can be another than the client (KIP-373).
//!
//! # Behaviour
//! Always DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, as in Kafka on a listener that authenticates nobody, with the principals that the token
//! would have had.
//!
//! # Differs from Apache Kafka
//! There are no tokens, because there is no listener with authentication.
//!
//! # Notes by KIP
//! KIP-48: delegation tokens. KIP-373: tokens for others.

use super::errors::RequestError;
use super::fields::NO_TIMESTAMP;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use kafka_protocol::messages::{CreateDelegationTokenRequest, CreateDelegationTokenResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `CreateDelegationTokenRequest`.
pub(super) struct CreateDelegationToken;

impl Api for CreateDelegationToken {
    type Request = CreateDelegationTokenRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(
        _cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: CreateDelegationTokenRequest,
    ) -> Answering {
        let requester = words(&context.principal.principal_type, &context.principal.name);
        // Earlier versions lack the fields, whose defaults are empty texts.
        let owner = match (request.owner_principal_type, request.owner_principal_name) {
            (Some(principal_type), Some(name)) if version >= 3 && !name.is_empty() => (principal_type, name),
            _ => requester.clone(),
        };
        let code = RequestError::DelegationTokenRequestNotAllowed.code();
        refusal(version, code, owner, requester).into()
    }

    fn refuse(version: i16, _request: &CreateDelegationTokenRequest, code: i16) -> Answer {
        // Kafka names no principal here, even if it is known.
        let nobody = words("User", "ANONYMOUS");
        refusal(version, code, nobody.clone(), nobody).into()
    }
}

impl ResponseMessage for CreateDelegationTokenResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

/// Returns the type and the name of a principal as they are sent.
fn words(principal_type: &str, name: &str) -> (StrBytes, StrBytes) {
    let word = |word: &str| StrBytes::from_string(word.to_owned());
    (word(principal_type), word(name))
}

fn refusal(
    version: i16,
    code: i16,
    owner: (StrBytes, StrBytes),
    requester: (StrBytes, StrBytes),
) -> CreateDelegationTokenResponse {
    let response = CreateDelegationTokenResponse::default()
        .with_error_code(code)
        .with_principal_type(owner.0)
        .with_principal_name(owner.1)
        .with_issue_timestamp_ms(NO_TIMESTAMP)
        .with_expiry_timestamp_ms(NO_TIMESTAMP)
        .with_max_timestamp_ms(NO_TIMESTAMP);
    if version < 3 {
        return response;
    }
    response
        .with_token_requester_principal_type(requester.0)
        .with_token_requester_principal_name(requester.1)
}
