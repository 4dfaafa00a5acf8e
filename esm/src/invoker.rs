//! Functions: what an invocation is, who carries it out, and which functions are known.

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
    /// Its version or alias, if the mapping names one.
    pub qualifier: Option<String>,
    /// The event; empty if events are only measured.
    pub payload: Bytes,
    /// The event's length.
    pub event_bytes: usize,
}

/// What an invocation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationResult {
    /// The function returned, or failed by itself.
    Returned {
        /// What went wrong in the function (`X-Amz-Function-Error` and the like); `None` when it succeeded.
        function_error: Option<String>,
        /// The response body.
        payload: Bytes,
    },
    /// The service refused it before the function saw it: no such function, too large, not allowed.
    Rejected {
        /// The HTTP status.
        status: u16,
        /// Why, in the service's words.
        reason: String,
    },
    /// 429: the function had no room for it. Not an attempt.
    Throttled {
        /// Which limit, such as `ReservedFunctionConcurrentInvocationLimitExceeded`.
        reason: String,
    },
    /// The function was not reached, or its service failed. Not an attempt.
    Unreachable {
        /// Why.
        reason: String,
    },
}

/// Carries out invocations of one function.
pub trait Invoker: Send + Sync + fmt::Debug + 'static {
    /// Invokes; the future owns all it needs.
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>>;
}

/// The functions that mappings can name.
#[derive(Debug, Default)]
pub struct Functions {
    by_name: RwLock<HashMap<String, Arc<dyn Invoker>>>,
    fallback: RwLock<Option<Arc<dyn Invoker>>>,
}

impl Functions {
    /// Makes a function known, in the place of any other of that name.
    pub fn register(&self, name: &str, invoker: Arc<dyn Invoker>) {
        self.by_name
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), invoker);
    }

    /// Carries out invocations of every function that is not registered by name.
    pub fn set_fallback(&self, invoker: Arc<dyn Invoker>) {
        *self.fallback.write().unwrap_or_else(PoisonError::into_inner) = Some(invoker);
    }

    /// The function of that name; `None`: "Function does not exist".
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
