//! WriteTxnMarkersRequest, versions 1 to 2.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::WriteTxnMarkersResponse;
use super::codec::{message, request};
use kafka_protocol::messages::{ProducerId, TopicName};

message! {
    /// Kafka's `WriteTxnMarkersRequest`.
    WriteTxnMarkersRequest: 1 to 2, flexible 1 {
        /// The transaction markers to be written.
        markers with_markers: Vec<WritableTxnMarker>, 1 to 2;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersRequest`.
    WritableTxnMarker: 1 to 2, flexible 1 {
        /// The current producer ID.
        producer_id with_producer_id: ProducerId, 1 to 2;
        /// The current epoch associated with the producer ID.
        producer_epoch with_producer_epoch: i16, 1 to 2;
        /// The result of the transaction to write to the partitions (false = ABORT, true = COMMIT).
        transaction_result with_transaction_result: bool, 1 to 2;
        /// Each topic that we want to write transaction marker(s) for.
        topics with_topics: Vec<WritableTxnMarkerTopic>, 1 to 2;
        /// Epoch associated with the transaction state partition hosted by this transaction coordinator.
        coordinator_epoch with_coordinator_epoch: i32, 1 to 2;
        /// Transaction version of the marker. Ex: 0/1 = legacy (TV0/TV1), 2 = TV2 etc.
        transaction_version with_transaction_version: i8, 2 to 2 else dropped;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersRequest`.
    WritableTxnMarkerTopic: 1 to 2, flexible 1 {
        /// The topic name.
        name with_name: TopicName, 1 to 2;
        /// The indexes of the partitions to write transaction markers for.
        partition_indexes with_partition_indexes: Vec<i32>, 1 to 2;
    }
}

request!(WriteTxnMarkersRequest, 27, flexible 1, WriteTxnMarkersResponse);
