//! Requests about the cluster, its topics and their configs.

use kafka_protocol::messages::ApiKey;

use super::super::shape::{
    Request, boolean, int8, int16, int32, int32s, of, string, strings, structs, structure, uuid,
};

pub(super) const API_VERSIONS: Request = Request {
    name: "ApiVersions",
    api_key: ApiKey::ApiVersions as i16,
    first_version: 0,
    last_version: 4,
    flexible_from: 3,
    fields: &[
        string("ClientSoftwareName").since(3),
        string("ClientSoftwareVersion").since(3),
    ],
};

pub(super) const METADATA: Request = Request {
    name: "Metadata",
    api_key: ApiKey::Metadata as i16,
    first_version: 0,
    last_version: 13,
    flexible_from: 9,
    fields: &[
        structs(
            "Topics",
            &of(&[uuid("TopicId").since(10), string("Name").nullable(10)]),
        )
        .nullable(1),
        boolean("AllowAutoTopicCreation").since(4),
        boolean("IncludeClusterAuthorizedOperations").since(8).until(10),
        boolean("IncludeTopicAuthorizedOperations").since(8),
    ],
};

pub(super) const DESCRIBE_CLUSTER: Request = Request {
    name: "DescribeCluster",
    api_key: ApiKey::DescribeCluster as i16,
    first_version: 0,
    last_version: 2,
    flexible_from: 0,
    fields: &[
        boolean("IncludeClusterAuthorizedOperations"),
        int8("EndpointType").since(1),
        boolean("IncludeFencedBrokers").since(2),
    ],
};

pub(super) const DESCRIBE_TOPIC_PARTITIONS: Request = Request {
    name: "DescribeTopicPartitions",
    api_key: ApiKey::DescribeTopicPartitions as i16,
    first_version: 0,
    last_version: 0,
    flexible_from: 0,
    fields: &[
        structs("Topics", &of(&[string("Name")])),
        int32("ResponsePartitionLimit"),
        structure("Cursor", &[string("TopicName"), int32("PartitionIndex")]).nullable(0),
    ],
};

pub(super) const CREATE_TOPICS: Request = Request {
    name: "CreateTopics",
    api_key: ApiKey::CreateTopics as i16,
    first_version: 2,
    last_version: 7,
    flexible_from: 5,
    fields: &[
        structs(
            "Topics",
            &of(&[
                string("Name"),
                int32("NumPartitions"),
                int16("ReplicationFactor"),
                structs(
                    "Assignments",
                    &of(&[int32("PartitionIndex"), int32s("BrokerIds")]),
                ),
                structs("Configs", &of(&[string("Name"), string("Value").nullable(0)])),
            ]),
        ),
        int32("TimeoutMs"),
        boolean("ValidateOnly"),
    ],
};

pub(super) const CREATE_PARTITIONS: Request = Request {
    name: "CreatePartitions",
    api_key: ApiKey::CreatePartitions as i16,
    first_version: 0,
    last_version: 3,
    flexible_from: 2,
    fields: &[
        structs(
            "Topics",
            &of(&[
                string("Name"),
                int32("Count"),
                structs("Assignments", &of(&[int32s("BrokerIds")])).nullable(0),
            ]),
        ),
        int32("TimeoutMs"),
        boolean("ValidateOnly"),
    ],
};

pub(super) const DELETE_TOPICS: Request = Request {
    name: "DeleteTopics",
    api_key: ApiKey::DeleteTopics as i16,
    first_version: 1,
    last_version: 6,
    flexible_from: 4,
    fields: &[
        structs("Topics", &of(&[string("Name").nullable(6), uuid("TopicId")])).since(6),
        strings("TopicNames").until(5),
        int32("TimeoutMs"),
    ],
};

pub(super) const DESCRIBE_CONFIGS: Request = Request {
    name: "DescribeConfigs",
    api_key: ApiKey::DescribeConfigs as i16,
    first_version: 1,
    last_version: 4,
    flexible_from: 4,
    fields: &[
        structs(
            "Resources",
            &of(&[
                int8("ResourceType"),
                string("ResourceName"),
                strings("ConfigurationKeys").nullable(0),
            ]),
        ),
        boolean("IncludeSynonyms"),
        boolean("IncludeDocumentation").since(3),
    ],
};

pub(super) const ALTER_CONFIGS: Request = Request {
    name: "AlterConfigs",
    api_key: ApiKey::AlterConfigs as i16,
    first_version: 0,
    last_version: 2,
    flexible_from: 2,
    fields: &[
        structs(
            "Resources",
            &of(&[
                int8("ResourceType"),
                string("ResourceName"),
                structs("Configs", &of(&[string("Name"), string("Value").nullable(0)])),
            ]),
        ),
        boolean("ValidateOnly"),
    ],
};

pub(super) const INCREMENTAL_ALTER_CONFIGS: Request = Request {
    name: "IncrementalAlterConfigs",
    api_key: ApiKey::IncrementalAlterConfigs as i16,
    first_version: 0,
    last_version: 1,
    flexible_from: 1,
    fields: &[
        structs(
            "Resources",
            &of(&[
                int8("ResourceType"),
                string("ResourceName"),
                structs(
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
};

pub(super) const DESCRIBE_LOG_DIRS: Request = Request {
    name: "DescribeLogDirs",
    api_key: ApiKey::DescribeLogDirs as i16,
    first_version: 1,
    last_version: 4,
    flexible_from: 2,
    fields: &[structs("Topics", &of(&[string("Topic"), int32s("Partitions")])).nullable(0)],
};
