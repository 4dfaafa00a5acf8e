//! `/subjects`: schemas are registered, found, listed and deleted.

use super::wire::{Answer, Parameters, Refusal, read_schema, show_version};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use esmeralda_esm::schema::{SchemaRegistry, SubjectVersion};
use serde_json::{Value, json};

pub(super) async fn list(State(registry): State<SchemaRegistry>, uri: Uri) -> Answer {
    let shown = || {
        let parameters = Parameters::read(&uri, &["deleted", "deletedOnly", "subjectPrefix"])?;
        let with_deleted = parameters.is_set("deleted") || parameters.is_set("deletedOnly");
        let mut subjects = registry.subjects(with_deleted);
        if parameters.is_set("deletedOnly") {
            let shown = registry.subjects(false);
            subjects.retain(|subject| !shown.contains(subject));
        }
        let prefix = parameters.text("subjectPrefix").unwrap_or_default();
        // `:*:` is any context, and there is one.
        let prefix = prefix.strip_prefix(":*:").unwrap_or(prefix);
        subjects.retain(|subject| subject.starts_with(prefix));
        Ok::<Value, Refusal>(json!(subjects))
    };
    shown().into()
}

pub(super) async fn register(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let registered = || {
        Parameters::read(&uri, &[])?;
        let found = registry.register(&subject, read_schema(&body)?)?;
        Ok::<Value, Refusal>(show_version(&found))
    };
    registered().into()
}

pub(super) async fn find(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let found = || {
        let parameters = Parameters::read(&uri, &["deleted"])?;
        let found = registry.find(&subject, &read_schema(&body)?, parameters.is_set("deleted"))?;
        Ok::<Value, Refusal>(show_version(&found))
    };
    found().into()
}

pub(super) async fn delete(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
) -> Answer {
    let deleted = || {
        let parameters = Parameters::read(&uri, &["permanent"])?;
        let versions = registry.delete_subject(&subject, parameters.is_set("permanent"))?;
        Ok::<Value, Refusal>(json!(versions))
    };
    deleted().into()
}

pub(super) async fn versions(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
) -> Answer {
    let shown = || {
        let parameters = Parameters::read(&uri, &["deleted", "deletedOnly"])?;
        let is_only_deleted = parameters.is_set("deletedOnly");
        let with_deleted = parameters.is_set("deleted") || is_only_deleted;
        let mut versions = registry.versions(&subject, with_deleted)?;
        if is_only_deleted {
            let shown = registry.versions(&subject, false).unwrap_or_default();
            versions.retain(|version| !shown.contains(version));
        }
        Ok::<Value, Refusal>(json!(versions))
    };
    shown().into()
}

pub(super) async fn version(
    State(registry): State<SchemaRegistry>,
    Path((subject, version)): Path<(String, String)>,
    uri: Uri,
) -> Answer {
    let found = read_version(&registry, &subject, &version, &uri);
    found.map(|found| show_version(&found)).into()
}

/// Answers with the schema itself.
pub(super) async fn version_text(
    State(registry): State<SchemaRegistry>,
    Path((subject, version)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    match read_version(&registry, &subject, &version, &uri) {
        Ok(found) => super::schemas::plain(found.stored.schema.text),
        Err(refusal) => Answer::from(Err(refusal)).into_response(),
    }
}

fn read_version(
    registry: &SchemaRegistry,
    subject: &str,
    version: &str,
    uri: &Uri,
) -> Result<SubjectVersion, Refusal> {
    let parameters = Parameters::read(uri, &["deleted"])?;
    Ok(registry.version(subject, version.parse()?, parameters.is_set("deleted"))?)
}

pub(super) async fn delete_version(
    State(registry): State<SchemaRegistry>,
    Path((subject, version)): Path<(String, String)>,
    uri: Uri,
) -> Answer {
    let deleted = || {
        let parameters = Parameters::read(&uri, &["permanent"])?;
        let is_permanent = parameters.is_set("permanent");
        let deleted = registry.delete_version(&subject, version.parse()?, is_permanent)?;
        Ok::<Value, Refusal>(json!(deleted))
    };
    deleted().into()
}

pub(super) async fn referenced_by(
    State(registry): State<SchemaRegistry>,
    Path((subject, version)): Path<(String, String)>,
    uri: Uri,
) -> Answer {
    let shown = || {
        Parameters::read(&uri, &[])?;
        Ok::<Value, Refusal>(json!(registry.referenced_by(&subject, version.parse()?)?))
    };
    shown().into()
}
