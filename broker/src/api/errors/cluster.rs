//! The codes of errors of the cluster.

use super::KafkaError;
use crate::operations::update_features::UpdateError;
use kafka_protocol::ResponseError;

impl KafkaError for UpdateError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Refused(_) => ResponseError::InvalidUpdateVersion,
        }
    }
}
