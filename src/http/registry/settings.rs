//! `/config`, `/mode` and `/compatibility`.

use super::wire::{Answer, Parameters, Refusal, read_object, read_schema};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::Uri;
use esmeralda_esm::schema::{SchemaRegistry, VersionSelector};
use serde_json::{Value, json};

pub(super) async fn level(State(registry): State<SchemaRegistry>, uri: Uri) -> Answer {
    show_level(&registry, None, &uri).into()
}

pub(super) async fn subject_level(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
) -> Answer {
    show_level(&registry, Some(&subject), &uri).into()
}

fn show_level(registry: &SchemaRegistry, subject: Option<&str>, uri: &Uri) -> Result<Value, Refusal> {
    let parameters = Parameters::read(uri, &["defaultToGlobal"])?;
    let level = registry.level(subject, parameters.is_set("defaultToGlobal"))?;
    Ok(json!({ "compatibilityLevel": level.to_string() }))
}

pub(super) async fn set_level(State(registry): State<SchemaRegistry>, body: Bytes) -> Answer {
    change_level(&registry, None, &body).into()
}

pub(super) async fn set_subject_level(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    body: Bytes,
) -> Answer {
    change_level(&registry, Some(&subject), &body).into()
}

fn change_level(registry: &SchemaRegistry, subject: Option<&str>, body: &[u8]) -> Result<Value, Refusal> {
    let level = read_member(body, "compatibility", "a configuration")?.parse()?;
    registry.set_level(subject, level)?;
    Ok(json!({ "compatibility": level.to_string() }))
}

pub(super) async fn reset_level(State(registry): State<SchemaRegistry>) -> Answer {
    let level = registry.reset_level(None);
    level
        .map(|level| json!({ "compatibilityLevel": level.to_string() }))
        .into()
}

pub(super) async fn reset_subject_level(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
) -> Answer {
    let level = registry.reset_level(Some(&subject));
    level
        .map(|level| json!({ "compatibilityLevel": level.to_string() }))
        .into()
}

pub(super) async fn mode(State(registry): State<SchemaRegistry>, uri: Uri) -> Answer {
    show_mode(&registry, None, &uri).into()
}

pub(super) async fn subject_mode(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
) -> Answer {
    show_mode(&registry, Some(&subject), &uri).into()
}

fn show_mode(registry: &SchemaRegistry, subject: Option<&str>, uri: &Uri) -> Result<Value, Refusal> {
    let parameters = Parameters::read(uri, &["defaultToGlobal"])?;
    let mode = registry.mode(subject, parameters.is_set("defaultToGlobal"))?;
    Ok(json!({ "mode": mode.to_string() }))
}

pub(super) async fn set_mode(State(registry): State<SchemaRegistry>, body: Bytes) -> Answer {
    change_mode(&registry, None, &body).into()
}

pub(super) async fn set_subject_mode(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    body: Bytes,
) -> Answer {
    change_mode(&registry, Some(&subject), &body).into()
}

fn change_mode(registry: &SchemaRegistry, subject: Option<&str>, body: &[u8]) -> Result<Value, Refusal> {
    // `force` in the query would only matter for the mode IMPORT.
    let mode = read_member(body, "mode", "a mode")?.parse()?;
    registry.set_mode(subject, mode)?;
    Ok(json!({ "mode": mode.to_string() }))
}

pub(super) async fn reset_subject_mode(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
) -> Answer {
    let mode = registry.reset_mode(&subject);
    mode.map(|mode| json!({ "mode": mode.to_string() })).into()
}

pub(super) async fn compare_all(
    State(registry): State<SchemaRegistry>,
    Path(subject): Path<String>,
    uri: Uri,
    body: Bytes,
) -> Answer {
    show_comparison(&registry, &subject, None, &uri, &body).into()
}

pub(super) async fn compare(
    State(registry): State<SchemaRegistry>,
    Path((subject, version)): Path<(String, String)>,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let version = version.parse().map_err(Refusal::from);
    version
        .and_then(|version| show_comparison(&registry, &subject, Some(version), &uri, &body))
        .into()
}

fn show_comparison(
    registry: &SchemaRegistry,
    subject: &str,
    version: Option<VersionSelector>,
    uri: &Uri,
    body: &[u8],
) -> Result<Value, Refusal> {
    let parameters = Parameters::read(uri, &["verbose"])?;
    let reasons = registry.incompatibilities(subject, version, &read_schema(body)?)?;
    let mut shown = json!({ "is_compatible": reasons.is_empty() });
    if parameters.is_set("verbose") {
        shown["messages"] = json!(reasons);
    }
    Ok(shown)
}

/// Returns the one member of a body that is served. Others are refused unless they say nothing.
fn read_member(body: &[u8], name: &str, of: &str) -> Result<String, Refusal> {
    let mut members = read_object(body)?;
    let value = members.remove(name);
    if let Some((other, _)) = members.iter().find(|(_, value)| !value.is_null()) {
        return Err(Refusal::not_served(&format!("the member {other} of {of}")));
    }
    Ok(value
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned())
}
