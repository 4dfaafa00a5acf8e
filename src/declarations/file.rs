//! TOML files: reading, parsing, and errors with the line that is wrong.

use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The reason why a file was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The path as it was given.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The text is not TOML, or not of the file's schema.
    #[error("{}: {message}", path.display())]
    Parse {
        /// The path as it was given.
        path: PathBuf,
        /// The parser's message, with line and column.
        message: String,
    },
    /// A value is not allowed, or contradicts another.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The path as it was given.
        path: PathBuf,
        /// The error, with what is allowed.
        message: String,
    },
    /// Two entries of a kind have the same name.
    #[error("{}: {what} `{name}` is declared twice", path.display())]
    Twice {
        /// The path as it was given.
        path: PathBuf,
        /// The kind of entry: `topic`, `function` or `variant`.
        what: &'static str,
        /// The name that both have.
        name: String,
    },
}

impl FileError {
    /// Returns an [`FileError::Invalid`] for the byte at index `at` of `text`, the content of the file at `path`.
    pub fn at(path: &Path, text: &str, at: usize, message: &str) -> Self {
        let line = line_of(text, at);
        Self::Invalid {
            path: path.to_owned(),
            message: format!("line {line}: {message}"),
        }
    }
}

/// Returns the number of the line, from 1, that the byte at index `at` of `text` is in.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].matches('\n').count() + 1
}

/// Returns the text of a file.
///
/// # Errors
/// [`FileError::Read`].
pub fn read_text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Parses `text`, the content of the file at `path`.
///
/// # Errors
/// [`FileError::Parse`] with the line and what is allowed.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| FileError::Parse {
        path: path.to_owned(),
        message: error.to_string(),
    })
}

/// Checks that all `names` differ.
///
/// # Errors
/// [`FileError::Twice`] with the first name that repeats.
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
