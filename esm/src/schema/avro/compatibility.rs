//! Whether one schema reads what another has written: the rules of schema resolution. Source: Avro's `SchemaCompatibility`.

use super::{AvroSchema, AvroType, Field, NamedShape, simple_name};
use std::collections::BTreeSet;

/// Returns the first reason why `reader` cannot read data of `writer`; `None` if it can.
pub(super) fn find(reader: &AvroSchema, writer: &AvroSchema) -> Option<String> {
    let mut comparison = Comparison {
        reader,
        writer,
        compared: BTreeSet::new(),
    };
    comparison.types(&reader.root, &writer.root, "").err()
}

struct Comparison<'a> {
    reader: &'a AvroSchema,
    writer: &'a AvroSchema,
    /// The pairs of named types that were found compatible, or are being compared: a pair within itself is compatible unless something
    /// else shows that it is not.
    compared: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Comparison<'a> {
    /// Compares two types at `path`, a JSON pointer into the reader's schema.
    fn types(&mut self, reader: &'a AvroType, writer: &'a AvroType, path: &str) -> Result<(), String> {
        use AvroType::{Array, Bytes, Double, Float, Int, Long, Map, Named, String, Union};
        match (reader, writer) {
            (_, Union(branches)) => branches
                .iter()
                .try_for_each(|branch| self.types(reader, branch, path)),
            (Union(branches), _) => self.any_branch(branches, writer, path),
            (Array(reader), Array(writer)) => self.types(reader, writer, &format!("{path}/items")),
            (Map(reader), Map(writer)) => self.types(reader, writer, &format!("{path}/values")),
            (Named(reader), Named(writer)) => self.named(reader, writer, path),
            (Long, Int)
            | (Float, Int | Long)
            | (Double, Int | Long | Float)
            | (Bytes, String)
            | (String, Bytes) => Ok(()),
            _ if reader == writer => Ok(()),
            _ => Err(format!(
                "at {}: the reader's type {} does not read the writer's type {}",
                shown(path),
                self.reader.kind(reader),
                self.writer.kind(writer)
            )),
        }
    }

    fn any_branch(
        &mut self,
        branches: &'a [AvroType],
        writer: &'a AvroType,
        path: &str,
    ) -> Result<(), String> {
        for branch in branches {
            // What a failed branch assumed to be compatible does not hold.
            let before = self.compared.clone();
            if self.types(branch, writer, path).is_ok() {
                return Ok(());
            }
            self.compared = before;
        }
        Err(format!(
            "at {}: no branch of the reader's union reads the writer's type {}",
            shown(path),
            self.writer.kind(writer)
        ))
    }

    fn named(&mut self, reader: &'a str, writer: &'a str, path: &str) -> Result<(), String> {
        if !self.compared.insert((reader, writer)) {
            return Ok(());
        }
        let (reader_schema, writer_schema) = (self.reader, self.writer);
        let (Some(reader_type), Some(writer_type)) =
            (reader_schema.named(reader), writer_schema.named(writer))
        else {
            // The parser knows every name.
            return Ok(());
        };
        let is_same_name = simple_name(reader) == simple_name(writer)
            || reader_type.aliases.iter().any(|alias| alias == writer);
        match (&reader_type.shape, &writer_type.shape) {
            (NamedShape::Record(reader_fields), NamedShape::Record(writer_fields)) if is_same_name => {
                self.fields(reader_fields, writer_fields, path)
            }
            (NamedShape::Enum { symbols, default }, NamedShape::Enum { symbols: written, .. })
                if is_same_name =>
            {
                let missing: Vec<&str> = written
                    .iter()
                    .filter(|symbol| !symbols.contains(symbol))
                    .map(String::as_str)
                    .collect();
                if missing.is_empty() || default.is_some() {
                    return Ok(());
                }
                let missing = missing.join(", ");
                Err(format!(
                    "at {}: the reader's enum {reader} lacks the symbols {missing} and has no default",
                    shown(path)
                ))
            }
            (NamedShape::Fixed { size }, NamedShape::Fixed { size: written }) if is_same_name => {
                if size == written {
                    return Ok(());
                }
                Err(format!(
                    "at {}: the reader's fixed {reader} has {size} bytes, the writer's {written}",
                    shown(path)
                ))
            }
            (reader_shape, writer_shape) => Err(format!(
                "at {}: the reader's {} {reader} does not read the writer's {} {writer}",
                shown(path),
                reader_shape.kind(),
                writer_shape.kind()
            )),
        }
    }

    fn fields(&mut self, reader: &'a [Field], writer: &'a [Field], path: &str) -> Result<(), String> {
        for (index, field) in reader.iter().enumerate() {
            let path = format!("{path}/fields/{index}");
            let of_name = |name: &str| writer.iter().find(|written| written.name == name);
            let written =
                of_name(&field.name).or_else(|| field.aliases.iter().find_map(|alias| of_name(alias)));
            match written {
                Some(written) => self.types(&field.avro_type, &written.avro_type, &format!("{path}/type"))?,
                None if field.has_default => {}
                None => {
                    return Err(format!(
                        "at {}: the writer has no field {}, for which the reader has no default",
                        shown(&path),
                        field.name
                    ));
                }
            }
        }
        Ok(())
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

impl NamedShape {
    fn kind(&self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Enum { .. } => "enum",
            Self::Fixed { .. } => "fixed",
        }
    }
}

impl AvroSchema {
    /// Returns a type's name for messages.
    fn kind(&self, avro_type: &AvroType) -> String {
        match avro_type {
            AvroType::Array(_) => "array".to_owned(),
            AvroType::Map(_) => "map".to_owned(),
            AvroType::Union(_) => "union".to_owned(),
            AvroType::Named(name) => match self.named(name) {
                Some(named) => format!("{} {name}", named.shape.kind()),
                None => name.clone(),
            },
            primitive => format!("{primitive:?}").to_lowercase(),
        }
    }
}
