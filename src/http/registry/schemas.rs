//! `/schemas`: schemas by id.

use super::wire::{Answer, CONTENT, Parameters, Refusal, show_schema, show_version};
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use esmeralda_esm::schema::{RegistryError, SchemaRegistry, SchemaType};
use serde_json::{Value, json};

pub(super) async fn types() -> Answer {
    Ok::<Value, Refusal>(json!(SchemaType::ALL.map(SchemaType::name))).into()
}

/// There is one context, whose name is a dot.
pub(super) async fn contexts() -> Answer {
    Ok::<Value, Refusal>(json!(["."])).into()
}

pub(super) async fn list(State(registry): State<SchemaRegistry>, uri: Uri) -> Answer {
    let shown = || {
        let parameters = Parameters::read(&uri, &["deleted", "latestOnly", "subjectPrefix"])?;
        let mut versions = registry.all_versions(parameters.is_set("deleted"));
        if parameters.is_set("latestOnly") {
            // They are ascending, and the first of a run is what stays.
            versions.reverse();
            versions.dedup_by(|next, first| next.subject == first.subject);
            versions.reverse();
        }
        let prefix = parameters.text("subjectPrefix").unwrap_or_default();
        versions.retain(|version| version.subject.starts_with(prefix));
        Ok::<Value, Refusal>(versions.iter().map(show_version).collect())
    };
    shown().into()
}

pub(super) async fn schema(
    State(registry): State<SchemaRegistry>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    let shown = || {
        Parameters::read(&uri, &[])?;
        let stored = registry.schema(read_id(&id)?)?;
        Ok::<Value, Refusal>(show_schema(&stored.schema).into())
    };
    shown().into()
}

/// Answers with the schema itself.
pub(super) async fn text(
    State(registry): State<SchemaRegistry>,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let found = || {
        Parameters::read(&uri, &[])?;
        Ok::<_, Refusal>(registry.schema(read_id(&id)?)?)
    };
    match found() {
        Ok(stored) => plain(stored.schema.text),
        Err(refusal) => Answer::from(Err(refusal)).into_response(),
    }
}

/// Returns a schema's text as the whole body.
pub(super) fn plain(text: String) -> Response {
    ([(CONTENT_TYPE, CONTENT)], text).into_response()
}

pub(super) async fn subjects(
    State(registry): State<SchemaRegistry>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    let shown = || {
        let parameters = Parameters::read(&uri, &["deleted"])?;
        let versions = registry.versions_of(read_id(&id)?, parameters.is_set("deleted"))?;
        let mut subjects: Vec<String> = versions.into_iter().map(|found| found.subject).collect();
        subjects.dedup();
        Ok::<Value, Refusal>(json!(subjects))
    };
    shown().into()
}

pub(super) async fn versions(
    State(registry): State<SchemaRegistry>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    let shown = || {
        let parameters = Parameters::read(&uri, &["deleted"])?;
        let versions = registry.versions_of(read_id(&id)?, parameters.is_set("deleted"))?;
        let show = |found: &esmeralda_esm::schema::SubjectVersion| json!({ "subject": found.subject, "version": found.version });
        Ok::<Value, Refusal>(versions.iter().map(show).collect())
    };
    shown().into()
}

fn read_id(id: &str) -> Result<i32, Refusal> {
    // What is no number is no schema's id.
    id.parse().map_err(|_| RegistryError::SchemaNotFound.into())
}
