//! A schema registry with Confluent's REST API at a URL.
//!
//! # Differs from Lambda
//! - There is no TLS: the URL begins with `http://`. Lambda takes `https://` only.
//! - A user and a password come in the URL, and not from Secrets Manager.

use crate::Clock;
use crate::schema::{ParsedSchema, SchemaReference, SchemaType};
use base64_simd::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The time that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer: a schema has some kilobytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The characters of a subject that are encoded in a path: all that RFC 3986 reserves.
const SUBJECT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// References of references are followed to this depth.
const MAX_REFERENCE_DEPTH: usize = 32;

/// The knowledge of an id.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    /// The schema.
    Found(Arc<ParsedSchema>),
    /// The registry has no such id.
    Missing,
    /// The registry has it, and Esmeralda cannot decode with it, for this reason.
    Unusable(String),
}

/// An error of a registry that has not answered with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RemoteRegistryError {
    /// The URL cannot be used.
    #[error("invalid schema registry URL {0}: must be such as http://127.0.0.1:8081")]
    InvalidUrl(String),
    /// Nothing answers at the URL.
    #[error("the schema registry at {url} does not answer: {reason}")]
    Unreachable {
        /// The URL.
        url: String,
        /// The error.
        reason: String,
    },
    /// It answers with an error.
    #[error("the schema registry at {url} answered {status}: {body}")]
    Refused {
        /// The URL.
        url: String,
        /// The status.
        status: u16,
        /// The start of the body.
        body: String,
    },
    /// It answers with something else than a schema.
    #[error("the schema registry at {url} answered with no schema: {reason}")]
    Malformed {
        /// The URL.
        url: String,
        /// The error.
        reason: String,
    },
}

/// A registry at a URL.
#[derive(Debug)]
pub(crate) struct RemoteRegistry {
    /// The URL without credentials and the slash at its end.
    url: String,
    authorization: Option<String>,
    client: Client<HttpConnector, Empty<Bytes>>,
}

/// A schema as the API shows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShownSchema {
    schema: String,
    schema_type: Option<String>,
    #[serde(default)]
    references: Vec<SchemaReference>,
}

impl RemoteRegistry {
    /// Returns the registry at a URL, which may have a user and a password.
    ///
    /// # Errors
    /// [`RemoteRegistryError::InvalidUrl`].
    pub(crate) fn new(url: &str) -> Result<Self, RemoteRegistryError> {
        let invalid = || RemoteRegistryError::InvalidUrl(url.to_owned());
        let rest = url.strip_prefix("http://").ok_or_else(invalid)?;
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials), rest),
            None => (None, rest),
        };
        let url = format!("http://{}", rest.trim_end_matches('/'));
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        uri.authority().ok_or_else(invalid)?;
        Ok(Self {
            url,
            authorization: credentials
                .map(|credentials| format!("Basic {}", BASE64.encode_to_string(credentials))),
            client: Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// Checks that the registry answers.
    ///
    /// # Errors
    /// [`RemoteRegistryError`].
    pub(crate) async fn check(&self) -> Result<(), RemoteRegistryError> {
        self.get("/schemas/types").await.map(|_| ())
    }

    /// Returns the schema of an id.
    ///
    /// # Errors
    /// [`RemoteRegistryError`] if the registry has not said whether it has it.
    pub(crate) async fn schema(&self, id: i32) -> Result<Lookup, RemoteRegistryError> {
        let shown: ShownSchema = match self.get(&format!("/schemas/ids/{id}")).await {
            Ok(body) => self.read(&body)?,
            Err(RemoteRegistryError::Refused { status: 404, .. }) => return Ok(Lookup::Missing),
            Err(error) => return Err(error),
        };
        let schema_type = match shown.schema_type.as_deref() {
            None | Some("AVRO") => SchemaType::Avro,
            Some("JSON") => SchemaType::Json,
            Some(other) => return Ok(Lookup::Unusable(format!("Esmeralda does not decode {other}"))),
        };
        let mut referenced = Vec::new();
        self.collect(shown.references, 0, &mut referenced).await?;
        let parsed = ParsedSchema::parse(schema_type, &shown.schema, &referenced);
        Ok(match parsed {
            Ok(parsed) => Lookup::Found(parsed.into()),
            Err(reason) => Lookup::Unusable(reason),
        })
    }

    /// Adds the texts that references lead to, each after those that it needs itself.
    fn collect<'a>(
        &'a self,
        references: Vec<SchemaReference>,
        depth: usize,
        texts: &'a mut Vec<String>,
    ) -> Pin<Box<dyn Future<Output = Result<(), RemoteRegistryError>> + Send + 'a>> {
        Box::pin(async move {
            if depth > MAX_REFERENCE_DEPTH {
                return Err(self.malformed(&format!("references are deeper than {MAX_REFERENCE_DEPTH}")));
            }
            for reference in references {
                let subject = utf8_percent_encode(&reference.subject, SUBJECT);
                let path = format!("/subjects/{subject}/versions/{}?deleted=true", reference.version);
                let shown: ShownSchema = self.read(&self.get(&path).await?)?;
                self.collect(shown.references, depth + 1, texts).await?;
                if !texts.contains(&shown.schema) {
                    texts.push(shown.schema);
                }
            }
            Ok(())
        })
    }

    fn read<T: for<'a> Deserialize<'a>>(&self, body: &[u8]) -> Result<T, RemoteRegistryError> {
        serde_json::from_slice(body).map_err(|error| self.malformed(&error.to_string()))
    }

    fn malformed(&self, reason: &str) -> RemoteRegistryError {
        RemoteRegistryError::Malformed {
            url: self.url.clone(),
            reason: reason.to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Result<Bytes, RemoteRegistryError> {
        let unreachable = |reason: String| RemoteRegistryError::Unreachable {
            url: self.url.clone(),
            reason,
        };
        let mut request = Request::get(format!("{}{path}", self.url))
            .header(ACCEPT, "application/vnd.schemaregistry.v1+json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Empty::new())
            .map_err(|error| unreachable(error.to_string()))?;
        let exchange = async {
            let response = self.client.request(request).await;
            let (head, body) = response
                .map_err(|error| unreachable(error.to_string()))?
                .into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| unreachable(error.to_string()))?.to_bytes();
            Ok::<_, RemoteRegistryError>((head.status, body))
        };
        // Real time, because a registry behind a socket does not know of the time scale.
        let (status, body) = Clock::within_real_time(TIMEOUT, exchange)
            .await
            .unwrap_or_else(|| Err(unreachable(format!("no answer within {TIMEOUT:?}"))))?;
        if status == StatusCode::OK {
            return Ok(body);
        }
        Err(RemoteRegistryError::Refused {
            url: self.url.clone(),
            status: status.as_u16(),
            body: String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned(),
        })
    }
}
