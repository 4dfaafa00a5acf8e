//! Functions: their invocations, the invokers that carry them out, and the registry of functions.

mod closure;
mod command;
mod concurrency;
mod http;
mod limits;
mod registry;
mod simulated;

pub use closure::ClosureInvoker;
pub use command::{CommandFunction, CommandHost, CommandInvoker};
pub use http::{HttpInvoker, InvalidEndpoint};
pub use limits::{FunctionLimits, LONGEST_MAPPED_TIMEOUT};
pub use registry::{Function, Functions};
pub use simulated::{
    Audit, AuditError, AuditSummary, Digest, DurationModel, SimulatedFunction, SimulatedInvoker,
};

use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

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
    /// The client context of the Invoke API, as JSON.
    pub client_context: Option<String>,
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

/// The result of an invocation, with the end of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedResult {
    /// The result.
    pub result: InvocationResult,
    /// The last 4 KiB of the log of the invocation; empty if there is none.
    pub log: Bytes,
}

/// An invoker carries out invocations of functions.
pub trait Invoker: Send + Sync + fmt::Debug + 'static {
    /// Invokes the function. The future owns all it needs.
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>>;

    /// Invokes the function, and returns the end of the log too. An invoker whose functions have no log leaves it empty.
    fn invoke_logged(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = LoggedResult> + Send>> {
        let invoked = self.invoke(invocation);
        Box::pin(async move {
            LoggedResult {
                result: invoked.await,
                log: Bytes::new(),
            }
        })
    }

    /// Returns the command that the function is, if it is one.
    fn command(&self) -> Option<&CommandFunction> {
        None
    }

    /// Returns the limits of the function. The invoker keeps the timeout, and the registry of functions the concurrency.
    fn limits(&self) -> FunctionLimits {
        FunctionLimits::default()
    }
}
