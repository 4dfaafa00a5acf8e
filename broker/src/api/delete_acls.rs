//! DeleteAcls: deletes ACLs.
//!
//! # Versions
//! 1 to 3.
//!
//! # Behaviour
//! Always SECURITY_DISABLED for each filter, as in Kafka without an authorizer. A filter with an unknown code closes the connection.
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
use kafka_protocol::messages::DeleteAclsRequest;
use kafka_protocol::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DeleteAclsRequest`.
pub(super) struct DeleteAcls;

impl Api for DeleteAcls {
    type Request = AclsFilters;

    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: AclsFilters,
    ) -> Answering {
        let result = match change_acls(cluster, context) {
            Ok(()) => DeleteAclsFilterResult::default().with_error_message(None),
            Err(error) => DeleteAclsFilterResult::default()
                .with_error_code(error.code())
                .with_error_message(Some(error.message())),
        };
        DeleteAclsResponse::default()
            .with_filter_results(vec![result; request.0.filters.len()])
            .into()
    }

    fn refuse(_version: i16, request: &AclsFilters, code: i16) -> Answer {
        let result = DeleteAclsFilterResult::default()
            .with_error_code(code)
            .with_error_message(None);
        DeleteAclsResponse::default()
            .with_filter_results(vec![result; request.0.filters.len()])
            .into()
    }
}

impl ResponseMessage for DeleteAclsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.filter_results
            .iter()
            .map(|result| result.error_code)
            .collect()
    }
}

/// A request whose codes are all known. Kafka cannot parse others, and closes the connection.
pub(super) struct AclsFilters(DeleteAclsRequest);

impl Body for AclsFilters {
    type Message = DeleteAclsRequest;

    fn read(body: &Bytes, version: i16) -> Result<Decoded<Self>, Undecodable> {
        let Decoded { request, elements } = DeleteAclsRequest::read(body, version)?;
        if request.filters.iter().any(|filter| {
            [
                filter.resource_type_filter,
                filter.pattern_type_filter,
                filter.operation,
                filter.permission_type,
            ]
            .contains(&UNKNOWN_ACL_CODE)
        }) {
            return Err(Undecodable::Malformed {
                reason: "a filter has an unknown code".to_owned(),
            });
        }
        Ok(Decoded {
            request: Self(request),
            elements,
        })
    }
}
