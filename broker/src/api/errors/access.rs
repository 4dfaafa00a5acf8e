//! The codes of denied operations.

use super::KafkaError;
use crate::operations::access::Denied;
use kafka_protocol::ResponseError;

impl KafkaError for Denied {
    fn response(&self) -> ResponseError {
        match self {
            Self::Topic => ResponseError::TopicAuthorizationFailed,
            Self::Group => ResponseError::GroupAuthorizationFailed,
            Self::Cluster => ResponseError::ClusterAuthorizationFailed,
            Self::TransactionalId => ResponseError::TransactionalIdAuthorizationFailed,
        }
    }
}
