//! JSON Schema: what is a schema at all.

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
