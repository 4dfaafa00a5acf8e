//! The `esmeralda` command.

mod args;
mod commands;
mod config_file;
mod memory_limit;

use args::{Cli, Command};
use clap::Parser;
use commands::{demo, filter, import, plan, serve, simulate};
use std::future::Future;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => logged(LevelFilter::INFO, || in_real_time(serve::run(cli.serve))),
        Some(Command::Serve(serve)) => logged(LevelFilter::INFO, || in_real_time(serve::run(*serve))),
        // Its intervals are scaled below what the engine warns of, and warnings would stand between the lines that it draws.
        Some(Command::Demo(demo)) => logged(LevelFilter::ERROR, || in_real_time(demo::run(demo))),
        // Simulations run on runtimes of their own, with a paused clock.
        Some(Command::Simulate(simulate)) => logged(LevelFilter::ERROR, || simulate::run(&simulate)),
        Some(Command::Plan(plan)) => logged(LevelFilter::ERROR, || plan::run(&plan)),
        Some(Command::Filter(filter)) => logged(LevelFilter::ERROR, || filter::run(&filter)),
        Some(Command::Import(args)) => logged(LevelFilter::ERROR, || import::run(&args)),
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

/// Runs a command with logs on stderr, from `default_level` on unless `RUST_LOG` says otherwise.
fn logged(default_level: LevelFilter, run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry()
        .with(log_targets(&wanted, default_level)?)
        .with(to_stderr)
        .init();
    run()
}

/// Reads RUST_LOG's value: a level, or levels by target. An empty value means `default_level`.
fn log_targets(wanted: &str, default_level: LevelFilter) -> Result<Targets, String> {
    if wanted.trim().is_empty() {
        return Ok(Targets::new().with_default(default_level));
    }
    wanted.parse().map_err(|error| {
        format!(
            "RUST_LOG={wanted}: {error}; must be a level (off, error, warn, info, debug, trace) or levels by target, such as \
             warn,esmeralda_broker=debug"
        )
    })
}

fn failed(message: &str) -> ExitCode {
    eprintln!("esmeralda: {message}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn rust_log_is_a_level_or_levels_by_target() {
        let is_on = |wanted: &str, target: &str, level: Level| {
            log_targets(wanted, LevelFilter::INFO)
                .unwrap()
                .would_enable(target, &level)
        };
        assert!(is_on("", "esmeralda_broker", Level::INFO));
        assert!(!is_on(" ", "esmeralda_broker", Level::DEBUG));
        assert!(is_on("debug", "esmeralda_esm::fleet", Level::DEBUG));
        assert!(is_on(
            "warn,esmeralda_broker=debug",
            "esmeralda_broker::server",
            Level::DEBUG
        ));
        assert!(!is_on(
            "warn,esmeralda_broker=debug",
            "esmeralda_esm",
            Level::INFO
        ));
        let error = log_targets("esmeralda=loud", LevelFilter::INFO).unwrap_err();
        assert!(error.starts_with("RUST_LOG=esmeralda=loud: "), "{error}");
        assert!(error.ends_with("such as warn,esmeralda_broker=debug"), "{error}");
    }
}
