//! The command line: its commands, and the options of each in a file of their own.

mod demo;
mod destinations;
mod filter;
mod import;
mod scaling;
mod serve;
mod simulation;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use demo::DemoArgs;
pub(crate) use filter::FilterArgs;
pub(crate) use import::ImportArgs;
pub(crate) use serve::ServeArgs;
pub(crate) use simulation::{PayloadsArg, PlanArgs, RunArgs, SimulateArgs};

use clap::{Parser, Subcommand};

/// Kafka in memory, with AWS Lambda's Kafka event source mapping built in.
#[derive(Debug, Parser)]
#[command(
    name = "esmeralda",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// The command; `serve` if none is given.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The options of `serve`, the default command.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a cluster, the Lambda API for mappings, and the engine (the default)
    Serve(Box<ServeArgs>),
    /// Show a spike of records drain through three ways of scaling, in half a minute
    Demo(DemoArgs),
    /// Simulate how mappings scale, in virtual time
    Simulate(Box<SimulateArgs>),
    /// Find the cheapest pollers, batch size and window that drain a scenario in time
    Plan(Box<PlanArgs>),
    /// Say for each line of standard input, as the value of a record, whether filters let it pass, and why
    Filter(FilterArgs),
    /// Turn a template of SAM, CloudFormation, CDK, Terraform or the Serverless Framework into a config file
    Import(ImportArgs),
}
