//! The product as a process: one per case, on free ports.
//!
//! Owns how it is started, when it is ready and how it ends.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::process::Process;

/// A running product.
pub struct Server {
    process: Process,
    /// What clients get as `bootstrap.servers`: one address per broker, joined by commas.
    pub bootstrap_servers: String,
    /// The address of the HTTP surfaces, `http://HOST:PORT`.
    pub http: String,
}

impl Server {
    /// Starts the product with `arguments` beside those that give it free ports, and waits until it says it is ready.
    ///
    /// # Panics
    /// When it ends first, or is not ready within ten seconds.
    pub fn start(context: &Context, arguments: &[&str]) -> Server {
        let mut command = Command::new(&context.product);
        command
            .args(["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .args(arguments);
        let mut process = Process::start("esmeralda", &mut command, &context.log_dir);
        let ready = process.expect("ready", Instant::now() + Duration::from_secs(10));
        let text = |member: &str| {
            ready[member]
                .as_str()
                .unwrap_or_else(|| panic!("the ready line has no {member}: {ready}"))
                .to_owned()
        };
        Server {
            bootstrap_servers: text("bootstrap_servers"),
            http: text("http"),
            process,
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// Asks it to stop, as Ctrl-C at a terminal would.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// The status that it has ended with; `None` while it runs.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.process.status()
    }

    /// The status that it ends with.
    ///
    /// # Panics
    /// When it does not end until `deadline`.
    pub fn wait(&mut self, deadline: Instant) -> ExitStatus {
        self.process.wait(deadline)
    }

    /// Asks it to stop and waits for an orderly end.
    ///
    /// # Panics
    /// When it ends with a status other than 0, or does not end within ten seconds.
    pub fn stop(mut self) {
        self.process.terminate();
        let status = self.process.wait(Instant::now() + Duration::from_secs(10));
        assert!(
            status.success(),
            "the product ended with {status} when it was asked to stop"
        );
    }
}
