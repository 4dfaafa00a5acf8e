//! A schema against the versions of a subject, by the subject's level.

use super::{NewSchema, RegistryError, Rules, SchemaRegistry, VersionSelector};
use crate::schema::parsed::{ParsedSchema, Verdict};

impl SchemaRegistry {
    /// Returns the reasons why a schema is incompatible with a version of a subject, or with `None` with those that its level names. If
    /// there is none, it is compatible.
    ///
    /// # Errors
    /// [`RegistryError`] if the version does not exist, the schema is invalid, or is of a type that is not compared.
    pub fn incompatibilities(
        &self,
        subject: &str,
        version: Option<VersionSelector>,
        schema: &NewSchema,
    ) -> Result<Vec<String>, RegistryError> {
        let rules = self.rules();
        let parsed = rules.parse(schema)?;
        match version {
            None => rules.incompatibilities(subject, &parsed),
            Some(version) => {
                let found = rules.version(subject, version, false)?;
                rules.compare(subject, &parsed, &[found.version])
            }
        }
    }
}

impl Rules {
    /// Checks that a schema may become the next version of a subject.
    pub(super) fn check_compatible(&self, subject: &str, parsed: &ParsedSchema) -> Result<(), RegistryError> {
        let reasons = self.incompatibilities(subject, parsed)?;
        if reasons.is_empty() {
            return Ok(());
        }
        Err(RegistryError::Incompatible {
            subject: subject.to_owned(),
            details: reasons.join("; "),
        })
    }

    fn incompatibilities(&self, subject: &str, parsed: &ParsedSchema) -> Result<Vec<String>, RegistryError> {
        let mut versions = self.versions(subject, false);
        if !self.settings.level(Some(subject)).is_transitive() {
            versions.drain(..versions.len().saturating_sub(1));
        }
        self.compare(subject, parsed, &versions)
    }

    fn compare(
        &self,
        subject: &str,
        parsed: &ParsedSchema,
        versions: &[i32],
    ) -> Result<Vec<String>, RegistryError> {
        let level = self.settings.level(Some(subject));
        let mut reasons = Vec::new();
        // The newest first, because its reason is the one that is looked for.
        for number in versions.iter().rev() {
            let earlier = self.version(subject, VersionSelector::Number(*number), false)?;
            let earlier = earlier.stored.parsed();
            let backward = level.is_backward().then(|| parsed.reads(earlier));
            let forward = level.is_forward().then(|| earlier.reads(parsed));
            for (direction, verdict) in [("backward", backward), ("forward", forward)] {
                match verdict {
                    None | Some(Verdict::Compatible) => {}
                    Some(Verdict::Incompatible(reason)) => {
                        reasons.push(format!("version {number}, {direction}: {reason}"));
                    }
                    Some(Verdict::NotCompared(schema_type)) => {
                        return Err(RegistryError::NotCompared {
                            subject: subject.to_owned(),
                            schema_type,
                        });
                    }
                }
            }
        }
        Ok(reasons)
    }
}
