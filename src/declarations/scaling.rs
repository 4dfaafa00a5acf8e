//! A profile of scaling constants, and values that are given in the place of some: `profile` and `[scaling]`.

use esmeralda_esm::profile::{ProfileError, ProfileName, ScalingProfile};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// A profile of scaling constants, and which of them were changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// The profile's name.
    pub name: ProfileName,
    /// Values by constant, as they are written.
    pub overrides: BTreeMap<String, String>,
    /// The constants that hold.
    pub profile: ScalingProfile,
}

impl Scaling {
    /// A profile as it is.
    pub fn new(name: ProfileName) -> Self {
        Self {
            name,
            overrides: BTreeMap::new(),
            profile: name.profile(),
        }
    }

    /// A profile with the constants that a file gives another value.
    ///
    /// # Errors
    /// What is wrong, and where in the file.
    pub fn read(
        name: ProfileName,
        written: &BTreeMap<Spanned<String>, ConstantText>,
    ) -> Result<Self, (usize, ProfileError)> {
        let mut scaling = Self::new(name);
        for (constant, value) in written {
            let set = scaling.set(constant.as_ref(), &value.to_string());
            set.map_err(|error| (constant.span().start, error))?;
        }
        Ok(scaling)
    }

    /// The same changes to another profile.
    #[must_use]
    pub fn based_on(self, name: ProfileName) -> Self {
        let mut scaling = Self::new(name);
        for (constant, value) in &self.overrides {
            // It was accepted before, whatever the profile.
            let _ = scaling.set(constant, value);
        }
        scaling
    }

    /// Gives a constant another value.
    ///
    /// # Errors
    /// [`ProfileError`] for a name that no constant has, or a value that it cannot have.
    pub fn set(&mut self, constant: &str, value: &str) -> Result<(), ProfileError> {
        self.profile.set(constant, value)?;
        self.overrides.insert(constant.to_owned(), value.to_owned());
        Ok(())
    }
}

/// As a person would say it: `current`, or `current, with rebalance_pause_ms = 5000`.
impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        for (index, (name, value)) in self.overrides.iter().enumerate() {
            f.write_str(if index == 0 { ", with " } else { ", " })?;
            write!(f, "{name} = {value}")?;
        }
        Ok(())
    }
}

/// A profile's name as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProfileText(pub ProfileName);

impl TryFrom<String> for ProfileText {
    type Error = ProfileError;

    fn try_from(name: String) -> Result<Self, ProfileError> {
        name.parse().map(Self)
    }
}

/// The value of a scaling constant as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum ConstantText {
    /// A whole number.
    Whole(i64),
    /// A price.
    Float(f64),
    /// A word.
    Text(String),
}

impl fmt::Display for ConstantText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}
