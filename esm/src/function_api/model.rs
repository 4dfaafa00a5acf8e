//! The request members of functions with the limits of AWS's model, as data. Source: the service model of Lambda (2015-03-31), shapes
//! CreateFunctionRequest and UpdateFunctionConfigurationRequest.
//!
//! # Differs from Lambda
//! - The model allows a `Timeout` of 5,400 s and a `MemorySize` of 32,768 MB, which are the limits of managed instances; those of all
//!   other functions are checked here, 900 s and 10,240 MB.
//! - Members that are refused are not checked first.

use crate::config::{Member, Pattern, Shape, TAGS, member, pattern_text};

static ANY: Shape = Shape::Text {
    min: 0,
    max: usize::MAX,
    pattern: Pattern::Any,
};

/// The name of a function that is created.
static NAME: Shape = pattern_text(
    1,
    140,
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?",
);

static ROLE: Shape = pattern_text(
    0,
    10_000,
    r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
);

static HANDLER: Shape = pattern_text(0, 128, r"[^\s]+");

static DESCRIPTION: Shape = Shape::Text {
    min: 0,
    max: 256,
    pattern: Pattern::Any,
};

static TIMEOUT: Shape = Shape::Integer { min: 1, max: 900 };
static MEMORY_SIZE: Shape = Shape::Integer {
    min: 128,
    max: 10_240,
};

/// `ReservedConcurrentExecutions` of PutFunctionConcurrency.
pub(super) static RESERVED_CONCURRENCY: Shape = Shape::Integer {
    min: 0,
    max: i32::MAX as i64,
};

static CODE: Shape = Shape::Structure(&[
    member("ZipFile", &ANY),
    member("S3Bucket", &ANY),
    member("S3Key", &ANY),
    member("S3ObjectVersion", &ANY),
    member("S3ObjectStorageMode", &ANY),
    member("ImageUri", &ANY),
    member("SourceKMSKeyArn", &ANY),
]);

static ENVIRONMENT: Shape = Shape::Structure(&[member(
    "Variables",
    &Shape::Map {
        min: 0,
        max: usize::MAX,
        key: &pattern_text(0, usize::MAX, r"[a-zA-Z]([a-zA-Z0-9_])+"),
        value: &ANY,
    },
)]);

static WORDS: Shape = Shape::List {
    min: 0,
    max: 1500,
    item: &ANY,
};

static IMAGE_CONFIG: Shape = Shape::Structure(&[
    member("EntryPoint", &WORDS),
    member("Command", &WORDS),
    member(
        "WorkingDirectory",
        &Shape::Text {
            min: 0,
            max: 1000,
            pattern: Pattern::Any,
        },
    ),
]);

static TRACING_CONFIG: Shape =
    Shape::Structure(&[member("Mode", &Shape::Choice(&["Active", "PassThrough"]))]);

static SNAP_START: Shape =
    Shape::Structure(&[member("ApplyOn", &Shape::Choice(&["PublishedVersions", "None"]))]);

static EPHEMERAL_STORAGE: Shape = Shape::Structure(&[Member {
    name: "Size",
    shape: &Shape::Integer {
        min: 512,
        max: 10_240,
    },
    is_required: true,
}]);

static ARCHITECTURES: Shape = Shape::List {
    min: 1,
    max: 1,
    item: &Shape::Choice(&["x86_64", "arm64"]),
};

static VPC_CONFIG: Shape = Shape::Structure(&[
    member(
        "SubnetIds",
        &Shape::List {
            min: 0,
            max: 16,
            item: &ANY,
        },
    ),
    member(
        "SecurityGroupIds",
        &Shape::List {
            min: 0,
            max: 5,
            item: &ANY,
        },
    ),
    member("Ipv6AllowedForDualStack", &Shape::Boolean),
]);

const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        shape,
        is_required: true,
    }
}

/// The body of CreateFunction, without the members that are refused whatever they hold.
pub(super) static CREATE: &[Member] = &[
    required("FunctionName", &NAME),
    required("Role", &ROLE),
    member("Handler", &HANDLER),
    required("Code", &CODE),
    member("Description", &DESCRIPTION),
    member("Timeout", &TIMEOUT),
    member("MemorySize", &MEMORY_SIZE),
    member("Publish", &Shape::Boolean),
    member("VpcConfig", &VPC_CONFIG),
    member("PackageType", &Shape::Choice(&["Image", "Zip"])),
    member("Environment", &ENVIRONMENT),
    member("KMSKeyArn", &ANY),
    member("TracingConfig", &TRACING_CONFIG),
    member("Tags", &TAGS),
    member("ImageConfig", &IMAGE_CONFIG),
    member("Architectures", &ARCHITECTURES),
    member("EphemeralStorage", &EPHEMERAL_STORAGE),
    member("SnapStart", &SNAP_START),
];

/// The body of UpdateFunctionConfiguration, without the members that are refused whatever they hold.
pub(super) static UPDATE: &[Member] = &[
    member("Role", &ROLE),
    member("Handler", &HANDLER),
    member("Description", &DESCRIPTION),
    member("Timeout", &TIMEOUT),
    member("MemorySize", &MEMORY_SIZE),
    member("VpcConfig", &VPC_CONFIG),
    member("Environment", &ENVIRONMENT),
    member("KMSKeyArn", &ANY),
    member("TracingConfig", &TRACING_CONFIG),
    member("ImageConfig", &IMAGE_CONFIG),
    member("EphemeralStorage", &EPHEMERAL_STORAGE),
    member("SnapStart", &SNAP_START),
    member("RevisionId", &ANY),
];

/// `FunctionVersion` of ListFunctions.
pub(super) static FUNCTION_VERSION: Shape = Shape::Choice(&["ALL"]);

/// `MaxItems` of ListFunctions.
pub(super) static MAX_ITEMS: Shape = Shape::Integer { min: 1, max: 10_000 };
