//! The decision of filters about one record, in words, for dry runs.

use super::json::Json;
use super::pattern::{Alternative, Field};
use super::search::{all_match, leaves};
use super::{Content, Filters, matches, of_json};
use serde::Serialize;

/// The longest text of a value that is shown.
const SHOWN_CHARACTERS: usize = 80;

/// The decision about one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FilterDecision {
    /// Whether the function is given the record.
    pub passes: bool,
    /// The number of the filter that lets the record pass, counted from 1; `None` if none does, or if there are no filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<usize>,
    /// The part of the pattern that decides: for a record that passes of the first filter that lets it, otherwise of each filter.
    pub because: String,
}

impl Filters {
    /// Returns the decision about a record with this value, with its reason. [`Filters::passes`] decides the same.
    pub fn explain(&self, value: Option<&[u8]>) -> FilterDecision {
        if self.patterns.is_empty() {
            return FilterDecision {
                passes: true,
                filter: None,
                because: "there are no filters".to_owned(),
            };
        }
        let content = self.content(value);
        let mut refusals = Vec::new();
        for (index, pattern) in self.patterns.iter().enumerate() {
            let matching = pattern
                .alternatives
                .iter()
                .find(|alternative| matches(alternative, &content));
            if let Some(alternative) = matching {
                return FilterDecision {
                    passes: true,
                    filter: Some(index + 1),
                    because: acceptance(alternative, &content),
                };
            }
            // Each alternative of a `$or` fails for a reason of its own.
            let reasons = pattern
                .alternatives
                .iter()
                .map(|alternative| refusal(alternative, &content));
            let mut reasons: Vec<String> = reasons.collect();
            reasons.dedup();
            refusals.push(format!("filter {}: {}", index + 1, reasons.join("; or ")));
        }
        FilterDecision {
            passes: false,
            filter: None,
            because: refusals.join("; "),
        }
    }
}

fn acceptance(alternative: &Alternative, content: &Content<'_>) -> String {
    let mut reasons = Vec::new();
    for field in alternative {
        let name = field.name();
        reasons.push(match (content, &field.path) {
            (Content::Opaque(reason), _) => format!("{reason}, so that `{name}` does not apply"),
            (Content::Plain(_), Some(_)) => format!("the value is not JSON, so that `{name}` does not apply"),
            (Content::Json(_), None) => {
                format!("the value is JSON, so that plain text for `{name}` does not apply")
            }
            (Content::Plain(text), None) => format!("`{name}` is {}", shown(&Json::Text((*text).into()))),
            (Content::Json(json), Some(_)) => {
                let accepts = |leaf: &&&Json<'_>| field.matchers.iter().any(|matcher| matcher.accepts(leaf));
                match leaves(json, field.path.as_deref()).iter().find(accepts) {
                    Some(leaf) => format!("`{name}` is {}", shown(leaf)),
                    None => format!("`{name}` is absent"),
                }
            }
        });
    }
    reasons.join(", ")
}

fn refusal(alternative: &Alternative, content: &Content<'_>) -> String {
    match content {
        Content::Opaque(reason) => (*reason).to_owned(),
        Content::Plain(text) => {
            let refuses = |field: &&Field| field.path.is_none() && !field.accepts(text);
            let field = alternative.iter().map(AsRef::as_ref).find(refuses);
            field.map_or_else(String::new, |field| wanted(field, &[&Json::Text((*text).into())]))
        }
        Content::Json(json) => match of_json(alternative).find(|field| !all_match(json, [*field])) {
            Some(field) => wanted(field, &leaves(json, field.path.as_deref())),
            None => {
                let names: Vec<String> = of_json(alternative)
                    .map(|field| format!("`{}`", field.name()))
                    .collect();
                format!("no single item of a list matches {} together", names.join(", "))
            }
        },
    }
}

fn wanted(field: &Field, found: &[&Json<'_>]) -> String {
    let (name, written) = (field.name(), &field.written);
    match found {
        [] => format!("`{name}` is absent and must match {written}"),
        [leaf] => format!("`{name}` is {} and must match {written}", shown(leaf)),
        [leaf, ..] => format!(
            "none of the {} values of `{name}`, from {} on, matches {written}",
            found.len(),
            shown(leaf)
        ),
    }
}

fn shown(leaf: &Json<'_>) -> String {
    let text = leaf.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
