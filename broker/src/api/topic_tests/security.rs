//! The APIs of security, in a cluster without any.

use super::*;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;

fn filter() -> DescribeAclsRequest {
    DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_pattern_type_filter(1)
        .with_operation(1)
        .with_permission_type(1)
}

#[tokio::test]
async fn acls_of_every_version_are_refused_without_an_authorizer() {
    let disabled = E::SecurityDisabled.code();
    for version in describe_acls::DescribeAcls::VERSIONS {
        let cluster = cluster().await;
        let response = call(&cluster, version, filter()).await;
        assert_eq!(response.error_code, disabled);
        assert_eq!(
            response.error_message.as_deref(),
            Some("No Authorizer is configured on the broker")
        );
        let acl = AclCreation::default()
            .with_resource_type(2)
            .with_operation(3)
            .with_permission_type(3);
        let request = CreateAclsRequest::default().with_creations(vec![acl; 2]);
        let results = call(&cluster, version, request).await.results;
        assert_eq!(results.len(), 2);
        let message = Some("No Authorizer is configured.");
        assert_eq!(
            (results[1].error_code, results[1].error_message.as_deref()),
            (disabled, message)
        );
        let filter = DeleteAclsFilter::default()
            .with_resource_type_filter(2)
            .with_operation(3)
            .with_permission_type(3);
        let request = DeleteAclsRequest::default().with_filters(vec![filter; 2]);
        let results = call(&cluster, version, request).await.filter_results;
        assert_eq!(results.len(), 2);
        assert_eq!(
            (results[1].error_code, results[1].error_message.as_deref()),
            (disabled, message)
        );
    }
}

#[tokio::test]
async fn an_acl_filter_with_an_unknown_code_cannot_be_decoded() {
    let cluster = cluster().await;
    for request in [
        filter().with_resource_type_filter(0),
        filter().with_pattern_type_filter(0),
        filter().with_operation(0),
        filter().with_permission_type(0),
    ] {
        let mut body = BytesMut::new();
        request.encode(&mut body, 3).unwrap();
        let served = Served::by_key(ApiKey::DescribeAcls as i16).unwrap();
        let context = Arc::new(RequestContext::for_tests(1));
        let refused = served.answer(&cluster, &context, 3, body.freeze());
        assert_eq!(
            refused.unwrap_err().to_string(),
            "cannot decode the request: the filter has an unknown code"
        );
    }
}

#[tokio::test]
async fn delegation_tokens_of_every_version_are_not_allowed_without_authentication() {
    let cluster = cluster().await;
    let not_allowed = E::DelegationTokenRequestNotAllowed.code();
    for version in create_delegation_token::CreateDelegationToken::VERSIONS {
        let mut request = CreateDelegationTokenRequest::default();
        let mut owner = "ANONYMOUS";
        if version >= 3 {
            request.owner_principal_type = Some(text("User"));
            request.owner_principal_name = Some(text("x"));
            owner = "x";
        }
        let response = call(&cluster, version, request).await;
        assert_eq!(
            (response.error_code, response.max_timestamp_ms),
            (not_allowed, -1)
        );
        assert_eq!(
            (response.principal_type.as_str(), response.principal_name.as_str()),
            ("User", owner)
        );
        let requester = if version >= 3 { "ANONYMOUS" } else { "" };
        assert_eq!(response.token_requester_principal_name.as_str(), requester);
        let response = call(&cluster, version, DescribeDelegationTokenRequest::default()).await;
        assert_eq!((response.error_code, response.tokens.len()), (not_allowed, 0));
    }
    for version in renew_delegation_token::RenewDelegationToken::VERSIONS {
        let response = call(&cluster, version, RenewDelegationTokenRequest::default()).await;
        assert_eq!(
            (response.error_code, response.expiry_timestamp_ms),
            (not_allowed, -1)
        );
        let response = call(&cluster, version, ExpireDelegationTokenRequest::default()).await;
        assert_eq!(
            (response.error_code, response.expiry_timestamp_ms),
            (not_allowed, -1)
        );
    }
}

#[tokio::test]
async fn sasl_of_every_version_has_no_place_on_a_listener_without_it() {
    let cluster = cluster().await;
    let illegal = E::IllegalSaslState.code();
    for version in sasl_handshake::SaslHandshake::VERSIONS {
        let request = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
        let response = call(&cluster, version, request).await;
        assert_eq!((response.error_code, response.mechanisms.len()), (illegal, 0));
    }
    for version in sasl_authenticate::SaslAuthenticate::VERSIONS {
        let response = call(&cluster, version, SaslAuthenticateRequest::default()).await;
        let message = "SaslAuthenticate request received after successful authentication";
        assert_eq!(
            (response.error_code, response.error_message.as_deref()),
            (illegal, Some(message))
        );
    }
}
