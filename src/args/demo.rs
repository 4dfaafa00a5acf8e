//! The options of `demo`.

use super::values::whole_number;
use clap::Args;

/// The options of `demo`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Number of records in the spike
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = whole_number(1..=10_000_000))]
    pub(crate) records: u32,
    /// Speed of the engine's time relative to real time. A slow machine needs a lower one to keep pauses
    /// and evaluations on time
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = whole_number(1..=600))]
    pub(crate) time_scale: u32,
}
