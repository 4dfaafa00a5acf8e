//! Functions: their invocations, the invokers that carry them out, and the registry of functions.

mod closure;
mod http;
mod simulated;

pub use closure::ClosureInvoker;
pub use http::{HttpInvoker, InvalidEndpoint};
pub use simulated::{
    Audit, AuditError, AuditSummary, Digest, DurationModel, SimulatedFunction, SimulatedInvoker,
};

use bytes::Bytes;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

/// One synchronous invocation (`RequestResponse`).
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function's name, without qualifier.
    pub function_name: String,
    /// The version or alias, if the mapping names one.
    pub qualifier: Option<String>,
    /// The event; empty with [`Payloads::Measured`](crate::Payloads::Measured).
    pub payload: Bytes,
    /// Length of the event, even if it was not built.
    pub event_bytes: usize,
}

/// The result of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationResult {
    /// The function was invoked, and returned or failed.
    Returned {
        /// The kind of error in the function, as in `X-Amz-Function-Error`; `None` if it succeeded.
        function_error: Option<String>,
        /// The response body.
        payload: Bytes,
    },
    /// The service refused the invocation before it reached the function: no such function, too large, not allowed.
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The service's reason.
        reason: String,
    },
    /// The function had no concurrency left (429). Not an attempt.
    Throttled {
        /// The limit, such as `ReservedFunctionConcurrentInvocationLimitExceeded`.
        reason: String,
    },
    /// The function was not reached, or its service failed. Not an attempt.
    Unreachable {
        /// The error.
        reason: String,
    },
}

/// An invoker carries out invocations of functions.
pub trait Invoker: Send + Sync + fmt::Debug + 'static {
    /// Invokes the function. The future owns all it needs.
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>>;
}

/// The functions that mappings can name.
#[derive(Debug, Default)]
pub struct Functions {
    by_name: RwLock<HashMap<String, Arc<dyn Invoker>>>,
    fallback: RwLock<Option<Arc<dyn Invoker>>>,
}

impl Functions {
    /// Registers a function, and replaces any other of that name.
    pub fn register(&self, name: &str, invoker: Arc<dyn Invoker>) {
        // Each change is one insertion, so a panic of another holder leaves nothing half done. The same holds for the fallback.
        self.by_name
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), invoker);
    }

    /// Sets the invoker of every function that is not registered by name.
    pub fn set_fallback(&self, invoker: Arc<dyn Invoker>) {
        *self.fallback.write().unwrap_or_else(PoisonError::into_inner) = Some(invoker);
    }

    /// Returns the invoker of a function; `None` if it does not exist.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Invoker>> {
        let named = self
            .by_name
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned();
        named.or_else(|| {
            self.fallback
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }
}
