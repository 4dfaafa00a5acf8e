//! The function API, called by boto3: a function is created from a command, waited for, invoked, limited, changed, mapped and deleted.

use serde_json::{Value, json};

use super::aws::{Boto, aws_lambda};
use super::runtimes::{Notes, python_command};
use super::{ACCOUNT_ID, REGION, TOPIC, assert_members, create_arguments, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::server::Server;
use crate::setup::{Setup, Toolchain};
use crate::wait::until;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "boto3",
        "a_function_is_created_waited_for_invoked_changed_mapped_and_deleted",
        &[Toolchain::Python],
        life_of_a_function,
    )]
}

fn life_of_a_function(context: &Context) {
    let server = Server::start(context, &[]);
    let mut boto = Boto::start(context, &server);
    let notes = Notes::below(context);
    let by_name = json!({"FunctionName": "receive"});
    let missing = format!("Function not found: arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:receive");
    let not_found = (404, "ResourceNotFoundException".to_owned(), missing);
    assert_eq!(boto.refused("get_function", &by_name), not_found);

    create(context, &mut boto, &notes);
    boto.call(
        "wait",
        &json!({"waiter": "function_active_v2", "FunctionName": "receive"}),
    );
    let listed = aws_lambda(context, &server, &["list-functions"]);
    assert_eq!(listed["Functions"][0]["FunctionName"], "receive");

    invoke(&mut boto, &server);
    concurrency(&mut boto);

    let change = json!({
        "FunctionName": "receive",
        "Environment": {"Variables": {"NOTES": notes.path, "SETTING": "second", "PYTHONDONTWRITEBYTECODE": "1"}},
    });
    assert_members(
        &boto.call("update_function_configuration", &change),
        &json!({"status": 200, "Timeout": 20}),
    );
    boto.call(
        "wait",
        &json!({"waiter": "function_updated_v2", "FunctionName": "receive"}),
    );
    let invoked = boto.call("invoke", &by_name);
    assert_eq!(payload(&invoked)["setting"], "second");

    // The mapping finds the function, and outlives it.
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    let uuid = uuid_of(&boto.call("create_event_source_mapping", &create_arguments(&server)));
    kafka::produce(
        &server.bootstrap_servers,
        TOPIC,
        &[Sent::new(0, None, Some("mapped"))],
    );
    until(
        context.deadline,
        || format!("the record at the function: {:?}", notes.read()),
        || {
            notes
                .read()
                .last()
                .is_some_and(|note| note["values"] == json!(["mapped"]))
        },
    );
    assert_eq!(boto.call("delete_function", &by_name)["status"], 204);
    assert_eq!(boto.refused("get_function_configuration", &by_name), not_found);
    assert_eq!(
        boto.call("get_event_source_mapping", &json!({"UUID": uuid}))["State"],
        "Enabled"
    );
    server.stop();
}

fn create(context: &Context, boto: &mut Boto, notes: &Notes) {
    let mut arguments = json!({
        "FunctionName": "receive",
        "Role": format!("arn:aws:iam::{ACCOUNT_ID}:role/any"),
        "PackageType": "Image",
        "Code": {"ImageUri": format!("file://{}", Setup::sources().join("python").display())},
        "ImageConfig": {"EntryPoint": python_command(&context.setup)},
        "Timeout": 20,
        "MemorySize": 512,
        "Environment": {"Variables": {"NOTES": notes.path, "SETTING": "first", "PYTHONDONTWRITEBYTECODE": "1"}},
        "Tags": {"team": "a"},
    });
    assert_members(
        &boto.call("create_function", &arguments),
        &json!({"status": 201, "State": "Active", "Version": "$LATEST", "Timeout": 20, "MemorySize": 512}),
    );
    let again = boto.refused("create_function", &arguments);
    let conflict = "ResourceConflictException".to_owned();
    assert_eq!(
        again,
        (409, conflict, "Function already exist: receive".to_owned())
    );
    arguments["FunctionName"] = json!("another");
    arguments["Runtime"] = json!("python3.14");
    let (status, code, message) = boto.refused("create_function", &arguments);
    assert_eq!((status, code.as_str()), (400, "InvalidParameterValueException"));
    assert!(
        message.starts_with("Runtime is not supported by Esmeralda: "),
        "{message}"
    );
    let shown = boto.call("get_function", &json!({"FunctionName": "receive"}));
    assert_eq!(shown["Tags"], json!({"team": "a"}));
}

fn invoke(boto: &mut Boto, server: &Server) {
    let invoked = boto.call(
        "invoke",
        &json!({"FunctionName": "receive", "LogType": "Tail", "Payload": "{\"records\": {}}"}),
    );
    assert_members(
        &invoked,
        &json!({"status": 200, "StatusCode": 200, "ExecutedVersion": "$LATEST"}),
    );
    assert_eq!(invoked.get("FunctionError"), None);
    assert_eq!(payload(&invoked)["setting"], "first");
    let log = base64_simd::STANDARD
        .decode_to_vec(invoked["LogResult"].as_str().expect("the log was asked for"))
        .expect("the log is base64");
    let log = String::from_utf8(log).expect("the log is text");
    assert!(log.contains("handling") && log.contains("Init Duration"), "{log}");

    let poison = base64_simd::STANDARD.encode_to_string("poison");
    let event = json!({"records": {"t-0": [{"value": poison}]}}).to_string();
    let failed = boto.call("invoke", &json!({"FunctionName": "receive", "Payload": event}));
    assert_members(&failed, &json!({"status": 200, "FunctionError": "Unhandled"}));
    let error = payload(&failed);
    assert_eq!(
        (&error["errorType"], &error["errorMessage"]),
        (&json!("ValueError"), &json!("poison"))
    );

    let kinds = [("DryRun", 204), ("Event", 202)];
    for (kind, status) in kinds {
        let answer = boto.call(
            "invoke",
            &json!({"FunctionName": "receive", "InvocationType": kind}),
        );
        assert_eq!(answer["StatusCode"], status, "{answer}");
    }
    let (status, code, _) = boto.refused("invoke", &json!({"FunctionName": "receive", "Payload": "{"}));
    assert_eq!((status, code.as_str()), (400, "InvalidRequestContentException"));
    assert!(server.log().contains("handling"));
}

fn concurrency(boto: &mut Boto) {
    let by_name = json!({"FunctionName": "receive"});
    let reserved = |number: u32| json!({"ReservedConcurrentExecutions": number});
    let mut put = by_name.clone();
    put["ReservedConcurrentExecutions"] = json!(0);
    assert_members(&boto.call("put_function_concurrency", &put), &reserved(0));
    assert_members(&boto.call("get_function_concurrency", &by_name), &reserved(0));
    let (status, code, message) = boto.refused("invoke", &by_name);
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (429, "TooManyRequestsException", "Rate Exceeded.")
    );
    assert_eq!(boto.call("delete_function_concurrency", &by_name)["status"], 204);
    assert_eq!(boto.call("invoke", &by_name)["status"], 200);
}

fn payload(answer: &Value) -> Value {
    let text = answer["Payload"].as_str().expect("an answer has a payload");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
