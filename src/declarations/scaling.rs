//! A profile of scaling constants with the values that replace some of them: `profile` and `[scaling]`.

use esmeralda_esm::profile::{ProfileError, ProfileName, ScalingProfile};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// A profile of scaling constants, with a record of the replaced ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// The name of the profile that it is based on.
    pub name: ProfileName,
    /// The replaced constants by name, with their values as they were written.
    pub overrides: BTreeMap<String, String>,
    /// The constants that apply.
    pub profile: ScalingProfile,
}

impl Scaling {
    /// Returns a profile without changes.
    pub fn new(name: ProfileName) -> Self {
        Self {
            name,
            overrides: BTreeMap::new(),
            profile: name.profile(),
        }
    }

    /// Returns the profile `name` with the values that a file gives to some of its constants.
    ///
    /// # Errors
    /// [`ProfileError`] with the byte index of the constant in the file.
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

    /// Applies the same changes to another profile.
    #[must_use]
    pub fn based_on(self, name: ProfileName) -> Self {
        let mut scaling = Self::new(name);
        for (constant, value) in &self.overrides {
            // Which values a constant may have does not depend on the profile, and this one was accepted before.
            let _ = scaling.set(constant, value);
        }
        scaling
    }

    /// Gives a constant another value.
    ///
    /// # Errors
    /// [`ProfileError`] if no constant has the name, or the constant cannot have the value.
    pub fn set(&mut self, constant: &str, value: &str) -> Result<(), ProfileError> {
        self.profile.set(constant, value)?;
        self.overrides.insert(constant.to_owned(), value.to_owned());
        Ok(())
    }
}

/// Writes `current`, or `current, with rebalance_pause_ms = 5000`.
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

/// The name of a profile in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProfileText(pub ProfileName);

impl TryFrom<String> for ProfileText {
    type Error = ProfileError;

    fn try_from(name: String) -> Result<Self, ProfileError> {
        name.parse().map(Self)
    }
}

/// The value of a scaling constant in a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum ConstantText {
    /// A whole number.
    Whole(i64),
    /// A price.
    Float(f64),
    /// A word, such as `eager`.
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
