//! Event source mappings, made with AWS's own tools: what their function receives, and what Kafka tools see of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod aws;
mod function;
mod scaling;

use aws::{Boto, aws_lambda};
use function::Function;

use crate::case::Case;
use crate::cases::group::{Member, numbers};
use crate::cases::until;
use crate::clients;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;

const TOPIC: &str = "orders";
const ACCOUNT_ID: &str = "000000000000";
const REGION: &str = "us-east-1";

pub(super) fn cases() -> Vec<Case> {
    let python = [Toolchain::Python];
    let mut cases = vec![
        Case::with(
            "boto3",
            "a_mapping_delivers_every_record_once_and_in_order",
            &python,
            every_record_once,
        ),
        Case::with(
            "boto3",
            "a_mapping_goes_through_the_states_of_its_life",
            &python,
            states,
        ),
        Case::with(
            "boto3",
            "a_failed_batch_is_sent_again_before_its_partitions_go_on",
            &python,
            failed_batch,
        ),
        Case::with(
            "boto3",
            "refusals_are_worded_as_aws_words_them",
            &python,
            refusals,
        ),
        Case::with(
            "boto3",
            "an_msk_mapping_starts_at_the_latest_record_in_a_group_of_its_own",
            &python,
            msk_latest,
        ),
        Case::with(
            "aws-cli",
            "a_mapping_delivers_the_event_that_aws_documents",
            &python,
            known_event,
        ),
        Case::with(
            "kafka-python",
            "sees_a_mapping_as_a_group_and_shares_its_partitions",
            &python,
            shared_group,
        ),
    ];
    cases.extend(scaling::cases());
    cases
}

fn create_arguments(server: &Server) -> Value {
    let bootstrap: Vec<&str> = server.bootstrap_servers.split(',').collect();
    json!({
        "FunctionName": "receive",
        "Topics": [TOPIC],
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 4},
    })
}

/// Asserts the members that `wanted` names, and no others.
fn assert_members(answer: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().expect("wanted members are an object") {
        assert_eq!(&answer[name], value, "{name} of {answer}");
    }
}

fn uuid_of(answer: &Value) -> String {
    answer["UUID"]
        .as_str()
        .unwrap_or_else(|| panic!("no UUID in {answer}"))
        .to_owned()
}

fn assert_committed_to_the_end(context: &Context, server: &Server, group: &str, partition_count: i32) {
    let ends: Vec<Option<i64>> = (0..partition_count)
        .map(|partition| Some(kafka::watermarks(&server.bootstrap_servers, TOPIC, partition).1))
        .collect();
    let committed = || kafka::committed(&server.bootstrap_servers, group, TOPIC, partition_count);
    until(
        context.deadline,
        || format!("commits {:?}, ends {ends:?}", committed()),
        || committed() == ends,
    );
}

fn every_record_once(context: &Context) {
    const EACH: i64 = 500;
    const PARTITION_COUNT: i32 = 4;
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, PARTITION_COUNT);
    let produce = || {
        let records: Vec<Sent<'_>> = (0..EACH)
            .flat_map(|_| {
                (0..PARTITION_COUNT).map(|partition| Sent::new(partition, Some("key"), Some("value")))
            })
            .collect();
        kafka::produce(&server.bootstrap_servers, TOPIC, &records);
    };
    // Half of them are there before the mapping is, half come while it runs.
    produce();
    let mut boto = Boto::start(context, &server);
    let created = boto.call("create_event_source_mapping", &create_arguments(&server));
    let uuid = uuid_of(&created);
    boto.wait_for_state(&uuid, "Enabled");
    produce();
    let total = 2 * EACH as usize * PARTITION_COUNT as usize;
    function.wait_for(total, context.deadline);
    assert_committed_to_the_end(context, &server, &uuid, PARTITION_COUNT);
    assert_eq!(
        boto.wait_for_state(&uuid, "Enabled")["LastProcessingResult"],
        "OK"
    );
    server.stop();
    function.pump();

    let received = function.received();
    assert_eq!(received.len(), total, "every record once");
    let mut by_partition: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    received
        .iter()
        .for_each(|(partition, offset)| by_partition.entry(*partition).or_default().push(*offset));
    for partition in 0..i64::from(PARTITION_COUNT) {
        assert_eq!(
            by_partition[&partition],
            (0..2 * EACH).collect::<Vec<_>>(),
            "partition {partition}"
        );
    }
    let largest = function.invocations.iter().map(|one| one.records.len()).max();
    assert!(largest <= Some(100), "a batch of {largest:?} records");
}

fn states(context: &Context) {
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 2);
    let mut boto = Boto::start(context, &server);

    let created = boto.call("create_event_source_mapping", &create_arguments(&server));
    let uuid = uuid_of(&created);
    let mut wanted = create_arguments(&server);
    wanted.as_object_mut().expect("an object").remove("FunctionName");
    assert_members(&created, &wanted);
    assert_members(
        &created,
        &json!({
            "status": 202,
            "State": "Creating",
            "StateTransitionReason": "USER_INITIATED",
            "LastProcessingResult": "No records processed",
            "FunctionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:receive"),
            "EventSourceMappingArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:event-source-mapping:{uuid}"),
            "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": uuid},
        }),
    );
    assert_eq!(
        boto.refused("create_event_source_mapping", &create_arguments(&server)),
        (
            409,
            "ResourceConflictException".to_owned(),
            format!(
                "An event source mapping with event source (\"{}\"), function \
                 (\"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:receive\"), topics (\"{TOPIC}\") already exists. \
                 Please update or delete the existing mapping with UUID {uuid}",
                server.bootstrap_servers
            )
        )
    );
    let enabled = boto.wait_for_state(&uuid, "Enabled");
    assert_members(&enabled, &json!({"status": 200, "UUID": uuid, "BatchSize": 100}));

    let by_uuid = json!({"UUID": uuid});
    let listed = boto.call("list_event_source_mappings", &json!({"FunctionName": "receive"}));
    assert_eq!(listed["EventSourceMappings"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["EventSourceMappings"][0]["UUID"], uuid);
    let others = boto.call("list_event_source_mappings", &json!({"FunctionName": "another"}));
    assert_eq!(others["EventSourceMappings"], json!([]));

    let updated = boto.call(
        "update_event_source_mapping",
        &json!({"UUID": uuid, "BatchSize": 7}),
    );
    assert_members(
        &updated,
        &json!({"status": 202, "State": "Updating", "BatchSize": 7}),
    );
    boto.wait_for_state(&uuid, "Enabled");

    // Paused, and resumed from the committed position.
    let one_each = [0, 1].map(|partition| Sent::new(partition, None, Some("value")));
    kafka::produce(&server.bootstrap_servers, TOPIC, &one_each);
    function.wait_for(2, context.deadline);
    assert_committed_to_the_end(context, &server, &uuid, 2);
    let disabled = boto.call(
        "update_event_source_mapping",
        &json!({"UUID": uuid, "Enabled": false}),
    );
    assert_members(&disabled, &json!({"status": 202, "State": "Disabling"}));
    boto.wait_for_state(&uuid, "Disabled");
    kafka::produce(&server.bootstrap_servers, TOPIC, &one_each);
    let enabling = boto.call(
        "update_event_source_mapping",
        &json!({"UUID": uuid, "Enabled": true}),
    );
    assert_members(&enabling, &json!({"status": 202, "State": "Enabling"}));
    boto.wait_for_state(&uuid, "Enabled");
    function.wait_for(4, context.deadline);
    let received: BTreeSet<(i64, i64)> = function.received().into_iter().collect();
    assert_eq!(received, BTreeSet::from([(0, 0), (0, 1), (1, 0), (1, 1)]));
    assert_eq!(function.received().len(), 4, "every record once");

    let deleted = boto.call("delete_event_source_mapping", &by_uuid);
    assert_members(
        &deleted,
        &json!({"status": 202, "State": "Deleting", "UUID": uuid}),
    );
    let gone = "ResourceNotFoundException";
    until(
        context.deadline,
        || "the mapping is gone".to_owned(),
        || {
            boto.send("get_event_source_mapping", &by_uuid);
            boto.process
                .poll(Duration::from_secs(5))
                .is_some_and(|event| event["code"] == gone)
        },
    );
    let listed = boto.call("list_event_source_mappings", &json!({}));
    assert_eq!(listed["EventSourceMappings"], json!([]));
    server.stop();
}

fn failed_batch(context: &Context) {
    let mut function = Function::start(context, 2);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    kafka::produce(
        &server.bootstrap_servers,
        TOPIC,
        &[Sent::new(0, None, Some("value")); 5],
    );
    let mut boto = Boto::start(context, &server);
    let mut arguments = create_arguments(&server);
    arguments["BatchSize"] = json!(3);
    let uuid = uuid_of(&boto.call("create_event_source_mapping", &arguments));
    function.wait_for(5, context.deadline);
    let records: Vec<Vec<(i64, i64)>> = function
        .invocations
        .iter()
        .map(|one| one.records.clone())
        .collect();
    let first = vec![(0, 0), (0, 1), (0, 2)];
    assert_eq!(
        records,
        [first.clone(), first.clone(), first, vec![(0, 3), (0, 4)]]
    );
    assert_committed_to_the_end(context, &server, &uuid, 1);
    server.stop();
}

fn refusals(context: &Context) {
    let server = Server::start(context, &[]);
    let mut boto = Boto::start(context, &server);
    let create = "create_event_source_mapping";
    let refused = |status: i64, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    assert_eq!(
        boto.refused(create, &create_arguments(&server)),
        refused(400, "InvalidParameterValueException", "Function does not exist")
    );
    assert_eq!(
        boto.refused(create, &json!({"FunctionName": "receive", "Topics": [TOPIC]})),
        refused(
            400,
            "InvalidParameterValueException",
            "Unrecognized event source."
        )
    );
    let unknown = json!({"UUID": "00000000-0000-4000-8000-000000000000"});
    let not_found = refused(
        404,
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
    );
    assert_eq!(boto.refused("get_event_source_mapping", &unknown), not_found);
    assert_eq!(boto.refused("delete_event_source_mapping", &unknown), not_found);
    assert_eq!(boto.refused("update_event_source_mapping", &unknown), not_found);
    let mut too_large = create_arguments(&server);
    too_large["BatchSize"] = json!(20_000);
    let (status, _, message) = boto.refused(create, &too_large);
    assert_eq!(status, 400);
    assert_eq!(
        message,
        "1 validation error detected: Value '20000' at 'batchSize' failed to satisfy constraint: Member must have \
         value less than or equal to 10000"
    );
}

fn msk_latest(context: &Context) {
    const CLUSTER_ARN: &str =
        "arn:aws:kafka:us-east-1:000000000000:cluster/orders/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0-1";
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    let record = [Sent::new(0, None, Some("value")).at(1_545_084_650_987)];
    assert_eq!(kafka::produce(&server.bootstrap_servers, TOPIC, &record), [0]);
    let mut boto = Boto::start(context, &server);
    let arguments = json!({
        "FunctionName": "receive",
        "Topics": [TOPIC],
        "EventSourceArn": CLUSTER_ARN,
        "StartingPosition": "LATEST",
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "own-group"},
    });
    let created = boto.call("create_event_source_mapping", &arguments);
    assert_members(
        &created,
        &json!({"EventSourceArn": CLUSTER_ARN, "BatchSize": 100, "StartingPosition": "LATEST"}),
    );
    boto.wait_for_state(&uuid_of(&created), "Enabled");
    assert_eq!(kafka::produce(&server.bootstrap_servers, TOPIC, &record), [1]);
    function.wait_for(1, context.deadline);
    let bodies: Vec<&str> = function.invocations.iter().map(|one| one.body.as_str()).collect();
    let known = format!(
        concat!(
            r#"{{"eventSource":"aws:kafka","eventSourceArn":"{}","bootstrapServers":"{}","records":{{"orders-0":["#,
            r#"{{"topic":"orders","partition":0,"offset":1,"timestamp":1545084650987,"timestampType":"CREATE_TIME","#,
            r#""value":"dmFsdWU=","headers":[]}}]}}}}"#,
        ),
        CLUSTER_ARN, server.bootstrap_servers
    );
    assert_eq!(bodies, [known]);
    assert_committed_to_the_end(context, &server, "own-group", 1);
    server.stop();
}

fn known_event(context: &Context) {
    let mut function = Function::start(context, 0);
    let config = context.log_dir.join("esmeralda.toml");
    let declared = format!(
        "[[topics]]\nname = \"{TOPIC}\"\npartitions = 1\n\n[[functions]]\nname = \"receive\"\ntype = \"http\"\n\
         endpoint = \"{}\"\n",
        function.url
    );
    std::fs::write(&config, declared).expect("the log directory is writable");
    let server = Server::start(context, &["--config", &config.to_string_lossy()]);
    let headers = [("first", "1"), ("second", "ë"), ("first", "")];
    let records = [
        Sent::new(0, Some("key"), Some("value"))
            .at(1_545_084_650_987)
            .with_headers(&headers),
        Sent::new(0, None, Some("no key")).at(1_545_084_650_988),
        Sent::new(0, Some("tombstone"), None).at(1_545_084_650_989),
    ];
    kafka::produce(&server.bootstrap_servers, TOPIC, &records);

    let bootstrap = server.bootstrap_servers.clone();
    let source = json!({"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [bootstrap]}}).to_string();
    let created = aws_lambda(
        context,
        &server,
        &[
            "create-event-source-mapping",
            "--function-name",
            "receive",
            "--topics",
            TOPIC,
            "--starting-position",
            "TRIM_HORIZON",
            "--self-managed-event-source",
            &source,
            "--provisioned-poller-config",
            "MinimumPollers=1,MaximumPollers=3",
        ],
    );
    assert_eq!(created["State"], "Creating");
    let uuid = uuid_of(&created);
    function.wait_for(3, context.deadline);

    let event = |records: &str| {
        format!(
            "{{\"eventSource\":\"SelfManagedKafka\",\"bootstrapServers\":\"{bootstrap}\",\"records\":{{\"orders-0\":[{records}]}}}}"
        )
    };
    let known = concat!(
        r#"{"topic":"orders","partition":0,"offset":0,"timestamp":1545084650987,"timestampType":"CREATE_TIME","#,
        r#""key":"a2V5","value":"dmFsdWU=","#,
        r#""headers":[{"first":[49]},{"second":[-61,-85]},{"first":[]}]},"#,
        r#"{"topic":"orders","partition":0,"offset":1,"timestamp":1545084650988,"timestampType":"CREATE_TIME","#,
        r#""value":"bm8ga2V5","headers":[]},"#,
        r#"{"topic":"orders","partition":0,"offset":2,"timestamp":1545084650989,"timestampType":"CREATE_TIME","#,
        r#""key":"dG9tYnN0b25l","headers":[]}"#,
    );
    let bodies: Vec<&str> = function.invocations.iter().map(|one| one.body.as_str()).collect();
    assert_eq!(bodies, [event(known)]);

    let listed = aws_lambda(context, &server, &["list-event-source-mappings"]);
    assert_eq!(listed["EventSourceMappings"][0]["UUID"], uuid);
    let updated = aws_lambda(
        context,
        &server,
        &[
            "update-event-source-mapping",
            "--uuid",
            &uuid,
            "--batch-size",
            "5",
        ],
    );
    assert_members(&updated, &json!({"State": "Updating", "BatchSize": 5}));
    let get = ["get-event-source-mapping", "--uuid", &uuid];
    until(
        context.deadline,
        || "the mapping is enabled".to_owned(),
        || aws_lambda(context, &server, &get)["State"] == "Enabled",
    );
    let deleted = aws_lambda(
        context,
        &server,
        &["delete-event-source-mapping", "--uuid", &uuid],
    );
    assert_eq!(deleted["State"], "Deleting");
    server.stop();
}

/// State, and the partitions of each member by its client id.
type Description = (String, BTreeMap<String, BTreeSet<i64>>);

fn describe(admin: &mut Process, group: &str, deadline: Instant) -> Description {
    admin.send(&json!({"step": "describe_group", "group": group}).to_string());
    let event = admin.expect("describe_group", deadline);
    let members = event["members"].as_array().into_iter().flatten();
    let member = |member: &Value| {
        (
            member["client_id"].as_str().unwrap_or("?").to_owned(),
            numbers(&member["partitions"]),
        )
    };
    (
        event["state"].as_str().unwrap_or("?").to_owned(),
        members.map(member).collect(),
    )
}

fn shared_group(context: &Context) {
    let deadline = context.deadline;
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 6);
    let mut boto = Boto::start(context, &server);
    // As many as are described below: no lag makes more of them.
    let mut arguments = create_arguments(&server);
    arguments["ProvisionedPollerConfig"] = json!({"MinimumPollers": 2, "MaximumPollers": 2});
    let uuid = uuid_of(&boto.call("create_event_source_mapping", &arguments));
    boto.wait_for_state(&uuid, "Enabled");

    let kafka_python = clients::ALL
        .iter()
        .find(|client| client.name == "kafka-python")
        .expect("it is in the table");
    let argument = json!({"bootstrap": server.bootstrap_servers});
    let mut admin = kafka_python.start(context, "admin", "admin", &argument);
    let mut last: Option<Description> = None;
    let pollers: Vec<String> = (0..2).map(|number| format!("{uuid}-{number}")).collect();
    let with_outsider = |name: &str| {
        pollers
            .iter()
            .cloned()
            .chain([name.to_owned()])
            .collect::<Vec<_>>()
    };
    let mut wait_for_members = |names: &[String], each: usize| {
        until(
            deadline,
            || format!("{names:?} with {each} partitions each"),
            || {
                let (state, members) = describe(&mut admin, &uuid, deadline);
                let all: BTreeSet<i64> = members.values().flatten().copied().collect();
                let divided = members.values().all(|partitions| partitions.len() == each);
                let holds =
                    state == "Stable" && members.keys().eq(names) && divided && all == (0..6).collect();
                last = Some((state, members));
                holds
            },
        );
    };
    wait_for_members(&pollers, 3);

    // The outside consumer's own records stay unread by the function, so none are produced while it is there.
    let outsider = Member::start(context, kafka_python, "zz-outsider", &server, TOPIC, &uuid);
    wait_for_members(&with_outsider("zz-outsider"), 2);
    outsider.stop(deadline);
    wait_for_members(&pollers, 3);

    let one_each: Vec<Sent<'_>> = (0..6)
        .map(|partition| Sent::new(partition, None, Some("value")))
        .collect();
    kafka::produce(&server.bootstrap_servers, TOPIC, &one_each);
    function.wait_for(6, deadline);
    assert_eq!(
        function.received().into_iter().collect::<BTreeSet<_>>(),
        (0..6).map(|one| (one, 0)).collect()
    );
    assert_committed_to_the_end(context, &server, &uuid, 6);
    server.stop();
}
