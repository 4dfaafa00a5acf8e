//! The commands, one file each.

pub(crate) mod demo;
pub(crate) mod filter;
pub(crate) mod import;
pub(crate) mod plan;
mod progress;
mod report_file;
pub(crate) mod serve;
mod signals;
pub(crate) mod simulate;
