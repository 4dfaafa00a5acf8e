//! WriteTxnMarkersRequest, versions 1 to 2.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::WriteTxnMarkersResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::{ProducerId, TopicName};

message! {
    /// Kafka's `WriteTxnMarkersRequest`.
    WriteTxnMarkersRequest: 1 to 2, flexible 1 {
        markers with_markers: Vec<WritableTxnMarker>, 1 to 2;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersRequest`.
    WritableTxnMarker: 1 to 2, flexible 1 {
        producer_id with_producer_id: ProducerId, 1 to 2;
        producer_epoch with_producer_epoch: i16, 1 to 2;
        transaction_result with_transaction_result: bool, 1 to 2;
        topics with_topics: Vec<WritableTxnMarkerTopic>, 1 to 2;
        coordinator_epoch with_coordinator_epoch: i32, 1 to 2;
        transaction_version with_transaction_version: i8, 2 to 2 else dropped;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersRequest`.
    WritableTxnMarkerTopic: 1 to 2, flexible 1 {
        name with_name: TopicName, 1 to 2;
        partition_indexes with_partition_indexes: Vec<i32>, 1 to 2;
    }
}

request!(WriteTxnMarkersRequest, 27, flexible 1, WriteTxnMarkersResponse);
