//! Functions behind the Lambda Invoke API over HTTP, as emulators of Lambda and the runtime interface emulator in AWS's container images
//! serve it. Source: Lambda API reference, Invoke.
//!
//! # Differs from Lambda
//! - There is no TLS.
//! - The timeout counts from the sending of the event, and is kept here: the request ends, whatever the function goes on to do.
//! - A response without `X-Amz-Function-Error` counts as a function error if it has the form of an error from the runtime interface
//!   emulator: an object with `errorType` and `errorMessage`, or the text `Task timed out after ...`. That emulator drops all headers.

mod answer;
#[cfg(test)]
mod tests;

use super::limits::{MAX_RESPONSE_BYTES, timed_out, too_large};
use super::{FunctionLimits, Invocation, InvocationResult, Invoker, LoggedResult};
use crate::{Clock, Entropy};
use answer::Answer;
use base64_simd::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time after which idle connections are closed. Servers commonly wait longer, so a request rarely meets a connection that the server is
/// just closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The error for an endpoint that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// The URL asks for TLS.
    #[error("invalid function endpoint `{url}`: https is not supported, must be http")]
    Https {
        /// The URL as configured.
        url: String,
    },
    /// The URL is malformed.
    #[error("invalid function endpoint `{url}`: {reason}; must be a URL such as http://127.0.0.1:9001")]
    Malformed {
        /// The URL as configured.
        url: String,
        /// The error in the URL.
        reason: String,
    },
}

/// An invoker over HTTP, which keeps its connections alive.
#[derive(Clone, Debug)]
pub struct HttpInvoker {
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: Endpoint,
    limits: FunctionLimits,
    /// The source of the request ids in the errors of functions that time out.
    entropy: Entropy,
}

impl HttpInvoker {
    /// Returns an invoker of the functions at `url`, each with these limits. A URL without a path gets
    /// `/2015-03-31/functions/NAME/invocations`; one with a path is used as it is.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] for anything but a plain http URL.
    pub fn new(url: &str, limits: FunctionLimits, entropy: Entropy) -> Result<Self, InvalidEndpoint> {
        let endpoint = Endpoint::parse(url)?;
        let mut connector = HttpConnector::new();
        // By Nagle's algorithm the end of an event would wait until the server has acknowledged the segments before it.
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Ok(Self {
            client,
            endpoint,
            limits,
            entropy,
        })
    }

    fn request(
        &self,
        invocation: Invocation,
        wants_log: bool,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::post(
            self.endpoint
                .uri(&invocation.function_name, invocation.qualifier.as_deref()),
        )
        .header("X-Amz-Invocation-Type", "RequestResponse")
        .header(CONTENT_TYPE, "application/json");
        if wants_log {
            request = request.header("X-Amz-Log-Type", "Tail");
        }
        if let Some(context) = &invocation.client_context {
            request = request.header("X-Amz-Client-Context", BASE64.encode_to_string(context));
        }
        request.body(Full::new(invocation.payload))
    }

    fn send(
        &self,
        invocation: Invocation,
        wants_log: bool,
    ) -> Pin<Box<dyn Future<Output = LoggedResult> + Send>> {
        let client = self.client.clone();
        let request = self.request(invocation, wants_log);
        let (timeout, entropy) = (self.limits.timeout, self.entropy.clone());
        Box::pin(async move {
            match request {
                Ok(request) => {
                    let exchange = exchange(client, request);
                    // Real time, because a function behind a socket does not know of the time scale.
                    Clock::within_real_time(timeout, exchange)
                        .await
                        // The service has not answered, so its own request id is not known.
                        .unwrap_or_else(|| without_log(timed_out(&entropy.uuid().to_string(), timeout)))
                }
                Err(error) => unreachable(&error),
            }
        })
    }
}

impl Invoker for HttpInvoker {
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let sent = self.send(invocation, false);
        Box::pin(async move { sent.await.result })
    }

    fn invoke_logged(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = LoggedResult> + Send>> {
        self.send(invocation, true)
    }

    fn limits(&self) -> FunctionLimits {
        self.limits
    }
}

/// Sends the request and reads the whole answer.
async fn exchange(client: Client<HttpConnector, Full<Bytes>>, request: Request<Full<Bytes>>) -> LoggedResult {
    let response = match client.request(request).await {
        Ok(response) => response,
        Err(error) => return unreachable(&error),
    };
    let (head, body) = response.into_parts();
    match Limited::new(body, MAX_RESPONSE_BYTES).collect().await {
        Ok(body) => LoggedResult {
            log: answer::log(&head),
            result: Answer::new(&head, body.to_bytes()).read(),
        },
        Err(error) if error.is::<LengthLimitError>() => without_log(too_large()),
        Err(error) => unreachable(error.as_ref()),
    }
}

fn unreachable(error: &dyn Error) -> LoggedResult {
    without_log(InvocationResult::Unreachable {
        reason: in_full(error),
    })
}

fn without_log(result: InvocationResult) -> LoggedResult {
    LoggedResult {
        result,
        log: Bytes::new(),
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

/// The address of functions.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Endpoint {
    /// A server with each function under its own path.
    Server { origin: String },
    /// One URL for every function.
    Function { url: String },
}

impl Endpoint {
    fn parse(url: &str) -> Result<Self, InvalidEndpoint> {
        let malformed = |reason: &str| InvalidEndpoint::Malformed {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let uri: Uri = url
            .parse()
            .map_err(|error| malformed(&in_full(&error as &hyper::http::uri::InvalidUri)))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(InvalidEndpoint::Https { url: url.to_owned() }),
            Some(_) => return Err(malformed("its scheme is not http")),
            None => return Err(malformed("it does not begin with http://")),
        }
        let authority = uri.authority().ok_or_else(|| malformed("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(malformed("a user name or password is not supported"));
        }
        if uri.path() == "/" && uri.query().is_none() {
            Ok(Self::Server {
                origin: format!("http://{authority}"),
            })
        } else {
            // The runtime interface emulator serves the one function of an image under a fixed path, whatever its name.
            Ok(Self::Function { url: uri.to_string() })
        }
    }

    /// Returns the URL of one function. Of the characters in names and qualifiers only the `$` of `$LATEST` needs an escape.
    fn uri(&self, function_name: &str, qualifier: Option<&str>) -> String {
        let mut uri = match self {
            Self::Server { origin } => format!("{origin}/2015-03-31/functions/{function_name}/invocations"),
            Self::Function { url } => url.clone(),
        };
        if let Some(qualifier) = qualifier {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str("Qualifier=");
            uri.push_str(&qualifier.replace('$', "%24"));
        }
        uri
    }
}
