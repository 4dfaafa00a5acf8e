//! `esmeralda simulate`: runs a scenario in virtual time and reports how its mappings scaled.

use super::progress;
use crate::args::{PayloadsArg, RunArgs, SimulateArgs};
use esmeralda::esm::Payloads;
use esmeralda::simulate::{RunSettings, Scenario, report_html, report_json, report_table, with_published};
use std::path::Path;

/// Runs the scenario, prints the table, and writes the reports that were asked for.
///
/// # Errors
/// A sentence with what is wrong and what is allowed.
pub(crate) fn run(args: &SimulateArgs) -> Result<(), String> {
    let mut scenario = match &args.scenario {
        Some(path) => Scenario::read(path).map_err(|error| error.to_string())?,
        None => Scenario::reference(),
    };
    scenario.scaling = args.scaling.apply(scenario.scaling)?;
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    let settings = settings(&args.run, args.payloads);
    let mut outcome = progress::simulate(&scenario, settings)?;
    if args.reference {
        outcome = with_published(outcome);
    }
    print!("{}", report_table(&outcome));
    let files = [(&args.json, report_json as fn(_) -> _), (&args.html, report_html)];
    for (path, report) in files {
        if let Some(path) = path {
            write(path, &report(&outcome))?;
        }
    }
    Ok(())
}

/// Returns the settings of a run, with the options that were given.
pub(super) fn settings(args: &RunArgs, payloads: PayloadsArg) -> RunSettings {
    let defaults = RunSettings::default();
    RunSettings {
        payloads: match payloads {
            PayloadsArg::Built => Payloads::Built,
            PayloadsArg::Measure => Payloads::Measured,
        },
        threads: args.threads.map_or(defaults.threads, usize::from),
        memory_limit_bytes: args
            .memory_limit
            .map_or(defaults.memory_limit_bytes, |size| size.0),
    }
}

/// Writes a report, and prints where.
pub(super) fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    println!("Written: {}", path.display());
    Ok(())
}
