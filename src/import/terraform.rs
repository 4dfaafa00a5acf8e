//! The JSON of a Terraform plan or state (`terraform show -json`): `aws_lambda_event_source_mapping`, and `kafka_topic` of the provider
//! Mongey/kafka.
//!
//! Source: Terraform's "JSON Output Format", and the schema of the provider's resources. The provider sends no empty text, no 0 and no
//! false, except for `enabled` and `maximum_retry_attempts`; neither does the import.
//!
//! A value that is known after the plan is applied has a reference in the plan's configuration. One to a function or an alias of the same
//! module is followed; any other is undecided under the reference's name.

use super::draft::{Draft, DraftTopic, Drafts, is_kafka};
use super::finding::Severity;
use super::tree::{Entry, Node, NodeValue};
use super::values::Values;
use esmeralda_esm::KnownMembers;

#[cfg(test)]
mod tests;

/// A plan, and the values given for references.
struct Document<'a> {
    root: &'a Node,
    values: &'a Values,
}

/// A module of the plan with its configuration, which a state does not have.
#[derive(Clone, Copy)]
struct Module<'a> {
    resources: &'a [Node],
    configuration: Option<&'a Node>,
}

/// Adds the mappings and topics of a plan or a state.
pub(super) fn read(root: &Node, values: &Values, drafts: &mut Drafts) {
    let document = Document { root, values };
    let planned = root.get("planned_values").or_else(|| root.get("values"));
    if let Some(module) = planned.and_then(|planned| planned.get("root_module")) {
        let configuration = root.at(&["configuration", "root_module"]);
        document.read_module(module, configuration, drafts);
    }
}

impl Document<'_> {
    fn read_module(&self, module: &Node, configuration: Option<&Node>, drafts: &mut Drafts) {
        let resources = module.get("resources").map_or(&[][..], Node::items);
        let here = Module {
            resources,
            configuration,
        };
        for resource in resources {
            match text(resource, "type") {
                "aws_lambda_event_source_mapping" => self.read_mapping(resource, here, drafts),
                "kafka_topic" => drafts.topics.extend(topic(resource)),
                _ => {}
            }
        }
        for child in module.get("child_modules").map_or(&[][..], Node::items) {
            // The address of a module ends with its name, and with the key of `count` or `for_each`.
            let address = text(child, "address");
            let call = address.rsplit("module.").next().unwrap_or_default();
            let call = call.split('[').next().unwrap_or_default();
            let configuration = configuration.and_then(|outer| outer.at(&["module_calls", call, "module"]));
            self.read_module(child, configuration, drafts);
        }
    }

    fn read_mapping(&self, resource: &Node, module: Module<'_>, drafts: &mut Drafts) {
        let Some(attributes) = resource.get("values") else {
            return;
        };
        let address = text(resource, "address");
        let change = self.change(address);
        let expressions = module.expressions(resource);
        let open = Open {
            document: self,
            module,
            resource,
        };
        let attributes = open.complete(attributes, change, expressions);
        let name = address.to_owned();
        let line = resource.line;
        let members = members(&attributes, KnownMembers::top(), true, &mut |entry| {
            let message = format!("unknown attribute `{}`", entry.key);
            drafts.findings.add(Severity::Error, entry.line, &name, message);
        });
        if is_kafka(&members) {
            drafts.mappings.push(Draft { name, line, members });
        } else {
            let message = "left out: its event source is not Kafka";
            drafts.findings.add(Severity::Note, line, &name, message);
        }
    }

    /// Returns which attributes of a resource are known after the plan is applied.
    fn change(&self, address: &str) -> Option<&Node> {
        let changes = self.root.get("resource_changes")?.items();
        let change = changes.iter().find(|change| text(change, "address") == address)?;
        change.at(&["change", "after_unknown"])
    }
}

impl<'a> Module<'a> {
    fn expressions(self, resource: &Node) -> Option<&'a Node> {
        let configured = self.configuration?.get("resources")?.items();
        let is_it = |configured: &&Node| {
            text(configured, "type") == text(resource, "type")
                && text(configured, "name") == text(resource, "name")
        };
        configured.iter().find(is_it)?.get("expressions")
    }
}

/// A resource whose unknown attributes are looked up.
struct Open<'a> {
    document: &'a Document<'a>,
    module: Module<'a>,
    resource: &'a Node,
}

impl Open<'_> {
    /// Returns the values with those added that are not known yet, if the configuration has an expression for them. The others are
    /// computed by AWS, and no request has them.
    fn complete(&self, known: &Node, unknown: Option<&Node>, expressions: Option<&Node>) -> Node {
        let (Some(unknown), Some(expressions)) = (unknown, expressions) else {
            return known.clone();
        };
        match (&known.value, &unknown.value) {
            (_, NodeValue::Boolean(true)) => Node {
                line: unknown.line,
                value: self.referred(expressions),
            },
            (NodeValue::List(items), NodeValue::List(unknown)) => {
                let item = |(index, item)| {
                    // A block that is allowed once may stand without a list in the configuration.
                    let expressions = expressions.items().get(index).unwrap_or(expressions);
                    self.complete(item, unknown.get(index), Some(expressions))
                };
                let value = NodeValue::List(items.iter().enumerate().map(item).collect());
                Node {
                    line: known.line,
                    value,
                }
            }
            (NodeValue::Map(_), NodeValue::Map(unknown)) => {
                let mut complete = Node::map(known.line, Vec::new());
                for entry in known.entries().iter().chain(unknown) {
                    let key = entry.key.as_str();
                    let null = Node {
                        line: entry.line,
                        value: NodeValue::Null,
                    };
                    let value = known.get(key).unwrap_or(&null);
                    let unknown = unknown.iter().find(|unknown| unknown.key == key);
                    let unknown = unknown.map(|unknown| &unknown.value);
                    let value = self.complete(value, unknown, expressions.get(key));
                    if complete.get(key).is_none() {
                        complete.put_key(key, entry.line, value);
                    }
                }
                complete
            }
            _ => known.clone(),
        }
    }

    /// Returns the value of an expression: a function of the same module, or what is given for its reference.
    fn referred(&self, expression: &Node) -> NodeValue {
        let references = expression.get("references").map_or(&[][..], Node::items);
        let references: Vec<&str> = references.iter().filter_map(Node::as_text).collect();
        for reference in &references {
            if let Some(given) = self.document.values.get(reference) {
                return NodeValue::Text(given.to_owned());
            }
        }
        let function = references.iter().find_map(|reference| self.function(reference));
        match (function, references.first()) {
            (Some(function), _) => NodeValue::Text(function),
            (None, Some(reference)) => self.document.values.or_undecided(reference),
            (None, None) => self.document.values.or_undecided(text(self.resource, "address")),
        }
    }

    /// Returns the function that a reference such as `aws_lambda_function.orders.arn` names.
    fn function(&self, reference: &str) -> Option<String> {
        let mut parts = reference.split(['.', '[']);
        let (kind, name) = (parts.next()?, parts.next()?);
        let is_it = |resource: &&Node| text(resource, "type") == kind && text(resource, "name") == name;
        let found: Vec<&Node> = self.module.resources.iter().filter(is_it).collect();
        // With `count` or `for_each`, the one with the same key.
        let key = self.resource.get("index").map(|key| &key.value);
        let same = found
            .iter()
            .find(|found| found.get("index").map(|key| &key.value) == key);
        let attribute = |name| {
            let found = same.or(found.first())?;
            found.at(&["values", name])?.as_text()
        };
        match kind {
            "aws_lambda_function" => attribute("function_name").map(str::to_owned),
            "aws_lambda_alias" => {
                let function = attribute("function_name")?;
                Some(format!("{function}:{}", attribute("name")?))
            }
            _ => None,
        }
    }
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_text).unwrap_or_default()
}

/// Returns the topic that a `kafka_topic` declares.
fn topic(resource: &Node) -> Option<DraftTopic> {
    let values = resource.get("values")?;
    let config = values.get("config").map_or(&[][..], Node::entries).iter();
    Some(DraftTopic {
        name: values.get("name")?.as_text()?.to_owned(),
        partitions: match values.get("partitions").map(|partitions| &partitions.value) {
            Some(NodeValue::Integer(partitions)) => Some(*partitions),
            _ => None,
        },
        configs: config
            .filter_map(|entry| Some((entry.key.clone(), entry.value.scalar_text()?)))
            .collect(),
    })
}

/// Attributes that are not sent: AWS answers them, or they are settings of the provider.
const NOT_SENT: [&str; 13] = [
    "arn",
    "function_arn",
    "id",
    "last_modified",
    "last_processing_result",
    "region",
    "state",
    "state_transition_reason",
    "tags_all",
    "timeouts",
    "uuid",
    "event_source_mapping_arn",
    "filter_criteria_error",
];

/// Attributes whose names are not the member's with underscores.
const RENAMED: [(&str, &str); 10] = [
    ("access_config", "AccessConfigs"),
    ("destination_arn", "Destination"),
    ("document_db_event_source_config", "DocumentDBEventSourceConfig"),
    ("filter", "Filters"),
    ("kms_key_arn", "KMSKeyArn"),
    ("schema_registry_uri", "SchemaRegistryURI"),
    ("schema_validation_config", "SchemaValidationConfigs"),
    ("source_access_configuration", "SourceAccessConfigurations"),
    ("uri", "URI"),
    ("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"),
];

/// Returns attributes as members. `known` are the members at this depth; `unknown` hears of an attribute that is none.
fn members(attributes: &Node, known: KnownMembers, is_top: bool, unknown: &mut dyn FnMut(&Entry)) -> Node {
    let mut members = Node::map(attributes.line, Vec::new());
    for entry in attributes.entries() {
        let is_sent = !is_top || !NOT_SENT.contains(&entry.key.as_str());
        if !is_sent || is_unset(entry, is_top) {
            continue;
        }
        let name = member_name(&entry.key);
        if known.type_of(&name).is_none() {
            unknown(entry);
            continue;
        }
        let value = match (name.as_str(), known.below(&name)) {
            ("Endpoints", _) => servers(&entry.value),
            ("StartingPositionTimestamp", _) | (_, None) => entry.value.clone(),
            (_, Some(below)) => blocks(&entry.value, known.is_list(&name), below, unknown),
        };
        members.put_key(&name, entry.line, value);
    }
    members
}

/// Returns blocks as a list of structures or, where AWS has one structure, the first of them.
fn blocks(blocks: &Node, is_list: bool, known: KnownMembers, unknown: &mut dyn FnMut(&Entry)) -> Node {
    match blocks.items() {
        [] => blocks.clone(),
        [block, ..] if !is_list => members(block, known, false, unknown),
        items => {
            let items = items.iter().map(|block| members(block, known, false, unknown));
            let value = NodeValue::List(items.collect());
            let line = blocks.line;
            Node { line, value }
        }
    }
}

/// Returns `{"KAFKA_BOOTSTRAP_SERVERS": "a:9092,b:9092"}` with a list of servers.
fn servers(endpoints: &Node) -> Node {
    let mut listed = endpoints.clone();
    if let NodeValue::Map(entries) = &mut listed.value {
        for entry in entries {
            if let Some(servers) = entry.value.as_text() {
                let servers = servers
                    .split(',')
                    .map(|server| Node::text(entry.line, server.trim()));
                entry.value.value = NodeValue::List(servers.collect());
            }
        }
    }
    listed
}

/// Returns whether the provider does not send an attribute with this value.
fn is_unset(entry: &Entry, is_top: bool) -> bool {
    match &entry.value.value {
        NodeValue::Null => true,
        NodeValue::List(items) => items.is_empty(),
        NodeValue::Text(text) => text.is_empty(),
        NodeValue::Integer(0) => is_top && entry.key != "maximum_retry_attempts",
        NodeValue::Boolean(false) => is_top && entry.key != "enabled",
        _ => false,
    }
}

fn member_name(attribute: &str) -> String {
    if let Some((_, member)) = RENAMED.iter().find(|(name, _)| *name == attribute) {
        return (*member).to_owned();
    }
    let words = attribute.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect()
}
