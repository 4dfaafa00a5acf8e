//! CreateAcls: creates ACLs.
//!
//! # Versions
//! 1 to 3.
//!
//! # Behaviour
//! Always SECURITY_DISABLED for each ACL, as in Kafka without an authorizer. An ACL with an unknown code closes the connection.
//!
//! # Differs from Apache Kafka
//! There are no ACLs.
//!
//! # Notes by KIP
//! KIP-140: the API. KIP-290: types of patterns (1).

use super::errors::KafkaError;
use super::fields::UNKNOWN_ACL_CODE;
use super::{Answer, Answering, Api, Body, Decoded, ErrorCounts, ResponseMessage, Undecodable};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::acls::change_acls;
use bytes::Bytes;
use kafka_protocol::messages::CreateAclsRequest;
use kafka_protocol::messages::create_acls_response::{AclCreationResult, CreateAclsResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `CreateAclsRequest`.
pub(super) struct CreateAcls;

impl Api for CreateAcls {
    type Request = NewAcls;

    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: NewAcls,
    ) -> Answering {
        let result = match change_acls(cluster, context) {
            Ok(()) => AclCreationResult::default().with_error_message(None),
            Err(error) => AclCreationResult::default()
                .with_error_code(error.code())
                .with_error_message(Some(error.message())),
        };
        CreateAclsResponse::default()
            .with_results(vec![result; request.0.creations.len()])
            .into()
    }

    fn refuse(_version: i16, request: &NewAcls, code: i16) -> Answer {
        let result = AclCreationResult::default()
            .with_error_code(code)
            .with_error_message(None);
        CreateAclsResponse::default()
            .with_results(vec![result; request.0.creations.len()])
            .into()
    }
}

impl ResponseMessage for CreateAclsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.results.iter().map(|result| result.error_code).collect()
    }
}

/// A request whose codes are all known. Kafka cannot parse others, and closes the connection.
pub(super) struct NewAcls(CreateAclsRequest);

impl Body for NewAcls {
    type Message = CreateAclsRequest;

    fn read(body: &Bytes, version: i16) -> Result<Decoded<Self>, Undecodable> {
        let Decoded { request, elements } = CreateAclsRequest::read(body, version)?;
        if request.creations.iter().any(|acl| {
            [
                acl.resource_type,
                acl.resource_pattern_type,
                acl.operation,
                acl.permission_type,
            ]
            .contains(&UNKNOWN_ACL_CODE)
        }) {
            return Err(Undecodable::Malformed {
                reason: "an ACL has an unknown code".to_owned(),
            });
        }
        Ok(Decoded {
            request: Self(request),
            elements,
        })
    }
}
