//! The request members of event source mappings with the limits of AWS's model, as data. Source: the service model of Lambda
//! (2015-03-31), shapes CreateEventSourceMappingRequest and UpdateEventSourceMappingRequest.
//!
//! # Differs from Lambda
//! The model allows 10,000 `MaximumPollers`, which is the limit for queues; the 2,000 of Kafka are checked here too.

/// The values that a member may have.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string of `min` to `max` characters that the pattern matches as a whole.
    Text {
        min: usize,
        max: usize,
        pattern: Pattern,
    },
    /// One of the words.
    Choice(&'static [&'static str]),
    /// A whole number, bounds inclusive.
    Integer { min: i64, max: i64 },
    /// Seconds since the Unix epoch, fractions allowed.
    Timestamp,
    /// A JSON boolean.
    Boolean,
    /// A list of `min` to `max` items.
    List {
        min: usize,
        max: usize,
        item: &'static Shape,
    },
    /// A map of `min` to `max` entries.
    Map {
        min: usize,
        max: usize,
        key: &'static Shape,
        value: &'static Shape,
    },
    /// A structure. Members that are not in its list are ignored.
    Structure(&'static [Member]),
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) is_required: bool,
}

/// The pattern of a string.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Anything.
    Any,
    /// A regular expression, as the model and its errors write it.
    Regex(&'static str),
    /// An expression with Unicode classes, and a function that says which characters it allows: the engine of regular expressions here
    /// knows no Unicode classes.
    Characters(&'static str, fn(char) -> bool),
}

/// Returns a member that a request may leave out.
pub(crate) const fn member(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        shape,
        is_required: false,
    }
}

/// Returns the shape of a string with a pattern.
pub(crate) const fn text(min: usize, max: usize, pattern: &'static str) -> Shape {
    Shape::Text {
        min,
        max,
        pattern: Pattern::Regex(pattern),
    }
}

// For lists and maps that have no limit in the model.
const UNBOUNDED: usize = usize::MAX;

/// Arguments that name a function.
pub(super) static FUNCTION_NAME: Shape = text(
    1,
    256,
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
);

static ARN: Shape = text(
    0,
    10_000,
    r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)",
);

static DESTINATION_ARN: Shape = text(
    0,
    350,
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)",
);

static KMS_KEY_ARN: Shape = text(0, 10_000, r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()");

static URI: Shape = text(1, 200, r"[ a-zA-Z0-9-\/*:_+=.@-]*");

// The pattern needs two characters, so AWS does not take a topic whose name is a single one.
static TOPIC: Shape = text(1, 249, r"[^.]([a-zA-Z0-9\-_.]+)");

// AWS refuses underscores, as in `kafka_1:9092`, although Docker Compose makes such names.
static ENDPOINT: Shape = text(
    1,
    300,
    r"(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5}",
);

const TAG_PATTERN: &str = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)";

fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character)
}

static TAG_KEY: Shape = Shape::Text {
    min: 1,
    max: 128,
    pattern: Pattern::Characters(TAG_PATTERN, is_tag_character),
};

static TAG_VALUE: Shape = Shape::Text {
    min: 0,
    max: 256,
    pattern: Pattern::Characters(TAG_PATTERN, is_tag_character),
};

/// Tags, of mappings and of the tag operations.
pub(crate) static TAGS: Shape = Shape::Map {
    min: 0,
    max: UNBOUNDED,
    key: &TAG_KEY,
    value: &TAG_VALUE,
};

/// The query member of UntagResource.
pub(super) static TAG_KEYS: Shape = Shape::List {
    min: 0,
    max: UNBOUNDED,
    item: &TAG_KEY,
};

/// ARNs of resources that can have tags.
// The pattern takes functions and other resources, too: AWS answers 404 for one that does not exist, not a validation error.
pub(super) static TAGGABLE_RESOURCE: Shape = text(
    1,
    10_000,
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})",
);

/// `MaxItems` of ListEventSourceMappings.
pub(super) static MAX_ITEMS: Shape = Shape::Integer { min: 1, max: 10_000 };

/// `EventSourceArn` of ListEventSourceMappings.
pub(super) static EVENT_SOURCE_ARN: &Shape = &ARN;

// The number of filters is a quota and not part of the model, so `rules.rs` checks it.
static FILTER_CRITERIA: Shape = Shape::Structure(&[member(
    "Filters",
    &Shape::List {
        min: 0,
        max: UNBOUNDED,
        item: &Shape::Structure(&[member(
            "Pattern",
            &Shape::Text {
                min: 0,
                max: 4096,
                pattern: Pattern::Any,
            },
        )]),
    },
)]);

static METRICS_CONFIG: Shape = Shape::Structure(&[member(
    "Metrics",
    &Shape::List {
        min: 0,
        max: 3,
        item: &Shape::Choice(&["EventCount", "ErrorCount", "KafkaMetrics"]),
    },
)]);

static LOGGING_CONFIG: Shape = Shape::Structure(&[member(
    "SystemLogLevel",
    &Shape::Choice(&["DEBUG", "INFO", "WARN"]),
)]);

static SCALING_CONFIG: Shape = Shape::Structure(&[member(
    "MaximumConcurrency",
    &Shape::Integer { min: 2, max: 1000 },
)]);

static DESTINATION: Shape = Shape::Structure(&[member("Destination", &DESTINATION_ARN)]);

static DESTINATION_CONFIG: Shape = Shape::Structure(&[
    member("OnSuccess", &DESTINATION),
    member("OnFailure", &DESTINATION),
]);

static SOURCE_ACCESS_CONFIGURATIONS: Shape = Shape::List {
    min: 0,
    max: 23,
    item: &Shape::Structure(&[
        member(
            "Type",
            &Shape::Choice(&[
                "BASIC_AUTH",
                "VPC_SUBNET",
                "VPC_SECURITY_GROUP",
                "SASL_SCRAM_512_AUTH",
                "SASL_SCRAM_256_AUTH",
                "VIRTUAL_HOST",
                "CLIENT_CERTIFICATE_TLS_AUTH",
                "SERVER_ROOT_CA_CERTIFICATE",
                "OAUTHBEARER_AUTH",
                "OAUTHBEARER_SCOPE",
                "OAUTHBEARER_AUDIENCE",
                "OAUTHBEARER_LOGICAL_CLUSTER",
                "OAUTHBEARER_IDENTITY_POOL",
                "IAM_AUTH",
                "IAM_OAUTHBEARER_AUTH",
            ]),
        ),
        member("URI", &URI),
    ]),
};

static SELF_MANAGED_EVENT_SOURCE: Shape = Shape::Structure(&[member(
    "Endpoints",
    &Shape::Map {
        min: 1,
        max: 2,
        key: &Shape::Choice(&["KAFKA_BOOTSTRAP_SERVERS"]),
        value: &Shape::List {
            min: 1,
            max: 10,
            item: &ENDPOINT,
        },
    },
)]);

static FUNCTION_RESPONSE_TYPES: Shape = Shape::List {
    min: 0,
    max: 1,
    item: &Shape::Choice(&["ReportBatchItemFailures"]),
};

static SCHEMA_REGISTRY_CONFIG: Shape = Shape::Structure(&[
    member("SchemaRegistryURI", &text(1, 10_000, r"[a-zA-Z0-9-\/*:_+=.@-]*")),
    member("EventRecordFormat", &Shape::Choice(&["JSON", "SOURCE"])),
    member(
        "AccessConfigs",
        &Shape::List {
            min: 0,
            max: UNBOUNDED,
            item: &Shape::Structure(&[
                member(
                    "Type",
                    &Shape::Choice(&[
                        "BASIC_AUTH",
                        "CLIENT_CERTIFICATE_TLS_AUTH",
                        "SERVER_ROOT_CA_CERTIFICATE",
                        "OAUTHBEARER_AUTH",
                    ]),
                ),
                member("URI", &ARN),
            ]),
        },
    ),
    member(
        "SchemaValidationConfigs",
        &Shape::List {
            min: 0,
            max: UNBOUNDED,
            item: &Shape::Structure(&[member("Attribute", &Shape::Choice(&["KEY", "VALUE"]))]),
        },
    ),
]);

static AMAZON_MANAGED_KAFKA_CONFIG: Shape = Shape::Structure(&[
    member("ConsumerGroupId", &URI),
    member("SchemaRegistryConfig", &SCHEMA_REGISTRY_CONFIG),
]);

static SELF_MANAGED_KAFKA_CONFIG: Shape = Shape::Structure(&[
    member("ConsumerGroupId", &URI),
    member("SchemaRegistryConfig", &SCHEMA_REGISTRY_CONFIG),
    member("ConsumptionMode", &Shape::Choice(&["Stream", "Queue"])),
]);

static PROVISIONED_POLLER_CONFIG: Shape = Shape::Structure(&[
    member("MinimumPollers", &Shape::Integer { min: 1, max: 200 }),
    member("MaximumPollers", &Shape::Integer { min: 1, max: 2000 }),
    member("PollerGroupName", &text(0, 128, "[a-zA-Z0-9-_]*")),
]);

/// A member of another kind of source. It is checked before it is refused, as on AWS.
static DOCUMENT_DB_CONFIG: Shape = Shape::Structure(&[
    member(
        "DatabaseName",
        &Shape::Text {
            min: 1,
            max: 63,
            pattern: Pattern::Any,
        },
    ),
    member(
        "CollectionName",
        &Shape::Text {
            min: 1,
            max: 57,
            pattern: Pattern::Any,
        },
    ),
    member("FullDocument", &Shape::Choice(&["UpdateLookup", "Default"])),
]);

/// The starting positions, in the order of AWS's recorded error.
static STARTING_POSITION: Shape = Shape::Choice(&["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]);

static RECORD_AGE: Shape = Shape::Integer {
    min: -1,
    max: 604_800,
};
static RETRY_ATTEMPTS: Shape = Shape::Integer { min: -1, max: 10_000 };
static BATCH_SIZE: Shape = Shape::Integer { min: 1, max: 10_000 };
static BATCHING_WINDOW: Shape = Shape::Integer { min: 0, max: 300 };
static PARALLELIZATION_FACTOR: Shape = Shape::Integer { min: 1, max: 10 };
static TUMBLING_WINDOW: Shape = Shape::Integer { min: 0, max: 900 };

/// The body of CreateEventSourceMapping.
pub(super) static CREATE: &[Member] = &[
    member("EventSourceArn", &ARN),
    Member {
        name: "FunctionName",
        shape: &FUNCTION_NAME,
        is_required: true,
    },
    member("Enabled", &Shape::Boolean),
    member("BatchSize", &BATCH_SIZE),
    member("FilterCriteria", &FILTER_CRITERIA),
    member("KMSKeyArn", &KMS_KEY_ARN),
    member("MetricsConfig", &METRICS_CONFIG),
    member("LoggingConfig", &LOGGING_CONFIG),
    member("ScalingConfig", &SCALING_CONFIG),
    member("MaximumBatchingWindowInSeconds", &BATCHING_WINDOW),
    member("ParallelizationFactor", &PARALLELIZATION_FACTOR),
    member("StartingPosition", &STARTING_POSITION),
    member("StartingPositionTimestamp", &Shape::Timestamp),
    member("DestinationConfig", &DESTINATION_CONFIG),
    member("MaximumRecordAgeInSeconds", &RECORD_AGE),
    member("BisectBatchOnFunctionError", &Shape::Boolean),
    member("MaximumRetryAttempts", &RETRY_ATTEMPTS),
    member("Tags", &TAGS),
    member("TumblingWindowInSeconds", &TUMBLING_WINDOW),
    member(
        "Topics",
        &Shape::List {
            min: 1,
            max: 1,
            item: &TOPIC,
        },
    ),
    member(
        "Queues",
        &Shape::List {
            min: 1,
            max: 1,
            item: &Shape::Text {
                min: 1,
                max: 1000,
                pattern: Pattern::Any,
            },
        },
    ),
    member("SourceAccessConfigurations", &SOURCE_ACCESS_CONFIGURATIONS),
    member("SelfManagedEventSource", &SELF_MANAGED_EVENT_SOURCE),
    member("FunctionResponseTypes", &FUNCTION_RESPONSE_TYPES),
    member(
        "AmazonManagedKafkaEventSourceConfig",
        &AMAZON_MANAGED_KAFKA_CONFIG,
    ),
    member("SelfManagedKafkaEventSourceConfig", &SELF_MANAGED_KAFKA_CONFIG),
    member("DocumentDBEventSourceConfig", &DOCUMENT_DB_CONFIG),
    member("ProvisionedPollerConfig", &PROVISIONED_POLLER_CONFIG),
];

/// The body of UpdateEventSourceMapping. The members that identify the source, and its starting position, cannot change.
pub(super) static UPDATE: &[Member] = &[
    member("FunctionName", &FUNCTION_NAME),
    member("Enabled", &Shape::Boolean),
    member("BatchSize", &BATCH_SIZE),
    member("FilterCriteria", &FILTER_CRITERIA),
    member("KMSKeyArn", &KMS_KEY_ARN),
    member("MetricsConfig", &METRICS_CONFIG),
    member("LoggingConfig", &LOGGING_CONFIG),
    member("ScalingConfig", &SCALING_CONFIG),
    member("MaximumBatchingWindowInSeconds", &BATCHING_WINDOW),
    member("ParallelizationFactor", &PARALLELIZATION_FACTOR),
    member("DestinationConfig", &DESTINATION_CONFIG),
    member("MaximumRecordAgeInSeconds", &RECORD_AGE),
    member("BisectBatchOnFunctionError", &Shape::Boolean),
    member("MaximumRetryAttempts", &RETRY_ATTEMPTS),
    member("TumblingWindowInSeconds", &TUMBLING_WINDOW),
    member("SourceAccessConfigurations", &SOURCE_ACCESS_CONFIGURATIONS),
    member("FunctionResponseTypes", &FUNCTION_RESPONSE_TYPES),
    member(
        "AmazonManagedKafkaEventSourceConfig",
        &AMAZON_MANAGED_KAFKA_CONFIG,
    ),
    member("SelfManagedKafkaEventSourceConfig", &SELF_MANAGED_KAFKA_CONFIG),
    member("DocumentDBEventSourceConfig", &DOCUMENT_DB_CONFIG),
    member("ProvisionedPollerConfig", &PROVISIONED_POLLER_CONFIG),
];
