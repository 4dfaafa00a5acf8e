//! Schemas and a registry for them. Source: the REST API of Confluent's Schema Registry 8.0, whose subjects, versions, ids and error codes
//! these are; the wire format of its serializers.
//!
//! Pure, but for the lock in [`SchemaRegistry`]. The HTTP port translates requests into its calls; a mapping that has a schema registry
//! finds the schemas of its records here or in another registry. `avro` and `json_schema` have the rules of each language.
//!
//! # Differs from Confluent's Schema Registry
//! - Avro and JSON Schema. A Protobuf schema is refused by name.
//! - Two versions of a JSON Schema are not compared: a second version needs compatibility NONE, or is refused with 501.
//! - A schema is answered as it was registered; Confluent's registry answers with its own spelling of an Avro schema.
//! - Equal are Avro schemas that differ in white space, the order of members, and in how names are split, with or without `normalize`.
//! - Modes are READWRITE and READONLY. Metadata, rules, contexts, aliases and associations are refused by name.

mod avro;
mod json_schema;
mod parsed;
mod registry;
mod schema_type;
mod settings;

pub(crate) use parsed::ParsedSchema;
pub(crate) use settings::{DecodingSettings, RecordFormat, RegistryLocation};

pub use registry::{
    CompatibilityLevel, NewSchema, RegistryError, RegistryMode, SchemaReference, SchemaRegistry,
    StoredSchema, SubjectVersion, Version, VersionSelector,
};
pub use schema_type::SchemaType;
