//! Mappings as they are found in a file, in AWS's member names.

use super::finding::{Findings, Severity};
use super::tree::Node;

/// A mapping of a file. Its values have their lines, and are not checked yet.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its name in the file, such as `OrdersFunction.Events.Kafka`.
    pub(super) name: String,
    pub(super) line: usize,
    /// The members of CreateEventSourceMapping.
    pub(super) members: Node,
}

/// A topic that a file declares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DraftTopic {
    pub(super) name: String,
    pub(super) partitions: Option<i64>,
    pub(super) configs: Vec<(String, String)>,
}

/// All that was found in a file.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    pub(super) mappings: Vec<Draft>,
    pub(super) topics: Vec<DraftTopic>,
    pub(super) findings: Findings,
}

/// A property of a format, and the path of the member that it is. A property without a path has no effect on a mapping.
pub(super) type Property = (&'static str, Option<&'static str>);

impl Drafts {
    /// Puts the members that the properties of `from` are into `members`. Adds an error for a property that is in none of the tables.
    pub(super) fn convert(&mut self, members: &mut Node, from: &Node, tables: &[&[Property]], mapping: &str) {
        for entry in from.entries() {
            let mut properties = tables.iter().copied().flatten();
            match properties.find(|(property, _)| *property == entry.key) {
                Some((_, Some(path))) => members.put(path, entry.line, entry.value.clone()),
                Some((_, None)) => {}
                None => {
                    let properties = tables.iter().copied().flatten();
                    let mut names: Vec<_> = properties.map(|(property, _)| *property).collect();
                    names.sort_unstable();
                    let message = unknown(&entry.key, &names);
                    self.findings.add(Severity::Error, entry.line, mapping, message);
                }
            }
        }
    }
}

/// Returns the sentence about a property that does not exist.
pub(super) fn unknown(property: &str, names: &[&str]) -> String {
    let same = names.iter().find(|name| name.eq_ignore_ascii_case(property));
    match same {
        Some(name) => format!("unknown property `{property}`, which is spelled `{name}`"),
        None => format!(
            "unknown property `{property}`, expected one of `{}`",
            names.join("`, `")
        ),
    }
}

/// Returns whether members are those of a mapping of Kafka. An ARN alone that is not known does not say.
pub(super) fn is_kafka(members: &Node) -> bool {
    const ONLY_KAFKA: [&str; 4] = [
        "Topics",
        "SelfManagedEventSource",
        "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig",
    ];
    let arn = members.get("EventSourceArn").and_then(Node::as_text);
    ONLY_KAFKA.iter().any(|member| members.get(member).is_some())
        || arn.is_some_and(|arn| arn.split(':').nth(2) == Some("kafka"))
}
