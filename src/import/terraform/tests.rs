use super::*;
use crate::import::parser;
use serde_json::json;
use std::collections::BTreeMap;

fn read_mappings(text: &str) -> (Vec<(String, serde_json::Value)>, Vec<String>) {
    let root = parser::parse(text).expect("JSON");
    let mut drafts = Drafts::default();
    read(&root, &Values::new(BTreeMap::new()), &mut drafts);
    let mappings = drafts
        .mappings
        .iter()
        .map(|draft| (draft.name.clone(), draft.members.to_json()));
    let findings = drafts.findings.sorted();
    let findings = findings.into_iter().map(|finding| finding.message);
    (mappings.collect(), findings.collect())
}

#[test]
fn a_state_is_read_as_a_plan_is() {
    let state = json!({
        "terraform_version": "1.9.8",
        "values": { "root_module": { "resources": [{
            "address": "aws_lambda_event_source_mapping.a",
            "type": "aws_lambda_event_source_mapping",
            "name": "a",
            "values": {
                "arn": "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:1",
                "batch_size": 0,
                "enabled": false,
                "event_source_arn": "arn:aws:kafka:us-east-1:000000000000:cluster/a/1",
                "function_name": "f",
                "maximum_retry_attempts": 0,
                "metrics_config": [{ "metrics": ["EventCount"] }],
                "source_access_configuration": [{ "type": "VPC_SUBNET", "uri": "subnet:a" }],
                "topics": ["a"],
                "wishes": 3
            }
        }] } }
    });
    let (mappings, findings) = read_mappings(&state.to_string());
    let members = json!({
        "Enabled": false,
        "EventSourceArn": "arn:aws:kafka:us-east-1:000000000000:cluster/a/1",
        "FunctionName": "f",
        "MaximumRetryAttempts": 0,
        "MetricsConfig": { "Metrics": ["EventCount"] },
        "SourceAccessConfigurations": [{ "Type": "VPC_SUBNET", "URI": "subnet:a" }],
        "Topics": ["a"],
    });
    assert_eq!(
        mappings,
        [("aws_lambda_event_source_mapping.a".to_owned(), members)]
    );
    assert_eq!(findings, ["unknown attribute `wishes`"]);
}

#[test]
fn with_for_each_the_function_of_the_same_key_is_meant() {
    let resource = |kind: &str, name: &str, key: &str, values: serde_json::Value| json!({ "address": format!("{kind}.{name}[\"{key}\"]"), "type": kind, "name": name, "index": key, "values": values });
    let mapping = "aws_lambda_event_source_mapping";
    let unknown = |key: &str| json!({ "address": format!("{mapping}.m[\"{key}\"]"), "change": { "after_unknown": { "function_name": true } } });
    let plan = json!({
        "planned_values": { "root_module": { "resources": [
            resource("aws_lambda_function", "f", "a", json!({ "function_name": "f-a" })),
            resource("aws_lambda_function", "f", "b", json!({ "function_name": "f-b" })),
            resource(mapping, "m", "b", json!({ "topics": ["b"] })),
        ] } },
        "resource_changes": [unknown("b")],
        "configuration": { "root_module": { "resources": [{
            "type": mapping,
            "name": "m",
            "expressions": { "function_name": { "references": ["aws_lambda_function.f", "each.key"] } }
        }] } }
    });
    let (mappings, _) = read_mappings(&plan.to_string());
    let members = json!({ "FunctionName": "f-b", "Topics": ["b"] });
    let expected = [("aws_lambda_event_source_mapping.m[\"b\"]".to_owned(), members)];
    assert_eq!(mappings, expected);
}
