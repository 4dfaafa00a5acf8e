//! Functions that are processes of a command on this machine, which speak Lambda's Runtime API.
//!
//! A process handles one invocation at a time, as on Lambda. It is started when no other one is free, kept for the next invocation, and
//! ended when it was not needed for five minutes, or when it has failed in a way that a runtime does not survive.
//!
//! # Differs from Lambda
//! - There is no container: a process has the files, the network, the user and the environment variables of the engine.
//! - The memory limit is kept by looking at the resident memory of the process and its descendants every 100 ms, where there is a `/proc`
//!   to read it from. The process is killed when it has exceeded the limit. Elsewhere the limit is only told to the function.
//! - The initialization has 10 s, or the function's timeout if that is longer, and is not tried a second time within one invocation.
//! - All functions of the engine together run 100 invocations at once; Lambda's account limit is 1,000 by default.

mod environment;
mod exchange;
mod guard;
mod memory;
mod output;
mod process;
mod runtime_api;
mod variables;

use super::concurrency::Concurrency;
use super::limits::function_error;
use super::{FunctionLimits, Invocation, InvocationResult, Invoker, LoggedResult};
use crate::clock::Instant;
use crate::{Clock, Entropy};
use bytes::Bytes;
use environment::{Ended, Environment};
use exchange::RuntimeEvent;
use guard::Guard;
use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// The number of invocations of all commands of an engine that run at once. Each has a process.
const MAX_PROCESSES: u32 = 100;

/// The time after which a process that is not needed is ended. Lambda does not document its own.
const IDLE_LIMIT: Duration = Duration::from_secs(300);

/// The time that a process has, after its answer, to ask for the next event, before another process is started for that.
const RETURN_LIMIT: Duration = Duration::from_millis(200);

/// The time between two looks at the processes that are not needed.
const IDLE_INTERVAL: Duration = Duration::from_secs(10);

/// A function that is a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFunction {
    /// The function's name.
    pub name: String,
    /// The program and its arguments; not empty.
    pub command: Vec<String>,
    /// The directory that it runs in; the engine's own if `None`.
    pub directory: Option<PathBuf>,
    /// Environment variables besides Lambda's and those of the engine.
    pub environment: BTreeMap<String, String>,
    /// The value of `_HANDLER`.
    pub handler: Option<String>,
    /// The memory that a process may occupy, in MiB.
    pub memory_mb: u32,
    /// The timeout and the concurrency.
    pub limits: FunctionLimits,
}

/// The surroundings of all commands of an engine. Clones are the same.
#[derive(Clone, Debug)]
pub struct CommandHost {
    account_id: String,
    region: String,
    clock: Clock,
    entropy: Entropy,
    guard: Guard,
    processes: Concurrency,
}

impl CommandHost {
    /// Returns the surroundings of commands whose ARNs have this account and region.
    pub fn new(account_id: &str, region: &str, clock: Clock, entropy: Entropy) -> Self {
        Self {
            account_id: account_id.to_owned(),
            region: region.to_owned(),
            clock,
            entropy,
            guard: Guard::default(),
            processes: Concurrency::new(Some(MAX_PROCESSES)),
        }
    }

    /// Returns the same surroundings for commands in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }
}

/// The invoker of a command. Its processes end when it is dropped and their invocations are over.
#[derive(Clone, Debug)]
pub struct CommandInvoker {
    pool: Arc<Pool>,
}

/// The processes of a function.
#[derive(Debug)]
struct Pool {
    function: CommandFunction,
    host: CommandHost,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    /// Those that were used last come last, and are used first.
    environments: Vec<(Environment, Instant)>,
    /// Whether a task ends those that are not needed.
    is_watched: bool,
}

impl CommandInvoker {
    /// Returns the invoker of `function`. No process is started before the first invocation.
    pub fn new(function: CommandFunction, host: CommandHost) -> Self {
        Self {
            pool: Arc::new(Pool {
                function,
                host,
                idle: Mutex::default(),
            }),
        }
    }
}

impl Invoker for CommandInvoker {
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let pool = Arc::clone(&self.pool);
        Box::pin(async move { pool.invoke(invocation).await.result })
    }

    fn invoke_logged(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = LoggedResult> + Send>> {
        let pool = Arc::clone(&self.pool);
        Box::pin(async move { pool.invoke(invocation).await })
    }

    fn command(&self) -> Option<&CommandFunction> {
        Some(&self.pool.function)
    }

    fn limits(&self) -> FunctionLimits {
        self.pool.function.limits
    }
}

impl Pool {
    /// Invokes the function, and returns the result with the end of its log.
    async fn invoke(self: &Arc<Self>, invocation: Invocation) -> LoggedResult {
        if let Some(qualifier) = invocation.qualifier.as_deref().filter(|name| *name != "$LATEST") {
            return without_log(InvocationResult::Rejected {
                status: 404,
                reason: format!("Function not found: {}:{qualifier}", self.arn(None)),
            });
        }
        let Some(_slot) = self.host.processes.take_slot() else {
            return without_log(InvocationResult::Throttled {
                reason: "ConcurrentInvocationLimitExceeded".to_owned(),
            });
        };
        let mut environment = match self.environment().await {
            Ok(environment) => environment,
            Err(result) => return without_log(result),
        };
        let Ended {
            result,
            log,
            is_usable,
        } = environment.invoke(self.event(invocation)).await;
        if is_usable {
            self.keep(environment);
        }
        LoggedResult {
            result,
            log: Bytes::from(log),
        }
    }

    /// Returns an environment that is free, or a new one.
    ///
    /// # Errors
    /// The function error of a command that cannot be started.
    async fn environment(&self) -> Result<Environment, InvocationResult> {
        if let Some((environment, since)) = self.take() {
            if environment.returns_within(RETURN_LIMIT).await {
                return Ok(environment);
            }
            // It works on after its answer. It is used again when it asks for an event.
            self.idle().environments.push((environment, since));
        }
        let started = Environment::start(&self.function, &self.host).await;
        started.map_err(|error| {
            let program = self.function.command.first().map_or("", String::as_str);
            tracing::warn!(function_name = self.function.name, program, %error, "a function's command cannot be started");
            function_error(
                "Runtime.InvalidEntrypoint",
                &format!("Error: cannot start {program}: {error}"),
            )
        })
    }

    /// Takes the environment that waits for an event and was used last; or one that has just answered, and will wait in a moment: most
    /// runtimes ask for the next event within a millisecond.
    fn take(&self) -> Option<(Environment, Instant)> {
        let mut idle = self.idle();
        self.end_unusable(&mut idle);
        let environments = &mut idle.environments;
        let waiting = environments
            .iter()
            .rposition(|(environment, _)| environment.is_waiting());
        let returning = || {
            let has_just_answered = |(_, since): &(_, Instant)| since.elapsed() < RETURN_LIMIT;
            environments.iter().rposition(has_just_answered)
        };
        let index = waiting.or_else(returning)?;
        Some(environments.remove(index))
    }

    /// Ends environments whose process has ended, was not needed for long, or works on after its answer for longer than it may.
    fn end_unusable(&self, idle: &mut Idle) {
        let timeout = self.function.limits.timeout;
        idle.environments.retain_mut(|(environment, since)| {
            let limit = if environment.is_waiting() {
                IDLE_LIMIT
            } else {
                timeout
            };
            !environment.has_exited() && since.elapsed() < limit
        });
    }

    /// Keeps an environment for another invocation.
    fn keep(self: &Arc<Self>, environment: Environment) {
        let mut idle = self.idle();
        idle.environments.push((environment, self.host.clock.now()));
        if !std::mem::replace(&mut idle.is_watched, true) {
            // It ends when nothing is idle, and holds nothing: the pool ends without it.
            tokio::spawn(end_idle(Arc::downgrade(self)));
        }
    }

    fn event(&self, invocation: Invocation) -> RuntimeEvent {
        let entropy = &self.host.entropy;
        let trace = entropy.uuid().simple().to_string();
        RuntimeEvent {
            request_id: entropy.uuid().to_string(),
            invocation_id: entropy.uuid().to_string(),
            function_arn: self.arn(invocation.qualifier.as_deref()),
            // The form of X-Ray's header; nothing is sampled.
            trace_id: format!(
                "Root=1-{}-{};Parent={:016x};Sampled=0",
                &trace[..8],
                &trace[8..],
                entropy.next_u64()
            ),
            client_context: invocation.client_context,
            timeout: self.function.limits.timeout,
            payload: invocation.payload,
        }
    }

    fn arn(&self, qualifier: Option<&str>) -> String {
        let CommandHost {
            account_id, region, ..
        } = &self.host;
        let arn = format!(
            "arn:aws:lambda:{region}:{account_id}:function:{}",
            self.function.name
        );
        match qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // Each change is complete when the lock is released, so a panic of another holder leaves nothing half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn without_log(result: InvocationResult) -> LoggedResult {
    LoggedResult {
        result,
        log: Bytes::new(),
    }
}

/// Ends environments that are not needed, until there are none or the pool is gone.
async fn end_idle(pool: Weak<Pool>) {
    loop {
        Clock::within_real_time(IDLE_INTERVAL, pending::<()>()).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle();
        pool.end_unusable(&mut idle);
        if idle.environments.is_empty() {
            idle.is_watched = false;
            return;
        }
    }
}

#[cfg(test)]
mod tests;
