//! The product as a command that ends by itself, such as `simulate`.

use std::process::Command;

use crate::context::Context;
use crate::process::Process;

/// How the product ended, and what it said about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// All that it wrote to stderr.
    pub stderr: String,
}

/// Runs the product with `arguments` to its end; `label` names its logs.
///
/// # Panics
/// When it does not end before the case must be done.
pub fn run(context: &Context, label: &str, arguments: &[&str]) -> Ended {
    let mut command = Command::new(&context.product);
    command.args(arguments);
    let mut process = Process::start(label, &mut command, &context.log_dir);
    let status = process.wait(context.deadline).code();
    Ended {
        status,
        stderr: process.stderr(),
    }
}
