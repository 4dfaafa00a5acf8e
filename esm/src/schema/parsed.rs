//! A schema of any language, read from its text.

use super::avro::AvroSchema;
use super::json_schema::{self, Validator};
use super::schema_type::SchemaType;

/// A schema that was read.
#[derive(Clone, Debug)]
pub(crate) enum ParsedSchema {
    Avro(AvroSchema),
    Json {
        validator: Validator,
        /// The document without white space, members in alphabetical order.
        identity: String,
    },
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The reader reads everything that the writer writes.
    Compatible,
    /// It does not, for this reason.
    Incompatible(String),
    /// Schemas of this type are not compared.
    NotCompared(SchemaType),
}

impl ParsedSchema {
    /// Returns the schema of a text. `referenced` are the texts of the schemas that it refers to, each after those that it needs itself.
    ///
    /// # Errors
    /// The reason why it is none.
    pub(crate) fn parse(schema_type: SchemaType, text: &str, referenced: &[String]) -> Result<Self, String> {
        match schema_type {
            SchemaType::Avro => AvroSchema::parse(text, referenced)
                .map(Self::Avro)
                .map_err(|error| error.to_string()),
            SchemaType::Json => {
                let document = json_schema::parse(text)?;
                let identity = document.to_string();
                let validator = Validator::new(document);
                Ok(Self::Json { validator, identity })
            }
        }
    }

    /// Returns the language.
    pub(crate) fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
            Self::Json { .. } => SchemaType::Json,
        }
    }

    /// Returns the text that only equal schemas have.
    pub(crate) fn identity(&self) -> &str {
        match self {
            Self::Avro(schema) => schema.identity(),
            Self::Json { identity, .. } => identity,
        }
    }

    /// Returns whether this schema reads what `writer` has written.
    pub(crate) fn reads(&self, writer: &Self) -> Verdict {
        match (self, writer) {
            (Self::Avro(reader), Self::Avro(writer)) => match reader.incompatibility(writer) {
                None => Verdict::Compatible,
                Some(reason) => Verdict::Incompatible(reason),
            },
            (
                Self::Json { identity, .. },
                Self::Json {
                    identity: written, ..
                },
            ) if identity == written => Verdict::Compatible,
            (Self::Json { .. }, Self::Json { .. }) => Verdict::NotCompared(SchemaType::Json),
            _ => Verdict::Incompatible("the types of the schemas differ".to_owned()),
        }
    }

    /// Appends the JSON text of `data`, which is one value of this schema.
    ///
    /// # Errors
    /// The reason why it is none; some of the JSON may have been written.
    pub(crate) fn write_json(&self, data: &[u8], json: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Avro(schema) => schema.write_json(data, json).map_err(|error| error.to_string()),
            Self::Json { validator, .. } => {
                let value =
                    serde_json::from_slice(data).map_err(|error| format!("it is not JSON: {error}"))?;
                validator.check(&value)?;
                // The text stays as the producer wrote it.
                json.extend_from_slice(data);
                Ok(())
            }
        }
    }
}
