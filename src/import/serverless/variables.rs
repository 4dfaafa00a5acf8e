//! Variables of a `serverless.yml`: `${SOURCE:ADDRESS, FALLBACK}`, resolved where the file decides them.
//!
//! Source: Serverless Framework documentation, "Variables".
//!
//! # Differs from the Serverless Framework
//! The environment and the options of its command line are not read: `--set env:NAME=VALUE` and `--set opt:NAME=VALUE` give them.

use crate::import::tree::{Entry, Node, NodeValue, Undecided};
use crate::import::values::Values;

/// Variables within variables end here: nobody nests them as deep, but a circle could.
const GREATEST_DEPTH: usize = 32;

/// A file whose variables can be resolved.
pub(super) struct Variables<'a> {
    root: &'a Node,
    values: &'a Values,
}

/// A part of a text.
enum Part<'a> {
    Literal(&'a str),
    /// The text between `${` and `}`.
    Variable(&'a str),
}

impl<'a> Variables<'a> {
    pub(super) fn new(root: &'a Node, values: &'a Values) -> Self {
        Self { root, values }
    }

    /// Returns the file with every variable replaced by its value, or undecided.
    pub(super) fn resolve(&self) -> Node {
        self.node(self.root, 0)
    }

    fn node(&self, node: &Node, depth: usize) -> Node {
        let value = match &node.value {
            NodeValue::Text(text) => self.text(text, depth),
            NodeValue::List(items) => {
                NodeValue::List(items.iter().map(|item| self.node(item, depth)).collect())
            }
            NodeValue::Map(entries) => {
                let entry = |entry: &Entry| Entry {
                    key: entry.key.clone(),
                    line: entry.line,
                    value: self.node(&entry.value, depth),
                };
                NodeValue::Map(entries.iter().map(entry).collect())
            }
            other => other.clone(),
        };
        let line = node.line;
        Node { line, value }
    }

    fn text(&self, text: &str, depth: usize) -> NodeValue {
        if depth > GREATEST_DEPTH {
            return NodeValue::Undecided(Undecided::Function("a circle of variables".to_owned()));
        }
        let parts = parts(text);
        // A variable that is the whole text may be a list or a map.
        if let [Part::Variable(variable)] = parts.as_slice() {
            return self.variable(variable, depth + 1);
        }
        let mut whole = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => whole += literal,
                Part::Variable(variable) => {
                    let value = self.variable(variable, depth + 1);
                    if let NodeValue::Undecided(_) = value {
                        return value;
                    }
                    whole += &Node { line: 0, value }.scalar_text().unwrap_or_default();
                }
            }
        }
        NodeValue::Text(whole)
    }

    /// Returns the value of the first alternative that has one.
    fn variable(&self, variable: &str, depth: usize) -> NodeValue {
        let mut first = None;
        for alternative in alternatives(variable) {
            let value = self.alternative(alternative, depth);
            match value {
                NodeValue::Undecided(_) | NodeValue::Null => first = first.or(Some(value)),
                value => return value,
            }
        }
        first.unwrap_or(NodeValue::Null)
    }

    fn alternative(&self, alternative: &str, depth: usize) -> NodeValue {
        for quote in ['\'', '"'] {
            let inner = alternative
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote));
            if let Some(inner) = inner {
                return NodeValue::Text(inner.to_owned());
            }
        }
        // The address can contain variables.
        let address = match self.text(alternative, depth + 1) {
            NodeValue::Text(address) => address,
            // `${${self:custom.x}}`, or a fallback that is a variable.
            other => return other,
        };
        match address.split_once(':') {
            Some(("self", path)) => self.own(path, depth),
            Some(("sls", "stage")) => self.stage(depth),
            Some(("aws", "region")) => self.own_or("provider.region", "AWS::Region", depth),
            Some(("aws", "accountId")) => {
                NodeValue::Text(self.values.pseudo("AWS::AccountId").unwrap_or_default())
            }
            Some(("param", name)) => self.parameter(name, depth),
            Some(_) => self.values.or_undecided(&address),
            None if address.contains('(') => self.values.or_undecided(&address),
            None => literal(address),
        }
    }

    /// Returns the value at a path of the file; null if it has none.
    fn own(&self, path: &str, depth: usize) -> NodeValue {
        let mut node = self.root.clone();
        for key in path.split('.').filter(|key| !key.is_empty()) {
            let next = match (node.get(key), key.parse::<usize>()) {
                (Some(next), _) => Some(next),
                (None, Ok(index)) => node.items().get(index),
                (None, Err(_)) => None,
            };
            let Some(next) = next else {
                return NodeValue::Null;
            };
            // A text on the way may be a variable that is a map.
            node = match &next.value {
                NodeValue::Text(_) => self.node(next, depth + 1),
                _ => next.clone(),
            };
            if let NodeValue::Undecided(_) = node.value {
                return node.value;
            }
        }
        match node.value {
            NodeValue::Text(_) => node.value,
            _ => self.node(&node, depth + 1).value,
        }
    }

    fn own_or(&self, path: &str, pseudo: &str, depth: usize) -> NodeValue {
        match self.own(path, depth) {
            NodeValue::Null => NodeValue::Text(self.values.pseudo(pseudo).unwrap_or_default()),
            value => value,
        }
    }

    /// Returns the stage: the option, or what the file says, or `dev`.
    fn stage(&self, depth: usize) -> NodeValue {
        if let Some(stage) = self.values.get("opt:stage") {
            return NodeValue::Text(stage.to_owned());
        }
        match self.own("provider.stage", depth) {
            NodeValue::Null => NodeValue::Text("dev".to_owned()),
            stage => stage,
        }
    }

    /// Returns a parameter of the stage, or else of all stages.
    fn parameter(&self, name: &str, depth: usize) -> NodeValue {
        if let Some(given) = self.values.get(&format!("param:{name}")) {
            return NodeValue::Text(given.to_owned());
        }
        let stage = match self.stage(depth) {
            NodeValue::Text(stage) => stage,
            other => return other,
        };
        for stage in [stage.as_str(), "default"] {
            match self.own(&format!("params.{stage}.{name}"), depth) {
                NodeValue::Null => {}
                value => return value,
            }
        }
        self.values.or_undecided(&format!("param:{name}"))
    }
}

/// Returns a fallback that is a number, a boolean or null, and otherwise text.
fn literal(text: String) -> NodeValue {
    match text.as_str() {
        "true" => NodeValue::Boolean(true),
        "false" => NodeValue::Boolean(false),
        "null" => NodeValue::Null,
        _ => text.parse().map_or(NodeValue::Text(text), NodeValue::Integer),
    }
}

/// Splits a text at its variables. `${AWS::Region}` and `${Name}` are CloudFormation's and stay.
fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest, mut from) = (Vec::new(), text, 0);
    while let Some(begin) = rest[from..].find("${").map(|found| from + found) {
        let inner = &rest[begin + 2..];
        let Some(length) = closing(inner) else { break };
        let variable = &inner[..length];
        if !is_variable(variable) {
            from = begin + 2;
            continue;
        }
        if begin > 0 {
            parts.push(Part::Literal(&rest[..begin]));
        }
        parts.push(Part::Variable(variable));
        rest = &inner[length + 1..];
        from = 0;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// Returns the index of the brace that closes a variable.
fn closing(inner: &str) -> Option<usize> {
    let mut depth = 0;
    for (index, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Returns whether it begins with a source, as in `self:` or `file(`, or with a variable.
fn is_variable(inner: &str) -> bool {
    let inner = inner.trim_start();
    let source = inner.trim_start_matches(|character: char| character.is_ascii_alphanumeric());
    let begins_low = inner.starts_with(|first: char| first.is_ascii_lowercase());
    inner.starts_with("${") || (begins_low && source.starts_with([':', '(']) && !source.starts_with("::"))
}

/// Splits a variable at the commas that are not within quotes, brackets or another variable.
fn alternatives(variable: &str) -> Vec<&str> {
    let (mut found, mut begin, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (index, character) in variable.char_indices() {
        match (quote, character) {
            (Some(open), character) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '{' | '(') => depth += 1,
            (None, '}' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                found.push(variable[begin..index].trim());
                begin = index + 1;
            }
            _ => {}
        }
    }
    found.push(variable[begin..].trim());
    found
}
