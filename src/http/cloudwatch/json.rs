//! The protocol AWS JSON 1.0: `X-Amz-Target` names the operation, and times are numbers.

use super::error::CloudWatchError;
use super::value::Value;
use serde_json::{Map, Number};

/// Reads the input of an operation. An empty body stands for an empty structure.
pub(super) fn read(body: &[u8]) -> Result<Value, CloudWatchError> {
    if body.is_empty() {
        return Ok(Value::Structure(Vec::new()));
    }
    let value: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| CloudWatchError::serialization(format!("The body is not JSON: {error}.")))?;
    Ok(from_json(value))
}

fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(boolean) => Value::Boolean(boolean),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, from_json(value)));
            Value::Structure(members.collect())
        }
    }
}

/// Writes an answer.
pub(super) fn write(value: &Value) -> Vec<u8> {
    serde_json::to_vec(&to_json(value)).unwrap_or_default()
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(boolean) => (*boolean).into(),
        Value::Integer(integer) => (*integer).into(),
        Value::Double(number) | Value::Time(number) => match Number::from_f64(*number) {
            Some(number) => number.into(),
            // JSON has no infinity; Smithy writes it as text.
            None => number.to_string().into(),
        },
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Structure(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), to_json(value)));
            serde_json::Value::Object(members.collect::<Map<_, _>>())
        }
    }
}
