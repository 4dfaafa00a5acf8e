//! The generated parts of the broker match what Apache Kafka defines: its messages and its configs.

use std::path::Path;
use std::process::Command;

use esmeralda_protocol_tests::setup::SKIP_VARIABLE;

/// The programs that the scripts need, their interpreter included.
const PROGRAMS: &[&str] = &["python3", "mvn", "java", "rustfmt"];

#[test]
fn the_shapes_and_messages_match_the_output_of_the_script() {
    check("../broker/messages/generate.py");
}

#[test]
fn the_tables_of_configs_match_the_output_of_the_script() {
    check("../broker/configs/generate.py");
}

/// Runs a script that compares what is checked in with Kafka's definitions.
fn check(script: &str) {
    if let Some(reason) = reason_to_skip() {
        eprintln!("SKIPPED: {reason}: {script} did NOT compare with Kafka's definitions");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let output = Command::new("python3")
        .arg(script)
        .arg("--check")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
}

/// Returns the reason why the scripts cannot or must not run here.
fn reason_to_skip() -> Option<String> {
    let skipped = std::env::var(SKIP_VARIABLE).unwrap_or_default();
    if skipped.split(',').any(|client| client.trim() == "java") {
        return Some(format!("{SKIP_VARIABLE} skips java, and with it Maven"));
    }
    let missing = PROGRAMS.iter().find(|program| !is_on_the_path(program))?;
    Some(format!("{missing} is not on the PATH"))
}

fn is_on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
