//! The surroundings of a running case.

use std::path::PathBuf;
use std::time::Instant;

use crate::setup::Setup;

/// The product, the clients and the time that a case has.
pub struct Context {
    /// The product's binary.
    pub product: PathBuf,
    /// The folders that the clients are set up in.
    pub setup: Setup,
    /// A directory of the case's own, for the output of its processes.
    pub log_dir: PathBuf,
    /// The moment by which the case must be done, a little before its processes are ended.
    pub deadline: Instant,
}
