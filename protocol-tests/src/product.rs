//! The product's binary, built with the profile that this test binary was built with.
//!
//! Another crate's test has no `CARGO_BIN_EXE_...`, and `cargo test --workspace` does not build the binary: a stale one may
//! be lying there. So cargo is asked to build it, and the path that cargo prints is the one that is run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Builds the binary and returns its path.
///
/// # Errors
/// A sentence that says what cargo could not do.
pub fn build(target_dir: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The whole workspace, and a test (this one, which is built already): the features are then those that
    // `cargo test --workspace` has unified, and what it has built is not built again with fewer.
    command
        .args(["build", "--workspace", "--bin", "esmeralda", "--test", "clients"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(target_dir)
        .args(profile_arguments(target_dir)?)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "the product does not build: {command:?} ended with {}",
            output.status
        ));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "esmeralda")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("{command:?} printed no path of an executable"))
}

/// The profile is the directory below `target_dir` (or below a target triple there) that this binary lies in.
fn profile_arguments(target_dir: &Path) -> Result<Vec<String>, String> {
    let own = std::env::current_exe().map_err(|error| format!("this binary has no path: {error}"))?;
    let below = own
        .strip_prefix(target_dir)
        .map_err(|_| format!("{} does not lie below {}", own.display(), target_dir.display()))?;
    let directories: Vec<String> = below
        .iter()
        .map(|directory| directory.to_string_lossy().into_owned())
        .collect();
    // PROFILE/deps/NAME or TRIPLE/PROFILE/deps/NAME
    let (triple, profile) = match directories.as_slice() {
        [profile, _, _] => (None, profile),
        [triple, profile, _, _] => (Some(triple), profile),
        _ => return Err(format!("{} does not lie where cargo puts tests", own.display())),
    };
    // The directory of the profile `dev` is the one that is named otherwise.
    let profile = if profile == "debug" { "dev" } else { profile };
    let mut arguments = vec!["--profile".to_owned(), profile.to_owned()];
    if let Some(triple) = triple {
        arguments.extend(["--target".to_owned(), triple.clone()]);
    }
    Ok(arguments)
}
