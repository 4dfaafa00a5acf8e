//! The words of errors, which are AWS's.

use super::*;

#[test]
fn a_function_that_may_take_longer_than_a_mapping_waits_is_refused() {
    let message = "The function takes-841 has a timeout of 841 seconds; an event source mapping for Kafka invokes functions with a \
                   timeout of 840 seconds or less.";
    let error = create(body(json!({ "FunctionName": "takes-841" }))).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        ("InvalidParameterValueException", message)
    );
    let definition = create(body(json!({ "FunctionName": "takes-840" }))).unwrap();
    let error = update(&definition, json!({ "FunctionName": "takes-841" })).unwrap_err();
    assert_eq!(error.message, message);
}

#[test]
fn the_models_constraints_are_worded_as_aws_words_them() {
    const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
    const TOPICS: &str = r"Member must satisfy constraint: [Member must have length less than or equal to 249, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [^.]([a-zA-Z0-9\-_.]+)]";
    const ENDPOINTS: &str = r"Map value must satisfy constraint: [Member must have length less than or equal to 10, Member must have length greater than or equal to 1, Member must satisfy constraint: [Member must have length less than or equal to 300, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: (([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5}]]";
    let one = |value: &str, path: &str, constraint: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
        )
    };
    let at_most = |count: i64| format!("Member must have value less than or equal to {count}");
    let at_least = |count: i64| format!("Member must have value greater than or equal to {count}");
    let cases = [
        (
            json!({ "FunctionName": null }),
            "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null".into(),
        ),
        (
            json!({ "FunctionName": "no spaces" }),
            one(
                "no spaces",
                "functionName",
                &format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"),
            ),
        ),
        (
            json!({ "FunctionName": "arn:aws:lambda:eu-west-1:\u{661}23456789012:function:f" }),
            one(
                "arn:aws:lambda:eu-west-1:\u{661}23456789012:function:f",
                "functionName",
                &format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"),
            ),
        ),
        (json!({ "BatchSize": 10_001 }), one("10001", "batchSize", &at_most(10_000))),
        (json!({ "BatchSize": 0 }), one("0", "batchSize", &at_least(1))),
        (
            json!({ "MaximumBatchingWindowInSeconds": 301 }),
            one("301", "maximumBatchingWindowInSeconds", &at_most(300)),
        ),
        (
            json!({ "MaximumRetryAttempts": 10_001 }),
            one("10001", "maximumRetryAttempts", &at_most(10_000)),
        ),
        (
            json!({ "MaximumRecordAgeInSeconds": -2 }),
            one("-2", "maximumRecordAgeInSeconds", &at_least(-1)),
        ),
        (
            json!({ "ProvisionedPollerConfig": { "MaximumPollers": 2001 } }),
            one("2001", "provisionedPollerConfig.maximumPollers", &at_most(2000)),
        ),
        (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 201 } }),
            one("201", "provisionedPollerConfig.minimumPollers", &at_most(200)),
        ),
        (
            json!({ "StartingPosition": "invalid" }),
            one(
                "invalid",
                "startingPosition",
                "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
            ),
        ),
        (
            json!({ "Topics": ["aa", "bb"] }),
            one("[aa, bb]", "topics", "Member must have length less than or equal to 1"),
        ),
        (json!({ "Topics": [".hidden"] }), one("[.hidden]", "topics", TOPICS)),
        (json!({ "Topics": ["x"] }), one("[x]", "topics", TOPICS)),
        (
            json!({ "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["kafka_1:9092"] } } }),
            one(
                "{KAFKA_BOOTSTRAP_SERVERS=[kafka_1:9092]}",
                "selfManagedEventSource.endpoints",
                ENDPOINTS,
            ),
        ),
        (
            json!({ "SelfManagedEventSource": { "Endpoints": { "OTHER": ["localhost:9092"] } } }),
            one(
                "{OTHER=[localhost:9092]}",
                "selfManagedEventSource.endpoints",
                "Map keys must satisfy constraint: [Member must satisfy enum value set: [KAFKA_BOOTSTRAP_SERVERS], Member must not be \
                 null]",
            ),
        ),
        (
            json!({ "FunctionResponseTypes": ["All"] }),
            one(
                "[All]",
                "functionResponseTypes",
                "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures], Member must not be \
                 null]",
            ),
        ),
        (
            json!({ "SourceAccessConfigurations": [{ "Type": "BASIC_AUTH", "URI": "x" }, { "Type": "VPC_SUBNET", "URI": "" }] }),
            one(
                "",
                "sourceAccessConfigurations.2.member.uRI",
                "Member must have length greater than or equal to 1",
            ),
        ),
        (
            json!({ "BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 301 }),
            "2 validation errors detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than \
             or equal to 10000; Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: Member must have value \
             less than or equal to 300"
                .into(),
        ),
    ];
    for (members, message) in cases {
        let error = create(body(members.clone())).unwrap_err();
        assert_eq!(
            (error.status, error.kind),
            (400, "ValidationException"),
            "{members}"
        );
        assert_eq!(error.message, message, "{members}");
    }
}

#[test]
fn a_value_of_another_type_is_not_read() {
    let cases = [
        (
            json!({ "BatchSize": "100" }),
            "STRING_VALUE at 'batchSize' can not be converted to a Integer",
        ),
        (
            json!({ "BatchSize": 1.5 }),
            "1.5 at 'batchSize' is not an Integer",
        ),
        (
            json!({ "Topics": "orders" }),
            "STRING_VALUE at 'topics' can not be converted to a List",
        ),
        (
            json!({ "Topics": [1] }),
            "NUMBER_VALUE at 'topics' can not be converted to a String",
        ),
        (
            json!({ "FilterCriteria": [] }),
            "START_ARRAY at 'filterCriteria' can not be converted to a Structure",
        ),
        (
            json!({ "BisectBatchOnFunctionError": 1 }),
            "NUMBER_VALUE at 'bisectBatchOnFunctionError' can not be converted to a Boolean",
        ),
    ];
    for (members, message) in cases {
        let error = create(body(members)).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            ("SerializationException", message)
        );
    }
    assert_eq!(
        create(body(json!({ "BatchSize": 50.0 })))
            .unwrap()
            .config
            .batch_size,
        50
    );
}

#[test]
fn the_services_rules_have_their_words() {
    let msk = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/6b9f5a3e-1";
    let unsupported =
        |member: &str| format!("Unsupported '{member}' parameter for given event source mapping type.");
    let cases = [
        (json!({ "SelfManagedEventSource": null }), "Unrecognized event source.".to_owned()),
        (json!({ "SelfManagedEventSource": {} }), "Unrecognized event source.".to_owned()),
        (
            json!({ "EventSourceArn": msk }),
            "Only one of EventSourceArn and SelfManagedEventSource can be specified.".to_owned(),
        ),
        (
            json!({ "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q", "SelfManagedEventSource": null }),
            "Unrecognized event source. arn:aws:sqs:eu-west-1:123456789012:q is not a Kafka cluster: give the ARN of an Amazon MSK cluster \
             or VPC connection, or SelfManagedEventSource."
                .to_owned(),
        ),
        (json!({ "FunctionName": "missing" }), "Function does not exist: missing".to_owned()),
        (json!({ "Topics": null }), "Required 'topics' parameter is missing.".to_owned()),
        (
            json!({ "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_767_225_600.124 }),
            "StartingPositionTimestamp (1767225600.124) must not be in the future; it is 1767225600.123 now.".to_owned(),
        ),
        (
            json!({ "StartingPosition": "AT_TIMESTAMP" }),
            "StartingPositionTimestamp is required with StartingPosition AT_TIMESTAMP.".to_owned(),
        ),
        (
            json!({ "StartingPositionTimestamp": 1 }),
            "StartingPositionTimestamp is only valid with StartingPosition AT_TIMESTAMP.".to_owned(),
        ),
        (
            json!({ "MaximumRecordAgeInSeconds": 59 }),
            "MaximumRecordAgeInSeconds (59) must be -1, or from 60 to 604800.".to_owned(),
        ),
        (json!({ "ParallelizationFactor": 2 }), unsupported("parallelizationFactor")),
        (json!({ "TumblingWindowInSeconds": 2 }), unsupported("tumblingWindowInSeconds")),
        (json!({ "Queues": ["q"] }), unsupported("queues")),
        (json!({ "ScalingConfig": { "MaximumConcurrency": 2 } }), unsupported("scalingConfig")),
        (
            json!({ "DocumentDBEventSourceConfig": { "DatabaseName": "d" } }),
            unsupported("documentDBEventSourceConfig"),
        ),
        (
            json!({ "AmazonManagedKafkaEventSourceConfig": { "ConsumerGroupId": "g" } }),
            unsupported("amazonManagedKafkaEventSourceConfig"),
        ),
        (
            json!({ "DestinationConfig": { "OnSuccess": { "Destination": "arn:aws:sqs:eu-west-1:123456789012:q" } } }),
            "Unsupported DestinationConfig parameter for given event source mapping type.".to_owned(),
        ),
        (json!({ "MaximumRetryAttempts": 3 }), unsupported("maximumRetryAttempts")),
        (json!({ "MaximumRecordAgeInSeconds": 60 }), unsupported("maximumRecordAgeInSeconds")),
        (json!({ "BisectBatchOnFunctionError": true }), unsupported("bisectBatchOnFunctionError")),
        (
            json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"] }),
            unsupported("functionResponseTypes"),
        ),
        (json!({ "LoggingConfig": { "SystemLogLevel": "INFO" } }), unsupported("loggingConfig")),
        (
            json!({ "DestinationConfig": { "OnFailure": { "Destination": "kafka://failed" } } }),
            unsupported("destinationConfig"),
        ),
        (
            json!({
                "DestinationConfig": { "OnFailure": { "Destination": "kafka://orders" } },
                "ProvisionedPollerConfig": { "MinimumPollers": 1 },
            }),
            "The on-failure destination kafka://orders is the topic that the event source mapping reads.".to_owned(),
        ),
        (
            json!({ "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:lambda:eu-west-1:123456789012:function:f" } } }),
            "Unsupported on-failure destination arn:aws:lambda:eu-west-1:123456789012:function:f: must be the ARN of an Amazon SQS queue, \
             an Amazon SNS topic or an Amazon S3 bucket, or kafka://TOPIC."
                .to_owned(),
        ),
        (
            json!({ "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:sqs:eu-west-1:123456789012:q.fifo" } } }),
            "Unsupported on-failure destination arn:aws:sqs:eu-west-1:123456789012:q.fifo: FIFO queues and FIFO topics are not supported."
                .to_owned(),
        ),
        (
            json!({ "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:sns:eu-west-1:123456789012:t" } } }),
            "The on-failure destination arn:aws:sns:eu-west-1:123456789012:t cannot be reached: Esmeralda has no endpoint of Amazon SNS. \
             Start it with --sns-endpoint URL or --aws-endpoint URL, or with --capture-destinations to keep the documents in memory."
                .to_owned(),
        ),
        (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 9, "MaximumPollers": 8 } }),
            "MaximumPollers (8) must be greater than or equal to MinimumPollers (9).".to_owned(),
        ),
        (
            json!({ "FilterCriteria": { "Filters": [{ "Pattern": "[" }] } }),
            "Invalid filter pattern definition.".to_owned(),
        ),
        (
            json!({ "FilterCriteria": { "Filters": [{ "Pattern": r#"{"value":["a"]}"# }, { "Pattern": r#"{"value":[]}"# }] } }),
            "Invalid filter pattern definition.".to_owned(),
        ),
        (json!({ "FilterCriteria": { "Filters": [{}] } }), "Invalid filter pattern definition.".to_owned()),
        (
            json!({ "FilterCriteria": { "Filters": [{ "Pattern": r#"{"key":["a"]}"# }] } }),
            "Unsupported filter pattern: `key` is not below `value`, and Kafka records are filtered by their value only.".to_owned(),
        ),
        (
            json!({ "FilterCriteria": { "Filters": vec![json!({ "Pattern": r#"{"value":["a"]}"# }); 6] } }),
            "FilterCriteria has 6 filters; at most 5 are allowed.".to_owned(),
        ),
    ];
    for (members, message) in cases {
        let error = create(body(members.clone())).unwrap_err();
        assert_eq!(
            (error.status, error.kind),
            (400, "InvalidParameterValueException"),
            "{members}"
        );
        assert_eq!(error.message, message, "{members}");
    }
}
