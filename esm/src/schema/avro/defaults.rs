//! Which JSON is a default of which type.

use super::{AvroType, NamedShape, NamedType};
use serde_json::Value;
use std::collections::BTreeMap;

/// Returns whether `default` is a value of `avro_type`. A union's default is one of any of its branches, as in Avro since 1.12.
pub(super) fn is_default(default: &Value, avro_type: &AvroType, names: &BTreeMap<String, NamedType>) -> bool {
    let is = |default: &Value, avro_type: &AvroType| is_default(default, avro_type, names);
    match avro_type {
        AvroType::Null => default.is_null(),
        AvroType::Boolean => default.is_boolean(),
        AvroType::Int => default
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        AvroType::Long => default.is_i64(),
        AvroType::Float | AvroType::Double => default.is_number(),
        // Bytes are text with one character, U+0000 to U+00FF, for each byte; Avro does not check the range.
        AvroType::Bytes | AvroType::String => default.is_string(),
        AvroType::Array(items) => {
            let values = default.as_array();
            values.is_some_and(|values| values.iter().all(|value| is(value, items)))
        }
        AvroType::Map(values) => {
            let members = default.as_object();
            members.is_some_and(|members| members.values().all(|value| is(value, values)))
        }
        AvroType::Union(branches) => branches.iter().any(|branch| is(default, branch)),
        AvroType::Named(name) => match names.get(name).map(|named| &named.shape) {
            Some(NamedShape::Enum { symbols, .. }) => default
                .as_str()
                .is_some_and(|default| symbols.iter().any(|symbol| symbol == default)),
            Some(NamedShape::Fixed { .. }) => default.is_string(),
            // Each step into a record goes a step into the default, too, so recursive types end.
            Some(NamedShape::Record(fields)) => default.as_object().is_some_and(|members| {
                fields.iter().all(|field| match members.get(&field.name) {
                    Some(value) => is(value, &field.avro_type),
                    None => field.has_default,
                })
            }),
            None => false,
        },
    }
}
