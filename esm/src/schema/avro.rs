//! Avro schemas. Source: the Apache Avro specification 1.12, and for compatibility and names Avro's Java classes `Schema` and
//! `SchemaCompatibility`.
//!
//! Pure. A schema is read from JSON ([`AvroSchema::parse`]), compared ([`AvroSchema::identity`], [`AvroSchema::incompatibility`]), and
//! turns binary data into JSON ([`AvroSchema::write_json`]).
//!
//! # Differs from Avro
//! - Logical types are attributes without effect: a decimal is shown as bytes, a date as a number.
//! - The branch of a union is not named in JSON, as in Lambda's events: `"x"` where Avro's own encoding has `{"string": "x"}`.

mod compatibility;
mod decoding;
mod defaults;
mod parsing;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A schema: its type, and the named types in it and in the schemas that it refers to.
#[derive(Clone, Debug)]
pub(crate) struct AvroSchema {
    root: AvroType,
    /// By full name.
    names: BTreeMap<String, NamedType>,
    /// The text that only equal schemas have.
    identity: String,
}

/// A type, in which others are named and not contained, so that types may be recursive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum AvroType {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(Box<AvroType>),
    Map(Box<AvroType>),
    Union(Vec<AvroType>),
    /// A record, enum or fixed by its full name.
    Named(String),
}

/// A type with a name.
#[derive(Clone, Debug)]
struct NamedType {
    /// Full names.
    aliases: Vec<String>,
    shape: NamedShape,
}

#[derive(Clone, Debug)]
enum NamedShape {
    Record(Vec<Field>),
    Enum {
        symbols: Vec<String>,
        default: Option<String>,
    },
    Fixed {
        size: usize,
    },
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    aliases: Vec<String>,
    avro_type: AvroType,
    has_default: bool,
}

/// The reason why a text is no Avro schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AvroError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("`{0}` is not a type: {1}")]
    NotAType(String, &'static str),
    #[error("type `{0}` is not defined")]
    Undefined(String),
    #[error("type `{0}` is defined twice")]
    DefinedTwice(String),
    #[error("invalid name `{0}`: a name has letters, digits and _, and does not begin with a digit")]
    InvalidName(String),
    #[error("`{name}` has {member} twice")]
    Repeated { name: String, member: String },
    #[error("field `{field}` of `{record}` has the invalid default {default}")]
    InvalidDefault {
        record: String,
        field: String,
        default: String,
    },
    #[error("`{name}` has the default `{default}`, which is none of its symbols")]
    InvalidEnumDefault { name: String, default: String },
    #[error("types are nested deeper than {0}")]
    TooDeep(usize),
}

impl AvroSchema {
    /// Returns the schema of a text. `referenced` are the texts of the schemas that it refers to, each after those that it needs itself.
    ///
    /// # Errors
    /// [`AvroError`] by the specification's rules.
    pub(crate) fn parse(text: &str, referenced: &[String]) -> Result<Self, AvroError> {
        let mut parser = parsing::Parser::default();
        for text in referenced {
            parser.parse(text)?;
        }
        let (root, json) = parser.parse(text)?;
        Ok(Self {
            identity: canonical(&json, "").to_string(),
            root,
            names: parser.into_names(),
        })
    }

    /// Returns the text that only equal schemas have: with full names, without white space, members in alphabetical order. Attributes
    /// count, as in Avro's `Schema.equals`.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Returns why this schema cannot read data that `writer` has written; `None` if it can.
    pub(crate) fn incompatibility(&self, writer: &Self) -> Option<String> {
        compatibility::find(self, writer)
    }

    fn named(&self, name: &str) -> Option<&NamedType> {
        self.names.get(name)
    }
}

/// The names of the primitive types.
const PRIMITIVES: [(&str, AvroType); 8] = [
    ("null", AvroType::Null),
    ("boolean", AvroType::Boolean),
    ("int", AvroType::Int),
    ("long", AvroType::Long),
    ("float", AvroType::Float),
    ("double", AvroType::Double),
    ("bytes", AvroType::Bytes),
    ("string", AvroType::String),
];

fn primitive(name: &str) -> Option<AvroType> {
    let found = PRIMITIVES.iter().find(|(known, _)| *known == name);
    found.map(|(_, avro_type)| avro_type.clone())
}

/// Returns the full name of `name` in `namespace`.
fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

fn namespace_of(full_name: &str) -> &str {
    full_name.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

/// Returns the last part of a full name.
fn simple_name(full_name: &str) -> &str {
    full_name.rsplit_once('.').map_or(full_name, |(_, name)| name)
}

/// Returns a schema with full names, and with `"int"` where it has `{"type": "int"}`.
fn canonical(schema: &Value, namespace: &str) -> Value {
    match schema {
        Value::String(name) if primitive(name).is_some() => schema.clone(),
        Value::String(name) => full_name(name, namespace).into(),
        Value::Array(branches) => branches
            .iter()
            .map(|branch| canonical(branch, namespace))
            .collect(),
        Value::Object(members) => canonical_object(members, namespace),
        _ => schema.clone(),
    }
}

fn canonical_object(members: &Map<String, Value>, namespace: &str) -> Value {
    let text = |member: &str| members.get(member).and_then(Value::as_str);
    if members.len() == 1
        && let Some(inner) = members.get("type")
    {
        return canonical(inner, namespace);
    }
    let is_named = matches!(text("type"), Some("record" | "error" | "enum" | "fixed"));
    let name = text("name").filter(|_| is_named);
    let name = name.map(|name| full_name(name, text("namespace").unwrap_or(namespace)));
    let namespace = name.as_deref().map_or(namespace, namespace_of);
    let mut whole = members.clone();
    for member in ["type", "items", "values"] {
        if let Some(inner) = members.get(member)
            && !(member == "type" && (is_named || matches!(text("type"), Some("array" | "map"))))
        {
            whole.insert(member.to_owned(), canonical(inner, namespace));
        }
    }
    if let Some(Value::Array(fields)) = members.get("fields") {
        let field = |field: &Value| {
            let mut field = field.clone();
            if let Some(inner) = field.get_mut("type") {
                *inner = canonical(inner, namespace);
            }
            field
        };
        whole.insert("fields".to_owned(), fields.iter().map(field).collect());
    }
    if let Some(name) = name {
        whole.insert("name".to_owned(), name.into());
        whole.remove("namespace");
    }
    whole.into()
}
