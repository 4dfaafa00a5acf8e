//! A mapping with a schema registry, and records of real serializers.

use serde_json::{Value, json};

use super::aws::Boto;
use super::function::Function;
use super::{TOPIC, assert_committed_to_the_end, create_arguments, uuid_of};
use crate::case::Case;
use crate::cases::schema_registry;
use crate::context::Context;
use crate::kafka;
use crate::server::Server;
use crate::setup::Toolchain;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "boto3",
        "a_mapping_decodes_what_confluents_serializers_have_written",
        &[Toolchain::Python],
        decoded,
    )]
}

fn decoded(context: &Context) {
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    schema_registry::program(context, &server, "round_trip").expect("record", context.deadline);
    let mut arguments = create_arguments(&server);
    // The registry is asked over HTTP, as any other would be.
    arguments["SelfManagedKafkaEventSourceConfig"] = json!({"SchemaRegistryConfig": {
        "SchemaRegistryURI": server.http,
        "EventRecordFormat": "JSON",
        "SchemaValidationConfigs": [{"Attribute": "KEY"}, {"Attribute": "VALUE"}],
    }});
    let mut boto = Boto::start(context, &server);
    let created = boto.call("create_event_source_mapping", &arguments);
    function.wait_for(1, context.deadline);
    let event: Value = serde_json::from_str(&function.invocations[0].body).expect("an event is JSON");
    let record = &event["records"]["orders-0"][0];
    let wanted = [
        // {"id":7}, as the serializer wrote it.
        ("key", json!("eyJpZCI6N30=")),
        (
            "keySchemaMetadata",
            json!({"dataFormat": "JSON", "schemaId": "1"}),
        ),
        // {"id":7,"customer":"Ada"}
        ("value", json!("eyJpZCI6NywiY3VzdG9tZXIiOiJBZGEifQ==")),
        (
            "valueSchemaMetadata",
            json!({"dataFormat": "AVRO", "schemaId": "2"}),
        ),
    ];
    for (member, value) in wanted {
        assert_eq!(record[member], value, "{member} of {event}");
    }
    assert_committed_to_the_end(context, &server, &uuid_of(&created), 1);
    server.stop();
}
