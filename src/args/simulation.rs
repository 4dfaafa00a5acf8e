//! The options of `simulate` and `plan`.

use super::scaling::ScalingArgs;
use super::values::{ByteSize, seconds, small_number, whole_number};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// The options of `simulate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Scenario: a TOML file with topics, their workload, functions and variants of a mapping
    #[arg(
        value_name = "SCENARIO",
        required_unless_present = "reference",
        conflicts_with = "reference"
    )]
    pub(crate) scenario: Option<PathBuf>,
    /// Run the workload of AWS's announcement of provisioned mode, and compare with the figures that AWS published
    #[arg(long)]
    pub(crate) reference: bool,
    /// Write the outcome, with its inputs and the trace, as JSON; `-` writes it to standard output,
    /// and the table to standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write every second and every evaluation to the JSON. Without it they are put together as far
    /// as it takes to keep the file below 2 MB
    #[arg(long, requires = "json")]
    pub(crate) whole_trace: bool,
    /// Write an HTML page with the figures and graphs
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Build the events, or compute only their sizes
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PayloadsArg::Built)]
    pub(crate) payloads: PayloadsArg,
    /// Seed of all randomness [default: the scenario's]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
}

/// The options of `plan`.
///
/// All of AWS's limits are checked where the settings are laid out.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlanArgs {
    /// Scenario: a TOML file as for `simulate`. Each setting runs, and is charged, for its run_for_s;
    /// without run_for_s, until the last record has arrived and --within has passed
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Longest time that a record may wait between arrival and commit; for a backlog, the time to drain it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) within: Duration,
    /// Variant of the scenario whose other members all settings share [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Values of MinimumPollers to try [default: 1, 2, 5, 10, 20, 50, 100, 200, up to the number of
    /// partitions, and that number]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = whole_number(0..=u32::MAX))]
    pub(crate) minimum: Vec<u32>,
    /// Values of MaximumPollers to try [default: 10, 20, 50 and 100 above the minimum and below the number
    /// of partitions, and AWS's default of 200]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = whole_number(0..=u32::MAX))]
    pub(crate) maximum: Vec<u32>,
    /// Values of BatchSize to try [default: the scenario's]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = whole_number(0..=u32::MAX))]
    pub(crate) batch_size: Vec<u32>,
    /// Values of MaximumBatchingWindowInSeconds to try [default: the scenario's]
    #[arg(long, value_name = "SECONDS,...", value_delimiter = ',', value_parser = whole_number(0..=u32::MAX))]
    pub(crate) window: Vec<u32>,
    /// Write every setting with its figures as JSON; `-` writes it to standard output, and the plan to
    /// standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
}

/// The options of every simulation.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Number of variants that run at once; the result does not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = small_number(1..=1_024))]
    pub(crate) threads: Option<u16>,
    /// Limit of the memory for the records and events of one variant [default: 16G]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
}

/// The value of `--payloads`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PayloadsArg {
    /// Build the events that Lambda sends; the simulated function reads and checks them
    Built,
    /// Compute only their sizes; faster
    Measure,
}

#[cfg(test)]
mod tests {
    use crate::args::{Cli, Command};
    use clap::Parser as _;
    use std::time::Duration;

    #[test]
    fn what_a_plan_tries_is_listed_by_commas() {
        let typed =
            "esmeralda plan a.toml --within 60 --minimum 1,2 --maximum 5 --batch-size 10,100 --window 0,1";
        let Some(Command::Plan(plan)) = Cli::try_parse_from(typed.split(' '))
            .expect("it is right")
            .command
        else {
            panic!("a plan was asked for");
        };
        assert_eq!(plan.within, Duration::from_secs(60));
        let lists = [&plan.minimum, &plan.maximum, &plan.batch_size, &plan.window];
        assert_eq!(lists, [&vec![1, 2], &vec![5], &vec![10, 100], &vec![0, 1]]);
    }
}
