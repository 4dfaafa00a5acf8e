//! The `esmeralda` command.

mod args;
mod commands;
mod config_file;
mod memory_limit;

use args::{Cli, Command};
use clap::Parser;
use commands::{demo, plan, serve, simulate};
use std::future::Future;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => logged("info", || in_real_time(serve::run(cli.serve))),
        Some(Command::Serve(serve)) => logged("info", || in_real_time(serve::run(*serve))),
        Some(Command::Demo(demo)) => logged("warn", || in_real_time(demo::run(demo))),
        // Virtual time has runtimes of its own.
        Some(Command::Simulate(simulate)) => logged("error", || simulate::run(&simulate)),
        Some(Command::Plan(plan)) => logged("error", || plan::run(&plan)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(&message),
    }
}

fn in_real_time(command: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(command)
}

/// Logs go to stderr; `RUST_LOG` overrides `default_level`.
fn logged<T>(default_level: &str, run: impl FnOnce() -> T) -> T {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    run()
}

fn failed(message: &str) -> ExitCode {
    eprintln!("esmeralda: {message}");
    ExitCode::FAILURE
}
