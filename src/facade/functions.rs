//! The functions of an instance: closures, endpoints of the Lambda Invoke API, commands, and simulated functions.

use super::{Esmeralda, FunctionError};
use bytes::Bytes;
use esmeralda_broker::Entropy;
use esmeralda_esm::invoker::{
    ClosureInvoker, CommandFunction, CommandInvoker, HttpInvoker, SimulatedFunction, SimulatedInvoker,
};
use esmeralda_esm::{FunctionLimits, Invoker};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

impl Esmeralda {
    /// Registers an async closure as the function `name`. It takes the event's JSON, and returns the response or an error, whose text is
    /// the function's error message.
    pub fn register_function<F, A, R, E>(&self, name: &str, function: F)
    where
        F: Fn(Bytes) -> A + Send + Sync + 'static,
        A: Future<Output = Result<R, E>> + Send + 'static,
        R: Into<Bytes>,
        E: fmt::Display,
    {
        self.functions
            .register(name, Arc::new(ClosureInvoker::new(function)));
    }

    /// Registers the Lambda Invoke API at `endpoint` as the function `name`, with the timeout of [`Options`](super::Options) and without
    /// a limit of concurrency.
    ///
    /// # Errors
    /// [`FunctionError`] if `endpoint` is not a plain http URL, and in virtual time.
    pub fn register_http_function(&self, name: &str, endpoint: &str) -> Result<(), FunctionError> {
        let limits = FunctionLimits {
            timeout: self.function_timeout,
            concurrency: None,
        };
        self.register_limited_http_function(name, endpoint, limits)
    }

    /// Registers the Lambda Invoke API at `endpoint` as the function `name`, with `limits`.
    ///
    /// # Errors
    /// [`FunctionError`] if `endpoint` is not a plain http URL, and in virtual time.
    pub fn register_limited_http_function(
        &self,
        name: &str,
        endpoint: &str,
        limits: FunctionLimits,
    ) -> Result<(), FunctionError> {
        self.check_real_time(name, "an http")?;
        let invoker = HttpInvoker::new(endpoint, limits, self.entropy.clone())?;
        self.functions.register(name, Arc::new(invoker));
        Ok(())
    }

    /// Registers a command of this machine as the function of its name. Its processes speak Lambda's Runtime API.
    ///
    /// # Errors
    /// [`FunctionError`] if the command is empty or its directory does not exist, and in virtual time.
    pub fn register_command_function(&self, function: CommandFunction) -> Result<(), FunctionError> {
        let name = function.name.clone();
        self.check_real_time(&name, "a command")?;
        if function.command.is_empty() {
            return Err(FunctionError::EmptyCommand { name });
        }
        if let Some(directory) = function.directory.clone().filter(|directory| !directory.is_dir()) {
            return Err(FunctionError::NoDirectory { name, directory });
        }
        let invoker = CommandInvoker::new(function, self.command_host.clone());
        self.functions.register(&name, Arc::new(invoker));
        Ok(())
    }

    fn check_real_time(&self, name: &str, kind: &'static str) -> Result<(), FunctionError> {
        if !self.is_virtual {
            return Ok(());
        }
        Err(FunctionError::InVirtualTime {
            name: name.to_owned(),
            kind,
        })
    }

    /// Registers a simulated function as the function `name`. `seed` decides which invocations fail and how long they take.
    pub fn register_simulated_function(&self, name: &str, function: SimulatedFunction, seed: u64) {
        let invoker = SimulatedInvoker::new(function, self.clock.clone(), Entropy::from_seed(seed));
        self.functions.register(name, Arc::new(invoker));
    }

    /// Registers `invoker` as the function `name`.
    pub fn register_invoker(&self, name: &str, invoker: Arc<dyn Invoker>) {
        self.functions.register(name, invoker);
    }
}
