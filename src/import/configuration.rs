//! The configuration as TOML, as docs/config-file.md describes it.

use super::draft::DraftTopic;
use super::review::ReviewedMapping;
use super::tree::{Node, NodeValue};
use std::fmt::Write as _;

/// The column after which a list is broken into lines.
const WIDTH: usize = 80;

/// Everything that is written.
#[derive(Debug)]
pub(super) struct Configuration<'a> {
    pub(super) file: &'a str,
    /// The URL at which the functions are invoked; without one they are simulated.
    pub(super) lambda_endpoint: Option<&'a str>,
    pub(super) topics: Vec<DraftTopic>,
    pub(super) functions: Vec<String>,
    pub(super) mappings: Vec<ReviewedMapping>,
}

impl Configuration<'_> {
    /// Returns the text of the file.
    pub(super) fn to_toml(&self) -> String {
        let mut text = format!("# Made from {} by `esmeralda import`.\n", self.file);
        for topic in &self.topics {
            put_topic(&mut text, topic);
        }
        for function in &self.functions {
            text += &format!("\n[[functions]]\nname = {}\n", string(function));
            text += &match self.lambda_endpoint {
                Some(endpoint) => format!("type = \"http\"\nendpoint = {}\n", string(endpoint)),
                None => "type = \"simulated\"\n".to_owned(),
            };
        }
        for ReviewedMapping {
            name, line, members, ..
        } in &self.mappings
        {
            text += &format!("\n# {name}, line {line}\n[[mappings]]\n");
            for entry in members.entries() {
                put_member(&mut text, &key(&entry.key), &entry.value);
            }
        }
        text
    }
}

fn put_topic(text: &mut String, topic: &DraftTopic) {
    *text += &format!("\n[[topics]]\nname = {}\n", string(&topic.name));
    if let Some(partitions) = topic.partitions {
        *text += &format!("partitions = {partitions}\n");
    }
    for (name, value) in &topic.configs {
        *text += &format!("configs.{} = {}\n", string(name), string(value));
    }
}

/// Puts a member on lines of its own: a structure as dotted keys, so that no line is long.
fn put_member(text: &mut String, path: &str, node: &Node) {
    match &node.value {
        NodeValue::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                put_member(text, &format!("{path}.{}", key(&entry.key)), &entry.value);
            }
        }
        _ => {
            let Some(value) = inline(node) else { return };
            let is_long = path.len() + " = ".len() + value.len() > WIDTH;
            match node.items() {
                items if is_long && !items.is_empty() => {
                    *text += &format!("{path} = [\n");
                    for item in items.iter().filter_map(inline) {
                        *text += &format!("  {item},\n");
                    }
                    *text += "]\n";
                }
                _ => *text += &format!("{path} = {value}\n"),
            }
        }
    }
}

/// Returns a value on one line; `None` for null, which TOML does not have and AWS reads as absent.
fn inline(node: &Node) -> Option<String> {
    Some(match &node.value {
        // Nothing undecided is written.
        NodeValue::Null | NodeValue::Undecided(_) => return None,
        NodeValue::Boolean(value) => value.to_string(),
        NodeValue::Integer(value) => value.to_string(),
        NodeValue::Float(value) => format!("{value:?}"),
        NodeValue::Text(text) => string(text),
        NodeValue::List(items) => {
            let items: Vec<_> = items.iter().filter_map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        NodeValue::Map(entries) if entries.is_empty() => "{}".to_owned(),
        NodeValue::Map(entries) => {
            let entries = entries.iter();
            let entries =
                entries.filter_map(|entry| Some(format!("{} = {}", key(&entry.key), inline(&entry.value)?)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    })
}

fn key(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => string(key),
    }
}

/// Returns a text in quotes. One with quotes of its own, such as a filter's pattern, is a literal string if it can be.
fn string(text: &str) -> String {
    let is_literal = text.contains(['"', '\\']) && !text.contains(|c: char| c == '\'' || c.is_control());
    if is_literal {
        return format!("'{text}'");
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            control if control.is_control() => {
                write!(quoted, "\\u{:04x}", u32::from(control)).expect("a String takes it");
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_back_as_it_was() {
        for text in [
            "",
            "plain",
            "it's",
            "say \"x\"",
            "a'b\"c",
            "\\d+",
            "two\nlines\ttab",
            "\u{7f}\u{1}é",
        ] {
            let toml = format!("{} = {}\n", key(text), string(text));
            let read: toml::Table = toml::from_str(&toml).expect(&toml);
            assert_eq!(
                read.get(text).and_then(|value| value.as_str()),
                Some(text),
                "{toml}"
            );
        }
    }

    #[test]
    fn structures_are_dotted_keys_and_long_lists_have_lines() {
        let text = "A: {B: {C: 1}, 'd e': true}\nL: [{P: '{\"value\":{\"total\":[1]}}'}, {P: '{\"value\":{\"customer\":[\"anne\"]}}'}]\nN: ~\nE: {}\n";
        let node = crate::import::parser::parse(text).expect("YAML");
        let mut toml = String::new();
        for entry in node.entries() {
            put_member(&mut toml, &entry.key, &entry.value);
        }
        let expected = "A.B.C = 1
A.\"d e\" = true
L = [
  { P = '{\"value\":{\"total\":[1]}}' },
  { P = '{\"value\":{\"customer\":[\"anne\"]}}' },
]
E = {}
";
        assert_eq!(toml, expected);
    }
}
