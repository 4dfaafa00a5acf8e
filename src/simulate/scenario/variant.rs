//! A variant of a scenario's mapping.

use super::FunctionScenario;
use super::TopicScenario;
use crate::NewMapping;
use crate::declarations::{KedaEntry, MappingEntry, VariantEntry};
use crate::facade::check_in_virtual_time;
use esmeralda_esm::invoker::ClosureInvoker;
use esmeralda_esm::{ApiError, Functions};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The name of the only variant of a scenario without `[[variants]]`.
const ONLY: &str = "mapping";

/// One variant of the mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantScenario {
    /// The variant's name.
    pub name: String,
    /// The members of CreateEventSourceMapping: those of `[mapping]`, overridden by those of the variant. `FunctionName` and `Topics`
    /// are always present.
    pub members: Map<String, Value>,
    /// The name of the function that the mapping invokes, without qualifier.
    pub function: String,
    /// The name of the topic that the mapping reads.
    pub topic: String,
    /// The file and line of its members, for errors; empty if it was not read from one.
    pub place: String,
    /// KEDA's rules, if they scale the fleet instead of Lambda's.
    pub keda: Option<KedaEntry>,
}

/// Returns the variants, each with the shared members; one variant with the shared members alone if none is declared.
pub(super) fn variants(shared: MappingEntry, declared: Vec<VariantEntry>) -> Vec<VariantEntry> {
    if declared.is_empty() {
        return vec![VariantEntry {
            name: ONLY.to_owned(),
            members: shared.0,
            keda: None,
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
    /// Checks a variant and finds its function and topic: those that the members name, or the scenario's only ones.
    ///
    /// # Errors
    /// A sentence with the invalid member and the allowed names.
    pub(super) fn new(
        variant: VariantEntry,
        functions: &[FunctionScenario],
        topics: &[TopicScenario],
    ) -> Result<Self, String> {
        let VariantEntry {
            name,
            mut members,
            keda,
        } = variant;
        if keda.is_some() && members.contains_key("ProvisionedPollerConfig") {
            return Err(
                "`keda` and ProvisionedPollerConfig scale the same fleet: must be one of them".to_owned(),
            );
        }
        let known: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
        let named = match members.get("FunctionName") {
            None => None,
            Some(Value::String(named)) => Some(unqualified(named)),
            Some(other) => {
                return Err(format!(
                    "invalid FunctionName {other}: must be the name of a function"
                ));
            }
        };
        let function = choose("FunctionName", "function", named, &known)?;
        let known: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        let named = match members.get("Topics") {
            None => None,
            Some(Value::Array(named)) if named.len() == 1 && named[0].is_string() => named[0].as_str(),
            Some(other) => {
                return Err(format!(
                    "invalid Topics {other}: must be a list of one topic name"
                ));
            }
        };
        let topic = choose("Topics", "topic", named, &known)?;
        members.entry("FunctionName").or_insert_with(|| json!(function));
        members.entry("Topics").or_insert_with(|| json!([topic]));
        Ok(Self {
            name,
            members,
            function,
            topic,
            place: String::new(),
            keda,
        })
    }
}

impl VariantScenario {
    /// Returns the name of its poller group; `None` if its mapping has event poller units of its own.
    pub(in crate::simulate) fn poller_group(&self) -> Option<&str> {
        let name = self
            .members
            .get("ProvisionedPollerConfig")?
            .get("PollerGroupName")?;
        name.as_str().filter(|name| !name.is_empty())
    }

    /// Checks that it can run together with `other`, another variant of its poller group.
    ///
    /// # Errors
    /// A sentence with what both use.
    pub(super) fn check_beside(&self, other: &Self) -> Result<(), String> {
        let Some(group) = self
            .poller_group()
            .filter(|group| other.poller_group() == Some(group))
        else {
            return Ok(());
        };
        let (what, name) = if self.topic == other.topic {
            ("topic", &self.topic)
        } else if self.function == other.function {
            ("function", &self.function)
        } else {
            return Ok(());
        };
        Err(format!(
            "it runs together with variant `{}`, because both are in poller group `{group}`, and both have the {what} `{name}`: each needs \
             a topic and a function of its own",
            other.name
        ))
    }

    /// Checks the members as the create of the mapping does.
    ///
    /// # Errors
    /// The error of the Lambda API.
    pub(in crate::simulate) fn check(&self) -> Result<(), ApiError> {
        let functions = Functions::default();
        let invoker = ClosureInvoker::new(|_| async { Ok::<_, String>("") });
        functions.register(&self.function, Arc::new(invoker));
        check_in_virtual_time(NewMapping::from_members(self.members.clone()), &functions)
    }
}

/// Returns the function's name out of any form that AWS takes: name, ARN or partial ARN, with or without qualifier.
fn unqualified(name: &str) -> &str {
    let name = name.rsplit_once("function:").map_or(name, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn choose(member: &str, what: &str, named: Option<&str>, known: &[&str]) -> Result<String, String> {
    match (named, known) {
        (None, [only]) => Ok((*only).to_owned()),
        (Some(named), _) if known.contains(&named) => Ok(named.to_owned()),
        (None, _) => Err(format!("missing {member}: must name one of {}", known.join(", "))),
        (Some(named), _) => Err(format!(
            "unknown {what} `{named}` in {member}: must be one of {}",
            known.join(", ")
        )),
    }
}
