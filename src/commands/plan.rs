//! `esmeralda plan`: finds the cheapest setting of a mapping that drains a scenario in time.

use super::progress;
use super::report_file::ReportFile;
use super::simulate::{settings, show};
use crate::args::{PayloadsArg, PlanArgs};
use esmeralda::simulate::{Plan, PlanRequest, Scenario, SettingGrid, plan_json, plan_text};

/// Tries the settings, prints the plan, and writes the report if it was asked for.
///
/// # Errors
/// A sentence with what is wrong and what is allowed.
pub(crate) fn run(args: &PlanArgs) -> Result<(), String> {
    let mut scenario = Scenario::read(&args.scenario).map_err(|error| error.to_string())?;
    scenario.scaling = args.scaling.apply(scenario.scaling)?;
    let plan = Plan::new(scenario, &request(args)).map_err(|error| error.to_string())?;
    // A plan needs figures only, and a run that only measures its events takes a quarter of the time.
    let settings = settings(&args.run, PayloadsArg::Measure);
    let json = args.json.as_deref().map(ReportFile::open).transpose()?;
    let outcome = match progress::plan(&plan, settings) {
        Ok(outcome) => outcome,
        Err(error) => {
            json.into_iter().for_each(ReportFile::discard);
            return Err(error);
        }
    };
    show(&plan_text(&outcome), &json);
    match json {
        Some(file) => file.write(&plan_json(&outcome)),
        None => Ok(()),
    }
}

fn request(args: &PlanArgs) -> PlanRequest {
    PlanRequest {
        within: args.within,
        variant: args.variant.clone(),
        grid: SettingGrid {
            minimums: args.minimum.clone(),
            maximums: args.maximum.clone(),
            batch_sizes: args.batch_size.clone(),
            windows_s: args.window.clone(),
        },
    }
}
