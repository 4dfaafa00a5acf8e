//! `esmeralda serve`: starts everything, creates what the config file declares, prints the ready line, and stops in order.

use super::signals::Signals;
use crate::args::ServeArgs;
use crate::config_file::ConfigFile;
use crate::memory_limit;
use esmeralda::declarations::FunctionEntry;
use esmeralda::esm::cloudwatch::LogSink;
use esmeralda::esm::invoker::CommandFunction;
use esmeralda::esm::{FunctionLimits, ProfileName};
use esmeralda::{Esmeralda, NewMapping, NewTopic, Options, OtlpOptions, StartError};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::{info, warn};

/// Runs until a signal, then stops in order.
///
/// # Errors
/// A sentence with what is wrong and what is allowed.
pub(crate) async fn run(args: ServeArgs) -> Result<(), String> {
    let file = match &args.config {
        Some(path) => ConfigFile::read(path).map_err(|error| error.to_string())?,
        None => ConfigFile::default(),
    };
    // Before the start, so that a signal meanwhile is not lost.
    let mut signals = Signals::new()?;
    let esmeralda = Esmeralda::start_with(options(&args, &file)?)
        .await
        .map_err(|error| explain(&error, &args))?;
    let settings = FunctionSettings::of(&args);
    tokio::select! {
        biased;
        () = signals.next() => return Ok(()),
        declared = declare(&esmeralda, &file, &settings) => declared?,
    }
    // Before the ready line, so that a program that has read it finds /healthz at 200.
    esmeralda.set_ready();
    announce(&esmeralda);

    signals.next().await;
    info!(
        timeout_s = args.shutdown_timeout,
        "stopping: in-flight invocations finish; a second signal ends at once"
    );
    tokio::select! {
        biased;
        () = signals.next() => warn!("stopped at once by a second signal"),
        () = esmeralda.stop(args.shutdown_timeout()) => info!("stopped"),
    }
    Ok(())
}

fn options(args: &ServeArgs, file: &ConfigFile) -> Result<Options, String> {
    Ok(Options {
        kafka: args.broker_addresses()?.iter().map(ToString::to_string).collect(),
        cluster_id: args.cluster_id.clone(),
        release: args.as_version.into(),
        unknown_until_created: args.unknown_until_created,
        producer_ids_from_zero: args.producer_ids_from_zero,
        racks: args.broker_racks()?,
        advertised: args.advertised()?,
        http: Some(args.http.to_string()),
        properties: args.properties()?,
        memory_limit_bytes: args
            .memory_limit
            .map_or_else(memory_limit::default_bytes, |size| size.0),
        spare_memory_bytes: args.spare_memory.0,
        lambda_endpoint: args.lambda_endpoint.clone(),
        secrets: file.secrets(),
        lambda_concurrency: args.lambda_concurrency,
        function_timeout: args.function_timeout(),
        destinations: args.destinations.apply(file.destinations.clone()),
        create_functions: args.create_functions.into(),
        scaling: args.scaling.apply(file.scaling(ProfileName::Instant))?.profile,
        time_scale: args.time_scale,
        system_log: args.system_log.as_deref().map(system_log).transpose()?,
        transition_delay: Duration::from_millis(args.transition_delay_ms.into()),
        account_id: args.account_id.clone(),
        region: args.region.clone(),
        credentials: [file.credentials(), args.credentials.clone()].concat(),
        otlp: OtlpOptions::from_environment(|name| std::env::var(name).ok())
            .map_err(|error| error.to_string())?,
        ..Options::default()
    })
}

/// The settings of functions for which the config file does not say them.
pub(super) struct FunctionSettings {
    timeout: Duration,
    /// The directory of the config file, which the directories of commands are relative to. It is absolute, because a process is told it.
    directory: PathBuf,
}

impl FunctionSettings {
    pub(super) fn of(args: &ServeArgs) -> Self {
        let file = args.config.as_deref().unwrap_or(Path::new(""));
        let directory = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        Self {
            timeout: args.function_timeout(),
            directory: directory.parent().map(Path::to_owned).unwrap_or_default(),
        }
    }
}

/// Opens the file of `--system-log`.
///
/// # Errors
/// A sentence if it cannot be opened.
fn system_log(path: &Path) -> Result<LogSink, String> {
    if path == Path::new("-") {
        return Ok(LogSink::new(|line| {
            // As for the ready line, a closed stdout is no reason to stop serving.
            let _ = writeln!(std::io::stdout(), "{line}");
        }));
    }
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.map_err(|error| format!("--system-log {}: {error}", path.display()))?;
    Ok(LogSink::new(move |line| {
        // One write for each line, so that lines of several threads do not mix.
        if let Err(error) = (&file).write_all(format!("{line}\n").as_bytes()) {
            warn!(%error, "an event of a system log was not written");
        }
    }))
}

/// Adds to an error the option that causes or solves it.
fn explain(error: &StartError, args: &ServeArgs) -> String {
    match error {
        StartError::Broker(esmeralda::broker::StartError::Bind { .. }) => {
            format!("{error}; choose another with --kafka HOST:PORT (port 0 takes a free one)")
        }
        StartError::Http { .. } => {
            format!("{error}; choose another with --http HOST:PORT (port 0 takes a free one)")
        }
        StartError::Endpoint(error) => format!("--lambda-endpoint: {error}"),
        StartError::Broker(esmeralda::broker::StartError::Config(_)) if !args.properties.is_empty() => {
            format!("{error} (given with --set)")
        }
        other => other.to_string(),
    }
}

/// Creates what the config file declares, and returns when all its mappings run.
pub(super) async fn declare(
    esmeralda: &Esmeralda,
    file: &ConfigFile,
    settings: &FunctionSettings,
) -> Result<(), String> {
    for topic in &file.topics {
        let new = NewTopic {
            name: topic.name.clone(),
            partitions: topic.partitions,
            configs: topic.configs.clone(),
        };
        let created = esmeralda.create_topic(new).await;
        created.map_err(|error| format!("topic `{}` of the config file: {error}", topic.name))?;
    }
    for function in &file.functions {
        register(esmeralda, function, settings)
            .map_err(|error| format!("function `{}` of the config file: {error}", function.name()))?;
    }
    for (place, mapping) in file.mappings.iter().enumerate() {
        let new = NewMapping::from_members(mapping.0.clone());
        let created = esmeralda.create_mapping(new).await;
        created.map_err(|error| format!("mapping {} of the config file: {error}", place + 1))?;
    }
    Ok(())
}

fn register(
    esmeralda: &Esmeralda,
    function: &FunctionEntry,
    settings: &FunctionSettings,
) -> Result<(), String> {
    let limits = |timeout: Option<Duration>, concurrency| FunctionLimits {
        timeout: timeout.unwrap_or(settings.timeout),
        concurrency,
    };
    match function {
        FunctionEntry::Http {
            name,
            endpoint,
            timeout,
            concurrency,
        } => {
            let limits = limits(*timeout, *concurrency);
            let registered = esmeralda.register_limited_http_function(name, endpoint, limits);
            registered.map_err(|error| error.to_string())
        }
        FunctionEntry::Command { name, command } => {
            let function = CommandFunction {
                name: name.clone(),
                command: command.command.clone(),
                directory: Some(match &command.directory {
                    Some(directory) => settings.directory.join(directory),
                    None => settings.directory.clone(),
                }),
                environment: command.environment.clone(),
                handler: command.handler.clone(),
                memory_mb: command.memory_mb,
                limits: limits(command.timeout, command.concurrency),
            };
            let registered = esmeralda.register_command_function(function);
            registered.map_err(|error| error.to_string())
        }
        FunctionEntry::Simulated { name, function, seed } => {
            esmeralda.register_simulated_function(name, *function, *seed);
            Ok(())
        }
    }
}

/// Prints the ready line, the only line on stdout, which programs wait for.
fn announce(esmeralda: &Esmeralda) {
    let line = serde_json::json!({
        "event": "ready",
        "bootstrap_servers": esmeralda.bootstrap_servers(),
        "http": esmeralda.http_url().unwrap_or_default(),
    });
    let mut stdout = std::io::stdout();
    // A closed stdout is no reason to stop serving.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
