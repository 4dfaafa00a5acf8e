//! TOML files: read, parsed, and refused with the place of what is wrong.

use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Why a file was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file was not read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not what such a file says.
    #[error("{}: {message}", path.display())]
    Parse {
        /// As it was given.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
    /// Its parts do not fit each other.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// As it was given.
        path: PathBuf,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// A name stands twice.
    #[error("{}: {what} `{name}` is declared twice", path.display())]
    Twice {
        /// As it was given.
        path: PathBuf,
        /// `topic`, `function` or `variant`.
        what: &'static str,
        /// The name.
        name: String,
    },
}

impl FileError {
    /// What is wrong at `at`, a place in `text`, which came from `path`.
    pub fn at(path: &Path, text: &str, at: usize, message: &str) -> Self {
        let line = text[..at.min(text.len())].matches('\n').count() + 1;
        Self::Invalid {
            path: path.to_owned(),
            message: format!("line {line}: {message}"),
        }
    }
}

/// The text of a file.
///
/// # Errors
/// [`FileError::Read`].
pub fn read_text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })
}

/// What `text`, which came from `path`, declares.
///
/// # Errors
/// [`FileError::Parse`] names the line and what would be right.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| FileError::Parse {
        path: path.to_owned(),
        message: error.to_string(),
    })
}

/// Checks that no name stands twice.
///
/// # Errors
/// [`FileError::Twice`] with the first one that does.
pub fn check_names<'a>(
    path: &Path,
    what: &'static str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), FileError> {
    let mut seen = BTreeSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        None => Ok(()),
        Some(name) => Err(FileError::Twice {
            path: path.to_owned(),
            what,
            name: name.to_owned(),
        }),
    }
}
