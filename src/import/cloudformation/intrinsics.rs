//! Intrinsic functions of CloudFormation. A function with an argument that is undecided is undecided, too.

use super::template::{Template, undecided, undecided_function};
use crate::import::tree::{Entry, Node, NodeValue, Undecided};

impl Template<'_> {
    /// Evaluates `{FUNCTION: ARGUMENT}`; `None` for `AWS::NoValue`.
    pub(super) fn function(&self, function: &Entry, depth: usize) -> Option<Node> {
        let (name, argument, line) = (function.key.as_str(), &function.value, function.line);
        let value = match name {
            "Ref" => self.reference(argument.as_text()?, depth)?,
            "Fn::GetAtt" => self.get_att(argument, depth).unwrap_or_else(|| unsupported(name)),
            "Fn::Sub" => self
                .substitute(argument, depth)
                .unwrap_or_else(|| unsupported(name)),
            "Fn::If" => return self.choose(argument, line, depth),
            "Fn::ImportValue" => match self.value(argument, depth)?.value {
                NodeValue::Text(export) => self.values.or_undecided(&export),
                other => other,
            },
            _ => {
                // The arguments of the others are values.
                let argument = self.value(argument, depth)?;
                evaluate(name, &argument).unwrap_or_else(|| match argument.undecided() {
                    Some((_, undecided)) => NodeValue::Undecided(undecided.clone()),
                    None => self
                        .looked_up(name, &argument)
                        .unwrap_or_else(|| unsupported(name)),
                })
            }
        };
        Some(Node { line, value })
    }

    /// `Fn::GetAtt`: `RESOURCE.ATTRIBUTE`, or a list of both.
    fn get_att(&self, argument: &Node, depth: usize) -> Option<NodeValue> {
        let (resource, attribute) = match argument.items() {
            [resource, attribute] => (
                resource.as_text()?.to_owned(),
                self.value(attribute, depth)?.scalar_text()?,
            ),
            _ => {
                let (resource, attribute) = argument.as_text()?.split_once('.')?;
                (resource.to_owned(), attribute.to_owned())
            }
        };
        Some(self.attribute(&resource, &attribute, depth))
    }

    /// `Fn::Sub`: a text, or a list of it and a map of variables.
    fn substitute(&self, argument: &Node, depth: usize) -> Option<NodeValue> {
        let (text, variables) = match argument.items() {
            [text, variables] => (text.as_text()?, Some(variables)),
            _ => (argument.as_text()?, None),
        };
        let (mut result, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            result += before;
            let (variable, after) = after.split_once('}')?;
            rest = after;
            // `${!X}` is `${X}` as text.
            if let Some(literal) = variable.strip_prefix('!') {
                result += &format!("${{{literal}}}");
                continue;
            }
            let variable = variable.trim();
            let own = variables.and_then(|variables| variables.get(variable));
            let value = match (own, variable.split_once('.')) {
                (Some(own), _) => self.value(own, depth)?.value,
                (None, Some((resource, attribute))) => self.attribute(resource, attribute, depth),
                (None, None) => self.reference(variable, depth)?,
            };
            match value {
                NodeValue::Undecided(_) => return Some(value),
                value => result += &Node { line: 0, value }.scalar_text()?,
            }
        }
        result += rest;
        // The text itself may contain a dynamic reference.
        self.value(&Node::text(0, result), depth).map(|node| node.value)
    }

    /// `Fn::If`: a condition, and the value of either case.
    fn choose(&self, argument: &Node, line: usize, depth: usize) -> Option<Node> {
        let [condition, then, otherwise] = argument.items() else {
            return Some(undecided_function(line, "Fn::If"));
        };
        match self.holds(condition.as_text().unwrap_or_default()) {
            Ok(true) => self.value(then, depth),
            Ok(false) => self.value(otherwise, depth),
            Err(reason) => Some(Node {
                line,
                value: NodeValue::Undecided(reason),
            }),
        }
    }

    /// `Fn::FindInMap`: a map of the template, and two keys.
    fn looked_up(&self, function: &str, argument: &Node) -> Option<NodeValue> {
        let ("Fn::FindInMap", [map, first, second, ..]) = (function, argument.items()) else {
            return None;
        };
        let keys = [map.scalar_text()?, first.scalar_text()?, second.scalar_text()?];
        let found = self.root.at(&["Mappings", &keys[0], &keys[1], &keys[2]]);
        Some(match found {
            Some(found) => found.value.clone(),
            None => undecided(&keys.join(".")),
        })
    }
}

fn unsupported(function: &str) -> NodeValue {
    NodeValue::Undecided(Undecided::Function(function.to_owned()))
}

/// Evaluates a function of values alone. Returns `None` if it is not one, or if a value that it needs is missing.
fn evaluate(function: &str, argument: &Node) -> Option<NodeValue> {
    match (function, argument.items()) {
        ("Fn::Join", [delimiter, parts]) => {
            let parts = parts.items().iter().map(Node::scalar_text);
            let parts: Option<Vec<_>> = parts.collect();
            Some(NodeValue::Text(parts?.join(delimiter.as_text()?)))
        }
        ("Fn::Split", [delimiter, text]) => {
            let parts = text.as_text()?.split(delimiter.as_text()?);
            Some(NodeValue::List(
                parts.map(|part| Node::text(text.line, part)).collect(),
            ))
        }
        ("Fn::Select", [index, list]) => {
            let index: usize = index.scalar_text()?.parse().ok()?;
            list.items().get(index).map(|item| item.value.clone())
        }
        ("Fn::ToJsonString", _) if argument.undecided().is_none() => {
            Some(NodeValue::Text(argument.to_json().to_string()))
        }
        _ => None,
    }
}
