//! The surroundings of a running case.

use std::path::PathBuf;
use std::time::Instant;

use crate::setup::Setup;

/// The product, the clients and the deadline of a case.
pub struct Context {
    /// The product's binary.
    pub product: PathBuf,
    /// The directories that the clients are set up in.
    pub setup: Setup,
    /// The case's own directory, for the output of its processes.
    pub log_dir: PathBuf,
    /// The time by which the case must be done, a little before its processes are killed.
    pub deadline: Instant,
}
