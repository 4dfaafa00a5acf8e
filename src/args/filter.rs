//! The options of `filter`.

use clap::Args;

/// The options of `filter`.
#[derive(Clone, Debug, Args)]
pub(crate) struct FilterArgs {
    /// Pattern of a filter, as in FilterCriteria. A record passes if one of several patterns matches
    #[arg(value_name = "PATTERN", required = true)]
    pub(crate) patterns: Vec<String>,
}
