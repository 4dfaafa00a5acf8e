//! CloudFormation's templates, as written by hand, by SAM's users, or by CDK: `AWS::Lambda::EventSourceMapping`, and the events of
//! `AWS::Serverless::Function`.
//!
//! Source: CloudFormation template reference, `AWS::Lambda::EventSourceMapping`; SAM developer guide, "MSK" and "SelfManagedKafka".

mod intrinsics;
mod template;
#[cfg(test)]
mod tests;

pub(super) use template::Template;

use super::draft::{Draft, Drafts, Property, is_kafka};
use super::finding::Severity;
use super::tree::{Entry, Node, NodeValue, Undecided};

/// Adds the mappings of a template.
pub(super) fn read(template: &Template<'_>, drafts: &mut Drafts) {
    for resource in template.resources() {
        if resource.key.starts_with("Fn::ForEach") {
            let message = "Fn::ForEach is not expanded; import the output of `aws cloudformation get-template --template-stage Processed`";
            drafts
                .findings
                .add(Severity::Warning, resource.line, &resource.key, message);
            continue;
        }
        let kind = resource.value.get("Type").and_then(Node::as_text);
        if !matches!(
            kind,
            Some("AWS::Lambda::EventSourceMapping" | "AWS::Serverless::Function")
        ) {
            continue;
        }
        match exists(template, &resource.value) {
            Ok(true) if kind == Some("AWS::Serverless::Function") => read_events(template, resource, drafts),
            Ok(true) => read_mapping(template, resource, drafts),
            Ok(false) => {}
            Err(undecided) => {
                let message = format!("its Condition {}", super::way_out(&undecided));
                drafts
                    .findings
                    .add(Severity::Error, resource.line, &resource.key, message);
            }
        }
    }
}

/// Returns whether the condition of a resource holds, if it has one.
fn exists(template: &Template<'_>, resource: &Node) -> Result<bool, Undecided> {
    let condition = resource.get("Condition").and_then(Node::as_text);
    condition.map_or(Ok(true), |condition| template.holds(condition))
}

fn read_mapping(template: &Template<'_>, resource: &Entry, drafts: &mut Drafts) {
    let Some(properties) = resource.value.get("Properties") else {
        let (line, name) = (resource.line, &resource.key);
        return drafts
            .findings
            .add(Severity::Error, line, name, "it has no Properties");
    };
    let members = members_of(&template.resolve(properties));
    if is_kafka(&members) {
        drafts.mappings.push(Draft {
            name: resource.key.clone(),
            line: resource.line,
            members,
        });
    } else {
        drafts.left_out_source(resource, "this event source");
    }
}

impl Drafts {
    fn left_out_source(&mut self, mapping: &Entry, source: &str) {
        let message = format!("left out: mappings of {source} are not of Kafka");
        self.findings
            .add(Severity::Note, mapping.line, &mapping.key, message);
    }
}

/// Returns the properties of an `AWS::Lambda::EventSourceMapping` as members of the API, which differ in three places.
fn members_of(properties: &Node) -> Node {
    let mut members = Node::map(properties.line, Vec::new());
    for entry in properties.entries() {
        let name = match entry.key.as_str() {
            "KmsKeyArn" => "KMSKeyArn",
            name => name,
        };
        let value = match name {
            "Tags" => tags(&entry.value),
            "SelfManagedEventSource" => self_managed_source(&entry.value),
            _ => entry.value.clone(),
        };
        members.put(name, entry.line, value);
    }
    members
}

/// Returns a list of `Key` and `Value` as a map.
fn tags(list: &Node) -> Node {
    let NodeValue::List(items) = &list.value else {
        return list.clone();
    };
    let tag = |item: &Node| {
        Some(Entry {
            key: item.get("Key")?.scalar_text()?,
            line: item.line,
            value: item.get("Value")?.clone(),
        })
    };
    Node::map(list.line, items.iter().filter_map(tag).collect())
}

fn self_managed_source(source: &Node) -> Node {
    let mut renamed = source.clone();
    let NodeValue::Map(entries) = &mut renamed.value else {
        return renamed;
    };
    for endpoints in entries.iter_mut().filter(|entry| entry.key == "Endpoints") {
        let NodeValue::Map(endpoints) = &mut endpoints.value.value else {
            continue;
        };
        for servers in endpoints
            .iter_mut()
            .filter(|entry| entry.key == "KafkaBootstrapServers")
        {
            servers.key = "KAFKA_BOOTSTRAP_SERVERS".to_owned();
        }
    }
    renamed
}

fn read_events(template: &Template<'_>, function: &Entry, drafts: &mut Drafts) {
    let events = function.value.at(&["Properties", "Events"]);
    for event in events.map_or(&[][..], Node::entries) {
        let table = match event.value.get("Type").and_then(Node::as_text) {
            Some("MSK") => MSK,
            Some("SelfManagedKafka") => SELF_MANAGED_KAFKA,
            Some(kind @ ("SQS" | "Kinesis" | "DynamoDB" | "MQ" | "DocumentDB")) => {
                drafts.left_out_source(event, kind);
                continue;
            }
            _ => continue,
        };
        let name = format!("{}.{}", function.key, event.key);
        let empty = Node::map(event.line, Vec::new());
        let properties = event.value.get("Properties").unwrap_or(&empty);
        let mut members = Node::map(event.line, Vec::new());
        members.put("FunctionName", function.line, target(template, function));
        drafts.convert(
            &mut members,
            &template.resolve(properties),
            &[table, SHARED],
            &name,
        );
        let members = without_destination_type(members);
        drafts.mappings.push(Draft {
            name,
            line: event.line,
            members,
        });
    }
}

/// Returns the function that SAM makes the mapping for: with `AutoPublishAlias`, the alias.
fn target(template: &Template<'_>, function: &Entry) -> Node {
    let line = function.line;
    let id = |name: &str, key: &str| {
        Node::map(
            line,
            vec![Entry {
                key: key.to_owned(),
                line,
                value: Node::text(line, name),
            }],
        )
    };
    let function_name = template.resolve(&id(&function.key, "Ref"));
    let alias = function.value.at(&["Properties", "AutoPublishAlias"]);
    let alias = alias.map(|alias| template.resolve(alias));
    match (
        function_name.as_text(),
        alias.as_ref().map(|alias| (alias, alias.as_text())),
    ) {
        (Some(function), Some((_, Some(alias)))) => Node::text(line, format!("{function}:{alias}")),
        (Some(_), Some((alias, None))) => alias.clone(),
        _ => function_name,
    }
}

/// Removes `DestinationConfig.OnFailure.Type`, by which SAM chooses the policy of the function's role.
fn without_destination_type(mut members: Node) -> Node {
    let on_failure = members.at(&["DestinationConfig", "OnFailure"]);
    if let Some(on_failure) = on_failure.filter(|on_failure| on_failure.get("Type").is_some()) {
        let entries = on_failure.entries().iter().filter(|entry| entry.key != "Type");
        let (line, entries) = (on_failure.line, entries.cloned().collect());
        members.put("DestinationConfig.OnFailure", line, Node::map(line, entries));
    }
    members
}

/// The properties that both kinds of events have.
const SHARED: &[Property] = &[
    ("BatchSize", Some("BatchSize")),
    ("BisectBatchOnFunctionError", Some("BisectBatchOnFunctionError")),
    ("DestinationConfig", Some("DestinationConfig")),
    ("Enabled", Some("Enabled")),
    ("FilterCriteria", Some("FilterCriteria")),
    ("FunctionResponseTypes", Some("FunctionResponseTypes")),
    ("KmsKeyArn", Some("KMSKeyArn")),
    ("LoggingConfig", Some("LoggingConfig")),
    (
        "MaximumBatchingWindowInSeconds",
        Some("MaximumBatchingWindowInSeconds"),
    ),
    ("MaximumRecordAgeInSeconds", Some("MaximumRecordAgeInSeconds")),
    ("MaximumRetryAttempts", Some("MaximumRetryAttempts")),
    ("MetricsConfig", Some("MetricsConfig")),
    ("ProvisionedPollerConfig", Some("ProvisionedPollerConfig")),
    // A permission of the function's role.
    ("SecretsManagerKmsKeyId", None),
    ("SourceAccessConfigurations", Some("SourceAccessConfigurations")),
    ("StartingPosition", Some("StartingPosition")),
    ("StartingPositionTimestamp", Some("StartingPositionTimestamp")),
    ("Topics", Some("Topics")),
];

const MSK: &[Property] = &[
    (
        "ConsumerGroupId",
        Some("AmazonManagedKafkaEventSourceConfig.ConsumerGroupId"),
    ),
    (
        "SchemaRegistryConfig",
        Some("AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig"),
    ),
    ("Stream", Some("EventSourceArn")),
];

const SELF_MANAGED_KAFKA: &[Property] = &[
    (
        "ConsumerGroupId",
        Some("SelfManagedKafkaEventSourceConfig.ConsumerGroupId"),
    ),
    (
        "KafkaBootstrapServers",
        Some("SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"),
    ),
    (
        "SchemaRegistryConfig",
        Some("SelfManagedKafkaEventSourceConfig.SchemaRegistryConfig"),
    ),
];
