//! Simulation in virtual time: scenarios, their runs, and the reports of them.

mod outcome;
pub mod report;
pub mod scenario;
pub(crate) mod virtual_time;
pub mod workload;

pub use outcome::{Bounds, Published, SimulationOutcome, VariantOutcome};
