//! The `esmeralda` command.

mod args;
mod config_file;
mod demo;
mod memory_limit;
mod serve;

use args::{Cli, Command};
use clap::Parser;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot start the runtime: {error}")),
    };
    let outcome = match cli.command {
        None => logged("info", || runtime.block_on(serve::run(cli.serve))),
        Some(Command::Serve(serve)) => logged("info", || runtime.block_on(serve::run(*serve))),
        Some(Command::Demo(demo)) => logged("warn", || runtime.block_on(demo::run(demo))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(&message),
    }
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
