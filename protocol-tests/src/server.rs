//! The product as a process: its start, its readiness and its end. Each case runs one on free ports.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::process::Process;

/// A running product.
pub struct Server {
    process: Process,
    /// The value of `bootstrap.servers` for clients: one address per broker, joined by commas.
    pub bootstrap_servers: String,
    /// The address of the HTTP surfaces, `http://HOST:PORT`.
    pub http: String,
}

impl Server {
    /// Starts the product on free ports with `arguments`, and waits until it is ready.
    ///
    /// # Panics
    /// If the product ends first, or is not ready within ten seconds.
    pub fn start(context: &Context, arguments: &[&str]) -> Server {
        Self::start_at(context, "127.0.0.1:0", arguments)
    }

    /// Starts the product with one broker that listens on `address`, and with `arguments`, and waits until it is ready.
    ///
    /// # Panics
    /// If the product ends first, or is not ready within ten seconds.
    pub fn start_at(context: &Context, address: &str, arguments: &[&str]) -> Server {
        Self::start_as("esmeralda", context, address, arguments)
    }

    /// Does the same under another name, which its logs have, for cases with several of them.
    ///
    /// # Panics
    /// If the product ends first, or is not ready within ten seconds.
    pub fn start_as(name: &str, context: &Context, address: &str, arguments: &[&str]) -> Server {
        let mut command = Command::new(&context.product);
        command
            .args(["serve", "--kafka", address, "--http", "127.0.0.1:0"])
            .args(arguments);
        let mut process = Process::start(name, &mut command, &context.log_dir);
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

    /// Returns everything that the product has logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// Sends SIGTERM, which asks the product to stop.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Returns the exit status; `None` while the product runs.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.process.status()
    }

    /// Waits for the end of the product and returns its exit status.
    ///
    /// # Panics
    /// If the product does not end before `deadline`.
    pub fn wait(&mut self, deadline: Instant) -> ExitStatus {
        self.process.wait(deadline)
    }

    /// Asks the product to stop and waits for a successful end.
    ///
    /// # Panics
    /// If the product ends with a status other than 0, or not within ten seconds.
    pub fn stop(mut self) {
        self.process.terminate();
        let status = self.process.wait(Instant::now() + Duration::from_secs(10));
        assert!(
            status.success(),
            "the product ended with {status} when it was asked to stop"
        );
    }
}
