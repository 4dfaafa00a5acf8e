//! Real clients of several languages against the running binary: see the crate `esmeralda_protocol_tests`.

use std::process::ExitCode;

use esmeralda_protocol_tests::{cases, clients, runner, setup};

fn main() -> ExitCode {
    // The clients that are Rust crates run as children of this binary, so that they can be killed like the others.
    if let Some(program) = std::env::var_os(setup::PROGRAM_VARIABLE) {
        return clients::run_in_this_process(&program.to_string_lossy());
    }
    runner::run(cases::all(), env!("CARGO_TARGET_TMPDIR"))
}
