//! Requests to SQS, SNS and S3. Source: their API references (SendMessage in JSON, Publish as a form, PutObject).

use super::signature::{Scope, Unsigned, amz_date, authorization, hash};
use super::{AwsEndpoint, DestinationOptions, SendError};
use crate::Clock;
use crate::date::UtcTime;
use crate::destination::{AwsService, Destination, ReachableServices};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::error::Error;
use std::time::Duration;

/// Time for one request with its answer. Not scaled, because the service's time is its own.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Time after which idle connections are closed. Servers commonly wait longer, so a request rarely meets a connection that the server is
/// just closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The most bytes of an answer that are read: it only matters in an error.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The longest excerpt of an answer that an error carries.
const EXCERPT_CHARACTERS: usize = 512;

/// The characters that AWS's form of percent-encoding escapes: all but the unreserved ones.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A document on its way.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// The document, which is JSON.
    pub(super) document: Bytes,
    /// The key of the object, for a bucket.
    pub(super) object_key: Option<String>,
    /// The time of the signature.
    pub(super) now: UtcTime,
}

/// A client of the services that have an endpoint.
#[derive(Clone, Debug)]
pub(super) struct AwsClient {
    client: Client<HttpConnector, Full<Bytes>>,
    options: DestinationOptions,
    region: String,
}

/// The parts of a request that differ from service to service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    method: &'static str,
    /// The path, percent-encoded.
    path: String,
    content_type: &'static str,
    /// The operation, for services that read it from a header.
    target: Option<&'static str>,
    body: Bytes,
    region: String,
}

impl AwsClient {
    /// Returns a client. `region` is that of requests to S3.
    pub(super) fn new(options: DestinationOptions, region: String) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self {
            client,
            options,
            region,
        }
    }

    /// Returns the services that have an endpoint.
    pub(super) fn reachable(&self) -> ReachableServices {
        ReachableServices {
            sqs: self.options.sqs.is_some(),
            sns: self.options.sns.is_some(),
            s3: self.options.s3.is_some(),
        }
    }

    /// Sends a document.
    pub(super) async fn send(&self, destination: &Destination, parcel: &Parcel) -> Result<(), SendError> {
        let service = destination.service();
        let endpoint = service.and_then(|service| match service {
            AwsService::Sqs => self.options.sqs.as_ref(),
            AwsService::Sns => self.options.sns.as_ref(),
            AwsService::S3 => self.options.s3.as_ref(),
        });
        let (Some(service), Some(endpoint)) = (service, endpoint) else {
            return Err(SendError::lasting(format!(
                "there is no endpoint for {destination}"
            )));
        };
        let call = self.call(destination, endpoint, parcel);
        let request = self
            .request(&call, service, endpoint, parcel.now)
            .map_err(|error| SendError::lasting(error.to_string()))?;
        let exchange = self.exchange(request);
        let sent = Clock::within_real_time(TIMEOUT, exchange).await;
        let reached = sent.unwrap_or_else(|| {
            let seconds = TIMEOUT.as_secs();
            Err(SendError::transient(format!("no answer within {seconds} s")))
        });
        reached.map_err(|error| SendError {
            reason: format!("{destination} at {endpoint}: {}", error.reason),
            ..error
        })
    }

    fn call(&self, destination: &Destination, endpoint: &AwsEndpoint, parcel: &Parcel) -> Call {
        let text = String::from_utf8_lossy(&parcel.document);
        match destination {
            Destination::Queue {
                region,
                account_id,
                name,
                ..
            } => {
                let body = serde_json::json!({
                    "QueueUrl": format!("{endpoint}/{account_id}/{name}"),
                    "MessageBody": text,
                });
                Call {
                    method: "POST",
                    path: "/".to_owned(),
                    content_type: "application/x-amz-json-1.0",
                    target: Some("AmazonSQS.SendMessage"),
                    body: body.to_string().into(),
                    region: region.clone(),
                }
            }
            Destination::Notification { arn, region } => Call {
                method: "POST",
                path: "/".to_owned(),
                content_type: "application/x-www-form-urlencoded; charset=utf-8",
                target: None,
                body: format!(
                    "Action=Publish&Version=2010-03-31&TopicArn={}&Message={}",
                    utf8_percent_encode(arn, RESERVED),
                    utf8_percent_encode(&text, RESERVED)
                )
                .into(),
                region: region.clone(),
            },
            Destination::Bucket { name, .. } => {
                let key = parcel.object_key.as_deref().unwrap_or_default();
                let segments = std::iter::once(name.as_str()).chain(key.split('/'));
                let segments = segments.map(|segment| format!("/{}", utf8_percent_encode(segment, RESERVED)));
                Call {
                    method: "PUT",
                    path: segments.collect(),
                    content_type: "application/json",
                    target: None,
                    body: parcel.document.clone(),
                    region: self.region.clone(),
                }
            }
            Destination::KafkaTopic { .. } => {
                unreachable!("a Kafka topic is reached through no service of AWS")
            }
        }
    }

    fn request(
        &self,
        call: &Call,
        service: AwsService,
        endpoint: &AwsEndpoint,
        now: UtcTime,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let body_hash = hash(&call.body);
        let date = amz_date(now);
        // In the order of their names, as the signature wants them.
        let mut headers = vec![
            ("content-type", call.content_type),
            ("host", endpoint.authority()),
            ("x-amz-content-sha256", &body_hash),
            ("x-amz-date", &date),
        ];
        headers.extend(call.target.map(|target| ("x-amz-target", target)));
        let unsigned = Unsigned {
            method: call.method,
            path: &call.path,
            headers: &headers,
            body_hash: &body_hash,
        };
        let scope = Scope {
            region: &call.region,
            service: service.name(),
            now,
        };
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{endpoint}{}", call.path))
            .header(
                "authorization",
                authorization(&unsigned, &scope, &self.options.credentials),
            );
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Full::new(call.body.clone()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(), SendError> {
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| SendError::transient(in_full(&error)))?;
        let status = answer.status();
        // Read to its end, so that the connection can be used again.
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        if status.is_success() {
            return Ok(());
        }
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        let excerpt: String = String::from_utf8_lossy(&body)
            .chars()
            .take(EXCERPT_CHARACTERS)
            .collect();
        Err(SendError {
            is_transient: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
            reason: format!("{status}: {excerpt}"),
        })
    }
}

impl SendError {
    fn lasting(reason: String) -> Self {
        Self {
            is_transient: false,
            reason,
        }
    }

    fn transient(reason: String) -> Self {
        Self {
            is_transient: true,
            reason,
        }
    }
}

/// Returns the text of an error with its causes, because the outermost alone says only `client error (Connect)`.
fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
