//! The Serverless Framework's `serverless.yml`: the events `msk` and `kafka` of functions, and the mappings in `resources`.
//!
//! Source: Serverless Framework documentation, "MSK" and "Kafka" events.

#[cfg(test)]
mod tests;
mod variables;

use super::cloudformation::{self, Template};
use super::draft::{Draft, Drafts, Property};
use super::finding::Severity;
use super::tree::{Entry, Node, NodeValue};
use super::values::Values;
use std::collections::BTreeMap;
use variables::Variables;

/// Adds the mappings of a service.
pub(super) fn read(root: &Node, values: &Values, drafts: &mut Drafts) {
    let root = Variables::new(root, values).resolve();
    let functions = functions(&root);
    let by_logical_id = functions
        .iter()
        .map(|function| (function.logical_id(), function.name.clone()));
    let by_logical_id: BTreeMap<_, _> = by_logical_id.collect();
    let nothing = Node::map(1, Vec::new());
    let resources = resources(&root);
    let first = resources.first().copied().unwrap_or(&nothing);
    let template = Template {
        root: first,
        values,
        functions: by_logical_id.clone(),
    };
    for function in &functions {
        read_events(function, &template, drafts);
    }
    for root in resources {
        let functions = by_logical_id.clone();
        cloudformation::read(
            &Template {
                root,
                values,
                functions,
            },
            drafts,
        );
    }
}

/// A function of the service.
struct Function<'a> {
    entry: &'a Entry,
    /// The name that it is deployed under: by default `SERVICE-STAGE-KEY`.
    name: String,
}

impl Function<'_> {
    /// Returns its logical id in `resources`.
    fn logical_id(&self) -> String {
        let key = self.entry.key.replace('-', "Dash").replace('_', "Underscore");
        let (first, rest) = key.split_at(key.len().min(1));
        format!("{}{rest}LambdaFunction", first.to_ascii_uppercase())
    }
}

fn functions(root: &Node) -> Vec<Function<'_>> {
    let service = root.get("service");
    // An object with a name was the older form.
    let service = service.and_then(|service| service.as_text().or_else(|| service.get("name")?.as_text()));
    let stage = root.at(&["provider", "stage"]).and_then(Node::as_text);
    let prefix = format!("{}-{}", service.unwrap_or("service"), stage.unwrap_or("dev"));
    let entries = match root.get("functions") {
        Some(functions) if functions.items().is_empty() => functions.entries().iter().collect(),
        // Functions can be a list of maps, each from a file of its own.
        Some(functions) => functions
            .items()
            .iter()
            .flat_map(Node::entries)
            .collect::<Vec<_>>(),
        None => Vec::new(),
    };
    let function = |entry: &'_ Entry| match entry.value.get("name").and_then(Node::as_text) {
        Some(name) => name.to_owned(),
        None => format!("{prefix}-{}", entry.key),
    };
    entries
        .into_iter()
        .map(|entry| Function {
            entry,
            name: function(entry),
        })
        .collect()
}

/// Returns the templates in `resources`: one, or a list of them.
fn resources(root: &Node) -> Vec<&Node> {
    match root.get("resources") {
        Some(resources) if resources.items().is_empty() => vec![resources],
        Some(resources) => resources.items().iter().collect(),
        None => Vec::new(),
    }
}

fn read_events(function: &Function<'_>, template: &Template<'_>, drafts: &mut Drafts) {
    let events = function.entry.value.get("events").map_or(&[][..], Node::items);
    for event in events.iter().flat_map(Node::entries) {
        let table = match event.key.as_str() {
            "msk" => MSK,
            "kafka" => KAFKA,
            "sqs" | "stream" | "activemq" | "rabbitmq" => {
                let message = format!("left out: mappings of {} are not of Kafka", event.key);
                drafts
                    .findings
                    .add(Severity::Note, event.line, &function.entry.key, message);
                continue;
            }
            _ => continue,
        };
        let name = format!("{}.{}", function.entry.key, event.key);
        let mut members = Node::map(event.line, Vec::new());
        let function_name = Node::text(function.entry.line, function.name.clone());
        members.put("FunctionName", function.entry.line, function_name);
        let properties = converted(&template.resolve(&event.value));
        drafts.convert(&mut members, &properties, &[table, SHARED], &name);
        drafts.mappings.push(Draft {
            name,
            line: event.line,
            members,
        });
    }
}

/// Returns an event's properties with their values in AWS's form.
fn converted(event: &Node) -> Node {
    let mut properties = Node::map(event.line, Vec::new());
    for entry in event.entries() {
        let value = match entry.key.as_str() {
            "accessConfigurations" => access_configurations(&entry.value),
            "filterPatterns" => filters(&entry.value),
            "saslScram512" => one(access_configuration("SASL_SCRAM_512_AUTH", "", &entry.value)),
            "topic" => one(entry.value.clone()),
            _ => entry.value.clone(),
        };
        properties.put_key(&entry.key, entry.line, value);
    }
    properties
}

fn one(item: Node) -> Node {
    let line = item.line;
    let value = NodeValue::List(vec![item]);
    Node { line, value }
}

fn access_configuration(kind: &str, prefix: &str, uri: &Node) -> Node {
    let line = uri.line;
    let uri = match uri.as_text() {
        Some(text) => Node::text(line, format!("{prefix}{text}")),
        None => uri.clone(),
    };
    let mut configuration = Node::map(line, Vec::new());
    configuration.put("Type", line, Node::text(line, kind));
    configuration.put("URI", line, uri);
    configuration
}

fn access_configurations(by_kind: &Node) -> Node {
    let mut configurations = Vec::new();
    for entry in by_kind.entries() {
        let (kind, prefix) = match entry.key.as_str() {
            "clientCertificateTlsAuth" => ("CLIENT_CERTIFICATE_TLS_AUTH", ""),
            "saslPlainAuth" => ("BASIC_AUTH", ""),
            "saslScram256Auth" => ("SASL_SCRAM_256_AUTH", ""),
            "saslScram512Auth" => ("SASL_SCRAM_512_AUTH", ""),
            "serverRootCaCertificate" => ("SERVER_ROOT_CA_CERTIFICATE", ""),
            "vpcSecurityGroup" => ("VPC_SECURITY_GROUP", "security_group:"),
            "vpcSubnet" => ("VPC_SUBNET", "subnet:"),
            // AWS's error names it.
            other => (other, ""),
        };
        let uris = match entry.value.items() {
            [] => std::slice::from_ref(&entry.value),
            uris => uris,
        };
        configurations.extend(uris.iter().map(|uri| access_configuration(kind, prefix, uri)));
    }
    let value = NodeValue::List(configurations);
    let line = by_kind.line;
    Node { line, value }
}

/// Returns filter patterns, which are written as YAML, as filters with JSON.
fn filters(patterns: &Node) -> Node {
    let filter = |pattern: &Node| {
        let text = match pattern.undecided() {
            Some(_) => pattern.clone(),
            None => Node::text(pattern.line, pattern.to_json().to_string()),
        };
        let mut filter = Node::map(pattern.line, Vec::new());
        filter.put("Pattern", pattern.line, text);
        filter
    };
    let value = NodeValue::List(patterns.items().iter().map(filter).collect());
    let line = patterns.line;
    Node { line, value }
}

/// The properties that both events have.
const SHARED: &[Property] = &[
    ("batchSize", Some("BatchSize")),
    ("enabled", Some("Enabled")),
    ("filterPatterns", Some("FilterCriteria.Filters")),
    ("maximumBatchingWindow", Some("MaximumBatchingWindowInSeconds")),
    ("startingPosition", Some("StartingPosition")),
    ("startingPositionTimestamp", Some("StartingPositionTimestamp")),
    ("topic", Some("Topics")),
];

const MSK: &[Property] = &[
    ("arn", Some("EventSourceArn")),
    (
        "consumerGroupId",
        Some("AmazonManagedKafkaEventSourceConfig.ConsumerGroupId"),
    ),
    ("saslScram512", Some("SourceAccessConfigurations")),
];

const KAFKA: &[Property] = &[
    ("accessConfigurations", Some("SourceAccessConfigurations")),
    (
        "bootstrapServers",
        Some("SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"),
    ),
    (
        "consumerGroupId",
        Some("SelfManagedKafkaEventSourceConfig.ConsumerGroupId"),
    ),
];
