//! Requests about records and their producers.

use kafka_protocol::messages::ApiKey;

use super::super::shape::{
    Request, int8, int16, int32, int32s, int64, of, records, string, structs, structure, uuid,
};

pub(super) const PRODUCE: Request = Request {
    name: "Produce",
    api_key: ApiKey::Produce as i16,
    first_version: 3,
    last_version: 13,
    flexible_from: 9,
    fields: &[
        string("TransactionalId").nullable(3),
        int16("Acks"),
        int32("TimeoutMs"),
        structs(
            "TopicData",
            &of(&[
                string("Name").until(12),
                uuid("TopicId").since(13),
                structs(
                    "PartitionData",
                    &of(&[int32("Index"), records("Records").nullable(0)]),
                ),
            ]),
        ),
    ],
};

pub(super) const FETCH: Request = Request {
    name: "Fetch",
    api_key: ApiKey::Fetch as i16,
    first_version: 4,
    last_version: 18,
    flexible_from: 12,
    fields: &[
        string("ClusterId").since(12).nullable(12).tagged(0),
        int32("ReplicaId").until(14),
        structure("ReplicaState", &[int32("ReplicaId"), int64("ReplicaEpoch")])
            .since(15)
            .tagged(1),
        int32("MaxWaitMs"),
        int32("MinBytes"),
        int32("MaxBytes"),
        int8("IsolationLevel"),
        int32("SessionId").since(7),
        int32("SessionEpoch").since(7),
        structs(
            "Topics",
            &of(&[
                string("Topic").until(12),
                uuid("TopicId").since(13),
                structs(
                    "Partitions",
                    &of(&[
                        int32("Partition"),
                        int32("CurrentLeaderEpoch").since(9),
                        int64("FetchOffset"),
                        int32("LastFetchedEpoch").since(12),
                        int64("LogStartOffset").since(5),
                        int32("PartitionMaxBytes"),
                        uuid("ReplicaDirectoryId").since(17).tagged(0),
                        int64("HighWatermark").since(18).tagged(1),
                    ]),
                ),
            ]),
        ),
        structs(
            "ForgottenTopicsData",
            &of(&[
                string("Topic").until(12),
                uuid("TopicId").since(13),
                int32s("Partitions"),
            ]),
        )
        .since(7),
        string("RackId").since(11),
    ],
};

pub(super) const LIST_OFFSETS: Request = Request {
    name: "ListOffsets",
    api_key: ApiKey::ListOffsets as i16,
    first_version: 1,
    last_version: 10,
    flexible_from: 6,
    fields: &[
        int32("ReplicaId"),
        int8("IsolationLevel").since(2),
        structs(
            "Topics",
            &of(&[
                string("Name"),
                structs(
                    "Partitions",
                    &of(&[
                        int32("PartitionIndex"),
                        int32("CurrentLeaderEpoch").since(4),
                        int64("Timestamp"),
                    ]),
                ),
            ]),
        ),
        int32("TimeoutMs").since(10),
    ],
};

pub(super) const OFFSET_FOR_LEADER_EPOCH: Request = Request {
    name: "OffsetForLeaderEpoch",
    api_key: ApiKey::OffsetForLeaderEpoch as i16,
    first_version: 2,
    last_version: 4,
    flexible_from: 4,
    fields: &[
        int32("ReplicaId").since(3),
        structs(
            "Topics",
            &of(&[
                string("Topic"),
                structs(
                    "Partitions",
                    &of(&[
                        int32("Partition"),
                        int32("CurrentLeaderEpoch"),
                        int32("LeaderEpoch"),
                    ]),
                ),
            ]),
        ),
    ],
};

pub(super) const DELETE_RECORDS: Request = Request {
    name: "DeleteRecords",
    api_key: ApiKey::DeleteRecords as i16,
    first_version: 0,
    last_version: 2,
    flexible_from: 2,
    fields: &[
        structs(
            "Topics",
            &of(&[
                string("Name"),
                structs("Partitions", &of(&[int32("PartitionIndex"), int64("Offset")])),
            ]),
        ),
        int32("TimeoutMs"),
    ],
};

pub(super) const INIT_PRODUCER_ID: Request = Request {
    name: "InitProducerId",
    api_key: ApiKey::InitProducerId as i16,
    first_version: 0,
    last_version: 5,
    flexible_from: 2,
    fields: &[
        string("TransactionalId").nullable(0),
        int32("TransactionTimeoutMs"),
        int64("ProducerId").since(3),
        int16("ProducerEpoch").since(3),
    ],
};

pub(super) const DESCRIBE_PRODUCERS: Request = Request {
    name: "DescribeProducers",
    api_key: ApiKey::DescribeProducers as i16,
    first_version: 0,
    last_version: 0,
    flexible_from: 0,
    fields: &[structs(
        "Topics",
        &of(&[string("Name"), int32s("PartitionIndexes")]),
    )],
};
