//! The CloudWatch API, in the three protocols that its clients speak: AWS JSON 1.0, Smithy's rpc-v2-cbor, and the query protocol with
//! XML; and the part of the CloudWatch Logs API that reads, in AWS JSON 1.1 (`logs`). Source: the service models of both, and the requests
//! of boto3, the AWS CLI and the AWS SDK for Rust.
//!
//! It shares its port with the Lambda API: CBOR has a path of its own, and the others come to `/`, where the header `X-Amz-Target` tells
//! JSON from a form.
//!
//! # Differs from CloudWatch
//! - GetMetricData, GetMetricStatistics, ListMetrics and PutMetricData are served; others are refused by name. So are expressions,
//!   percentiles, dynamic labels, and periods of less than a minute.
//! - Where AWS's words are not known, messages are our own.

mod body;
mod cbor;
mod error;
mod json;
mod logs;
mod operations;
mod query;
mod value;

use super::signature::SignatureError;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use error::CloudWatchError;
use esmeralda_broker::Entropy;
use esmeralda_esm::Engine;
use operations::Scene;
use tracing::debug;
use value::{Value, structure};

/// The name of the service in targets and paths.
const SERVICE: &str = "GraniteServiceVersion20100801";

/// The namespace of the shapes, before their names in errors.
const SHAPES: &str = "com.amazonaws.cloudwatch#";

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");

const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const JSON_1_1: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const CBOR: HeaderValue = HeaderValue::from_static("application/cbor");
const XML: HeaderValue = HeaderValue::from_static("text/xml");
const RPC_V2_CBOR: HeaderValue = HeaderValue::from_static("rpc-v2-cbor");

/// The state that the handlers share.
#[derive(Clone, Debug)]
struct Api {
    engine: Engine,
    entropy: Entropy,
}

/// The protocol of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Json,
    Cbor,
    Query,
}

/// Returns the routes of the CloudWatch API.
pub(super) fn router(engine: Engine) -> Router {
    let api = Api {
        engine,
        entropy: Entropy::from_system(),
    };
    Router::new()
        .route("/", post(json_or_query))
        .route(&format!("/service/{SERVICE}/operation/{{operation}}"), post(cbor))
        .with_state(api)
}

/// Returns the name by which requests of this path are signed; `None` if they are not of this API.
pub(super) fn service_of(path: &str, headers: &HeaderMap) -> Option<&'static str> {
    let target = headers.get(TARGET).map(HeaderValue::as_bytes).unwrap_or_default();
    let name = match target.starts_with(logs::SERVICE.as_bytes()) {
        true => "logs",
        false => "monitoring",
    };
    protocol_of(path, headers).map(|_| name)
}

/// Returns the protocol of a request; `None` if it is not of this API.
fn protocol_of(path: &str, headers: &HeaderMap) -> Option<Protocol> {
    match path {
        "/" if headers.contains_key(TARGET) => Some(Protocol::Json),
        "/" => Some(Protocol::Query),
        _ => path.starts_with("/service/").then_some(Protocol::Cbor),
    }
}

/// Returns the answer to a request of this API whose signature is refused; `None` if it is not of this API.
pub(super) fn refuse_signature(error: &SignatureError, path: &str, headers: &HeaderMap) -> Option<Response> {
    let (shape, code) = error.names();
    let error = CloudWatchError {
        status: 403,
        shape,
        code,
        message: error.to_string(),
    };
    let request_id = Entropy::from_system().uuid().to_string();
    protocol_of(path, headers).map(|protocol| refusal(protocol, &error, &request_id))
}

async fn cbor(
    State(api): State<Api>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let input = read(&headers, body).await.and_then(|body| match body.is_empty() {
        true => Ok(Value::Structure(Vec::new())),
        false => cbor::read(&body)
            .map_err(|error| CloudWatchError::serialization(format!("The body is not CBOR: {error}."))),
    });
    api.answer(Protocol::Cbor, &operation, input).await
}

async fn json_or_query(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    let body = read(&headers, body).await;
    let target = headers.get(TARGET).and_then(|target| target.to_str().ok());
    let Some(target) = target else {
        let request = body.and_then(|body| query::read(&body));
        return match request {
            Ok(query::Request { operation, input }) => {
                api.answer(Protocol::Query, &operation, Ok(input)).await
            }
            Err(error) => api.answer(Protocol::Query, "", Err(error)).await,
        };
    };
    match target
        .strip_prefix(SERVICE)
        .and_then(|rest| rest.strip_prefix('.'))
    {
        Some(operation) => {
            let input = body.and_then(|body| json::read(&body));
            api.answer(Protocol::Json, operation, input).await
        }
        None if target.starts_with(logs::SERVICE) => {
            let operation = target.trim_start_matches(logs::SERVICE).trim_start_matches('.');
            let input = body.and_then(|body| json::read(&body));
            let result = input.and_then(|input| logs::carry_out(operation, &input, api.engine.log_store()));
            let mut response = api.finish(Protocol::Json, operation, result);
            response.headers_mut().insert(CONTENT_TYPE, JSON_1_1);
            response
        }
        None => {
            let error = CloudWatchError::unknown_operation(target);
            api.answer(Protocol::Json, target, Err(error)).await
        }
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, CloudWatchError> {
    body::read(headers, body)
        .await
        .map_err(CloudWatchError::serialization)
}

impl Api {
    async fn answer(
        &self,
        protocol: Protocol,
        operation: &str,
        input: Result<Value, CloudWatchError>,
    ) -> Response {
        let result = match input {
            Ok(input) => self.carry_out(operation, &input).await,
            Err(error) => Err(error),
        };
        self.finish(protocol, operation, result)
    }

    /// Returns the response with the result of an operation.
    fn finish(
        &self,
        protocol: Protocol,
        operation: &str,
        result: Result<Value, CloudWatchError>,
    ) -> Response {
        let request_id = self.entropy.uuid().to_string();
        let mut response = match result {
            Ok(result) => success(protocol, operation, &result, &request_id),
            Err(error) => {
                // A refused request is the client's mistake.
                debug!(code = error.code, reason = error.message, "a request was refused");
                refusal(protocol, &error, &request_id)
            }
        };
        let headers = response.headers_mut();
        if protocol == Protocol::Cbor {
            // Some clients take no answer without it.
            headers.insert(SMITHY_PROTOCOL, RPC_V2_CBOR);
        }
        if let Ok(request_id) = HeaderValue::from_str(&request_id) {
            headers.insert(REQUEST_ID, request_id);
        }
        response
    }

    async fn carry_out(&self, operation: &str, input: &Value) -> Result<Value, CloudWatchError> {
        // What happened until now is in the store before it is read.
        self.engine.publish_metrics().await;
        let scene = Scene {
            store: self.engine.metric_store(),
            now_ms: self.engine.now_ms(),
        };
        operations::carry_out(operation, input, scene)
    }
}

fn success(protocol: Protocol, operation: &str, result: &Value, request_id: &str) -> Response {
    let empty = Value::Structure(Vec::new());
    let typed = if *result == Value::Null { &empty } else { result };
    match protocol {
        Protocol::Json => ([(CONTENT_TYPE, JSON)], json::write(typed)).into_response(),
        Protocol::Cbor => ([(CONTENT_TYPE, CBOR)], cbor::write(typed)).into_response(),
        Protocol::Query => {
            ([(CONTENT_TYPE, XML)], query::write(operation, result, request_id)).into_response()
        }
    }
}

fn refusal(protocol: Protocol, error: &CloudWatchError, request_id: &str) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = structure([
        ("__type", Value::Text(format!("{SHAPES}{}", error.shape))),
        ("message", error.message.as_str().into()),
    ]);
    let (content_type, body) = match protocol {
        Protocol::Json => (JSON, json::write(&body)),
        Protocol::Cbor => (CBOR, cbor::write(&body)),
        Protocol::Query => (XML, query::write_error(error, request_id).into_bytes()),
    };
    let mut response = (status, [(CONTENT_TYPE, content_type)], body).into_response();
    if protocol != Protocol::Query
        && let Ok(code) = HeaderValue::from_str(&format!("{};Sender", error.code))
    {
        // By it clients of the newer protocols show the code of the older one.
        response.headers_mut().insert(QUERY_ERROR, code);
    }
    response
}
