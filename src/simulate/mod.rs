//! Simulation in virtual time: scenarios, their runs, and the reports of them.

mod outcome;
pub mod plan;
mod reference;
pub mod report;
mod run;
pub mod scenario;
pub mod workload;

pub use outcome::{Bounds, Published, SimulationOutcome, VariantOutcome};
pub use reference::with_published;
pub use run::{Progress, RunSettings, SimulationError, simulate};
