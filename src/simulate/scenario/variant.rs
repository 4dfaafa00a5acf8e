//! A variant of a scenario's mapping.

use super::FunctionScenario;
use super::TopicScenario;
use crate::declarations::{MappingEntry, VariantEntry};
use serde_json::{Map, Value, json};

/// The name of the only variant of a scenario without `[[variants]]`.
const ONLY: &str = "mapping";

/// One mapping that is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantScenario {
    /// Its name.
    pub name: String,
    /// The members of CreateEventSourceMapping: those of `[mapping]`, with those of the variant in their place. `FunctionName` and
    /// `Topics` are always there.
    pub members: Map<String, Value>,
    /// The scenario's function that it invokes, without qualifier.
    pub function: String,
    /// The scenario's topic that it reads.
    pub topic: String,
}

/// The variants, each with the members that all share; one without any of its own if none is declared.
pub(super) fn variants(shared: MappingEntry, declared: Vec<VariantEntry>) -> Vec<VariantEntry> {
    if declared.is_empty() {
        return vec![VariantEntry {
            name: ONLY.to_owned(),
            members: shared.0,
        }];
    }
    let merge = |variant: VariantEntry| {
        let mut members = shared.0.clone();
        members.extend(variant.members);
        VariantEntry { members, ..variant }
    };
    declared.into_iter().map(merge).collect()
}

impl VariantScenario {
    /// Finds the function and the topic that the members name; the only ones if they name none.
    ///
    /// # Errors
    /// A sentence that names what there is.
    pub(super) fn new(
        variant: VariantEntry,
        functions: &[FunctionScenario],
        topics: &[TopicScenario],
    ) -> Result<Self, String> {
        let VariantEntry { name, mut members } = variant;
        let known: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
        let named = match members.get("FunctionName") {
            None => None,
            Some(Value::String(named)) => Some(unqualified(named)),
            Some(other) => return Err(format!("FunctionName is {other} and not a name")),
        };
        let function = choose("FunctionName", "function", named, &known)?;
        let known: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        let named = match members.get("Topics") {
            None => None,
            Some(Value::Array(named)) if named.len() == 1 && named[0].is_string() => named[0].as_str(),
            Some(other) => return Err(format!("Topics is {other} and not a list of one topic's name")),
        };
        let topic = choose("Topics", "topic", named, &known)?;
        members.entry("FunctionName").or_insert_with(|| json!(function));
        members.entry("Topics").or_insert_with(|| json!([topic]));
        Ok(Self {
            name,
            members,
            function,
            topic,
        })
    }
}

/// The name in any of the forms that AWS takes.
fn unqualified(name: &str) -> &str {
    let name = name.rsplit_once("function:").map_or(name, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn choose(member: &str, what: &str, named: Option<&str>, known: &[&str]) -> Result<String, String> {
    match (named, known) {
        (None, [only]) => Ok((*only).to_owned()),
        (Some(named), _) if known.contains(&named) => Ok(named.to_owned()),
        (None, _) => Err(format!(
            "{member} is missing, and there is more than one {what}: {}",
            known.join(", ")
        )),
        (Some(named), _) => Err(format!(
            "{member} names `{named}`, but the scenario's {what}s are: {}",
            known.join(", ")
        )),
    }
}
