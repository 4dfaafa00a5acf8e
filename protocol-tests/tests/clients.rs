//! Real clients of several languages against the running binary. The crate `esmeralda_protocol_tests` has the cases.

use std::process::ExitCode;

use esmeralda_protocol_tests::history::command;
use esmeralda_protocol_tests::{cases, clients, runner, setup};

fn main() -> ExitCode {
    // The clients in Rust run as children of this binary, so that they can be killed like the others.
    if let Some(program) = std::env::var_os(setup::PROGRAM_VARIABLE) {
        return clients::run_in_this_process(&program.to_string_lossy());
    }
    if let Some(arguments) = command::arguments() {
        return command::start(&arguments, env!("CARGO_TARGET_TMPDIR"));
    }
    runner::run(cases::all(), env!("CARGO_TARGET_TMPDIR"))
}
