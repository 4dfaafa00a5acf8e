//! Functions that are async closures in this process, for test suites.

use super::{Invocation, InvocationResult, Invoker};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

type Answer = Pin<Box<dyn Future<Output = Result<Bytes, String>> + Send>>;

/// The invoker of a closure. It is called with the payload; it returns the function's response or its error.
#[derive(Clone)]
pub struct ClosureInvoker {
    function: Arc<dyn Fn(Bytes) -> Answer + Send + Sync>,
}

impl ClosureInvoker {
    /// Returns the invoker of `function`.
    pub fn new<F, A, R, E>(function: F) -> Self
    where
        F: Fn(Bytes) -> A + Send + Sync + 'static,
        A: Future<Output = Result<R, E>> + Send + 'static,
        R: Into<Bytes>,
        E: fmt::Display,
    {
        Self {
            function: Arc::new(move |payload| {
                let answer = function(payload);
                Box::pin(async move { answer.await.map(Into::into).map_err(|error| error.to_string()) })
            }),
        }
    }
}

impl fmt::Debug for ClosureInvoker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClosureInvoker").finish_non_exhaustive()
    }
}

impl Invoker for ClosureInvoker {
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let answer = (self.function)(invocation.payload);
        Box::pin(async move {
            match answer.await {
                Ok(payload) => InvocationResult::Returned {
                    function_error: None,
                    payload,
                },
                Err(error) => InvocationResult::Returned {
                    function_error: Some("Unhandled".to_owned()),
                    payload: serde_json::json!({ "errorMessage": error, "errorType": "Error" })
                        .to_string()
                        .into(),
                },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(payload: &'static str) -> Invocation {
        Invocation {
            function_name: "f".into(),
            qualifier: None,
            payload: Bytes::from_static(payload.as_bytes()),
            event_bytes: payload.len(),
            client_context: None,
        }
    }

    #[tokio::test]
    async fn what_the_closure_returns_is_the_response() {
        let invoker = ClosureInvoker::new(|payload: Bytes| async move { Ok::<_, String>(payload) });
        assert_eq!(
            invoker.invoke(invocation("{}")).await,
            InvocationResult::Returned {
                function_error: None,
                payload: Bytes::from_static(b"{}")
            }
        );
    }

    #[tokio::test]
    async fn an_error_of_the_closure_is_a_function_error() {
        let invoker = ClosureInvoker::new(|_| async { Err::<Bytes, _>("out of tea") });
        assert_eq!(
            invoker.invoke(invocation("{}")).await,
            InvocationResult::Returned {
                function_error: Some("Unhandled".into()),
                payload: Bytes::from_static(br#"{"errorMessage":"out of tea","errorType":"Error"}"#),
            }
        );
    }
}
