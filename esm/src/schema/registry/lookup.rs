//! The look-up of what is registered: by subject, version and id.

use super::{RegistryError, Rules, SchemaRegistry, StoredSchema};
use std::str::FromStr;

/// A version of a subject with its schema.
#[derive(Clone, Debug)]
pub struct SubjectVersion {
    /// The subject.
    pub subject: String,
    /// The version, from 1.
    pub version: i32,
    /// Whether it is deleted softly.
    pub is_deleted: bool,
    /// The schema and its id.
    pub stored: StoredSchema,
}

/// The version in a request's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionSelector {
    /// The last one: `latest` or `-1`.
    Latest,
    /// This one.
    Number(i32),
}

impl FromStr for VersionSelector {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        match (text, text.parse()) {
            ("latest" | "-1", _) => Ok(Self::Latest),
            (_, Ok(number @ 1..)) => Ok(Self::Number(number)),
            _ => Err(RegistryError::InvalidVersion(text.to_owned())),
        }
    }
}

impl SchemaRegistry {
    /// Returns the subjects in alphabetical order.
    pub fn subjects(&self, with_deleted: bool) -> Vec<String> {
        let rules = self.rules();
        let subjects = rules.subjects.keys();
        let shown = subjects.filter(|subject| !rules.versions(subject, with_deleted).is_empty());
        shown.cloned().collect()
    }

    /// Returns the versions of a subject, ascending.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`].
    pub fn versions(&self, subject: &str, with_deleted: bool) -> Result<Vec<i32>, RegistryError> {
        let rules = self.rules();
        rules.existing_subject(subject, with_deleted)?;
        Ok(rules.versions(subject, with_deleted))
    }

    /// Returns one version of a subject.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] and [`RegistryError::VersionNotFound`].
    pub fn version(
        &self,
        subject: &str,
        version: VersionSelector,
        with_deleted: bool,
    ) -> Result<SubjectVersion, RegistryError> {
        self.rules().version(subject, version, with_deleted)
    }

    /// Returns the ids of the schemas that refer to a version.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] and [`RegistryError::VersionNotFound`].
    pub fn referenced_by(&self, subject: &str, version: VersionSelector) -> Result<Vec<i32>, RegistryError> {
        let rules = self.rules();
        let found = rules.version(subject, version, true)?;
        Ok(rules.referenced_by(subject, found.version))
    }

    /// Returns the schema of an id, also if all its versions are deleted softly.
    ///
    /// # Errors
    /// [`RegistryError::IdNotFound`].
    pub fn schema(&self, id: i32) -> Result<StoredSchema, RegistryError> {
        let rules = self.rules();
        rules
            .schemas
            .get(&id)
            .cloned()
            .ok_or(RegistryError::IdNotFound(id))
    }

    /// Returns the versions that have the schema of an id.
    ///
    /// # Errors
    /// [`RegistryError::IdNotFound`].
    pub fn versions_of(&self, id: i32, with_deleted: bool) -> Result<Vec<SubjectVersion>, RegistryError> {
        self.schema(id)?;
        let mut all = self.all_versions(with_deleted);
        all.retain(|version| version.stored.id == id);
        Ok(all)
    }

    /// Returns all versions of all subjects.
    pub fn all_versions(&self, with_deleted: bool) -> Vec<SubjectVersion> {
        let rules = self.rules();
        let mut all = Vec::new();
        for subject in rules.subjects.keys() {
            let versions = rules.versions(subject, with_deleted).into_iter();
            all.extend(versions.filter_map(|version| {
                rules
                    .version(subject, VersionSelector::Number(version), with_deleted)
                    .ok()
            }));
        }
        all
    }
}

impl Rules {
    pub(super) fn existing_subject(&self, subject: &str, with_deleted: bool) -> Result<(), RegistryError> {
        if self.versions(subject, with_deleted).is_empty() {
            return Err(RegistryError::SubjectNotFound(subject.to_owned()));
        }
        Ok(())
    }

    pub(super) fn versions(&self, subject: &str, with_deleted: bool) -> Vec<i32> {
        let versions = self.subjects.get(subject).map(|subject| &subject.versions);
        let shown = versions.into_iter().flatten();
        let shown = shown.filter(|(_, version)| with_deleted || !version.is_deleted);
        shown.map(|(number, _)| *number).collect()
    }

    pub(super) fn version(
        &self,
        subject: &str,
        version: VersionSelector,
        with_deleted: bool,
    ) -> Result<SubjectVersion, RegistryError> {
        self.existing_subject(subject, with_deleted)?;
        let numbers = self.versions(subject, with_deleted);
        let (number, shown) = match version {
            VersionSelector::Latest => (numbers.last().copied(), "latest".to_owned()),
            VersionSelector::Number(number) => {
                (numbers.contains(&number).then_some(number), number.to_string())
            }
        };
        let versions = self.subjects.get(subject).map(|subject| &subject.versions);
        let found = number.and_then(|number| Some((number, *versions?.get(&number)?)));
        let (number, version) = found.ok_or(RegistryError::VersionNotFound(shown))?;
        self.shown(subject, number, version)
    }

    /// Returns the ids of the schemas that refer to a version.
    pub(super) fn referenced_by(&self, subject: &str, version: i32) -> Vec<i32> {
        let refers = |stored: &&StoredSchema| {
            let mut references = stored.schema.references.iter();
            references.any(|reference| reference.subject == subject && reference.version == version)
        };
        self.schemas
            .values()
            .filter(refers)
            .map(|stored| stored.id)
            .collect()
    }
}
