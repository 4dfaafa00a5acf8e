//! Reads a schema's JSON, with the rules for names.

use super::defaults::is_default;
use super::{AvroError, AvroType, Field, NamedShape, NamedType, full_name, namespace_of, primitive};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The depth of types in types, less than serde_json's own limit of nested JSON.
pub(super) const MAX_DEPTH: usize = 64;

/// A default that can be checked only when all names are known.
struct PendingDefault {
    record: String,
    field: String,
    avro_type: AvroType,
    default: Value,
}

/// Reads schemas that share their names.
#[derive(Default)]
pub(super) struct Parser {
    names: BTreeMap<String, NamedType>,
    defaults: Vec<PendingDefault>,
}

impl Parser {
    /// Reads one schema. Returns its type and its JSON.
    pub(super) fn parse(&mut self, text: &str) -> Result<(AvroType, Value), AvroError> {
        let json: Value = match serde_json::from_str(text) {
            Ok(json) => json,
            // A text may be the bare name of a primitive type, as Avro's own parser takes it.
            Err(error) => match primitive(text.trim()) {
                Some(_) => text.trim().into(),
                None => return Err(AvroError::NotJson(error.to_string())),
            },
        };
        let root = self.read(&json, "", 0)?;
        for pending in std::mem::take(&mut self.defaults) {
            if !is_default(&pending.default, &pending.avro_type, &self.names) {
                return Err(AvroError::InvalidDefault {
                    record: pending.record,
                    field: pending.field,
                    default: pending.default.to_string(),
                });
            }
        }
        Ok((root, json))
    }

    pub(super) fn into_names(self) -> BTreeMap<String, NamedType> {
        self.names
    }

    fn read(&mut self, json: &Value, namespace: &str, depth: usize) -> Result<AvroType, AvroError> {
        if depth > MAX_DEPTH {
            return Err(AvroError::TooDeep(MAX_DEPTH));
        }
        match json {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(branches) => self.read_union(branches, namespace, depth),
            Value::Object(members) => self.read_object(members, namespace, depth),
            _ => Err(not_a_type(
                json,
                "a type is a name, a list of types, or an object with `type`",
            )),
        }
    }

    fn by_name(&self, name: &str, namespace: &str) -> Result<AvroType, AvroError> {
        if let Some(primitive) = primitive(name) {
            return Ok(primitive);
        }
        // A name without a namespace may also be in none, which Avro's Java parser allows, too.
        let candidates = [full_name(name, namespace), name.to_owned()];
        let found = candidates.into_iter().find(|name| self.names.contains_key(name));
        found
            .map(AvroType::Named)
            .ok_or_else(|| AvroError::Undefined(full_name(name, namespace)))
    }

    fn read_union(
        &mut self,
        branches: &[Value],
        namespace: &str,
        depth: usize,
    ) -> Result<AvroType, AvroError> {
        let mut types = Vec::with_capacity(branches.len());
        let mut kinds = BTreeSet::new();
        for branch in branches {
            let branch_type = self.read(branch, namespace, depth + 1)?;
            let kind = match &branch_type {
                AvroType::Union(_) => {
                    return Err(not_a_type(branch, "a union does not directly contain a union"));
                }
                AvroType::Array(_) => "array".to_owned(),
                AvroType::Map(_) => "map".to_owned(),
                AvroType::Named(name) => name.clone(),
                other => format!("{other:?}").to_lowercase(),
            };
            if !kinds.insert(kind.clone()) {
                return Err(AvroError::Repeated {
                    name: "union".to_owned(),
                    member: format!("type `{kind}`"),
                });
            }
            types.push(branch_type);
        }
        Ok(AvroType::Union(types))
    }

    fn read_object(
        &mut self,
        members: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<AvroType, AvroError> {
        let whole = || Value::Object(members.clone());
        let inner = |member: &str, rule| members.get(member).ok_or_else(|| not_a_type(&whole(), rule));
        let kind = inner("type", "an object needs `type`")?;
        match kind.as_str() {
            Some("array") => {
                let items = self.read(inner("items", "an array needs `items`")?, namespace, depth + 1)?;
                Ok(AvroType::Array(Box::new(items)))
            }
            Some("map") => {
                let values = self.read(inner("values", "a map needs `values`")?, namespace, depth + 1)?;
                Ok(AvroType::Map(Box::new(values)))
            }
            Some("record" | "error" | "enum" | "fixed") => self.read_named(members, namespace, depth),
            // `{"type": {"type": "array", ...}}` and `{"type": "int", "logicalType": ...}`.
            _ => self.read(kind, namespace, depth + 1),
        }
    }

    fn read_named(
        &mut self,
        members: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<AvroType, AvroError> {
        let whole = || Value::Object(members.clone());
        let text = |member: &str| members.get(member).and_then(Value::as_str);
        let name =
            text("name").ok_or_else(|| not_a_type(&whole(), "a record, enum or fixed needs `name`"))?;
        let name = full_name(name, text("namespace").unwrap_or(namespace));
        check_full_name(&name)?;
        if self.names.contains_key(&name) {
            return Err(AvroError::DefinedTwice(name));
        }
        let space = namespace_of(&name).to_owned();
        let aliases = texts(members.get("aliases"));
        let aliases = aliases.map(|alias| full_name(alias, &space)).collect();
        let shape = match text("type") {
            Some("enum") => read_enum(&name, members)?,
            Some("fixed") => {
                let size = members.get("size").and_then(Value::as_u64);
                let size = size.and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or_else(|| not_a_type(&whole(), "a fixed needs `size`"))?;
                NamedShape::Fixed { size }
            }
            // The name is known before the fields are, because they may be of this type.
            _ => NamedShape::Record(Vec::new()),
        };
        let is_record = matches!(shape, NamedShape::Record(_));
        self.names.insert(name.clone(), NamedType { aliases, shape });
        if is_record {
            let fields = self.read_fields(&name, members, depth)?;
            if let Some(named) = self.names.get_mut(&name) {
                named.shape = NamedShape::Record(fields);
            }
        }
        Ok(AvroType::Named(name))
    }

    fn read_fields(
        &mut self,
        record: &str,
        members: &Map<String, Value>,
        depth: usize,
    ) -> Result<Vec<Field>, AvroError> {
        let fields = members.get("fields").and_then(Value::as_array).ok_or_else(|| {
            not_a_type(
                &Value::Object(members.clone()),
                "a record needs the list `fields`",
            )
        })?;
        let mut names = BTreeSet::new();
        let mut read = Vec::with_capacity(fields.len());
        for field in fields {
            let name = field.get("name").and_then(Value::as_str);
            let name = name.ok_or_else(|| not_a_type(field, "a field needs `name`"))?;
            check_name(name)?;
            if !names.insert(name) {
                return Err(AvroError::Repeated {
                    name: record.to_owned(),
                    member: format!("field `{name}`"),
                });
            }
            let inner = field
                .get("type")
                .ok_or_else(|| not_a_type(field, "a field needs `type`"))?;
            let avro_type = self.read(inner, namespace_of(record), depth + 1)?;
            let default = field.get("default");
            if let Some(default) = default {
                self.defaults.push(PendingDefault {
                    record: record.to_owned(),
                    field: name.to_owned(),
                    avro_type: avro_type.clone(),
                    default: default.clone(),
                });
            }
            read.push(Field {
                name: name.to_owned(),
                aliases: texts(field.get("aliases")).map(str::to_owned).collect(),
                avro_type,
                has_default: default.is_some(),
            });
        }
        Ok(read)
    }
}

fn read_enum(name: &str, members: &Map<String, Value>) -> Result<NamedShape, AvroError> {
    if !members.get("symbols").is_some_and(Value::is_array) {
        let whole = Value::Object(members.clone());
        return Err(not_a_type(&whole, "an enum needs the list `symbols`"));
    }
    let mut symbols: Vec<String> = Vec::new();
    for symbol in texts(members.get("symbols")) {
        check_name(symbol)?;
        if symbols.iter().any(|known| known == symbol) {
            return Err(AvroError::Repeated {
                name: name.to_owned(),
                member: format!("symbol `{symbol}`"),
            });
        }
        symbols.push(symbol.to_owned());
    }
    let default = members.get("default").and_then(Value::as_str).map(str::to_owned);
    match default {
        Some(default) if !symbols.contains(&default) => Err(AvroError::InvalidEnumDefault {
            name: name.to_owned(),
            default,
        }),
        default => Ok(NamedShape::Enum { symbols, default }),
    }
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str)
}

fn check_full_name(name: &str) -> Result<(), AvroError> {
    if primitive(name).is_some() {
        return Err(AvroError::DefinedTwice(name.to_owned()));
    }
    name.split('.').try_for_each(check_name)
}

fn check_name(name: &str) -> Result<(), AvroError> {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_name = name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit());
    if is_name {
        Ok(())
    } else {
        Err(AvroError::InvalidName(name.to_owned()))
    }
}

fn not_a_type(json: &Value, rule: &'static str) -> AvroError {
    let mut text = json.to_string();
    if text.len() > 100 {
        let end = (0..=100).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push_str("...");
    }
    AvroError::NotAType(text, rule)
}
