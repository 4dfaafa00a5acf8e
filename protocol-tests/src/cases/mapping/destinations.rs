//! On-failure destinations: SQS, SNS and S3 as moto serves them, and the calls of boto3 that give a mapping one and take it away.

use std::time::Instant;

use serde_json::{Value, json};

use super::aws::{Boto, aws_environment};
use super::function::Function;
use super::{ACCOUNT_ID, REGION, TOPIC, create_arguments, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wait::until;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "boto3",
        "failed_batches_arrive_in_a_queue_a_topic_and_a_bucket",
        &[Toolchain::Python],
        arrivals,
    )]
}

/// The services of moto in a process.
struct Services {
    process: Process,
    endpoint: String,
    /// The ARNs of a queue, a topic and a bucket, by the services' names.
    destinations: Value,
    deadline: Instant,
}

impl Services {
    fn start(context: &Context) -> Services {
        let mut command = context.setup.command(Toolchain::Python, "aws_services.py");
        command.args(["serve", "{}"]);
        let mut process = Process::start("moto", aws_environment(&mut command), &context.log_dir);
        let listening = process.expect("listening", context.deadline);
        Services {
            process,
            endpoint: listening["endpoint"].as_str().unwrap_or_default().to_owned(),
            destinations: listening,
            deadline: context.deadline,
        }
    }

    /// Waits for the next document of a service, and returns it.
    fn arrived(&mut self, service: &str) -> Value {
        let mut arrived = Value::Null;
        let deadline = self.deadline;
        until(
            deadline,
            || format!("a document in {service}"),
            || {
                self.process.send(&json!({"read": service}).to_string());
                arrived = self.process.expect("arrived", deadline)["value"].take();
                arrived != json!([])
            },
        );
        assert_eq!(arrived.as_array().map(Vec::len), Some(1), "{arrived}");
        arrived[0].take()
    }
}

fn arrivals(context: &Context) {
    let mut services = Services::start(context);
    let function = Function::start(context, 1_000);
    let options = [
        "--lambda-endpoint",
        &function.url,
        "--aws-endpoint",
        &services.endpoint,
    ];
    let server = Server::start(context, &options);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    let mut boto = Boto::start(context, &server);
    let on_failure = |destination: &str| json!({"OnFailure": {"Destination": destination}});
    let arns = services.destinations.clone();
    let arn = |service: &str| arns[service].as_str().unwrap_or_default();

    let mut arguments = create_arguments(&server);
    arguments["MaximumRetryAttempts"] = json!(0);
    arguments["DestinationConfig"] = on_failure(&format!("{}.fifo", arn("sqs")));
    let (status, code, _) = boto.refused("create_event_source_mapping", &arguments);
    assert_eq!((status, &code[..]), (400, "InvalidParameterValueException"));
    arguments["DestinationConfig"] = on_failure(arn("sqs"));
    let created = boto.call("create_event_source_mapping", &arguments);
    assert_eq!(created["DestinationConfig"], on_failure(arn("sqs")));
    let uuid = uuid_of(&created);
    boto.wait_for_state(&uuid, "Enabled");

    for (offset, service) in ["sqs", "sns", "s3"].into_iter().enumerate() {
        if service != "sqs" {
            let update = json!({"UUID": uuid, "DestinationConfig": on_failure(arn(service))});
            let updated = boto.call("update_event_source_mapping", &update);
            assert_eq!(updated["DestinationConfig"], on_failure(arn(service)));
            boto.wait_for_state(&uuid, "Enabled");
        }
        let record = Sent::new(0, Some("key"), Some("value")).at(1_767_225_600_123);
        kafka::produce(&server.bootstrap_servers, TOPIC, &[record]);
        let mut document = services.arrived(service);
        if service == "s3" {
            let key = document["key"].as_str().unwrap_or_default();
            assert!(key.starts_with(&format!("aws/lambda/{uuid}/{TOPIC}-0/")), "{key}");
            document = document["document"].take();
        }
        assert_document(&document, &server, offset, service == "s3");
    }

    let update = json!({"UUID": uuid, "DestinationConfig": on_failure("")});
    let cleared = boto.call("update_event_source_mapping", &update);
    assert_eq!(cleared.get("DestinationConfig"), None);
    server.stop();
}

/// Asserts every member of the document of the record at `offset`.
fn assert_document(document: &Value, server: &Server, offset: usize, has_payload: bool) {
    let record = format!(
        concat!(
            r#"{{"topic":"orders","partition":0,"offset":{},"timestamp":1767225600123,"timestampType":"CREATE_TIME","#,
            r#""key":"a2V5","value":"dmFsdWU=","headers":[]}}"#,
        ),
        offset
    );
    let payload = format!(
        r#"{{"eventSource":"SelfManagedKafka","bootstrapServers":"{}","records":{{"orders-0":[{record}]}}}}"#,
        server.bootstrap_servers
    );
    let request_id = &document["requestContext"]["requestId"];
    assert_eq!(request_id.as_str().map(str::len), Some(36));
    let time = "2026-01-01T00:00:00.123Z";
    let mut wanted = json!({
        "requestContext": {
            "requestId": request_id,
            "functionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:receive"),
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": document["timestamp"],
        "KafkaBatchInfo": {
            "batchSize": 1,
            "bootstrapServers": server.bootstrap_servers,
            "payloadSize": payload.len(),
            "recordsInfo": {"orders-0": {
                "firstRecordOffset": offset.to_string(),
                "lastRecordOffset": offset.to_string(),
                "firstRecordTimestamp": time,
                "lastRecordTimestamp": time,
            }},
        },
    });
    if has_payload {
        wanted["payload"] = json!(payload);
    }
    assert_eq!(document, &wanted);
}
