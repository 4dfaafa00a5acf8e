//! Event filtering: which records of a mapping its function is given. Pure.
//!
//! Filters are alternatives: a record passes if one of them matches. Source: AWS Lambda developer guide, "Control which events Lambda sends
//! to your function" and "Filtering events from Amazon MSK and self-managed Apache Kafka event sources"; for the syntax see `pattern.rs`.
//!
//! A filter applies to the value of a record. A pattern of fields below `value` is for values that are JSON, one of `value` itself is for
//! plain text. Where the two do not fit each other, Lambda filters by metadata only, of which Kafka has none: the record passes. So does
//! a record whose value is not UTF-8.
//!
//! # Notes
//! - A value is JSON if it is an object or a list. Lambda does not document whether a lone number or string is; here it is plain text.
//! - Numbers are compared by their text, as Lambda documents: 300 is not 300.0. `numeric` compares doubles.
//! - A record without a value (a tombstone) passes. Lambda does not document it.
//!
//! # Differs from Lambda
//! - A pattern with a field that is not below `value` is refused. Lambda documents only `value` for Kafka, and not what another field does.

mod explanation;
mod json;
mod matcher;
mod number;
mod pattern;
mod search;
#[cfg(test)]
mod tests;

pub use explanation::FilterDecision;
pub use pattern::PatternError;

use json::Json;
use pattern::{Alternative, Field, Pattern};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The compiled filters of a mapping.
#[derive(Clone, Debug)]
pub struct Filters {
    texts: Vec<String>,
    patterns: Vec<Pattern>,
    /// The names of members that are on the way to a field, but for those that have dots themselves.
    names: BTreeSet<String>,
}

/// Two sets of filters are equal if their patterns are written alike.
impl PartialEq for Filters {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Filters {}

/// A record's value as filters see it.
enum Content<'a> {
    Json(Json<'a>),
    Plain(&'a str),
    /// Neither, for this reason; filters do not apply.
    Opaque(&'static str),
}

impl Filters {
    /// Compiles patterns, each the text of a JSON object.
    ///
    /// # Errors
    /// [`PatternError`] of the first invalid pattern.
    pub fn compile<T: AsRef<str>>(patterns: &[T]) -> Result<Self, PatternError> {
        let texts: Vec<String> = patterns.iter().map(|text| text.as_ref().to_owned()).collect();
        let patterns: Vec<Pattern> = texts
            .iter()
            .map(|text| Pattern::compile(text))
            .collect::<Result<_, _>>()?;
        let paths = patterns
            .iter()
            .flat_map(Pattern::fields)
            .filter_map(|field| field.path.as_deref());
        let names = paths
            .flat_map(|path| path.split('.'))
            .map(str::to_owned)
            .collect();
        Ok(Self {
            texts,
            patterns,
            names,
        })
    }

    /// Returns whether a record with this value passes; `None` is the value of a tombstone.
    pub fn passes(&self, value: Option<&[u8]>) -> bool {
        let content = self.content(value);
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(&content))
    }

    /// Returns whether a member with this name can be on the way to a field.
    fn wants(&self, name: &str) -> bool {
        self.names.contains(name)
            || (name.contains('.') && self.paths().any(|path| is_on_the_way(path, name)))
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.patterns
            .iter()
            .flat_map(Pattern::fields)
            .filter_map(|field| field.path.as_deref())
    }

    fn content<'a>(&self, value: Option<&'a [u8]>) -> Content<'a> {
        let Some(value) = value else {
            return Content::Opaque("there is no value");
        };
        let Ok(text) = std::str::from_utf8(value) else {
            return Content::Opaque("the value is not UTF-8");
        };
        // Objects and lists are told from plain text by their first character, and most text is not parsed.
        if !text.trim_ascii_start().starts_with(['{', '[']) {
            return Content::Plain(text);
        }
        match json::parse(text, &|name| self.wants(name)) {
            Ok(json) => Content::Json(json),
            Err(_) => Content::Plain(text),
        }
    }
}

/// Returns whether a member with this name can be on the way along a path: a dot can be part of a name.
fn is_on_the_way(path: &str, name: &str) -> bool {
    let dots = path.match_indices('.').map(|(at, _)| at + 1);
    let mut starts = std::iter::once(0).chain(dots);
    starts.any(|start| search::step(name, &path[start..]).is_some())
}

impl Pattern {
    fn matches(&self, content: &Content<'_>) -> bool {
        self.alternatives
            .iter()
            .any(|alternative| matches(alternative, content))
    }
}

fn matches(alternative: &Alternative, content: &Content<'_>) -> bool {
    match content {
        Content::Opaque(_) => true,
        Content::Plain(text) => alternative
            .iter()
            .all(|field| field.path.is_some() || field.accepts(text)),
        Content::Json(json) => search::all_match(json, of_json(alternative)),
    }
}

/// Returns the fields of an alternative that apply to JSON.
fn of_json(alternative: &Alternative) -> impl Iterator<Item = &Field> {
    alternative
        .iter()
        .map(Arc::as_ref)
        .filter(|field| field.path.is_some())
}

impl Field {
    /// Returns whether plain text matches.
    fn accepts(&self, text: &str) -> bool {
        let leaf = Json::Text(text.into());
        self.matchers.iter().any(|matcher| matcher.accepts(&leaf))
    }
}
