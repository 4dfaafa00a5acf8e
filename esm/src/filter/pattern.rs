//! The pattern of a filter: read from its JSON, and expanded to alternatives, in each of which every field has to match.
//!
//! Source: Amazon EventBridge user guide, "Amazon EventBridge event patterns", whose syntax Lambda's filters have, and the rules' own
//! compiler, event-ruler. Lambda's answer to any invalid pattern is one sentence; the reasons here are those of EventBridge.

use super::json::{self, Json, Member, NotJson};
use super::matcher::{Matcher, RESERVED};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name of the field of a Kafka record that filters apply to.
pub(super) const VALUE: &str = "value";

/// Lambda's limit of a pattern, in characters. It also bounds the work of a filter.
const MOST_CHARACTERS: usize = 4_096;

/// EventBridge's limit of the combinations that the `$or`s of one pattern make.
const MOST_ALTERNATIVES: usize = 1_000;

/// The reason why a pattern is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern is not JSON.
    #[error("the pattern is not JSON at byte {at}")]
    NotJson {
        /// The index of the byte.
        at: usize,
    },
    /// The pattern breaks a rule of EventBridge's syntax.
    #[error("{reason}")]
    Invalid {
        /// The rule, in EventBridge's words where they are known.
        reason: String,
    },
    /// A field is not below `value`, the only one by which Lambda filters records of Kafka.
    #[error("`{field}` is not below `value`, and Kafka records are filtered by their value only")]
    NotOfValue {
        /// The field.
        field: String,
    },
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) alternatives: Vec<Alternative>,
}

/// Fields that all have to match.
pub(super) type Alternative = Vec<Arc<Field>>;

/// A field of a record's value and the match values of which one has to accept it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The path below `value`, joined by dots; `None` for the value itself.
    pub(super) path: Option<String>,
    pub(super) matchers: Vec<Matcher>,
    /// The match values as they are written.
    pub(super) written: String,
}

impl Field {
    /// Returns the whole path.
    pub(super) fn name(&self) -> String {
        match &self.path {
            Some(path) => format!("{VALUE}.{path}"),
            None => VALUE.to_owned(),
        }
    }

    /// Returns whether a record without the field matches.
    pub(super) fn accepts_absence(&self) -> bool {
        self.matchers.contains(&Matcher::Exists(false))
    }
}

/// Fields by path, of which the last of one path counts.
type Fields = BTreeMap<String, Arc<Field>>;

impl Pattern {
    /// Compiles a pattern.
    pub(super) fn compile(text: &str) -> Result<Self, PatternError> {
        let length = text.chars().count();
        if length > MOST_CHARACTERS {
            return Err(invalid(format!(
                "the pattern has {length} characters, and at most {MOST_CHARACTERS} are allowed"
            )));
        }
        let json = json::parse(text, &|_| true).map_err(|NotJson(at)| PatternError::NotJson { at })?;
        let Json::Object(members) = json else {
            return Err(invalid("Filter is not an object"));
        };
        let alternatives = expand(&members, "")?;
        let mut all = Vec::with_capacity(alternatives.len());
        for fields in alternatives {
            let other = fields
                .iter()
                .find(|(path, field)| *path != VALUE && field.path.is_none());
            if let Some((path, _)) = other {
                return Err(PatternError::NotOfValue { field: path.clone() });
            }
            all.push(fields.into_values().collect());
        }
        Ok(Self { alternatives: all })
    }

    /// Returns the fields, some of them more than once.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Arc<Field>> {
        self.alternatives.iter().flatten()
    }
}

fn invalid(reason: impl Into<String>) -> PatternError {
    PatternError::Invalid {
        reason: reason.into(),
    }
}

/// Returns the alternatives of an object at `path`.
fn expand(members: &[Member<'_>], path: &str) -> Result<Vec<Fields>, PatternError> {
    if members.is_empty() {
        return Err(invalid("Empty objects are not allowed"));
    }
    let mut alternatives = vec![Fields::new()];
    for (name, value) in members {
        let branches = match alternative_objects(name, value) {
            Some(objects) => {
                let mut branches = Vec::new();
                for object in objects {
                    branches.extend(expand(object, path)?);
                }
                branches
            }
            None => {
                let path = if path.is_empty() {
                    name.to_string()
                } else {
                    format!("{path}.{name}")
                };
                match value {
                    Json::Object(members) => expand(members, &path)?,
                    Json::List(items) => vec![[(path.clone(), field(&path, items)?)].into()],
                    _ => return Err(invalid(format!("\"{name}\" must be an object or an array"))),
                }
            }
        };
        if alternatives.len() * branches.len() > MOST_ALTERNATIVES {
            return Err(invalid(format!(
                "$or makes more than {MOST_ALTERNATIVES} combinations"
            )));
        }
        alternatives = combine(alternatives, &branches);
    }
    Ok(alternatives)
}

/// Returns the objects of a `$or`; `None` for an ordinary name.
fn alternative_objects<'a>(name: &str, value: &'a Json<'a>) -> Option<Vec<&'a [Member<'a>]>> {
    let Json::List(items) = value else { return None };
    if name != "$or" || items.len() < 2 {
        return None;
    }
    let object = |item: &'a Json<'a>| match item {
        Json::Object(members) => {
            let is_ordinary = members.iter().all(|(name, _)| !RESERVED.contains(&name.as_ref()));
            is_ordinary.then_some(&members[..])
        }
        _ => None,
    };
    items.iter().map(object).collect()
}

fn combine(mut alternatives: Vec<Fields>, branches: &[Fields]) -> Vec<Fields> {
    let copies = |fields: &Fields| -> Fields {
        let fields = fields.iter();
        fields
            .map(|(path, field)| (path.clone(), Arc::clone(field)))
            .collect()
    };
    if let [branch] = branches {
        for fields in &mut alternatives {
            fields.extend(copies(branch));
        }
        return alternatives;
    }
    let mut combined = Vec::with_capacity(alternatives.len() * branches.len());
    for alternative in &alternatives {
        for branch in branches {
            let mut fields = alternative.clone();
            fields.extend(copies(branch));
            combined.push(fields);
        }
    }
    combined
}

fn field(path: &str, items: &[Json<'_>]) -> Result<Arc<Field>, PatternError> {
    if items.is_empty() {
        return Err(invalid("Empty arrays are not allowed"));
    }
    let matchers = items
        .iter()
        .map(Matcher::read)
        .collect::<Result<_, _>>()
        .map_err(invalid)?;
    let written: Vec<String> = items.iter().map(Json::to_string).collect();
    Ok(Arc::new(Field {
        path: path.strip_prefix("value.").map(str::to_owned),
        matchers,
        written: format!("[{}]", written.join(",")),
    }))
}
