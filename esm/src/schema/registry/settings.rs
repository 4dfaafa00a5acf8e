//! Compatibility levels and modes: one of the registry, and those of subjects that have their own.

use super::{RegistryError, Rules, SchemaRegistry, check_subject};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The earlier versions that a new one must be compatible with, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompatibilityLevel {
    /// None.
    None,
    /// It reads what the last version wrote.
    #[default]
    Backward,
    /// It reads what any earlier version wrote.
    BackwardTransitive,
    /// The last version reads what it writes.
    Forward,
    /// Every earlier version reads what it writes.
    ForwardTransitive,
    /// Backward and forward.
    Full,
    /// Backward and forward, with every earlier version.
    FullTransitive,
}

impl CompatibilityLevel {
    const NAMES: [(&'static str, Self); 7] = [
        ("NONE", Self::None),
        ("BACKWARD", Self::Backward),
        ("BACKWARD_TRANSITIVE", Self::BackwardTransitive),
        ("FORWARD", Self::Forward),
        ("FORWARD_TRANSITIVE", Self::ForwardTransitive),
        ("FULL", Self::Full),
        ("FULL_TRANSITIVE", Self::FullTransitive),
    ];

    pub(super) fn is_transitive(self) -> bool {
        matches!(
            self,
            Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive
        )
    }

    pub(super) fn is_backward(self) -> bool {
        matches!(
            self,
            Self::Backward | Self::BackwardTransitive | Self::Full | Self::FullTransitive
        )
    }

    pub(super) fn is_forward(self) -> bool {
        matches!(
            self,
            Self::Forward | Self::ForwardTransitive | Self::Full | Self::FullTransitive
        )
    }
}

impl fmt::Display for CompatibilityLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, level)| level == self);
        formatter.write_str(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for CompatibilityLevel {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let found = Self::NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        let (_, level) = found.ok_or_else(|| RegistryError::InvalidLevel(text.to_owned()))?;
        Ok(*level)
    }
}

/// Whether schemas may be registered and deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistryMode {
    /// They may.
    #[default]
    ReadWrite,
    /// They may not.
    ReadOnly,
}

impl fmt::Display for RegistryMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
        })
    }
}

impl FromStr for RegistryMode {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        match text.to_ascii_uppercase().as_str() {
            "READWRITE" => Ok(Self::ReadWrite),
            "READONLY" => Ok(Self::ReadOnly),
            _ => Err(RegistryError::InvalidMode(text.to_owned())),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Settings {
    level: CompatibilityLevel,
    mode: RegistryMode,
    subject_levels: BTreeMap<String, CompatibilityLevel>,
    subject_modes: BTreeMap<String, RegistryMode>,
}

impl Settings {
    /// Returns the level of a subject, or the registry's for `None`.
    pub(super) fn level(&self, subject: Option<&str>) -> CompatibilityLevel {
        let own = subject.and_then(|subject| self.subject_levels.get(subject));
        own.copied().unwrap_or(self.level)
    }

    /// Returns the mode of a subject, or the registry's for `None`.
    pub(super) fn mode(&self, subject: Option<&str>) -> RegistryMode {
        let own = subject.and_then(|subject| self.subject_modes.get(subject));
        own.copied().unwrap_or(self.mode)
    }

    /// Forgets the settings of a subject that is gone for good.
    pub(super) fn forget(&mut self, subject: &str) {
        self.subject_levels.remove(subject);
        self.subject_modes.remove(subject);
    }
}

impl SchemaRegistry {
    /// Returns the level of the registry, or of a subject: its own, or with `or_global` the registry's if it has none.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectLevel`].
    pub fn level(&self, subject: Option<&str>, or_global: bool) -> Result<CompatibilityLevel, RegistryError> {
        let Rules { settings, .. } = &*self.rules();
        match subject {
            Some(subject) if !or_global => {
                let own = settings.subject_levels.get(subject).copied();
                own.ok_or_else(|| RegistryError::NoSubjectLevel(subject.to_owned()))
            }
            subject => Ok(settings.level(subject)),
        }
    }

    /// Sets the level of the registry or of a subject, which need not exist yet.
    ///
    /// # Errors
    /// [`RegistryError::InvalidSubject`].
    pub fn set_level(&self, subject: Option<&str>, level: CompatibilityLevel) -> Result<(), RegistryError> {
        let settings = &mut self.rules().settings;
        match subject {
            None => settings.level = level,
            Some(subject) => {
                check_subject(subject)?;
                settings.subject_levels.insert(subject.to_owned(), level);
            }
        }
        Ok(())
    }

    /// Sets the registry's level back to BACKWARD, or removes a subject's own. Returns the level before.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectLevel`].
    pub fn reset_level(&self, subject: Option<&str>) -> Result<CompatibilityLevel, RegistryError> {
        let settings = &mut self.rules().settings;
        match subject {
            None => Ok(std::mem::take(&mut settings.level)),
            Some(subject) => {
                let own = settings.subject_levels.remove(subject);
                own.ok_or_else(|| RegistryError::NoSubjectLevel(subject.to_owned()))
            }
        }
    }

    /// Returns the mode of the registry, or of a subject: its own, or with `or_global` the registry's if it has none.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectMode`].
    pub fn mode(&self, subject: Option<&str>, or_global: bool) -> Result<RegistryMode, RegistryError> {
        let Rules { settings, .. } = &*self.rules();
        match subject {
            Some(subject) if !or_global => {
                let own = settings.subject_modes.get(subject).copied();
                own.ok_or_else(|| RegistryError::NoSubjectMode(subject.to_owned()))
            }
            subject => Ok(settings.mode(subject)),
        }
    }

    /// Sets the mode of the registry or of a subject.
    ///
    /// # Errors
    /// [`RegistryError::InvalidSubject`].
    pub fn set_mode(&self, subject: Option<&str>, mode: RegistryMode) -> Result<(), RegistryError> {
        let settings = &mut self.rules().settings;
        match subject {
            None => settings.mode = mode,
            Some(subject) => {
                check_subject(subject)?;
                settings.subject_modes.insert(subject.to_owned(), mode);
            }
        }
        Ok(())
    }

    /// Removes a subject's own mode. Returns the mode before.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectMode`].
    pub fn reset_mode(&self, subject: &str) -> Result<RegistryMode, RegistryError> {
        let own = self.rules().settings.subject_modes.remove(subject);
        own.ok_or_else(|| RegistryError::NoSubjectMode(subject.to_owned()))
    }
}
