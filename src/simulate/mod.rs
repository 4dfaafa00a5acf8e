//! Simulation in virtual time: scenarios, their runs, the reports of a run, and plans.
//!
//! This is the front door: commands, tests and benches use the names that are exported here and nothing behind them. A [`Scenario`] is read
//! from a file, [`simulate`] runs it, and the `report_` functions write the outcome. A [`Plan`] makes a scenario out of settings to try, and
//! the `plan_` functions write its outcome.

mod error;
mod evaluation;
mod inputs;
mod limits;
mod outcome;
mod plan;
mod reference;
mod report;
mod run;
mod scenario;
mod workload;

pub use error::SimulationError;
pub use limits::RunLimit;
pub use outcome::{PollerBounds, PublishedFigures, RunEnding, SimulationOutcome, VariantOutcome};
pub use plan::{
    Plan, PlanError, PlanOutcome, PlanRequest, PlanSetting, PollerPrice, SettingGrid, TriedSetting,
    json as plan_json, text as plan_text,
};
pub use reference::with_published;
pub use report::{ReportDetail, html as report_html, json as report_json, table as report_table};
pub use run::{Progress, RunSettings, simulate};
pub use scenario::{Arrivals, FunctionScenario, RateSeries, Scenario, Skew, TopicScenario, VariantScenario};
pub use workload::{Workload, WorkloadError};
