//! The states of a mapping, and the refusals of requests.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::aws::Boto;
use super::function::Function;
use super::{
    ACCOUNT_ID, REGION, TOPIC, assert_committed_to_the_end, assert_members, create_arguments, uuid_of,
};
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
            "a_mapping_goes_through_the_states_of_its_life",
            &[Toolchain::Python],
            states,
        ),
        Case::with(
            "boto3",
            "refusals_are_worded_as_aws_words_them",
            &[Toolchain::Python],
            refusals,
        ),
    ]
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

    // The mapping is disabled, and resumes at the committed offsets.
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

fn refusals(context: &Context) {
    let server = Server::start(context, &[]);
    let mut boto = Boto::start(context, &server);
    let create = "create_event_source_mapping";
    let refused = |status: i64, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    assert_eq!(
        boto.refused(create, &create_arguments(&server)),
        refused(
            400,
            "InvalidParameterValueException",
            "Function does not exist: receive"
        )
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
