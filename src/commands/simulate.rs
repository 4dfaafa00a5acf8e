//! `esmeralda simulate`: runs a scenario in virtual time and reports how its mappings scaled.

use super::progress;
use super::report_file::ReportFile;
use crate::args::{PayloadsArg, RunArgs, SimulateArgs};
use esmeralda::esm::Payloads;
use esmeralda::simulate::{
    ReportDetail, RunSettings, Scenario, report_html, report_json, report_table, with_published,
};

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
    let json = args.json.as_deref().map(ReportFile::open).transpose()?;
    let html = args.html.as_deref().map(ReportFile::open).transpose()?;
    let outcome = match progress::simulate(&scenario, settings) {
        Ok(outcome) if args.reference => with_published(outcome),
        Ok(outcome) => outcome,
        Err(error) => {
            json.into_iter().chain(html).for_each(ReportFile::discard);
            return Err(error);
        }
    };
    show(&report_table(&outcome), json.iter().chain(&html));
    let detail = match args.whole_trace {
        true => ReportDetail::Whole,
        false => ReportDetail::Short,
    };
    if let Some(file) = json {
        file.write(&report_json(&outcome, detail))?;
    }
    match html {
        Some(file) => file.write(&report_html(&outcome)),
        None => Ok(()),
    }
}

/// Prints the text for people: to standard error if a report goes to standard output.
pub(super) fn show<'a>(text: &str, files: impl IntoIterator<Item = &'a ReportFile>) {
    if files.into_iter().any(ReportFile::is_stdout) {
        eprint!("{text}");
    } else {
        print!("{text}");
    }
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
