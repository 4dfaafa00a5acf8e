//! Subjects with their versions, ids, compatibility levels and modes, as values under one lock.

mod compatibility;
mod deletion;
mod error;
mod lookup;
mod settings;
#[cfg(test)]
mod tests;

pub use error::RegistryError;
pub use lookup::{SubjectVersion, VersionSelector};
pub use settings::{CompatibilityLevel, RegistryMode};

use super::parsed::ParsedSchema;
use super::schema_type::SchemaType;
use serde::{Deserialize, Serialize};
use settings::Settings;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The texts of all schemas together.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A reference from one schema to a version of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SchemaReference {
    /// The name by which the schema refers to it.
    pub name: String,
    /// The subject.
    pub subject: String,
    /// The version.
    pub version: i32,
}

/// A schema in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSchema {
    /// The language.
    pub schema_type: SchemaType,
    /// The text.
    pub text: String,
    /// The references.
    pub references: Vec<SchemaReference>,
}

/// A schema with an id.
#[derive(Clone, Debug)]
pub struct StoredSchema {
    /// The id, from 1.
    pub id: i32,
    /// The schema as it was registered first.
    pub schema: NewSchema,
    parsed: Arc<ParsedSchema>,
}

impl StoredSchema {
    /// Returns the schema, read.
    pub(crate) fn parsed(&self) -> &Arc<ParsedSchema> {
        &self.parsed
    }
}

/// A version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The id of its schema.
    pub id: i32,
    /// Whether it is deleted softly: not shown, and still readable by its id.
    pub is_deleted: bool,
}

/// A registry in memory. Cheap to clone; all clones are one registry.
#[derive(Clone, Debug, Default)]
pub struct SchemaRegistry {
    // Locked for one call, never across an await.
    rules: Arc<Mutex<Rules>>,
}

/// The schemas that are registered.
#[derive(Debug, Default)]
struct Rules {
    subjects: BTreeMap<String, Subject>,
    /// By id. A schema without any version is gone.
    schemas: BTreeMap<i32, StoredSchema>,
    last_id: i32,
    /// The length of all texts.
    bytes: usize,
    settings: Settings,
}

#[derive(Debug, Default)]
struct Subject {
    /// By number. A version that is deleted for good is not in it.
    versions: BTreeMap<i32, Version>,
}

impl SchemaRegistry {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        // Each call changes the registry at its end only, so a panic in one leaves no half of a change.
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a schema as the next version of a subject, unless it is one of its versions already. Returns it with its id.
    ///
    /// # Errors
    /// [`RegistryError`] if the schema is invalid, incompatible with earlier versions, or the subject is read-only.
    pub fn register(&self, subject: &str, schema: NewSchema) -> Result<SubjectVersion, RegistryError> {
        self.rules().register(subject, schema)
    }

    /// Returns the version of a subject that has this schema.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`], [`RegistryError::SchemaNotFound`], or that the schema is invalid.
    pub fn find(
        &self,
        subject: &str,
        schema: &NewSchema,
        with_deleted: bool,
    ) -> Result<SubjectVersion, RegistryError> {
        let rules = self.rules();
        let parsed = rules.parse(schema)?;
        rules.existing_subject(subject, with_deleted)?;
        let found = rules.find(subject, schema, &parsed, with_deleted);
        found.ok_or(RegistryError::SchemaNotFound)
    }
}

impl Rules {
    fn register(&mut self, subject: &str, schema: NewSchema) -> Result<SubjectVersion, RegistryError> {
        check_subject(subject)?;
        if self.settings.mode(Some(subject)) == RegistryMode::ReadOnly {
            return Err(RegistryError::ReadOnly(subject.to_owned()));
        }
        let parsed = self.parse(&schema)?;
        if let Some(found) = self.find(subject, &schema, &parsed, false) {
            return Ok(found);
        }
        self.check_compatible(subject, &parsed)?;
        let id = self.id_of(schema, parsed)?;
        let entry = self.subjects.entry(subject.to_owned()).or_default();
        // A version that was deleted for good is forgotten, so its number may come again.
        let version = entry.versions.keys().last().map_or(1, |last| last + 1);
        let added = Version {
            id,
            is_deleted: false,
        };
        entry.versions.insert(version, added);
        self.shown(subject, version, added)
    }

    /// Returns the id of an equal schema, or a new one.
    fn id_of(&mut self, schema: NewSchema, parsed: ParsedSchema) -> Result<i32, RegistryError> {
        let same = self
            .schemas
            .values()
            .find(|stored| is_same(stored, &schema, &parsed));
        if let Some(same) = same {
            return Ok(same.id);
        }
        let bytes = self.bytes + schema.text.len();
        if bytes > MAX_BYTES {
            return Err(RegistryError::Full(MAX_BYTES));
        }
        self.bytes = bytes;
        self.last_id += 1;
        let stored = StoredSchema {
            id: self.last_id,
            schema,
            parsed: Arc::new(parsed),
        };
        self.schemas.insert(self.last_id, stored);
        Ok(self.last_id)
    }

    fn find(
        &self,
        subject: &str,
        schema: &NewSchema,
        parsed: &ParsedSchema,
        with_deleted: bool,
    ) -> Option<SubjectVersion> {
        let versions = &self.subjects.get(subject)?.versions;
        // The newest, as Confluent's registry answers.
        let (number, version) = versions.iter().rev().find(|(_, version)| {
            let stored = self.schemas.get(&version.id);
            (with_deleted || !version.is_deleted)
                && stored.is_some_and(|stored| is_same(stored, schema, parsed))
        })?;
        self.shown(subject, *number, *version).ok()
    }

    fn parse(&self, schema: &NewSchema) -> Result<ParsedSchema, RegistryError> {
        let referenced = self.referenced_texts(&schema.references)?;
        ParsedSchema::parse(schema.schema_type, &schema.text, &referenced)
            .map_err(RegistryError::InvalidSchema)
    }

    /// Returns the texts of all schemas that `references` reach, each once, and each after those that it needs itself.
    fn referenced_texts(&self, references: &[SchemaReference]) -> Result<Vec<String>, RegistryError> {
        let mut ids = Vec::new();
        self.collect_referenced(references, &mut ids)?;
        let texts = ids.iter().filter_map(|id| self.schemas.get(id));
        Ok(texts.map(|stored| stored.schema.text.clone()).collect())
    }

    // References are to schemas that existed before, so they form no circle.
    fn collect_referenced(
        &self,
        references: &[SchemaReference],
        ids: &mut Vec<i32>,
    ) -> Result<(), RegistryError> {
        for reference in references {
            let versions = self
                .subjects
                .get(&reference.subject)
                .map(|subject| &subject.versions);
            let version = versions.and_then(|versions| versions.get(&reference.version));
            // A version that is deleted softly is still there for those that refer to it.
            let version = version.ok_or_else(|| RegistryError::InvalidReference(reference.clone()))?;
            let Some(stored) = self.schemas.get(&version.id) else {
                continue;
            };
            self.collect_referenced(&stored.schema.references, ids)?;
            if !ids.contains(&stored.id) {
                ids.push(stored.id);
            }
        }
        Ok(())
    }

    fn shown(&self, subject: &str, number: i32, version: Version) -> Result<SubjectVersion, RegistryError> {
        let stored = self
            .schemas
            .get(&version.id)
            .ok_or(RegistryError::SchemaNotFound)?;
        Ok(SubjectVersion {
            subject: subject.to_owned(),
            version: number,
            is_deleted: version.is_deleted,
            stored: stored.clone(),
        })
    }
}

fn is_same(stored: &StoredSchema, schema: &NewSchema, parsed: &ParsedSchema) -> bool {
    stored.schema.schema_type == schema.schema_type
        && stored.schema.references == schema.references
        && stored.parsed.identity() == parsed.identity()
}

/// Checks a subject's name: contexts (`:.name:subject`) are not served.
fn check_subject(subject: &str) -> Result<(), RegistryError> {
    let is_valid =
        !subject.is_empty() && !subject.starts_with(":.") && !subject.chars().any(char::is_control);
    if is_valid {
        Ok(())
    } else {
        Err(RegistryError::InvalidSubject(subject.to_owned()))
    }
}
