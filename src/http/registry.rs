//! The schema registry's REST API at the root of the port: `/subjects`, `/schemas`, `/config`, `/mode`, `/compatibility` and `/contexts`.
//! None of these is a path of Lambda. Source: Confluent's Schema Registry API reference, and the requests of confluent-kafka-python and
//! @kafkajs/confluent-schema-registry.
//!
//! This file and its folder only translate: every rule is the registry's.
//!
//! # Differs from Confluent's Schema Registry
//! - A parameter or member that would change the answer and is not served is refused by name with 422, never ignored.
//! - Lists are whole: `offset` and `limit` are accepted with their defaults only.

mod schemas;
mod settings;
mod subjects;
mod wire;

use axum::Router;
use axum::routing::{get, post};
use esmeralda_esm::schema::SchemaRegistry;

/// Returns the routes of the registry.
pub(super) fn router(schemas: SchemaRegistry) -> Router {
    let level = get(settings::level)
        .put(settings::set_level)
        .delete(settings::reset_level);
    let subject_level = get(settings::subject_level)
        .put(settings::set_subject_level)
        .delete(settings::reset_subject_level);
    let subject_mode = get(settings::subject_mode)
        .put(settings::set_subject_mode)
        .delete(settings::reset_subject_mode);
    Router::new()
        .route("/subjects", get(subjects::list))
        .route(
            "/subjects/{subject}",
            post(subjects::find).delete(subjects::delete),
        )
        .route(
            "/subjects/{subject}/versions",
            get(subjects::versions).post(subjects::register),
        )
        .route(
            "/subjects/{subject}/versions/{version}",
            get(subjects::version).delete(subjects::delete_version),
        )
        .route(
            "/subjects/{subject}/versions/{version}/schema",
            get(subjects::version_text),
        )
        .route(
            "/subjects/{subject}/versions/{version}/referencedby",
            get(subjects::referenced_by),
        )
        .route("/schemas", get(schemas::list))
        .route("/schemas/types", get(schemas::types))
        .route("/schemas/ids/{id}", get(schemas::schema))
        .route("/schemas/ids/{id}/schema", get(schemas::text))
        .route("/schemas/ids/{id}/subjects", get(schemas::subjects))
        .route("/schemas/ids/{id}/versions", get(schemas::versions))
        .route(
            "/compatibility/subjects/{subject}/versions",
            post(settings::compare_all),
        )
        .route(
            "/compatibility/subjects/{subject}/versions/{version}",
            post(settings::compare),
        )
        .route("/config", level)
        .route("/config/{subject}", subject_level)
        .route("/mode", get(settings::mode).put(settings::set_mode))
        .route("/mode/{subject}", subject_mode)
        .route("/contexts", get(schemas::contexts))
        .with_state(schemas)
}
