//! WriteTxnMarkers: writes the markers that end transactions, to the partitions that the broker leads.
//!
//! # Versions
//! 1 and 2.
//!
//! # Behaviour
//! In Kafka coordinators send it to the leaders, and administrators to end a hanging transaction. Here coordinators write markers in process.
//! A marker that does not end a transaction is written too. A broker without a replica of the partition answers UNKNOWN_TOPIC_OR_PARTITION, a
//! follower NOT_LEADER_OR_FOLLOWER.
//!
//! Some requests are carried out and never answered, as in Kafka: one in which a marker names a partition twice, and one whose last marker
//! has no partition of which the broker has a replica, unless none has.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-98: the API. KIP-664: `Admin.abortTransaction`. KIP-1228: version 2 says the version of the transaction.

use super::errors::{KafkaError, RequestError};
use super::fields::{shared, wire};
use super::{Answer, Answering, Api, Delivery, ErrorCounts, Unthrottled, UnthrottledMessage};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId, TransactionOutcome};
use crate::messages::write_txn_markers_request::WritableTxnMarker;
use crate::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use crate::messages::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};
use crate::operations::RequestContext;
use crate::operations::write_txn_markers::{
    WriteMarkers, are_unanswered, authorize_markers, is_impossible, write_txn_markers,
};
use kafka_protocol::messages::TopicName;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `WriteTxnMarkersRequest`.
pub(super) struct WriteTxnMarkers;

impl Api for WriteTxnMarkers {
    type Request = WriteTxnMarkersRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: WriteTxnMarkersRequest,
    ) -> Answering {
        if let Err(denied) = authorize_markers(cluster, context) {
            return Answering::Now(Self::refuse(version, &request, denied.code()));
        }
        let wanted: Vec<_> = request.markers.iter().map(markers).collect();
        if wanted
            .iter()
            .any(|marker| is_impossible(cluster, context.node_id, marker))
        {
            // Kafka throws while it builds the record, and then answers all markers so.
            let code = RequestError::UnknownServerError.code();
            return Answering::Now(Self::refuse(version, &request, code));
        }
        let delivery = if are_unanswered(cluster, context.node_id, &wanted) {
            Delivery::Never
        } else {
            Delivery::Response
        };
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let mut codes = Codes::new();
            for marker in wanted {
                let producer_id = marker.producer_id.0;
                let written = write_txn_markers(&cluster, &context, marker).await;
                let topics = codes.entry(producer_id).or_default();
                for (topic, partitions) in written {
                    let results = topics.entry(topic).or_default();
                    let partitions = partitions.into_iter();
                    results.extend(
                        partitions
                            .map(|(index, result)| (index, result.err().map_or(0, |error| error.code()))),
                    );
                }
            }
            // A producer that has no partition at all is in the answer only where the whole request fails.
            codes.retain(|_, topics| topics.values().any(|partitions| !partitions.is_empty()));
            Answer::from(Unthrottled(answered(codes))).delivered_as(delivery)
        })
    }

    fn refuse(_version: i16, request: &WriteTxnMarkersRequest, code: i16) -> Answer {
        let mut codes = Codes::new();
        for marker in &request.markers {
            let mut topics: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
            for topic in &marker.topics {
                let indexes = topic.partition_indexes.iter();
                let results = topics.entry(shared(&topic.name)).or_default();
                results.extend(indexes.map(|index| (*index, code)));
            }
            // As in `getErrorResponse`, the last marker of a producer stands for all.
            codes.insert(marker.producer_id.0, topics);
        }
        Unthrottled(answered(codes)).into()
    }
}

impl UnthrottledMessage for WriteTxnMarkersResponse {
    fn error_counts(&self) -> ErrorCounts {
        let topics = self.markers.iter().flat_map(|marker| &marker.topics);
        let partitions = topics.flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

/// The code of each partition by producer id and topic. As in Kafka, markers of one producer share an entry of the answer.
type Codes = BTreeMap<i64, BTreeMap<Arc<str>, BTreeMap<i32, i16>>>;

fn markers(marker: &WritableTxnMarker) -> WriteMarkers {
    let topics = marker.topics.iter();
    WriteMarkers {
        producer_id: ProducerId(marker.producer_id.0),
        producer_epoch: ProducerEpoch(marker.producer_epoch),
        outcome: if marker.transaction_result {
            TransactionOutcome::Commit
        } else {
            TransactionOutcome::Abort
        },
        coordinator_epoch: marker.coordinator_epoch,
        transaction_version: marker.transaction_version.into(),
        partitions: topics
            .map(|topic| (shared(&topic.name), topic.partition_indexes.clone()))
            .collect(),
    }
}

fn answered(codes: Codes) -> WriteTxnMarkersResponse {
    // As in Kafka, which answers by partition, topics without any are left out.
    let codes = codes.into_iter().map(|(producer_id, mut topics)| {
        topics.retain(|_, partitions| !partitions.is_empty());
        (producer_id, topics)
    });
    let markers = codes.map(|(producer_id, topics)| {
        let topics = topics.into_iter().map(|(topic, partitions)| {
            let rows = partitions.into_iter().map(|(index, code)| {
                WritableTxnMarkerPartitionResult::default()
                    .with_partition_index(index)
                    .with_error_code(code)
            });
            WritableTxnMarkerTopicResult::default()
                .with_name(TopicName(wire(&topic)))
                .with_partitions(rows.collect())
        });
        WritableTxnMarkerResult::default()
            .with_producer_id(producer_id.into())
            .with_topics(topics.collect())
    });
    WriteTxnMarkersResponse::default().with_markers(markers.collect())
}
