//! The product as a command that ends by itself, such as `simulate`.

use std::process::Command;

use crate::context::Context;
use crate::process::Process;

/// The end of a command: its exit status and its stderr.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit status; `None` if a signal ended the process.
    pub status: Option<i32>,
    /// Everything that the process wrote to stderr.
    pub stderr: String,
}

/// Runs the product with `arguments` to its end; `label` names its logs.
///
/// # Panics
/// If the product does not end before the case's deadline.
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
