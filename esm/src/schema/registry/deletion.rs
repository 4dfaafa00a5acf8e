//! Soft and permanent deletion.

use super::{RegistryError, RegistryMode, Rules, SchemaRegistry, VersionSelector};

impl SchemaRegistry {
    /// Deletes a subject: softly, or for good if it was deleted softly before. Returns the versions that were deleted.
    ///
    /// # Errors
    /// [`RegistryError`] if it does not exist, is referred to, or was or was not deleted softly.
    pub fn delete_subject(&self, subject: &str, is_permanent: bool) -> Result<Vec<i32>, RegistryError> {
        self.rules().delete_subject(subject, is_permanent)
    }

    /// Deletes a version of a subject: softly, or for good if it was deleted softly before. Returns its number.
    ///
    /// # Errors
    /// [`RegistryError`] if it does not exist, is referred to, or was or was not deleted softly.
    pub fn delete_version(
        &self,
        subject: &str,
        version: VersionSelector,
        is_permanent: bool,
    ) -> Result<i32, RegistryError> {
        self.rules().delete_version(subject, version, is_permanent)
    }
}

impl Rules {
    fn delete_subject(&mut self, subject: &str, is_permanent: bool) -> Result<Vec<i32>, RegistryError> {
        self.check_writable(subject)?;
        let all = self.versions(subject, true);
        if all.is_empty() {
            return Err(RegistryError::SubjectNotFound(subject.to_owned()));
        }
        let shown = self.versions(subject, false);
        match (is_permanent, shown.is_empty()) {
            (true, false) => return Err(RegistryError::SubjectNotSoftDeleted(subject.to_owned())),
            (false, true) => return Err(RegistryError::SubjectSoftDeleted(subject.to_owned())),
            _ => {}
        }
        let deleted = if is_permanent { all } else { shown };
        for version in &deleted {
            self.check_unreferenced(subject, *version)?;
        }
        for version in &deleted {
            self.remove(subject, *version, is_permanent);
        }
        if is_permanent {
            self.subjects.remove(subject);
            self.settings.forget(subject);
        }
        Ok(deleted)
    }

    fn delete_version(
        &mut self,
        subject: &str,
        version: VersionSelector,
        is_permanent: bool,
    ) -> Result<i32, RegistryError> {
        self.check_writable(subject)?;
        let found = self.version(subject, version, true)?;
        let subject = subject.to_owned();
        let version = found.version;
        match (is_permanent, found.is_deleted) {
            (true, false) => return Err(RegistryError::VersionNotSoftDeleted { subject, version }),
            (false, true) => return Err(RegistryError::VersionSoftDeleted { subject, version }),
            _ => {}
        }
        self.check_unreferenced(&subject, version)?;
        self.remove(&subject, version, is_permanent);
        Ok(version)
    }

    fn check_writable(&self, subject: &str) -> Result<(), RegistryError> {
        match self.settings.mode(Some(subject)) {
            RegistryMode::ReadWrite => Ok(()),
            RegistryMode::ReadOnly => Err(RegistryError::ReadOnly(subject.to_owned())),
        }
    }

    fn check_unreferenced(&self, subject: &str, version: i32) -> Result<(), RegistryError> {
        if self.referenced_by(subject, version).is_empty() {
            return Ok(());
        }
        Err(RegistryError::Referenced {
            subject: subject.to_owned(),
            version,
        })
    }

    fn remove(&mut self, subject: &str, number: i32, is_permanent: bool) {
        let Some(entry) = self.subjects.get_mut(subject) else {
            return;
        };
        if !is_permanent {
            if let Some(version) = entry.versions.get_mut(&number) {
                version.is_deleted = true;
            }
            return;
        }
        let Some(removed) = entry.versions.remove(&number) else {
            return;
        };
        let mut versions = self
            .subjects
            .values()
            .flat_map(|subject| subject.versions.values());
        if !versions.any(|version| version.id == removed.id) {
            let gone = self.schemas.remove(&removed.id);
            self.bytes -= gone.map_or(0, |stored| stored.schema.text.len());
        }
    }
}
