//! The options of `import`.

use super::values::{Property, given_once};
use clap::Args;
use esmeralda::import::ImportSettings;
use std::path::PathBuf;

/// The options of `import`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// A SAM or CloudFormation template in YAML or JSON, such as CDK's output; a plan of `terraform show -json`; or a serverless.yml
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only check: write no configuration, and fail if AWS would refuse a mapping
    #[arg(long, conflicts_with = "output")]
    pub(crate) check: bool,
    /// Value of a parameter, a resource's attribute or a variable that the file does not decide; repeatable. The error about one has its
    /// name
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) values: Vec<Property>,
    /// URL at which the functions are invoked; without one they are declared as simulated
    #[arg(long, value_name = "URL")]
    pub(crate) lambda_endpoint: Option<String>,
}

impl ImportArgs {
    /// Returns the settings.
    ///
    /// # Errors
    /// A sentence if a value is given twice.
    pub(crate) fn settings(&self) -> Result<ImportSettings, String> {
        Ok(ImportSettings {
            values: given_once("--set", &self.values)?,
            lambda_endpoint: self.lambda_endpoint.clone(),
        })
    }
}
