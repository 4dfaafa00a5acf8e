mod conflicts;
mod members;
mod source_access;
mod update;
mod words;

use super::*;
use crate::Entropy;
use crate::destination::ReachableServices;
use crate::invoker::{ClosureInvoker, FunctionLimits, Functions, HttpInvoker};
use crate::source::remote::RemoteAccess;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// There is no endpoint of Amazon SNS.
const REACHABLE: ReachableServices = ReachableServices {
    sqs: true,
    sns: false,
    s3: true,
};

/// The wall time of creates and updates.
const NOW_MS: i64 = 1_767_225_600_123;

const UUID: &str = "6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e";

fn functions() -> Functions {
    let functions = Functions::default();
    let invoker = ClosureInvoker::new(|payload: Bytes| async move { Ok::<_, String>(payload) });
    for name in ["f", "g"] {
        functions.register(name, Arc::new(invoker.clone()));
    }
    for seconds in [840, 841] {
        let limits = FunctionLimits {
            timeout: Duration::from_secs(seconds),
            concurrency: None,
        };
        let invoker = HttpInvoker::new("http://127.0.0.1:9", limits, Entropy::from_seed(1)).unwrap();
        functions.register(&format!("takes-{seconds}"), Arc::new(invoker));
    }
    functions
}

fn with_surroundings<T>(act: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    let bootstrap_servers = ["127.0.0.1:9092".to_owned(), "kafka.test:9093".to_owned()];
    act(&Surroundings {
        account_id: "000000000000",
        region: "eu-west-1",
        bootstrap_servers: &bootstrap_servers,
        functions: &functions(),
        secrets: &source_access::secrets(),
        has_network: true,
        reachable: REACHABLE,
        now_ms: NOW_MS,
    })
}

fn create(body: Value) -> Result<MappingDefinition, ApiError> {
    let request: CreateMapping = serde_json::from_value(body).unwrap();
    with_surroundings(|surroundings| MappingDefinition::create(request, UUID, surroundings))
}

fn update(definition: &MappingDefinition, body: Value) -> Result<MappingDefinition, ApiError> {
    let request: UpdateMapping = serde_json::from_value(body).unwrap();
    with_surroundings(|surroundings| definition.update(request, surroundings))
}

/// A minimal self-managed body with these members on top; a null takes one away.
fn body(members: Value) -> Value {
    let mut body = json!({
        "FunctionName": "f",
        "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["localhost:9092"] } },
        "Topics": ["orders"],
    });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn shown(definition: &MappingDefinition) -> Value {
    let status = MappingStatus {
        state: MappingState::Creating,
        state_transition_reason: "USER_INITIATED".into(),
        last_processing_result: "No records processed".into(),
        last_modified_ms: 1_767_225_600_123,
    };
    Value::Object(definition.view(&status).0)
}

#[test]
fn a_minimal_self_managed_mapping_is_shown_as_aws_shows_it() {
    assert_eq!(
        shown(&create(body(json!({}))).unwrap()),
        json!({
            "BatchSize": 100,
            "EventSourceMappingArn": format!("arn:aws:lambda:eu-west-1:000000000000:event-source-mapping:{UUID}"),
            "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f",
            "LastModified": 1_767_225_600.123,
            "LastProcessingResult": "No records processed",
            "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["localhost:9092"] } },
            "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": UUID },
            "StartingPosition": "TRIM_HORIZON",
            "State": "Creating",
            "StateTransitionReason": "USER_INITIATED",
            "Topics": ["orders"],
            "UUID": UUID,
        })
    );
}

#[test]
fn the_engine_gets_the_defaults_of_kafka_sources() {
    let definition = create(body(json!({}))).unwrap();
    assert!(definition.is_enabled);
    assert_eq!(
        definition.config,
        MappingConfig {
            function_name: "f".into(),
            qualifier: None,
            envelope: Envelope {
                event_source_arn: None,
                bootstrap_servers: "localhost:9092".into(),
                topic: "orders".into(),
            },
            group_id: UUID.into(),
            starting_position: StartingPosition::TrimHorizon,
            batch_size: 100,
            batching_window: Duration::from_millis(500),
            filters: None,
            provisioned: None,
            poller_group: None,
            failure_rules: FailureRules::default(),
            response_types: ResponseTypes::default(),
            metrics: MetricGroups::default(),
            on_failure: None,
            system_log: None,
            decoding: None,
        }
    );
}

#[test]
fn an_msk_mapping_has_its_arn_and_the_clusters_addresses() {
    let arn = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/6b9f5a3e-1";
    let definition = create(json!({
        "FunctionName": "f:live",
        "EventSourceArn": arn,
        "Topics": ["orders"],
        "StartingPosition": "LATEST",
        "BatchSize": 10_000,
        "MaximumBatchingWindowInSeconds": 0,
        "AmazonManagedKafkaEventSourceConfig": { "ConsumerGroupId": "group" },
        "ProvisionedPollerConfig": { "MinimumPollers": 3 },
        "Enabled": false,
        "Tags": { "team": "kafka" },
    }))
    .unwrap();
    assert!(!definition.is_enabled);
    assert_eq!(definition.tags.get("team"), Some("kafka"));
    assert_eq!(
        definition.config,
        MappingConfig {
            function_name: "f".into(),
            qualifier: Some("live".into()),
            envelope: Envelope {
                event_source_arn: Some(arn.into()),
                bootstrap_servers: "127.0.0.1:9092,kafka.test:9093".into(),
                topic: "orders".into(),
            },
            group_id: "group".into(),
            starting_position: StartingPosition::Latest,
            batch_size: 10_000,
            batching_window: Duration::ZERO,
            filters: None,
            provisioned: Some(ProvisionedPollers {
                minimum: 3,
                maximum: 200
            }),
            poller_group: None,
            failure_rules: FailureRules::default(),
            response_types: ResponseTypes::default(),
            metrics: MetricGroups::default(),
            on_failure: None,
            system_log: None,
            decoding: None,
        }
    );
    let view = shown(&definition);
    assert_eq!(
        view["FunctionArn"],
        "arn:aws:lambda:eu-west-1:000000000000:function:f:live"
    );
    assert_eq!(
        view["AmazonManagedKafkaEventSourceConfig"],
        json!({ "ConsumerGroupId": "group" })
    );
    assert_eq!(
        view["ProvisionedPollerConfig"],
        json!({ "MinimumPollers": 3, "MaximumPollers": 200 })
    );
    assert_eq!(view["MaximumRetryAttempts"], -1);
    assert_eq!(view["MaximumRecordAgeInSeconds"], -1);
    assert_eq!(view["BisectBatchOnFunctionError"], false);
    assert_eq!(view["FunctionResponseTypes"], json!([]));
    for never in ["Enabled", "FunctionName", "Tags", "SelfManagedEventSource"] {
        assert_eq!(view.get(never), None, "{never}");
    }
}

#[test]
fn the_embedded_cluster_is_known_by_its_addresses() {
    let endpoints = |servers: Value| {
        create(body(
            json!({ "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } } }),
        ))
    };
    let known = [
        json!(["127.0.0.1:9092"]),
        json!(["LOCALHOST:9092"]),
        json!(["127.0.0.9:9092"]),
        json!(["kafka.test:9093"]),
        json!(["elsewhere:9092", "localhost:9092"]),
        json!(["embedded:1", "elsewhere:9092"]),
        json!(["Embedded:65535"]),
    ];
    for servers in known {
        assert_eq!(endpoints(servers.clone()).unwrap().remote, None, "{servers}");
    }
    for servers in [
        json!(["127.0.0.1:9094"]),
        json!(["kafka.test:9092"]),
        json!(["elsewhere:9092", "192.0.2.1:9092"]),
    ] {
        let remote = endpoints(servers.clone()).unwrap().remote.unwrap();
        let found: Vec<String> = remote.bootstrap_servers.iter().map(ToString::to_string).collect();
        assert_eq!(json!(found), servers);
        assert_eq!(remote.access, RemoteAccess::default());
    }
}

#[test]
fn the_rules_for_failures_are_those_of_the_request() {
    let rules = |mut members: Value| {
        members["ProvisionedPollerConfig"] = json!({ "MinimumPollers": 1 });
        create(body(members)).unwrap().config.failure_rules
    };
    assert_eq!(rules(json!({})), FailureRules::default());
    let unlimited = json!({
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": false,
    });
    assert_eq!(rules(unlimited), FailureRules::default());
    let least = json!({
        "MaximumRetryAttempts": 0,
        "MaximumRecordAgeInSeconds": 60,
        "BisectBatchOnFunctionError": true,
    });
    assert_eq!(
        rules(least),
        FailureRules {
            maximum_retry_attempts: Some(0),
            maximum_record_age: Some(Duration::from_secs(60)),
            bisects_batch: true,
        }
    );
    let most = json!({ "MaximumRetryAttempts": 10_000, "MaximumRecordAgeInSeconds": 604_800 });
    assert_eq!(
        rules(most),
        FailureRules {
            maximum_retry_attempts: Some(10_000),
            maximum_record_age: Some(Duration::from_secs(604_800)),
            bisects_batch: false,
        }
    );
}

#[test]
fn a_mapping_with_a_destination_gives_up_after_ten_retries() {
    let with = |retries: Value| {
        let members = json!({
            "DestinationConfig": { "OnFailure": { "Destination": "kafka://failed" } },
            "MaximumRetryAttempts": retries,
            "ProvisionedPollerConfig": { "MinimumPollers": 1 },
        });
        create(body(members)).unwrap()
    };
    for (retries, expected) in [(Value::Null, 10), (json!(-1), 10), (json!(0), 0), (json!(11), 11)] {
        let definition = with(retries.clone());
        let rules = definition.config.failure_rules;
        assert_eq!(rules.maximum_retry_attempts, Some(expected), "{retries}");
    }
    let unlimited = with(json!(-1));
    assert_eq!(shown(&unlimited)["MaximumRetryAttempts"], -1);
    let none = json!({ "DestinationConfig": { "OnFailure": { "Destination": "" } } });
    let cleared = update(&unlimited, none).unwrap();
    assert_eq!(cleared.config.failure_rules.maximum_retry_attempts, None);
    assert_eq!(shown(&cleared).get("DestinationConfig"), None);
}

#[test]
fn members_that_aws_does_not_have_are_ignored() {
    let view = shown(&create(body(json!({ "Tomorrow": 1, "FilterCriteria": { "New": 1 } }))).unwrap());
    assert_eq!((view.get("Tomorrow"), view.get("FilterCriteria")), (None, None));
}

#[test]
fn tags_take_letters_of_every_script() {
    let tags = json!({ "Größe": "10 км", "a_b.c:/=+-@1": "" });
    let created = create(body(json!({ "Tags": tags }))).unwrap();
    assert_eq!(
        serde_json::to_value(&created.tags).unwrap(),
        json!({ "Tags": tags })
    );
    let error = create(body(json!({ "Tags": { "a": "<b>" } }))).unwrap_err();
    assert_eq!(
        error.message,
        r"1 validation error detected: Value '{a=<b>}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: ([\p{L}\p{Z}\p{N}_.:/=+\-@]*)]"
    );
}
