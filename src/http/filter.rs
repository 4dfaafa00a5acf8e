//! A dry run of filters: `POST /esmeralda/filter`. AWS has no such API.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use esmeralda_esm::Filters;
use serde::Deserialize;
use serde_json::json;

/// The path of the route.
pub(super) const PATH: &str = "/esmeralda/filter";

/// The body of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DryRun {
    filter_criteria: FilterCriteria,
    /// The text of each record's value; `None` for a tombstone.
    values: Vec<Option<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

/// Answers with the decision about each value, or with the reason why the body or a pattern is invalid.
pub(super) async fn filter(body: Bytes) -> Response {
    let DryRun {
        filter_criteria,
        values,
    } = match serde_json::from_slice(&body) {
        Ok(dry_run) => dry_run,
        Err(error) => return refusal(&error.to_string()),
    };
    let filters = filter_criteria.filters;
    let patterns: Vec<String> = filters.into_iter().map(|filter| filter.pattern).collect();
    match Filters::compile(&patterns) {
        Ok(filters) => {
            let values = values.iter();
            let decisions = values.map(|value| filters.explain(value.as_ref().map(String::as_bytes)));
            let decisions: Vec<_> = decisions.collect();
            Json(json!({ "Decisions": decisions })).into_response()
        }
        Err(error) => refusal(&error.to_string()),
    }
}

fn refusal(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response()
}
