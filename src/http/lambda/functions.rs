//! The function API's paths, bodies, status codes and headers.

use super::Api;
use super::wire::{answer, done, identified, read_body, read_bytes, read_query, refusal, region_of};
use crate::http::definers::{Peer, check_may_define};
use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post};
use esmeralda_esm::{ApiError, FunctionResponse, InvocationType, InvokeRequest};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The path of the functions.
const FUNCTIONS: &str = "/2015-03-31/functions";

/// The largest body of Invoke that is read, a little more than what the operation allows.
const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024 + 100;

const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
const REMAPPED_LENGTH: HeaderName = HeaderName::from_static("x-amzn-remapped-content-length");

/// The query of operations on one function.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    qualifier: Option<String>,
}

/// Returns the routes of the function API.
pub(super) fn routes() -> Router<Api> {
    let collection = || -> MethodRouter<Api> { post(create).get(list) };
    let one = || -> MethodRouter<Api> { get(get_function).delete(delete_function) };
    Router::new()
        .route(FUNCTIONS, collection())
        // Older SDKs end the path with a slash.
        .route(&format!("{FUNCTIONS}/"), collection())
        .route(&format!("{FUNCTIONS}/{{name}}"), one())
        .route(&format!("{FUNCTIONS}/{{name}}/"), one())
        .route(
            &format!("{FUNCTIONS}/{{name}}/configuration"),
            get(get_configuration).put(update_configuration),
        )
        .route(&format!("{FUNCTIONS}/{{name}}/invocations"), post(invoke))
        .route(
            "/2017-10-31/functions/{name}/concurrency",
            delete(delete_concurrency).put(put_concurrency),
        )
        .route("/2019-09-30/functions/{name}/concurrency", get(get_concurrency))
}

async fn create(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let region = region_of(&headers);
    let result = async {
        check_may_define(api.create_functions, peer.map(|peer| peer.0), &headers)?;
        let body: Map<String, Value> = read_body(body).await?;
        api.functions.create(body, region.as_deref())
    };
    answer(&api.entropy, StatusCode::CREATED, result.await)
}

async fn list(State(api): State<Api>, uri: Uri) -> Response {
    let result = read_query(&uri).and_then(|query| api.functions.list(&query));
    answer(&api.entropy, StatusCode::OK, result)
}

async fn get_function(State(api): State<Api>, Path(name): Path<String>, uri: Uri) -> Response {
    let query = read_query::<Version>(&uri);
    let result = query.and_then(|query| api.functions.get(&name, query.qualifier.as_deref()));
    answer(&api.entropy, StatusCode::OK, result)
}

async fn get_configuration(State(api): State<Api>, Path(name): Path<String>, uri: Uri) -> Response {
    let query = read_query::<Version>(&uri);
    let result = query.and_then(|query| {
        let qualifier = query.qualifier.as_deref();
        api.functions.get_configuration(&name, qualifier)
    });
    answer(&api.entropy, StatusCode::OK, result)
}

async fn update_configuration(
    State(api): State<Api>,
    Path(name): Path<String>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let result = async {
        check_may_define(api.create_functions, peer.map(|peer| peer.0), &headers)?;
        let body: Map<String, Value> = read_body(body).await?;
        api.functions.update_configuration(&name, body)
    };
    answer(&api.entropy, StatusCode::OK, result.await)
}

async fn delete_function(State(api): State<Api>, Path(name): Path<String>, uri: Uri) -> Response {
    let query = read_query::<Version>(&uri);
    let result = query.and_then(|query| api.functions.delete(&name, query.qualifier.as_deref()));
    done(&api.entropy, result)
}

async fn put_concurrency(State(api): State<Api>, Path(name): Path<String>, body: Body) -> Response {
    let body = read_body::<Map<String, Value>>(body).await;
    let result = body.and_then(|body| api.functions.put_concurrency(&name, body));
    answer(&api.entropy, StatusCode::OK, result)
}

async fn get_concurrency(State(api): State<Api>, Path(name): Path<String>) -> Response {
    let result = api.functions.get_concurrency(&name);
    answer(&api.entropy, StatusCode::OK, result)
}

async fn delete_concurrency(State(api): State<Api>, Path(name): Path<String>) -> Response {
    done(&api.entropy, api.functions.delete_concurrency(&name))
}

async fn invoke(
    State(api): State<Api>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let result = async {
        let mut request = invocation(name, &uri, &headers)?;
        request.payload = read_bytes(body, MAX_PAYLOAD_BYTES).await?;
        api.functions.invoke(request).await
    };
    match result.await {
        Ok(response) => identified(returned(response), &api.entropy),
        Err(error) => identified(refusal(&error), &api.entropy),
    }
}

fn invocation(function_name: String, uri: &Uri, headers: &HeaderMap) -> Result<InvokeRequest, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    for (header, member) in [
        ("x-amz-tenant-id", "TenantId"),
        ("x-amz-durable-execution-name", "DurableExecutionName"),
    ] {
        if headers.contains_key(header) {
            return Err(ApiError::invalid_parameter(format!(
                "{member} is not supported by Esmeralda."
            )));
        }
    }
    let wants_log = match text("x-amz-log-type") {
        None | Some("None") => false,
        Some("Tail") => true,
        Some(other) => {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{other}' at 'logType' failed to satisfy constraint: Member must satisfy enum value \
                 set: [None, Tail]"
            )));
        }
    };
    let Version { qualifier } = read_query(uri)?;
    Ok(InvokeRequest {
        function_name,
        qualifier,
        invocation_type: InvocationType::read(text("x-amz-invocation-type"))?,
        wants_log,
        client_context: text("x-amz-client-context").map(str::to_owned),
        ..InvokeRequest::default()
    })
}

fn returned(response: FunctionResponse) -> Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_complete = status == StatusCode::OK;
    let mut answer = (status, response.payload).into_response();
    let headers = answer.headers_mut();
    headers.remove(CONTENT_TYPE);
    headers.insert(REMAPPED_LENGTH, HeaderValue::from_static("0"));
    if is_complete {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(EXECUTED_VERSION, HeaderValue::from_static("$LATEST"));
    }
    for (name, value) in [
        (FUNCTION_ERROR, response.function_error),
        (LOG_RESULT, response.log),
    ] {
        // Neither has a character that a header does not take.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    answer
}
