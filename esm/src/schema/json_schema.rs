//! JSON Schema: what is a schema at all, and which records are valid. Source: the specifications of draft 4 to 2020-12, of which a
//! schema without `$schema` follows draft 7, as in Confluent's registry.
//!
//! # Differs from JSON Schema
//! - `format` is an annotation. `$id`s and anchors are not resolved: a `$ref` is `#` or a JSON pointer into the same document.
//! - `$dynamicRef`, `$recursiveRef`, `unevaluatedItems` and `unevaluatedProperties` are not evaluated: a record that needs one of them is an
//!   error that names it, and never valid.
//! - Patterns are those of the crate regex: look-around and back-references are such an error, too.

#[cfg(test)]
mod tests;
mod validation;

pub(super) use validation::Validator;

use serde_json::Value;

/// Returns the document of a text, which is an object or a boolean.
///
/// # Errors
/// The reason why it is no JSON Schema.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    match document {
        Value::Object(_) | Value::Bool(_) => Ok(document),
        other => Err(format!("a JSON Schema is an object or a boolean, not {other}")),
    }
}
