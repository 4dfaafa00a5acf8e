//! Bodies, parameters and errors of the registry's API.

use axum::extract::Query;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use esmeralda_esm::schema::{NewSchema, RegistryError, SchemaReference, SchemaType, SubjectVersion};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The media type of the API.
pub(super) const CONTENT: &str = "application/vnd.schemaregistry.v1+json";

/// An error of a request.
#[derive(Debug)]
pub(super) struct Refusal {
    code: u32,
    message: String,
}

impl Refusal {
    /// Returns the error for what is not served.
    pub(super) fn not_served(what: &str) -> Self {
        Self {
            code: 422,
            message: format!("{what} is not supported yet by Esmeralda's schema registry"),
        }
    }
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

/// The result of a handler: its JSON.
pub(super) struct Answer(Result<Value, Refusal>);

impl<E: Into<Refusal>> From<Result<Value, E>> for Answer {
    fn from(result: Result<Value, E>) -> Self {
        Self(result.map_err(Into::into))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, body) = match self.0 {
            Ok(body) => (StatusCode::OK, body),
            Err(Refusal { code, message }) => {
                tracing::debug!(
                    code,
                    reason = message,
                    "a request to the schema registry was refused"
                );
                // A code of five digits begins with the status.
                let status = if code > 999 { code / 100 } else { code };
                let status = u16::try_from(status)
                    .ok()
                    .and_then(|status| StatusCode::from_u16(status).ok());
                let body = json!({ "error_code": code, "message": message });
                (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body)
            }
        };
        (status, [(CONTENT_TYPE, CONTENT)], body.to_string()).into_response()
    }
}

/// The parameters of a request.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads those of a route that serves `names`. Parameters with the value by which Confluent's registry would do the same without them
    /// are served everywhere.
    ///
    /// # Errors
    /// [`Refusal`] with the name of a parameter that is not served.
    pub(super) fn read(uri: &Uri, names: &[&str]) -> Result<Self, Refusal> {
        let Query(given): Query<BTreeMap<String, String>> =
            Query::try_from_uri(uri).map_err(|error| Refusal {
                code: 400,
                message: error.body_text(),
            })?;
        for (name, value) in &given {
            let is_default = match (name.as_str(), value.as_str()) {
                // Schemas are always compared by their normal form, and every id lies in the one context.
                ("normalize" | "subject" | "aliasType", _) => true,
                ("offset", "0") | ("limit", "-1") => true,
                // Every switch of the API is off by default.
                (_, value) => value.is_empty() || value.eq_ignore_ascii_case("false"),
            };
            if !is_default && !names.contains(&name.as_str()) {
                return Err(Refusal::not_served(&format!("the parameter {name}={value}")));
            }
        }
        Ok(Self(given))
    }

    /// Returns whether a parameter is `true`, in any case.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.0
            .get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns a parameter that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// Reads the object in a body.
///
/// # Errors
/// 400 if it is none.
pub(super) fn read_object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal {
        code: 400,
        message: format!("Could not parse the request body: {error}"),
    })
}

/// Reads the schema in a body.
///
/// # Errors
/// 42201 for an unknown type, 422 for a member that is not served.
pub(super) fn read_schema(body: &[u8]) -> Result<NewSchema, Refusal> {
    let members = read_object(body)?;
    let mut schema = NewSchema::default();
    for (name, value) in members {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("schema", Value::String(text)) => schema.text = text,
            ("schemaType", Value::String(name)) => schema.schema_type = schema_type(&name)?,
            ("references", value) => schema.references = read_references(value)?,
            // Clients send back what they were answered; the path decides.
            ("subject" | "version" | "id" | "guid" | "deleted" | "ts", _) => {}
            (name, Value::Object(members)) if members.is_empty() && name == "metadata" => {}
            (name, _) => return Err(Refusal::not_served(&format!("the member {name} of a schema"))),
        }
    }
    Ok(schema)
}

fn read_references(value: Value) -> Result<Vec<SchemaReference>, Refusal> {
    serde_json::from_value(value).map_err(|error| Refusal {
        code: 42201,
        message: format!("Invalid references: {error}"),
    })
}

fn schema_type(name: &str) -> Result<SchemaType, RegistryError> {
    let found = SchemaType::ALL.into_iter().find(|known| known.name() == name);
    found.ok_or_else(|| RegistryError::InvalidSchemaType(name.to_owned()))
}

/// Returns the members of a schema. AVRO and an empty list of references are left out, as Confluent's registry does.
pub(super) fn show_schema(schema: &NewSchema) -> Map<String, Value> {
    let mut shown = Map::new();
    if schema.schema_type != SchemaType::Avro {
        shown.insert("schemaType".to_owned(), schema.schema_type.name().into());
    }
    if !schema.references.is_empty() {
        shown.insert("references".to_owned(), json!(schema.references));
    }
    shown.insert("schema".to_owned(), schema.text.as_str().into());
    shown
}

/// Returns the members of a version.
pub(super) fn show_version(found: &SubjectVersion) -> Value {
    let mut shown = show_schema(&found.stored.schema);
    shown.insert("subject".to_owned(), found.subject.as_str().into());
    shown.insert("version".to_owned(), found.version.into());
    shown.insert("id".to_owned(), found.stored.id.into());
    shown.into()
}
