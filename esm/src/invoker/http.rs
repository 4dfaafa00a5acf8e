//! Functions behind the Lambda Invoke API over HTTP. Source: Lambda API reference, Invoke.

use super::{Invocation, InvocationResult, Invoker};
use std::future::Future;
use std::pin::Pin;

/// Why an endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// TLS is not spoken.
    #[error("`{url}` is https; functions are invoked over plain http only")]
    Https {
        /// As configured.
        url: String,
    },
    /// Not an http URL.
    #[error("`{url}` is no URL of a function endpoint such as http://127.0.0.1:9001: {reason}")]
    Malformed {
        /// As configured.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

/// Invokes over HTTP, with connections kept alive.
#[derive(Clone, Debug)]
pub struct HttpInvoker {}

impl HttpInvoker {
    /// Invokes at `url`. Without a path it gets `/2015-03-31/functions/NAME/invocations`; with one it is used as given.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] for anything but a plain http URL.
    pub fn new(url: &str) -> Result<Self, InvalidEndpoint> {
        let _ = url;
        todo!("lambda")
    }
}

impl Invoker for HttpInvoker {
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let _ = invocation;
        todo!("lambda")
    }
}
