//! Members as a tree: their names, their types, and where one stands.

use super::Report;
use crate::date;
use crate::import::draft::unknown;
use crate::import::finding::Severity;
use crate::import::tree::{Entry, Node, NodeValue};
use esmeralda_esm::{KnownMembers, MemberType};

/// Removes members that AWS's model does not have, with an error for each.
pub(super) fn check_names(node: &mut Node, known: KnownMembers, report: &mut Report<'_>) {
    each_structure(node, &mut |entries| {
        entries.retain(|entry| {
            let is_known = known.type_of(&entry.key).is_some();
            if !is_known {
                report.add(Severity::Error, entry.line, unknown(&entry.key, &known.names()));
            }
            is_known
        });
        for entry in entries {
            if let Some(below) = known.below(&entry.key) {
                check_names(&mut entry.value, below, report);
            }
        }
    });
}

/// Gives values that are written as text the type of their member, and numbers in place of text the form of text, as deployment tools do.
pub(super) fn convert(node: &mut Node, known: KnownMembers) {
    each_structure(node, &mut |entries| {
        for entry in entries {
            match (known.below(&entry.key), known.type_of(&entry.key)) {
                (Some(below), _) => convert(&mut entry.value, below),
                (None, Some(kind)) => convert_values(&mut entry.value, kind),
                (None, None) => {}
            }
        }
    });
}

/// Calls `act` with the entries of a structure, or of each structure in a list.
fn each_structure(node: &mut Node, act: &mut dyn FnMut(&mut Vec<Entry>)) {
    match &mut node.value {
        NodeValue::Map(entries) => act(entries),
        NodeValue::List(items) => items.iter_mut().for_each(|item| each_structure(item, act)),
        _ => {}
    }
}

fn convert_values(node: &mut Node, kind: MemberType) {
    if let NodeValue::List(items) = &mut node.value {
        return items.iter_mut().for_each(|item| convert_values(item, kind));
    }
    let converted = match (kind, &node.value) {
        (MemberType::Text, NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Boolean(_)) => {
            node.scalar_text().map(NodeValue::Text)
        }
        (MemberType::Integer, NodeValue::Text(text)) => text.trim().parse().ok().map(NodeValue::Integer),
        (MemberType::Boolean, NodeValue::Text(text)) => {
            text.to_ascii_lowercase().parse().ok().map(NodeValue::Boolean)
        }
        (MemberType::Timestamp, NodeValue::Text(text)) => match text.parse() {
            Ok(seconds) => Some(NodeValue::Integer(seconds)),
            Err(_) => epoch_seconds(text).map(NodeValue::Integer),
        },
        _ => None,
    };
    // AWS's error names a value that has another type.
    if let Some(converted) = converted {
        node.value = converted;
    }
}

/// Returns a time such as `2026-01-31T12:00:00Z` in whole seconds since the Unix epoch.
fn epoch_seconds(text: &str) -> Option<i64> {
    date::parse(text).map(|seconds| seconds.floor() as i64)
}

/// Returns the value at a path of MAPPING_MEMBERS: members joined by dots, in any item of a list, and maybe `=VALUE`.
pub(super) fn find<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    let (path, value) = match path.split_once('=') {
        Some((path, value)) => (path, Some(value)),
        None => (path, None),
    };
    let found = path.split('.').try_fold(vec![node], |nodes, key| {
        let below: Vec<&Node> = nodes.into_iter().flat_map(|node| values_at(node, key)).collect();
        (!below.is_empty()).then_some(below)
    })?;
    found
        .into_iter()
        .find(|node| value.is_none() || node.as_text() == value)
}

fn values_at<'a>(node: &'a Node, key: &str) -> Vec<&'a Node> {
    match &node.value {
        NodeValue::List(items) => items.iter().flat_map(|item| values_at(item, key)).collect(),
        _ => node.get(key).into_iter().collect(),
    }
}

/// Removes what lies at a path, and the structures that are empty without it.
pub(super) fn remove(node: &mut Node, path: &str) {
    let (key, rest) = path.split_once('.').unwrap_or((path, ""));
    each_structure(node, &mut |entries| {
        entries.retain_mut(|entry| {
            if entry.key != key {
                return true;
            }
            if rest.is_empty() {
                return false;
            }
            remove(&mut entry.value, rest);
            !matches!(&entry.value.value, NodeValue::Map(entries) if entries.is_empty())
        });
    });
}

/// Returns the line of the member that an error of the API names.
pub(super) fn line_of(members: &Node, message: &str) -> Option<usize> {
    let named = |entry: &&Entry| position(message, &entry.key);
    let named = members.entries().iter().filter(|entry| named(entry).is_some());
    let first = named.min_by_key(|entry| position(message, &entry.key))?;
    let below = match &first.value.value {
        NodeValue::List(items) => items.iter().find_map(|item| line_of(item, message)),
        _ => line_of(&first.value, message),
    };
    Some(below.unwrap_or(first.line))
}

/// Returns where a message has a member's name, as AWS writes it: with its first letter in either case.
fn position(message: &str, member: &str) -> Option<usize> {
    let (first, rest) = member.split_at(member.len().min(1));
    let names = [member.to_owned(), format!("{}{rest}", first.to_ascii_lowercase())];
    let is_whole = |at: usize, length: usize| {
        let is_part = |character: char| character.is_ascii_alphanumeric();
        !message[..at].ends_with(is_part) && !message[at + length..].starts_with(is_part)
    };
    let found = names.iter().filter_map(|name| {
        let mut places = message.match_indices(name.as_str());
        places
            .find(|(at, name)| is_whole(*at, name.len()))
            .map(|(at, _)| at)
    });
    found.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_the_epoch() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2026-01-31T12:00:00+01:30", Some(1_769_855_400)),
            ("2026-01-31T12:00:00.750Z", Some(1_769_860_800)),
            ("2026-01-31", None),
            ("yesterday", None),
        ];
        for (text, expected) in cases {
            assert_eq!(epoch_seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn the_line_of_an_error_is_that_of_the_member_it_names() {
        let text = "BatchSize: 0\nFilterCriteria:\n  Filters:\n    - Pattern: x\nMaximumBatchingWindowInSeconds: 3\n";
        let members = crate::import::parser::parse(text).expect("YAML");
        let cases = [
            ("Value '0' at 'batchSize' failed to satisfy constraint", Some(1)),
            (
                "Value 'x' at 'filterCriteria.filters.1.member.pattern' failed",
                Some(4),
            ),
            ("MaximumBatchingWindowInSeconds (3) must be", Some(5)),
            ("Required 'topics' parameter is missing.", None),
            ("BatchSizes and a rebatchSize", None),
        ];
        for (message, line) in cases {
            assert_eq!(line_of(&members, message), line, "{message}");
        }
    }
}
