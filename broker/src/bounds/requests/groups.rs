//! Requests about groups and their offsets.

use kafka_protocol::messages::ApiKey;

use super::super::shape::{
    NEVER, Request, boolean, bytes, int8, int32, int32s, int64, of, string, strings, structs,
};

pub(super) const FIND_COORDINATOR: Request = Request {
    name: "FindCoordinator",
    api_key: ApiKey::FindCoordinator as i16,
    first_version: 0,
    last_version: 6,
    flexible_from: 3,
    fields: &[
        string("Key").until(3),
        int8("KeyType").since(1),
        strings("CoordinatorKeys").since(4),
    ],
};

pub(super) const JOIN_GROUP: Request = Request {
    name: "JoinGroup",
    api_key: ApiKey::JoinGroup as i16,
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
        structs("Protocols", &of(&[string("Name"), bytes("Metadata")])),
        string("Reason").since(8).nullable(8),
    ],
};

pub(super) const SYNC_GROUP: Request = Request {
    name: "SyncGroup",
    api_key: ApiKey::SyncGroup as i16,
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
        structs("Assignments", &of(&[string("MemberId"), bytes("Assignment")])),
    ],
};

pub(super) const HEARTBEAT: Request = Request {
    name: "Heartbeat",
    api_key: ApiKey::Heartbeat as i16,
    first_version: 0,
    last_version: 4,
    flexible_from: 4,
    fields: &[
        string("GroupId"),
        int32("GenerationId"),
        string("MemberId"),
        string("GroupInstanceId").since(3).nullable(3),
    ],
};

pub(super) const LEAVE_GROUP: Request = Request {
    name: "LeaveGroup",
    api_key: ApiKey::LeaveGroup as i16,
    first_version: 0,
    last_version: 5,
    flexible_from: 4,
    fields: &[
        string("GroupId"),
        string("MemberId").until(2),
        structs(
            "Members",
            &of(&[
                string("MemberId"),
                string("GroupInstanceId").nullable(3),
                string("Reason").since(5).nullable(5),
            ]),
        )
        .since(3),
    ],
};

pub(super) const OFFSET_COMMIT: Request = Request {
    name: "OffsetCommit",
    api_key: ApiKey::OffsetCommit as i16,
    first_version: 2,
    last_version: 9,
    flexible_from: 8,
    fields: &[
        string("GroupId"),
        int32("GenerationIdOrMemberEpoch"),
        string("MemberId"),
        string("GroupInstanceId").since(7).nullable(7),
        int64("RetentionTimeMs").until(4),
        structs(
            "Topics",
            &of(&[
                string("Name"),
                structs(
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
};

pub(super) const OFFSET_FETCH: Request = Request {
    name: "OffsetFetch",
    api_key: ApiKey::OffsetFetch as i16,
    first_version: 1,
    last_version: 9,
    flexible_from: 6,
    fields: &[
        string("GroupId").until(7),
        structs("Topics", &of(&[string("Name"), int32s("PartitionIndexes")]))
            .until(7)
            .nullable(2),
        structs(
            "Groups",
            &of(&[
                string("GroupId"),
                string("MemberId").since(9).nullable(9),
                int32("MemberEpoch").since(9),
                structs("Topics", &of(&[string("Name"), int32s("PartitionIndexes")])).nullable(8),
            ]),
        )
        .since(8),
        boolean("RequireStable").since(7),
    ],
};

pub(super) const OFFSET_DELETE: Request = Request {
    name: "OffsetDelete",
    api_key: ApiKey::OffsetDelete as i16,
    first_version: 0,
    last_version: 0,
    flexible_from: NEVER,
    fields: &[
        string("GroupId"),
        structs(
            "Topics",
            &of(&[
                string("Name"),
                structs("Partitions", &of(&[int32("PartitionIndex")])),
            ]),
        ),
    ],
};

pub(super) const DESCRIBE_GROUPS: Request = Request {
    name: "DescribeGroups",
    api_key: ApiKey::DescribeGroups as i16,
    first_version: 0,
    last_version: 6,
    flexible_from: 5,
    fields: &[strings("Groups"), boolean("IncludeAuthorizedOperations").since(3)],
};

pub(super) const LIST_GROUPS: Request = Request {
    name: "ListGroups",
    api_key: ApiKey::ListGroups as i16,
    first_version: 0,
    last_version: 5,
    flexible_from: 3,
    fields: &[strings("StatesFilter").since(4), strings("TypesFilter").since(5)],
};

pub(super) const DELETE_GROUPS: Request = Request {
    name: "DeleteGroups",
    api_key: ApiKey::DeleteGroups as i16,
    first_version: 0,
    last_version: 2,
    flexible_from: 2,
    fields: &[strings("GroupsNames")],
};
