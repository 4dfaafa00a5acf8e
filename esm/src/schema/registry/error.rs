//! The errors of the registry, with Confluent's codes.

use super::{SchemaReference, SchemaType};

/// An error of the registry.
// The codes and most texts are those of Confluent's `Errors` class; clients decide by the code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No subject has this name.
    #[error("Subject '{0}' not found.")]
    SubjectNotFound(String),
    /// The subject has no such version.
    #[error("Version {0} not found.")]
    VersionNotFound(String),
    /// The subject has no such schema, or there is none.
    #[error("Schema not found")]
    SchemaNotFound,
    /// No schema has this id.
    #[error("Schema {0} not found")]
    IdNotFound(i32),
    /// The subject is deleted softly already.
    #[error("Subject '{0}' was soft deleted. Set permanent=true to delete permanently")]
    SubjectSoftDeleted(String),
    /// The subject must be deleted softly first.
    #[error("Subject '{0}' was not deleted first before being permanently deleted")]
    SubjectNotSoftDeleted(String),
    /// The version is deleted softly already.
    #[error(
        "Subject '{subject}' Version {version} was soft deleted. Set permanent=true to delete permanently"
    )]
    VersionSoftDeleted {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
    },
    /// The version must be deleted softly first.
    #[error("Subject '{subject}' Version {version} was not deleted first before being permanently deleted")]
    VersionNotSoftDeleted {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
    },
    /// The subject has no level of its own.
    #[error("Subject '{0}' does not have subject-level compatibility configured")]
    NoSubjectLevel(String),
    /// The subject has no mode of its own.
    #[error("Subject '{0}' does not have subject-level mode configured")]
    NoSubjectMode(String),
    /// The text is no schema.
    #[error("Invalid schema: {0}")]
    InvalidSchema(String),
    /// The type is unknown or not served.
    #[error("Invalid schema type {0}: Esmeralda serves AVRO and JSON")]
    InvalidSchemaType(String),
    /// A reference leads nowhere.
    #[error("Invalid schema: no schema found for the reference {0:?}")]
    InvalidReference(SchemaReference),
    /// The version is no number and not `latest`.
    #[error(
        "The specified version '{0}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
    )]
    InvalidVersion(String),
    /// The level is unknown.
    #[error(
        "Invalid compatibility level {0}. Valid values are NONE, BACKWARD, FORWARD, FULL, BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE and \
         FULL_TRANSITIVE"
    )]
    InvalidLevel(String),
    /// The mode is unknown or not served.
    #[error("Invalid mode {0}. Esmeralda serves READWRITE and READONLY")]
    InvalidMode(String),
    /// The subject may not be changed.
    #[error("Subject {0} is in read-only mode")]
    ReadOnly(String),
    /// Other schemas refer to it.
    #[error("One or more references exist to the schema of subject {subject}, version {version}")]
    Referenced {
        /// The subject.
        subject: String,
        /// The version.
        version: i32,
    },
    /// The subject's name is invalid.
    #[error(
        "The specified subject '{0}' is not a valid subject: it must not be empty, contain control characters or name a context"
    )]
    InvalidSubject(String),
    /// The schema is incompatible with an earlier version.
    #[error(
        "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{details}]"
    )]
    Incompatible {
        /// The subject.
        subject: String,
        /// Each reason.
        details: String,
    },
    /// There is no room for another schema.
    #[error("The schemas would have more than {0} bytes of text: delete subjects permanently")]
    Full(usize),
    /// Esmeralda does not compare schemas of this type.
    #[error(
        "Esmeralda does not compare {schema_type} schemas: set the compatibility of subject {subject} to NONE (PUT /config/{subject} with \
         {{\"compatibility\": \"NONE\"}}) to register another version"
    )]
    NotCompared {
        /// The subject.
        subject: String,
        /// The type.
        schema_type: SchemaType,
    },
}

impl RegistryError {
    /// Returns Confluent's error code. Its first three digits are the HTTP status.
    pub fn code(&self) -> u32 {
        match self {
            Self::SubjectNotFound(_) => 40401,
            Self::VersionNotFound(_) => 40402,
            Self::SchemaNotFound | Self::IdNotFound(_) => 40403,
            Self::SubjectSoftDeleted(_) => 40404,
            Self::SubjectNotSoftDeleted(_) => 40405,
            Self::VersionSoftDeleted { .. } => 40406,
            Self::VersionNotSoftDeleted { .. } => 40407,
            Self::NoSubjectLevel(_) => 40408,
            Self::NoSubjectMode(_) => 40409,
            Self::InvalidSchema(_) | Self::InvalidSchemaType(_) | Self::InvalidReference(_) => 42201,
            Self::InvalidVersion(_) => 42202,
            Self::InvalidLevel(_) => 42203,
            Self::InvalidMode(_) => 42204,
            Self::ReadOnly(_) => 42205,
            Self::Referenced { .. } => 42206,
            Self::InvalidSubject(_) => 42208,
            Self::Incompatible { .. } => 409,
            Self::Full(_) => 50001,
            Self::NotCompared { .. } => 501,
        }
    }
}
