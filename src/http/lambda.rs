//! The Lambda REST API for event source mappings and functions: paths, bodies, status codes and headers. Source: the Lambda API reference, and the
//! requests of boto3, the AWS CLI and the AWS SDK for Rust.
//!
//! This file only translates: every rule is the engine's. Of a signature only the region is read here.

mod functions;
mod wire;

use crate::CreateFunctions;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use esmeralda_broker::Entropy;
use esmeralda_esm::{ApiError, Engine, FunctionApi};
use wire::{answer, done, read_body, read_query, region_of};

/// The path of the mappings.
const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// The state that the handlers share.
#[derive(Clone, Debug)]
pub(super) struct Api {
    engine: Engine,
    functions: FunctionApi,
    /// The clients that may create functions.
    create_functions: CreateFunctions,
    /// The source of request ids.
    entropy: Entropy,
}

impl Api {
    pub(super) fn new(engine: Engine, functions: FunctionApi, create_functions: CreateFunctions) -> Self {
        Self {
            engine,
            functions,
            create_functions,
            entropy: Entropy::from_system(),
        }
    }
}

/// Returns the routes of the Lambda API and those `beside` them, and the answer to every path and method that no route has.
pub(super) fn router(api: Api, beside: Router) -> Router {
    let collection = || -> MethodRouter<Api> { post(create_mapping).get(list_mappings) };
    let one = || -> MethodRouter<Api> { get(get_mapping).put(update_mapping).delete(delete_mapping) };
    let at_path = api.clone();
    Router::new()
        .route(MAPPINGS, collection())
        // Older SDKs end the path with a slash.
        .route(&format!("{MAPPINGS}/"), collection())
        .route(&format!("{MAPPINGS}/{{uuid}}"), one())
        .route(&format!("{MAPPINGS}/{{uuid}}/"), one())
        // The ARN in the path comes percent-encoded; axum decodes it after routing.
        .route(
            "/2017-03-31/tags/{resource}",
            get(list_tags).post(tag_resource).delete(untag_resource),
        )
        .merge(functions::routes())
        .with_state(api.clone())
        .merge(beside)
        .fallback(move |method, uri| unknown_path(at_path.clone(), method, uri))
        .method_not_allowed_fallback(move |method, uri| unknown_method(api.clone(), method, uri))
}

async fn create_mapping(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    let region = region_of(&headers);
    let result = match read_body(body).await {
        Ok(request) => api.engine.create(request, region.as_deref()).await,
        Err(error) => Err(error),
    };
    answer(&api.entropy, StatusCode::ACCEPTED, result)
}

async fn list_mappings(State(api): State<Api>, uri: Uri) -> Response {
    let result = match read_query(&uri) {
        Ok(query) => api.engine.list(query).await,
        Err(error) => Err(error),
    };
    answer(&api.entropy, StatusCode::OK, result)
}

async fn get_mapping(State(api): State<Api>, Path(uuid): Path<String>) -> Response {
    answer(&api.entropy, StatusCode::OK, api.engine.get(&uuid).await)
}

async fn update_mapping(State(api): State<Api>, Path(uuid): Path<String>, body: Body) -> Response {
    let result = match read_body(body).await {
        Ok(request) => api.engine.update(&uuid, request).await,
        Err(error) => Err(error),
    };
    answer(&api.entropy, StatusCode::ACCEPTED, result)
}

async fn delete_mapping(State(api): State<Api>, Path(uuid): Path<String>) -> Response {
    answer(&api.entropy, StatusCode::ACCEPTED, api.engine.delete(&uuid).await)
}

async fn list_tags(State(api): State<Api>, Path(resource): Path<String>) -> Response {
    let tags = if FunctionApi::is_function(&resource) {
        api.functions.tags(&resource)
    } else {
        api.engine.tags(&resource).await
    };
    answer(&api.entropy, StatusCode::OK, tags)
}

async fn tag_resource(State(api): State<Api>, Path(resource): Path<String>, body: Body) -> Response {
    let result = match read_body(body).await {
        Ok(request) if FunctionApi::is_function(&resource) => api.functions.tag(&resource, request),
        Ok(request) => api.engine.tag(&resource, request).await,
        Err(error) => Err(error),
    };
    done(&api.entropy, result)
}

async fn untag_resource(State(api): State<Api>, Path(resource): Path<String>, uri: Uri) -> Response {
    // A list of pairs, because `tagKeys` comes once for each key.
    let result = match read_query::<Vec<(String, String)>>(&uri) {
        Ok(members) => {
            let keys = members.into_iter().filter(|(name, _)| name == "tagKeys");
            let keys: Vec<String> = keys.map(|(_, key)| key).collect();
            if FunctionApi::is_function(&resource) {
                api.functions.untag(&resource, &keys)
            } else {
                api.engine.untag(&resource, &keys).await
            }
        }
        Err(error) => Err(error),
    };
    done(&api.entropy, result)
}

/// The end of the error for a path or method that is not served.
const OPERATIONS: &str = "Esmeralda serves CreateEventSourceMapping, GetEventSourceMapping, UpdateEventSourceMapping, \
                          DeleteEventSourceMapping and ListEventSourceMappings under /2015-03-31/event-source-mappings, \
                          CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionConfiguration, \
                          DeleteFunction and Invoke under /2015-03-31/functions, PutFunctionConcurrency, \
                          GetFunctionConcurrency and DeleteFunctionConcurrency, \
                          TagResource, UntagResource and ListTags under /2017-03-31/tags/ARN, the CloudWatch API under /, a mapping's trace under \
                          /esmeralda/event-source-mappings/UUID/trace, a dry run of filters under /esmeralda/filter, \
                          a schema registry under /subjects, /schemas, /config, /mode and /compatibility, documents for on-failure \
                          destinations under /esmeralda/destinations, /metrics, /client-metrics and /healthz";

async fn unknown_path(api: Api, method: Method, uri: Uri) -> Response {
    // The error has the status; the one that `answer` is given is for results.
    let error = ApiError::unknown_operation(format!("{method} {} is not served. {OPERATIONS}.", uri.path()));
    answer(&api.entropy, StatusCode::OK, Err::<(), _>(error))
}

async fn unknown_method(api: Api, method: Method, uri: Uri) -> Response {
    let error = ApiError::unknown_operation(format!("{} does not allow {method}. {OPERATIONS}.", uri.path()));
    answer(&api.entropy, StatusCode::OK, Err::<(), _>(error))
}
