//! The messages of error codes, for answers in which Kafka has no other: those of its `Errors`.

use kafka_protocol::ResponseError;

/// Returns the message that Kafka's `Errors` has for an error, if an answer is given by it here.
pub(in crate::api) fn default_message(error: ResponseError) -> Option<&'static str> {
    Some(match error {
        ResponseError::InvalidRequest => {
            "This most likely occurs because of a request being malformed by the client library or the message was sent to an \
             incompatible broker. See the broker logs for more details."
        }
        ResponseError::CoordinatorNotAvailable => "The coordinator is not available.",
        ResponseError::GroupAuthorizationFailed => "Group authorization failed.",
        ResponseError::TransactionalIdAuthorizationFailed => "Transactional Id authorization failed.",
        ResponseError::ClusterAuthorizationFailed => "Cluster authorization failed.",
        _ => return None,
    })
}
