//! The APIs of transactions.

use super::{
    Alter, ClusterAction, Describe, OnCluster, Question, Stranger, TransactionalId, TransactionalIdText,
    Write, group, text, topic,
};
use crate::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use crate::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use crate::messages::{TxnOffsetCommitRequest, WriteTxnMarkersRequest};
use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, DescribeTransactionsRequest, EndTxnRequest,
    ListTransactionsRequest, ProduceRequest,
};

const WRITE: [Question; 1] = [(Write, TransactionalId, "x")];

fn id() -> TransactionalIdText {
    TransactionalIdText(text("x"))
}

impl Stranger {
    pub(super) async fn transactions(&mut self) {
        let denied = ResponseError::TransactionalIdAuthorizationFailed.code();
        let wanted = AddPartitionsToTxnTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![0]);
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(id())
            .with_v3_and_below_topics(vec![wanted]);
        let answer = self.ask(3, request, &WRITE).await;
        let row = &answer.results_by_topic_v3_and_below[0].results_by_partition[0];
        assert_eq!(row.partition_error_code, denied);

        let request = AddOffsetsToTxnRequest::default()
            .with_transactional_id(id())
            .with_group_id(group());
        assert_eq!(self.ask(3, request, &WRITE).await.error_code, denied);

        let partition = TxnOffsetCommitRequestPartition::default();
        let wanted = TxnOffsetCommitRequestTopic::default().with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(id())
            .with_group_id(group())
            .with_topics(vec![wanted]);
        let answer = self.ask(5, request, &WRITE).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, denied);

        let request = EndTxnRequest::default().with_transactional_id(id());
        assert_eq!(self.ask(3, request, &WRITE).await.error_code, denied);

        let request = DescribeTransactionsRequest::default().with_transactional_ids(vec![id()]);
        let expected = [(Describe, TransactionalId, "x")];
        let answer = self.ask(0, request, &expected).await;
        assert_eq!(answer.transaction_states[0].error_code, denied);

        // There is no id to ask about.
        let request = ListTransactionsRequest::default();
        assert_eq!(self.ask(0, request, &[]).await.transaction_states, []);

        // A transactional batch is refused before its topic is looked at.
        let mut batch = vec![0; 61];
        (batch[11], batch[16], batch[22]) = (49, 2, 0x10);
        let partition = PartitionProduceData::default().with_records(Some(Bytes::from(batch)));
        let data = TopicProduceData::default()
            .with_name(topic("t"))
            .with_partition_data(vec![partition]);
        let request = ProduceRequest::default()
            .with_transactional_id(Some(id()))
            .with_acks(1)
            .with_topic_data(vec![data]);
        let answer = self.ask(9, request, &WRITE).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, denied);
        self.coordination_among_brokers().await;
    }

    async fn coordination_among_brokers(&mut self) {
        let denied = ResponseError::ClusterAuthorizationFailed.code();
        let request = AddPartitionsToTxnRequest::default();
        let expected = [(ClusterAction, OnCluster, "kafka-cluster")];
        assert_eq!(self.ask(5, request, &expected).await.error_code, denied);

        let wanted = WritableTxnMarkerTopic::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let marker = WritableTxnMarker::default().with_topics(vec![wanted]);
        let request = WriteTxnMarkersRequest::default().with_markers(vec![marker]);
        let expected = [
            (Alter, OnCluster, "kafka-cluster"),
            (ClusterAction, OnCluster, "kafka-cluster"),
        ];
        let answer = self.ask(1, request, &expected).await;
        assert_eq!(answer.markers[0].topics[0].partitions[0].error_code, denied);
    }
}
