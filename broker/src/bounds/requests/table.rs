//! The served requests, field by field in the order of the wire.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::super::shape::{
    Kind, NEVER, Request, array, boolean, bytes, int8, int16, int32, int64, of, records, string, structure,
    uuid,
};

const INT32: Kind = Kind::Fixed(4);
const INT64: Kind = Kind::Fixed(8);
const INT8: Kind = Kind::Fixed(1);
const STRING: Kind = Kind::String;

pub(in super::super) static REQUESTS: &[Request] = &[
    Request {
        name: "Produce",
        api_key: 0,
        first_version: 3,
        last_version: 13,
        flexible_from: 9,
        fields: &[
            string("TransactionalId").nullable(3),
            int16("Acks"),
            int32("TimeoutMs"),
            array(
                "TopicData",
                &of(&[
                    string("Name").until(12),
                    uuid("TopicId").since(13),
                    array(
                        "PartitionData",
                        &of(&[int32("Index"), records("Records").nullable(0)]),
                    ),
                ]),
            ),
        ],
    },
    Request {
        name: "Fetch",
        api_key: 1,
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
            array(
                "Topics",
                &of(&[
                    string("Topic").until(12),
                    uuid("TopicId").since(13),
                    array(
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
            array(
                "ForgottenTopicsData",
                &of(&[
                    string("Topic").until(12),
                    uuid("TopicId").since(13),
                    array("Partitions", &INT32),
                ]),
            )
            .since(7),
            string("RackId").since(11),
        ],
    },
    Request {
        name: "ListOffsets",
        api_key: 2,
        first_version: 1,
        last_version: 11,
        flexible_from: 6,
        fields: &[
            int32("ReplicaId"),
            int8("IsolationLevel").since(2),
            array(
                "Topics",
                &of(&[
                    string("Name"),
                    array(
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
    },
    Request {
        name: "Metadata",
        api_key: 3,
        first_version: 0,
        last_version: 13,
        flexible_from: 9,
        fields: &[
            array(
                "Topics",
                &of(&[uuid("TopicId").since(10), string("Name").nullable(10)]),
            )
            .nullable(1),
            boolean("AllowAutoTopicCreation").since(4),
            boolean("IncludeClusterAuthorizedOperations").since(8).until(10),
            boolean("IncludeTopicAuthorizedOperations").since(8),
        ],
    },
    Request {
        name: "OffsetCommit",
        api_key: 8,
        first_version: 2,
        last_version: 10,
        flexible_from: 8,
        fields: &[
            string("GroupId"),
            int32("GenerationIdOrMemberEpoch"),
            string("MemberId"),
            string("GroupInstanceId").since(7).nullable(7),
            int64("RetentionTimeMs").until(4),
            array(
                "Topics",
                &of(&[
                    string("Name").until(9),
                    uuid("TopicId").since(10),
                    array(
                        "Partitions",
                        &of(&[
                            int32("PartitionIndex"),
                            int64("CommittedOffset"),
                            int32("CommittedLeaderEpoch").since(6),
                            string("CommittedMetadata").nullable(0),
                        ]),
                    ),
                ]),
            ),
        ],
    },
    Request {
        name: "OffsetFetch",
        api_key: 9,
        first_version: 1,
        last_version: 10,
        flexible_from: 6,
        fields: &[
            string("GroupId").until(7),
            array(
                "Topics",
                &of(&[string("Name"), array("PartitionIndexes", &INT32)]),
            )
            .until(7)
            .nullable(2),
            array(
                "Groups",
                &of(&[
                    string("GroupId"),
                    string("MemberId").since(9).nullable(9),
                    int32("MemberEpoch").since(9),
                    array(
                        "Topics",
                        &of(&[
                            string("Name").until(9),
                            uuid("TopicId").since(10),
                            array("PartitionIndexes", &INT32),
                        ]),
                    )
                    .nullable(8),
                ]),
            )
            .since(8),
            boolean("RequireStable").since(7),
        ],
    },
    Request {
        name: "FindCoordinator",
        api_key: 10,
        first_version: 0,
        last_version: 6,
        flexible_from: 3,
        fields: &[
            string("Key").until(3),
            int8("KeyType").since(1),
            array("CoordinatorKeys", &STRING).since(4),
        ],
    },
    Request {
        name: "JoinGroup",
        api_key: 11,
        first_version: 0,
        last_version: 9,
        flexible_from: 6,
        fields: &[
            string("GroupId"),
            int32("SessionTimeoutMs"),
            int32("RebalanceTimeoutMs").since(1),
            string("MemberId"),
            string("GroupInstanceId").since(5).nullable(5),
            string("ProtocolType"),
            array("Protocols", &of(&[string("Name"), bytes("Metadata")])),
            string("Reason").since(8).nullable(8),
        ],
    },
    Request {
        name: "Heartbeat",
        api_key: 12,
        first_version: 0,
        last_version: 4,
        flexible_from: 4,
        fields: &[
            string("GroupId"),
            int32("GenerationId"),
            string("MemberId"),
            string("GroupInstanceId").since(3).nullable(3),
        ],
    },
    Request {
        name: "LeaveGroup",
        api_key: 13,
        first_version: 0,
        last_version: 5,
        flexible_from: 4,
        fields: &[
            string("GroupId"),
            string("MemberId").until(2),
            array(
                "Members",
                &of(&[
                    string("MemberId"),
                    string("GroupInstanceId").nullable(3),
                    string("Reason").since(5).nullable(5),
                ]),
            )
            .since(3),
        ],
    },
    Request {
        name: "SyncGroup",
        api_key: 14,
        first_version: 0,
        last_version: 5,
        flexible_from: 4,
        fields: &[
            string("GroupId"),
            int32("GenerationId"),
            string("MemberId"),
            string("GroupInstanceId").since(3).nullable(3),
            string("ProtocolType").since(5).nullable(5),
            string("ProtocolName").since(5).nullable(5),
            array("Assignments", &of(&[string("MemberId"), bytes("Assignment")])),
        ],
    },
    Request {
        name: "DescribeGroups",
        api_key: 15,
        first_version: 0,
        last_version: 6,
        flexible_from: 5,
        fields: &[
            array("Groups", &STRING),
            boolean("IncludeAuthorizedOperations").since(3),
        ],
    },
    Request {
        name: "ListGroups",
        api_key: 16,
        first_version: 0,
        last_version: 5,
        flexible_from: 3,
        fields: &[
            array("StatesFilter", &STRING).since(4),
            array("TypesFilter", &STRING).since(5),
        ],
    },
    Request {
        name: "ApiVersions",
        api_key: 18,
        first_version: 0,
        last_version: 5,
        flexible_from: 3,
        fields: &[
            string("ClientSoftwareName").since(3),
            string("ClientSoftwareVersion").since(3),
            string("ClusterId").since(5).nullable(5),
            int32("NodeId").since(5),
        ],
    },
    Request {
        name: "CreateTopics",
        api_key: 19,
        first_version: 2,
        last_version: 7,
        flexible_from: 5,
        fields: &[
            array(
                "Topics",
                &of(&[
                    string("Name"),
                    int32("NumPartitions"),
                    int16("ReplicationFactor"),
                    array(
                        "Assignments",
                        &of(&[int32("PartitionIndex"), array("BrokerIds", &INT32)]),
                    ),
                    array("Configs", &of(&[string("Name"), string("Value").nullable(0)])),
                ]),
            ),
            int32("timeoutMs"),
            boolean("validateOnly"),
        ],
    },
    Request {
        name: "DeleteTopics",
        api_key: 20,
        first_version: 1,
        last_version: 6,
        flexible_from: 4,
        fields: &[
            array("Topics", &of(&[string("Name").nullable(6), uuid("TopicId")])).since(6),
            array("TopicNames", &STRING).until(5),
            int32("TimeoutMs"),
        ],
    },
    Request {
        name: "DeleteRecords",
        api_key: 21,
        first_version: 0,
        last_version: 2,
        flexible_from: 2,
        fields: &[
            array(
                "Topics",
                &of(&[
                    string("Name"),
                    array("Partitions", &of(&[int32("PartitionIndex"), int64("Offset")])),
                ]),
            ),
            int32("TimeoutMs"),
        ],
    },
    Request {
        name: "InitProducerId",
        api_key: 22,
        first_version: 0,
        last_version: 5,
        flexible_from: 2,
        fields: &[
            string("TransactionalId").nullable(0),
            int32("TransactionTimeoutMs"),
            int64("ProducerId").since(3),
            int16("ProducerEpoch").since(3),
        ],
    },
    Request {
        name: "OffsetForLeaderEpoch",
        api_key: 23,
        first_version: 2,
        last_version: 4,
        flexible_from: 4,
        fields: &[
            int32("ReplicaId").since(3),
            array(
                "Topics",
                &of(&[
                    string("Topic"),
                    array(
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
    },
    Request {
        name: "DescribeConfigs",
        api_key: 32,
        first_version: 1,
        last_version: 4,
        flexible_from: 4,
        fields: &[
            array(
                "Resources",
                &of(&[
                    int8("ResourceType"),
                    string("ResourceName"),
                    array("ConfigurationKeys", &STRING).nullable(0),
                ]),
            ),
            boolean("IncludeSynonyms"),
            boolean("IncludeDocumentation").since(3),
        ],
    },
    Request {
        name: "AlterConfigs",
        api_key: 33,
        first_version: 0,
        last_version: 2,
        flexible_from: 2,
        fields: &[
            array(
                "Resources",
                &of(&[
                    int8("ResourceType"),
                    string("ResourceName"),
                    array("Configs", &of(&[string("Name"), string("Value").nullable(0)])),
                ]),
            ),
            boolean("ValidateOnly"),
        ],
    },
    Request {
        name: "DescribeLogDirs",
        api_key: 35,
        first_version: 1,
        last_version: 5,
        flexible_from: 2,
        fields: &[array("Topics", &of(&[string("Topic"), array("Partitions", &INT32)])).nullable(0)],
    },
    Request {
        name: "CreatePartitions",
        api_key: 37,
        first_version: 0,
        last_version: 3,
        flexible_from: 2,
        fields: &[
            array(
                "Topics",
                &of(&[
                    string("Name"),
                    int32("Count"),
                    array("Assignments", &of(&[array("BrokerIds", &INT32)])).nullable(0),
                ]),
            ),
            int32("TimeoutMs"),
            boolean("ValidateOnly"),
        ],
    },
    Request {
        name: "DeleteGroups",
        api_key: 42,
        first_version: 0,
        last_version: 3,
        flexible_from: 2,
        fields: &[array("GroupsNames", &STRING)],
    },
    Request {
        name: "IncrementalAlterConfigs",
        api_key: 44,
        first_version: 0,
        last_version: 1,
        flexible_from: 1,
        fields: &[
            array(
                "Resources",
                &of(&[
                    int8("ResourceType"),
                    string("ResourceName"),
                    array(
                        "Configs",
                        &of(&[
                            string("Name"),
                            int8("ConfigOperation"),
                            string("Value").nullable(0),
                        ]),
                    ),
                ]),
            ),
            boolean("ValidateOnly"),
        ],
    },
    Request {
        name: "OffsetDelete",
        api_key: 47,
        first_version: 0,
        last_version: 0,
        flexible_from: NEVER,
        fields: &[
            string("GroupId"),
            array(
                "Topics",
                &of(&[
                    string("Name"),
                    array("Partitions", &of(&[int32("PartitionIndex")])),
                ]),
            ),
        ],
    },
    Request {
        name: "DescribeCluster",
        api_key: 60,
        first_version: 0,
        last_version: 2,
        flexible_from: 0,
        fields: &[
            boolean("IncludeClusterAuthorizedOperations"),
            int8("EndpointType").since(1),
            boolean("IncludeFencedBrokers").since(2),
        ],
    },
    Request {
        name: "DescribeProducers",
        api_key: 61,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[array(
            "Topics",
            &of(&[string("Name"), array("PartitionIndexes", &INT32)]),
        )],
    },
    Request {
        name: "DescribeTopicPartitions",
        api_key: 75,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[
            array("Topics", &of(&[string("Name")])),
            int32("ResponsePartitionLimit"),
            structure("Cursor", &[string("TopicName"), int32("PartitionIndex")]).nullable(0),
        ],
    },
    Request {
        name: "UpdateFeatures",
        api_key: 57,
        first_version: 0,
        last_version: 2,
        flexible_from: 0,
        fields: &[
            int32("timeoutMs"),
            array(
                "FeatureUpdates",
                &of(&[
                    string("Feature"),
                    int16("MaxVersionLevel"),
                    boolean("AllowDowngrade").until(0),
                    int8("UpgradeType").since(1),
                ]),
            ),
            boolean("ValidateOnly").since(1),
        ],
    },
    Request {
        name: "ConsumerGroupHeartbeat",
        api_key: 68,
        first_version: 0,
        last_version: 1,
        flexible_from: 0,
        fields: &[
            string("GroupId"),
            string("MemberId"),
            int32("MemberEpoch"),
            string("InstanceId").nullable(0),
            string("RackId").nullable(0),
            int32("RebalanceTimeoutMs"),
            array("SubscribedTopicNames", &STRING).nullable(0),
            string("SubscribedTopicRegex").since(1).nullable(1),
            string("ServerAssignor").nullable(0),
            array(
                "TopicPartitions",
                &of(&[uuid("TopicId"), array("Partitions", &INT32)]),
            )
            .nullable(0),
        ],
    },
    Request {
        name: "ConsumerGroupDescribe",
        api_key: 69,
        first_version: 0,
        last_version: 1,
        flexible_from: 0,
        fields: &[array("GroupIds", &STRING), boolean("IncludeAuthorizedOperations")],
    },
    Request {
        name: "GetTelemetrySubscriptions",
        api_key: 71,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[uuid("ClientInstanceId")],
    },
    Request {
        name: "PushTelemetry",
        api_key: 72,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[
            uuid("ClientInstanceId"),
            int32("SubscriptionId"),
            boolean("Terminating"),
            int8("CompressionType"),
            bytes("Metrics"),
        ],
    },
    Request {
        name: "ListConfigResources",
        api_key: 74,
        first_version: 0,
        last_version: 1,
        flexible_from: 0,
        fields: &[array("ResourceTypes", &INT8).since(1)],
    },
    Request {
        name: "DescribeQuorum",
        api_key: 55,
        first_version: 0,
        last_version: 2,
        flexible_from: 0,
        fields: &[array(
            "Topics",
            &of(&[
                string("TopicName"),
                array("Partitions", &of(&[int32("PartitionIndex")])),
            ]),
        )],
    },
    Request {
        name: "UnregisterBroker",
        api_key: 64,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[int32("BrokerId")],
    },
    Request {
        name: "UnregisterController",
        api_key: 94,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[int32("ControllerId")],
    },
    Request {
        name: "AddRaftVoter",
        api_key: 80,
        first_version: 0,
        last_version: 1,
        flexible_from: 0,
        fields: &[
            string("ClusterId").nullable(0),
            int32("TimeoutMs"),
            int32("VoterId"),
            uuid("VoterDirectoryId"),
            array("Listeners", &of(&[string("Name"), string("Host"), int16("Port")])),
            boolean("AckWhenCommitted").since(1),
        ],
    },
    Request {
        name: "RemoveRaftVoter",
        api_key: 81,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[
            string("ClusterId").nullable(0),
            int32("VoterId"),
            uuid("VoterDirectoryId"),
        ],
    },
    Request {
        name: "DescribeAcls",
        api_key: 29,
        first_version: 1,
        last_version: 3,
        flexible_from: 2,
        fields: &[
            int8("ResourceTypeFilter"),
            string("ResourceNameFilter").nullable(0),
            int8("PatternTypeFilter"),
            string("PrincipalFilter").nullable(0),
            string("HostFilter").nullable(0),
            int8("Operation"),
            int8("PermissionType"),
        ],
    },
    Request {
        name: "CreateAcls",
        api_key: 30,
        first_version: 1,
        last_version: 3,
        flexible_from: 2,
        fields: &[array(
            "Creations",
            &of(&[
                int8("ResourceType"),
                string("ResourceName"),
                int8("ResourcePatternType"),
                string("Principal"),
                string("Host"),
                int8("Operation"),
                int8("PermissionType"),
            ]),
        )],
    },
    Request {
        name: "DeleteAcls",
        api_key: 31,
        first_version: 1,
        last_version: 3,
        flexible_from: 2,
        fields: &[array(
            "Filters",
            &of(&[
                int8("ResourceTypeFilter"),
                string("ResourceNameFilter").nullable(0),
                int8("PatternTypeFilter"),
                string("PrincipalFilter").nullable(0),
                string("HostFilter").nullable(0),
                int8("Operation"),
                int8("PermissionType"),
            ]),
        )],
    },
    Request {
        name: "CreateDelegationToken",
        api_key: 38,
        first_version: 1,
        last_version: 3,
        flexible_from: 2,
        fields: &[
            string("OwnerPrincipalType").since(3).nullable(3),
            string("OwnerPrincipalName").since(3).nullable(3),
            array(
                "Renewers",
                &of(&[string("PrincipalType"), string("PrincipalName")]),
            ),
            int64("MaxLifetimeMs"),
        ],
    },
    Request {
        name: "RenewDelegationToken",
        api_key: 39,
        first_version: 1,
        last_version: 2,
        flexible_from: 2,
        fields: &[bytes("Hmac"), int64("RenewPeriodMs")],
    },
    Request {
        name: "ExpireDelegationToken",
        api_key: 40,
        first_version: 1,
        last_version: 2,
        flexible_from: 2,
        fields: &[bytes("Hmac"), int64("ExpiryTimePeriodMs")],
    },
    Request {
        name: "DescribeDelegationToken",
        api_key: 41,
        first_version: 1,
        last_version: 3,
        flexible_from: 2,
        fields: &[array("Owners", &of(&[string("PrincipalType"), string("PrincipalName")])).nullable(0)],
    },
    Request {
        name: "SaslHandshake",
        api_key: 17,
        first_version: 0,
        last_version: 1,
        flexible_from: NEVER,
        fields: &[string("Mechanism")],
    },
    Request {
        name: "SaslAuthenticate",
        api_key: 36,
        first_version: 0,
        last_version: 2,
        flexible_from: 2,
        fields: &[bytes("AuthBytes")],
    },
    Request {
        name: "AddPartitionsToTxn",
        api_key: 24,
        first_version: 0,
        last_version: 5,
        flexible_from: 3,
        fields: &[
            array(
                "Transactions",
                &of(&[
                    string("TransactionalId"),
                    int64("ProducerId"),
                    int16("ProducerEpoch"),
                    boolean("VerifyOnly"),
                    array("Topics", &of(&[string("Name"), array("Partitions", &INT32)])),
                ]),
            )
            .since(4),
            string("V3AndBelowTransactionalId").until(3),
            int64("V3AndBelowProducerId").until(3),
            int16("V3AndBelowProducerEpoch").until(3),
            array(
                "V3AndBelowTopics",
                &of(&[string("Name"), array("Partitions", &INT32)]),
            )
            .until(3),
        ],
    },
    Request {
        name: "AddOffsetsToTxn",
        api_key: 25,
        first_version: 0,
        last_version: 4,
        flexible_from: 3,
        fields: &[
            string("TransactionalId"),
            int64("ProducerId"),
            int16("ProducerEpoch"),
            string("GroupId"),
        ],
    },
    Request {
        name: "EndTxn",
        api_key: 26,
        first_version: 0,
        last_version: 5,
        flexible_from: 3,
        fields: &[
            string("TransactionalId"),
            int64("ProducerId"),
            int16("ProducerEpoch"),
            boolean("Committed"),
        ],
    },
    Request {
        name: "WriteTxnMarkers",
        api_key: 27,
        first_version: 1,
        last_version: 2,
        flexible_from: 1,
        fields: &[array(
            "Markers",
            &of(&[
                int64("ProducerId"),
                int16("ProducerEpoch"),
                boolean("TransactionResult"),
                array(
                    "Topics",
                    &of(&[string("Name"), array("PartitionIndexes", &INT32)]),
                ),
                int32("CoordinatorEpoch"),
                int8("TransactionVersion").since(2),
            ]),
        )],
    },
    Request {
        name: "TxnOffsetCommit",
        api_key: 28,
        first_version: 0,
        last_version: 6,
        flexible_from: 3,
        fields: &[
            string("TransactionalId"),
            string("GroupId"),
            int64("ProducerId"),
            int16("ProducerEpoch"),
            int32("GenerationIdOrMemberEpoch").since(3),
            string("MemberId").since(3),
            string("GroupInstanceId").since(3).nullable(3),
            array(
                "Topics",
                &of(&[
                    string("Name").until(5),
                    uuid("TopicId").since(6),
                    array(
                        "Partitions",
                        &of(&[
                            int32("PartitionIndex"),
                            int64("CommittedOffset"),
                            int32("CommittedLeaderEpoch").since(2),
                            string("CommittedMetadata").nullable(0),
                        ]),
                    ),
                ]),
            ),
        ],
    },
    Request {
        name: "DescribeTransactions",
        api_key: 65,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[array("TransactionalIds", &STRING)],
    },
    Request {
        name: "ListTransactions",
        api_key: 66,
        first_version: 0,
        last_version: 2,
        flexible_from: 0,
        fields: &[
            array("StateFilters", &STRING),
            array("ProducerIdFilters", &INT64),
            int64("DurationFilter").since(1),
            string("TransactionalIdPattern").since(2).nullable(2),
        ],
    },
    Request {
        name: "ElectLeaders",
        api_key: 43,
        first_version: 0,
        last_version: 2,
        flexible_from: 2,
        fields: &[
            int8("ElectionType").since(1),
            array(
                "TopicPartitions",
                &of(&[string("Topic"), array("Partitions", &INT32)]),
            )
            .nullable(0),
            int32("TimeoutMs"),
        ],
    },
    Request {
        name: "AlterPartitionReassignments",
        api_key: 45,
        first_version: 0,
        last_version: 1,
        flexible_from: 0,
        fields: &[
            int32("TimeoutMs"),
            boolean("AllowReplicationFactorChange").since(1),
            array(
                "Topics",
                &of(&[
                    string("Name"),
                    array(
                        "Partitions",
                        &of(&[int32("PartitionIndex"), array("Replicas", &INT32).nullable(0)]),
                    ),
                ]),
            ),
        ],
    },
    Request {
        name: "ListPartitionReassignments",
        api_key: 46,
        first_version: 0,
        last_version: 0,
        flexible_from: 0,
        fields: &[
            int32("TimeoutMs"),
            array(
                "Topics",
                &of(&[string("Name"), array("PartitionIndexes", &INT32)]),
            )
            .nullable(0),
        ],
    },
    Request {
        name: "AlterReplicaLogDirs",
        api_key: 34,
        first_version: 1,
        last_version: 2,
        flexible_from: 2,
        fields: &[array(
            "Dirs",
            &of(&[
                string("Path"),
                array("Topics", &of(&[string("Name"), array("Partitions", &INT32)])),
            ]),
        )],
    },
];
