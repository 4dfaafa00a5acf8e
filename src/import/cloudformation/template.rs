//! A template's references, resolved where the template decides them.
//!
//! Source: CloudFormation user guide, "Intrinsic function reference" and "Pseudo parameters".
//!
//! # Differs from CloudFormation
//! - A resource without a name of its own is called by its logical id; CloudFormation makes a name up.
//! - `Fn::GetAtt F.Arn` of a function is its name, which a mapping may give instead.

use crate::import::tree::{Entry, Node, NodeValue, Undecided};
use crate::import::values::Values;
use std::collections::BTreeMap;

/// References within references end here: a template cannot nest them as deep, but a circle could.
const GREATEST_DEPTH: usize = 64;

/// A template whose references can be resolved.
pub(in crate::import) struct Template<'a> {
    pub(in crate::import) root: &'a Node,
    pub(in crate::import) values: &'a Values,
    /// Functions that the template does not show, by logical id, with their names.
    pub(in crate::import) functions: BTreeMap<String, String>,
}

impl<'a> Template<'a> {
    /// Returns the resources.
    pub(in crate::import) fn resources(&self) -> &'a [Entry] {
        self.root.get("Resources").map_or(&[], Node::entries)
    }

    fn resource(&self, id: &str) -> Option<&'a Node> {
        self.root.at(&["Resources", id])
    }

    /// Returns a tree in which every reference has its value or is undecided.
    pub(in crate::import) fn resolve(&self, node: &Node) -> Node {
        self.value(node, 0).unwrap_or(Node {
            line: node.line,
            value: NodeValue::Null,
        })
    }

    /// Returns whether a condition holds; `Err` if the template does not decide it.
    pub(in crate::import) fn holds(&self, condition: &str) -> Result<bool, Undecided> {
        self.condition(condition, 0)
    }

    /// Resolves a value; `None` for `AWS::NoValue`.
    pub(super) fn value(&self, node: &Node, depth: usize) -> Option<Node> {
        if depth > GREATEST_DEPTH {
            return Some(undecided_function(node.line, "a circle of references"));
        }
        let value = match &node.value {
            NodeValue::Text(text) => dynamic_reference(text)
                .map_or_else(|| node.value.clone(), |name| self.values.or_undecided(name)),
            NodeValue::List(items) => {
                let items = items.iter().filter_map(|item| self.value(item, depth + 1));
                NodeValue::List(items.collect())
            }
            NodeValue::Map(entries) => match entries.as_slice() {
                [function] if function.key == "Ref" || function.key.starts_with("Fn::") => {
                    return self.function(function, depth + 1);
                }
                entries => NodeValue::Map(self.resolved_entries(entries, depth)),
            },
            other => other.clone(),
        };
        let line = node.line;
        Some(Node { line, value })
    }

    fn resolved_entries(&self, entries: &[Entry], depth: usize) -> Vec<Entry> {
        let resolved = entries.iter().filter_map(|entry| {
            Some(Entry {
                key: entry.key.clone(),
                line: entry.line,
                value: self.value(&entry.value, depth + 1)?,
            })
        });
        resolved.collect()
    }

    /// Returns the value of `Ref NAME`; `None` for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, depth: usize) -> Option<NodeValue> {
        if name == "AWS::NoValue" {
            return None;
        }
        if let Some(value) = self.values.pseudo(name) {
            return Some(NodeValue::Text(value));
        }
        if let Some(parameter) = self.root.at(&["Parameters", name]) {
            return Some(self.parameter(name, parameter));
        }
        if let Some(given) = self.values.get(name) {
            return Some(NodeValue::Text(given.to_owned()));
        }
        Some(self.named(name, "Ref", depth).unwrap_or_else(|| undecided(name)))
    }

    fn parameter(&self, name: &str, parameter: &Node) -> NodeValue {
        let default = || parameter.get("Default").and_then(Node::scalar_text);
        let Some(value) = self.values.get(name).map(str::to_owned).or_else(default) else {
            return undecided(name);
        };
        let kind = parameter.get("Type").and_then(Node::as_text).unwrap_or_default();
        // The type of a parameter in the Parameter Store is the type of its value; its default is a key there.
        if kind.starts_with("AWS::SSM::Parameter::Value") && self.values.get(name).is_none() {
            return undecided(name);
        }
        let is_list = kind == "CommaDelimitedList" || kind.contains("List<");
        match is_list {
            true => {
                let items = value
                    .split(',')
                    .map(|item| Node::text(parameter.line, item.trim()));
                NodeValue::List(items.collect())
            }
            false => NodeValue::Text(value),
        }
    }

    /// Returns the value of `Fn::GetAtt RESOURCE.ATTRIBUTE`.
    pub(super) fn attribute(&self, resource: &str, attribute: &str, depth: usize) -> NodeValue {
        let name = format!("{resource}.{attribute}");
        if let Some(given) = self.values.get(&name) {
            return NodeValue::Text(given.to_owned());
        }
        self.named(resource, attribute, depth)
            .unwrap_or_else(|| undecided(&name))
    }

    /// Returns a name or ARN that follows from a resource's properties; `attribute` is `Ref` for the value of `Ref`.
    fn named(&self, id: &str, attribute: &str, depth: usize) -> Option<NodeValue> {
        if let Some(name) = self.functions.get(id) {
            return matches!(attribute, "Ref" | "Arn").then(|| NodeValue::Text(name.clone()));
        }
        let resource = self.resource(id)?;
        let kind = resource.get("Type")?.as_text()?;
        let name = |property| self.own_name(resource, id, property, depth);
        let values = self.values;
        Some(match (kind, attribute) {
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Ref" | "Arn") => name("FunctionName"),
            ("AWS::Lambda::Alias", "Ref" | "AliasArn") => self.qualified(resource, "Name", depth)?,
            ("AWS::Lambda::Version", "Ref" | "FunctionArn") => {
                let function = resource.at(&["Properties", "FunctionName"])?;
                self.value(function, depth + 1)?.value
            }
            ("AWS::SQS::Queue", "Arn") => map_text(name("QueueName"), |name| values.arn("sqs", true, &name)),
            ("AWS::SNS::Topic", "Ref" | "TopicArn") => {
                map_text(name("TopicName"), |name| values.arn("sns", true, &name))
            }
            ("AWS::SQS::Queue", "QueueName") => name("QueueName"),
            ("AWS::S3::Bucket", "Ref") => name("BucketName"),
            ("AWS::S3::Bucket", "Arn") => map_text(name("BucketName"), |name| values.arn("s3", false, &name)),
            _ => return None,
        })
    }

    /// Returns the name that a resource gives itself, or else its logical id.
    fn own_name(&self, resource: &Node, id: &str, property: &str, depth: usize) -> NodeValue {
        let given = resource.at(&["Properties", property]);
        match given.and_then(|given| self.value(given, depth + 1)) {
            Some(given) => given.value,
            None => NodeValue::Text(id.to_owned()),
        }
    }

    /// Returns `FUNCTION:QUALIFIER` for an alias.
    fn qualified(&self, alias: &Node, qualifier: &str, depth: usize) -> Option<NodeValue> {
        let property = |name| self.value(alias.at(&["Properties", name])?, depth + 1);
        let (function, qualifier) = (property("FunctionName")?, property(qualifier)?);
        let qualifier = qualifier.as_text()?.to_owned();
        Some(map_text(function.value, |function| {
            format!("{function}:{qualifier}")
        }))
    }

    fn condition(&self, name: &str, depth: usize) -> Result<bool, Undecided> {
        match self.root.at(&["Conditions", name]) {
            Some(condition) => self.truth(condition, depth + 1),
            None => Err(Undecided::Named(name.to_owned())),
        }
    }

    /// Evaluates an expression of the section `Conditions`.
    pub(super) fn truth(&self, node: &Node, depth: usize) -> Result<bool, Undecided> {
        let [function] = node.entries() else {
            return Err(Undecided::Function("a condition of another form".to_owned()));
        };
        if depth > GREATEST_DEPTH {
            return Err(Undecided::Function("a circle of conditions".to_owned()));
        }
        let operands = function.value.items();
        let truths = || operands.iter().map(|operand| self.truth(operand, depth + 1));
        match function.key.as_str() {
            "Condition" => self.condition(function.value.as_text().unwrap_or_default(), depth),
            "Fn::Equals" => {
                let [left, right] = operands else {
                    return Err(Undecided::Function("Fn::Equals".to_owned()));
                };
                Ok(self.compared(left, depth)? == self.compared(right, depth)?)
            }
            "Fn::Not" => match operands {
                [operand] => Ok(!self.truth(operand, depth + 1)?),
                _ => Err(Undecided::Function("Fn::Not".to_owned())),
            },
            "Fn::And" => truths().try_fold(true, |all, truth| Ok(all && truth?)),
            "Fn::Or" => truths().try_fold(false, |any, truth| Ok(any || truth?)),
            other => Err(Undecided::Function(other.to_owned())),
        }
    }

    fn compared(&self, node: &Node, depth: usize) -> Result<Option<String>, Undecided> {
        match self.value(node, depth + 1) {
            Some(Node {
                value: NodeValue::Undecided(undecided),
                ..
            }) => Err(undecided),
            resolved => Ok(resolved.and_then(|resolved| resolved.scalar_text())),
        }
    }
}

/// Returns a value that `--set` takes under a name.
pub(super) fn undecided(name: &str) -> NodeValue {
    NodeValue::Undecided(Undecided::Named(name.to_owned()))
}

/// Returns the result of a function that is not evaluated.
pub(super) fn undecided_function(line: usize, name: &str) -> Node {
    let value = NodeValue::Undecided(Undecided::Function(name.to_owned()));
    Node { line, value }
}

fn map_text(value: NodeValue, change: impl FnOnce(String) -> String) -> NodeValue {
    match value {
        NodeValue::Text(text) => NodeValue::Text(change(text)),
        other => other,
    }
}

/// Returns the name of the first dynamic reference in a text, such as `resolve:ssm:/kafka/arn`.
fn dynamic_reference(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("{{resolve:")?;
    let (_, end) = rest.split_once("}}")?;
    let begin = text.len() - rest.len() - "resolve:".len();
    Some(&text[begin..text.len() - end.len() - "}}".len()])
}
