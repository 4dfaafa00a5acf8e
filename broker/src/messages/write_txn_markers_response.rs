//! WriteTxnMarkersResponse, versions 1 to 2.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::{ProducerId, TopicName};

message! {
    /// Kafka's `WriteTxnMarkersResponse`.
    WriteTxnMarkersResponse: 1 to 2, flexible 1 {
        markers with_markers: Vec<WritableTxnMarkerResult>, 1 to 2;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersResponse`.
    WritableTxnMarkerResult: 1 to 2, flexible 1 {
        producer_id with_producer_id: ProducerId, 1 to 2;
        topics with_topics: Vec<WritableTxnMarkerTopicResult>, 1 to 2;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersResponse`.
    WritableTxnMarkerTopicResult: 1 to 2, flexible 1 {
        name with_name: TopicName, 1 to 2;
        partitions with_partitions: Vec<WritableTxnMarkerPartitionResult>, 1 to 2;
    }
}

message! {
    /// A part of Kafka's `WriteTxnMarkersResponse`.
    WritableTxnMarkerPartitionResult: 1 to 2, flexible 1 {
        partition_index with_partition_index: i32, 1 to 2;
        error_code with_error_code: i16, 1 to 2;
    }
}

response!(WriteTxnMarkersResponse, flexible 1);
