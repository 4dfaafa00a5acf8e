//! An execution environment: one process of a function with a Runtime API of its own, which handles one invocation after the other.

use super::exchange::{Exchange, RuntimeAnswer, RuntimeEvent};
use super::memory::resident_bytes;
use super::output::Output;
use super::process::{FunctionProcess, ProcessStart, exit_text};
use super::runtime_api::RuntimeApi;
use super::variables::{HIDDEN, variables};
use super::{CommandFunction, CommandHost};
use crate::Clock;
use crate::clock::Instant;
use crate::invoker::InvocationResult;
use crate::invoker::limits::{function_error, timed_out, too_large};
use bytes::Bytes;
use rustix::process::Pid;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

/// The time for the initialization of a process, if the function's timeout is not longer. Source: Lambda developer guide, "Understanding
/// the Lambda execution environment lifecycle".
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The time between two looks at the memory of a process.
const MEMORY_INTERVAL: Duration = Duration::from_millis(100);

/// An execution environment. Dropping it ends its process and all that the process has started.
#[derive(Debug)]
pub(super) struct Environment {
    // The process comes first: it ends before its Runtime API does, so that its last calls do not fail in its log.
    process: FunctionProcess,
    output: Output,
    exchange: Arc<Exchange>,
    _api: RuntimeApi,
    memory_limit_bytes: u64,
    started: Instant,
    /// The time of its initialization, until the first invocation has reported it.
    init_duration: Option<Duration>,
}

/// The end of an invocation.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) result: InvocationResult,
    /// The end of its log.
    pub(super) log: Vec<u8>,
    /// Whether the environment can take another invocation.
    pub(super) is_usable: bool,
}

/// The event that ended the wait for an answer.
enum Finish {
    Answered(RuntimeAnswer),
    InitFailed(Bytes),
    Exited(String),
    TimedOut,
    OutOfMemory { resident_bytes: u64 },
}

impl Environment {
    /// Starts a process of the function.
    ///
    /// # Errors
    /// The system's error, such as that there is no such program.
    pub(super) async fn start(function: &CommandFunction, host: &CommandHost) -> std::io::Result<Self> {
        let started = host.clock.now();
        let exchange = Arc::<Exchange>::default();
        let api = RuntimeApi::start(Arc::clone(&exchange), host.clock.clone()).await?;
        let log_stream = format!("[$LATEST]{}", host.entropy.uuid().simple());
        let variables = variables(function, host, api.address(), &log_stream);
        let start = ProcessStart {
            command: &function.command,
            directory: function.directory.as_deref(),
            variables: &variables,
            hidden_variables: HIDDEN,
        };
        let (process, stdout, stderr) = FunctionProcess::start(&start, &host.guard)?;
        let output = Output::start(&function.name, stdout, stderr)?;
        tracing::debug!(function_name = function.name, process = ?process.id(), "a process of a function has started");
        Ok(Self {
            process,
            output,
            exchange,
            _api: api,
            memory_limit_bytes: u64::from(function.memory_mb) << 20,
            started,
            init_duration: None,
        })
    }

    /// Whether its process waits for an event.
    pub(super) fn is_waiting(&self) -> bool {
        self.exchange.is_waiting()
    }

    /// Whether its process has ended.
    pub(super) fn has_exited(&mut self) -> bool {
        self.process.has_exited()
    }

    /// Waits until the process asks for an event again, for `limit` at most. Returns whether it did so.
    pub(super) async fn returns_within(&self, limit: Duration) -> bool {
        Clock::within_real_time(limit, self.exchange.waits())
            .await
            .is_some()
    }

    /// Handles one invocation.
    pub(super) async fn invoke(&mut self, event: RuntimeEvent) -> Ended {
        let (request_id, timeout) = (event.request_id.clone(), event.timeout);
        self.output.begin(&request_id);
        let is_cold = !self.exchange.is_initialized();
        let answered = self.exchange.offer(event);
        let mut begun = None;
        let mut peak_bytes = 0;
        let process = self.process.id();
        let (exchange, started) = (&self.exchange, self.started);
        let deadline = async {
            let init_limit = if is_cold { timeout.max(INIT_LIMIT) } else { timeout };
            if Clock::within_real_time(init_limit, exchange.taken())
                .await
                .is_some()
            {
                begun = Some(started.elapsed());
                Clock::within_real_time(timeout, pending::<()>()).await;
            }
        };
        let finish = tokio::select! {
            biased;
            // A process that answers and ends has answered.
            Ok(answer) = answered => Finish::Answered(answer),
            error = exchange.init_failed() => Finish::InitFailed(error),
            status = self.process.exited() => Finish::Exited(exit_text(status)),
            () = deadline => Finish::TimedOut,
            resident_bytes = exceeds(process, self.memory_limit_bytes, &mut peak_bytes) => {
                Finish::OutOfMemory { resident_bytes }
            }
        };
        let ended = self.started.elapsed();
        if is_cold {
            self.init_duration = begun;
        }
        let duration = ended.saturating_sub(begun.unwrap_or(ended));
        let is_usable = matches!(finish, Finish::Answered(_));
        if !is_usable {
            self.process.kill();
        }
        let result = self.result(finish, &request_id, timeout);
        if let Some(bytes) = resident_bytes(process) {
            peak_bytes = peak_bytes.max(bytes);
        }
        let report = self.report(&request_id, duration, peak_bytes);
        Ended {
            result,
            log: self.output.end(&report),
            is_usable,
        }
    }

    fn result(&self, finish: Finish, request_id: &str, timeout: Duration) -> InvocationResult {
        let failed = |payload| InvocationResult::Returned {
            function_error: Some("Unhandled".to_owned()),
            payload,
        };
        match finish {
            Finish::Answered(RuntimeAnswer::Response(payload)) => InvocationResult::Returned {
                function_error: None,
                payload,
            },
            Finish::Answered(RuntimeAnswer::Error(error)) | Finish::InitFailed(error) => failed(error),
            Finish::Answered(RuntimeAnswer::TooLarge) => too_large(),
            Finish::Exited(reason) => function_error(
                "Runtime.ExitError",
                &format!("RequestId: {request_id} Error: {reason}"),
            ),
            Finish::TimedOut => timed_out(request_id, timeout),
            Finish::OutOfMemory { resident_bytes } => {
                tracing::warn!(
                    request_id,
                    memory_mb = self.memory_limit_bytes >> 20,
                    resident_mb = resident_bytes >> 20,
                    "a function exceeded its memory, and its process was killed"
                );
                function_error(
                    "Runtime.OutOfMemory",
                    &format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed"),
                )
            }
        }
    }

    /// Returns the line by which Lambda reports an invocation.
    fn report(&mut self, request_id: &str, duration: Duration, peak_bytes: u64) -> String {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1_000.0;
        let init = self.init_duration.take();
        let billed = milliseconds(duration + init.unwrap_or_default()).ceil();
        let init = init.map_or(String::new(), |init| {
            format!("\tInit Duration: {:.2} ms", milliseconds(init))
        });
        format!(
            "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {} MB\tMax Memory Used: {} MB{init}\t",
            milliseconds(duration),
            self.memory_limit_bytes >> 20,
            peak_bytes >> 20,
        )
    }
}

/// Waits until a process and its descendants occupy more than `limit_bytes`, and returns the memory that they occupied then. `peak_bytes`
/// is the most that was seen.
async fn exceeds(process: Pid, limit_bytes: u64, peak_bytes: &mut u64) -> u64 {
    loop {
        Clock::within_real_time(MEMORY_INTERVAL, pending::<()>()).await;
        let Some(bytes) = resident_bytes(process) else {
            // Without /proc there is no limit, as the documentation says.
            continue;
        };
        *peak_bytes = (*peak_bytes).max(bytes);
        if bytes > limit_bytes {
            return bytes;
        }
    }
}
