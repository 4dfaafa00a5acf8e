//! The event that a function receives, byte by byte.

use serde_json::json;

use super::aws::{Boto, aws_lambda};
use super::function::Function;
use super::{TOPIC, assert_committed_to_the_end, assert_members, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wait::until;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(
            "boto3",
            "an_msk_mapping_starts_at_the_latest_record_in_a_group_of_its_own",
            &[Toolchain::Python],
            msk_latest,
        ),
        Case::with(
            "aws-cli",
            "a_mapping_delivers_the_event_that_aws_documents",
            &[Toolchain::Python],
            known_event,
        ),
    ]
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
