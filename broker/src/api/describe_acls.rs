//! DescribeAcls: shows ACLs.
//!
//! # Versions
//! 1 to 3.
//!
//! # Behaviour
//! Always SECURITY_DISABLED, as in Kafka without an authorizer. A filter with an unknown code closes the connection.
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
use crate::operations::acls::describe_acls;
use bytes::Bytes;
use kafka_protocol::messages::{DescribeAclsRequest, DescribeAclsResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DescribeAclsRequest`.
pub(super) struct DescribeAcls;

impl Api for DescribeAcls {
    type Request = AclsFilter;

    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        _request: AclsFilter,
    ) -> Answering {
        match describe_acls(cluster, context) {
            Ok(()) => DescribeAclsResponse::default().with_error_message(None).into(),
            Err(error) => DescribeAclsResponse::default()
                .with_error_code(error.code())
                .with_error_message(Some(error.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &AclsFilter, code: i16) -> Answer {
        DescribeAclsResponse::default()
            .with_error_code(code)
            .with_error_message(None)
            .into()
    }
}

impl ResponseMessage for DescribeAclsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

/// A request whose codes are all known; nothing else of it matters without an authorizer. Kafka cannot parse others, and closes the connection.
pub(super) struct AclsFilter;

impl Body for AclsFilter {
    type Message = DescribeAclsRequest;

    fn read(body: &Bytes, version: i16) -> Result<Decoded<Self>, Undecodable> {
        let Decoded { request, elements } = DescribeAclsRequest::read(body, version)?;
        if [
            request.resource_type_filter,
            request.pattern_type_filter,
            request.operation,
            request.permission_type,
        ]
        .contains(&UNKNOWN_ACL_CODE)
        {
            return Err(Undecodable::Malformed {
                reason: "the filter has an unknown code".to_owned(),
            });
        }
        Ok(Decoded {
            request: Self,
            elements,
        })
    }
}
