//! The commands, one file each.

pub(crate) mod demo;
mod progress;
pub(crate) mod serve;
pub(crate) mod simulate;
