//! Checks values against the shapes of the model, and reports every violation in one message, in AWS's words.

use super::ApiError;
use super::model::{Member, Pattern, Shape};
use serde_json::{Map, Value};

/// Returns a body with the members of the model. Other members, and nulls, are dropped, as AWS does.
///
/// # Errors
/// SerializationException for a value whose type is not the model's; ValidationException with all violations.
pub(crate) fn conform(members: &[Member], body: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut violations = Violations::default();
    let conformed = violations.structure(members, body, "")?;
    violations.finish()?;
    Ok(conformed)
}

/// Checks one value, such as a query parameter. Errors call it `name`.
///
/// # Errors
/// As [`conform`].
pub(crate) fn check(shape: &Shape, value: Value, name: &str) -> Result<Value, ApiError> {
    let mut violations = Violations::default();
    let conformed = violations.value(shape, value, name)?;
    violations.finish()?;
    Ok(conformed)
}

/// The violations that were found, in AWS's words.
#[derive(Debug, Default)]
struct Violations(Vec<String>);

impl Violations {
    fn finish(self) -> Result<(), ApiError> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(ApiError::validation(format!(
                "1 validation error detected: {}",
                self.0[0]
            ))),
            count => Err(ApiError::validation(format!(
                "{count} validation errors detected: {}",
                self.0.join("; ")
            ))),
        }
    }

    fn add(&mut self, value: &Value, path: &str, constraint: &str) {
        self.0.push(format!(
            "Value '{}' at '{path}' failed to satisfy constraint: {constraint}",
            java_text(value)
        ));
    }

    fn structure(
        &mut self,
        members: &[Member],
        mut body: Map<String, Value>,
        path: &str,
    ) -> Result<Map<String, Value>, ApiError> {
        let mut conformed = Map::new();
        for member in members {
            let path = join(path, member.name);
            match body.remove(member.name) {
                None | Some(Value::Null) => {
                    if member.is_required {
                        self.0.push(format!(
                            "Value null at '{path}' failed to satisfy constraint: Member must not be null"
                        ));
                    }
                }
                Some(value) => {
                    conformed.insert(member.name.to_owned(), self.value(member.shape, value, &path)?);
                }
            }
        }
        Ok(conformed)
    }

    fn value(&mut self, shape: &Shape, value: Value, path: &str) -> Result<Value, ApiError> {
        match (shape, value) {
            (Shape::Structure(members), Value::Object(body)) => {
                self.structure(members, body, path).map(Value::Object)
            }
            (
                Shape::List {
                    item: Shape::Structure(members),
                    ..
                },
                Value::Array(items),
            ) => self.structures(shape, members, items, path),
            (_, value) => {
                let value = scalars(shape, value, path)?;
                for constraint in unmet(shape, &value) {
                    self.add(&value, path, &constraint);
                }
                Ok(value)
            }
        }
    }

    /// Checks a list of structures item by item, each under its own path.
    fn structures(
        &mut self,
        shape: &Shape,
        members: &[Member],
        items: Vec<Value>,
        path: &str,
    ) -> Result<Value, ApiError> {
        let mut conformed = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            // AWS's paths count the items of a list from 1.
            let path = format!("{path}.{}.member", index + 1);
            match item {
                Value::Object(body) => conformed.push(Value::Object(self.structure(members, body, &path)?)),
                Value::Null => {}
                other => return Err(wrong_type(&other, "Structure", &path)),
            }
        }
        let list = Value::Array(conformed);
        for constraint in unmet_length(shape, &list) {
            self.add(&list, path, &constraint);
        }
        Ok(list)
    }
}

/// Returns the value with the types of its shape, which contains no structures.
fn scalars(shape: &Shape, value: Value, path: &str) -> Result<Value, ApiError> {
    match (shape, value) {
        (Shape::Text { .. } | Shape::Choice(_), value @ Value::String(_))
        | (Shape::Boolean, value @ Value::Bool(_))
        | (Shape::Timestamp, value @ Value::Number(_)) => Ok(value),
        (Shape::Integer { .. }, Value::Number(number)) => match whole(&number) {
            Some(number) => Ok(number.into()),
            None => Err(ApiError::serialization(format!(
                "{number} at '{path}' is not an Integer"
            ))),
        },
        (Shape::List { item, .. }, Value::Array(items)) => {
            let items = items.into_iter().filter(|item| !item.is_null());
            items
                .map(|value| scalars(item, value, path))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array)
        }
        (Shape::Map { value: shape, .. }, Value::Object(entries)) => {
            let entries = entries.into_iter().filter(|(_, value)| !value.is_null());
            let entries = entries.map(|(key, value)| Ok((key, scalars(shape, value, path)?)));
            entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        (shape, value) => Err(wrong_type(&value, type_name(shape), path)),
    }
}

/// Returns a JSON number as a whole number: 100.0 is one, 1.5 is not.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let whole_part = || {
        let float = number.as_f64()?;
        // Beyond 2^53 not every whole number is a float, and no member goes as far.
        (float.fract() == 0.0 && float.abs() < (1u64 << 53) as f64).then_some(float as i64)
    };
    number.as_i64().or_else(whole_part)
}

/// Returns the constraints of `shape` that `value` does not satisfy, in AWS's words.
fn unmet(shape: &Shape, value: &Value) -> Vec<String> {
    match (shape, value) {
        (Shape::Integer { min, max }, Value::Number(number)) => {
            let number = number.as_i64().unwrap_or(i64::MAX);
            let mut unmet = Vec::new();
            if number > *max {
                unmet.push(format!("Member must have value less than or equal to {max}"));
            }
            if number < *min {
                unmet.push(format!("Member must have value greater than or equal to {min}"));
            }
            unmet
        }
        (Shape::Text { pattern, .. }, Value::String(text)) => {
            let mut unmet = unmet_length(shape, value);
            if !pattern.matches(text) {
                unmet.push(pattern_constraint(pattern));
            }
            unmet
        }
        (Shape::Choice(choices), Value::String(text)) if !choices.contains(&text.as_str()) => {
            vec![format!(
                "Member must satisfy enum value set: [{}]",
                choices.join(", ")
            )]
        }
        (Shape::List { item, .. }, Value::Array(items)) => {
            let mut unmet_here = unmet_length(shape, value);
            if items.iter().any(|value| !unmet(item, value).is_empty()) {
                unmet_here.push(format!(
                    "Member must satisfy constraint: [{}]",
                    all(item).join(", ")
                ));
            }
            unmet_here
        }
        (Shape::Map { key, value: item, .. }, Value::Object(entries)) => {
            let mut unmet_here = unmet_length(shape, value);
            if entries
                .keys()
                .any(|name| !unmet(key, &Value::String(name.clone())).is_empty())
            {
                unmet_here.push(format!(
                    "Map keys must satisfy constraint: [{}]",
                    all(key).join(", ")
                ));
            }
            if entries.values().any(|value| !unmet(item, value).is_empty()) {
                unmet_here.push(format!(
                    "Map value must satisfy constraint: [{}]",
                    all(item).join(", ")
                ));
            }
            unmet_here
        }
        _ => Vec::new(),
    }
}

fn unmet_length(shape: &Shape, value: &Value) -> Vec<String> {
    let (min, max, length) = match (shape, value) {
        (Shape::Text { min, max, .. }, Value::String(text)) => (min, max, text.chars().count()),
        (Shape::List { min, max, .. }, Value::Array(items)) => (min, max, items.len()),
        (Shape::Map { min, max, .. }, Value::Object(entries)) => (min, max, entries.len()),
        _ => return Vec::new(),
    };
    let mut unmet = Vec::new();
    // AWS lists the maximum before the minimum, and the pattern last.
    if length > *max {
        unmet.push(format!("Member must have length less than or equal to {max}"));
    }
    if length < *min {
        unmet.push(format!("Member must have length greater than or equal to {min}"));
    }
    unmet
}

/// Returns all constraints of a shape, as AWS lists them for the items of a list or map.
fn all(shape: &Shape) -> Vec<String> {
    let lengths = |min: &usize, max: &usize| {
        vec![
            format!("Member must have length less than or equal to {max}"),
            format!("Member must have length greater than or equal to {min}"),
        ]
    };
    match shape {
        Shape::Text { min, max, pattern } => {
            let mut constraints = lengths(min, max);
            if !matches!(pattern, Pattern::Any) {
                constraints.push(pattern_constraint(pattern));
            }
            constraints
        }
        Shape::List { min, max, item } => {
            let mut constraints = lengths(min, max);
            constraints.push(format!(
                "Member must satisfy constraint: [{}]",
                all(item).join(", ")
            ));
            constraints
        }
        Shape::Choice(choices) => vec![
            format!("Member must satisfy enum value set: [{}]", choices.join(", ")),
            "Member must not be null".to_owned(),
        ],
        _ => Vec::new(),
    }
}

fn pattern_constraint(pattern: &Pattern) -> String {
    let (Pattern::Regex(text) | Pattern::Characters(text, _)) = pattern else {
        return String::new();
    };
    format!("Member must satisfy regular expression pattern: {text}")
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Characters(_, allows) => text.chars().all(allows),
            // Mappings are created rarely: compiling the expression each time costs less than keeping it.
            // A `\d` is an ASCII digit for AWS, which matches with Java.
            Self::Regex(pattern) => {
                let pattern = pattern.replace(r"\d", "[0-9]");
                regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
            }
        }
    }
}

/// Joins a path and a member to `a.b` in lower camel case, as errors name members.
fn join(path: &str, name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let name: String = first.into_iter().chain(characters).collect();
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

/// Returns a value as Java prints it, because that is how AWS's errors show it.
fn java_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(java_text).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{key}={}", java_text(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn wrong_type(value: &Value, wanted: &str, path: &str) -> ApiError {
    let found = match value {
        Value::Null => "NULL",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    ApiError::serialization(format!("{found} at '{path}' can not be converted to a {wanted}"))
}

fn type_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text { .. } | Shape::Choice(_) => "String",
        Shape::Integer { .. } => "Integer",
        Shape::Timestamp => "Timestamp",
        Shape::Boolean => "Boolean",
        Shape::List { .. } => "List",
        Shape::Map { .. } => "Map",
        Shape::Structure(_) => "Structure",
    }
}
