//! The product's binary, built with the profile that this test binary was built with.
//!
//! The test of another crate has no `CARGO_BIN_EXE_...`, and `cargo test --workspace` does not build the binary, so an existing one may be
//! stale. Therefore cargo is run to build it, and the path that cargo prints is used.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Builds the binary and returns its path.
///
/// # Errors
/// A sentence with the cargo command and its failure.
pub fn build(target_dir: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The whole workspace and a test (this one, which is built already) are named so that cargo unifies the same features as
    // `cargo test --workspace` and does not rebuild dependencies with fewer.
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
            "cannot build the product: {command:?} ended with {}",
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

/// Returns the arguments for the profile of this binary: the directory that it is in, below `target_dir` or a target triple there.
fn profile_arguments(target_dir: &Path) -> Result<Vec<String>, String> {
    let own =
        std::env::current_exe().map_err(|error| format!("cannot find the path of this binary: {error}"))?;
    let below = own.strip_prefix(target_dir).map_err(|_| {
        format!(
            "invalid path {} of this binary: must be below {}",
            own.display(),
            target_dir.display()
        )
    })?;
    let directories: Vec<String> = below
        .iter()
        .map(|directory| directory.to_string_lossy().into_owned())
        .collect();
    // PROFILE/deps/NAME or TRIPLE/PROFILE/deps/NAME
    let (triple, profile) = match directories.as_slice() {
        [profile, _, _] => (None, profile),
        [triple, profile, _, _] => (Some(triple), profile),
        _ => {
            return Err(format!(
                "invalid path {} of this binary: must be PROFILE/deps/NAME or TRIPLE/PROFILE/deps/NAME",
                own.display()
            ));
        }
    };
    // Only the directory of the profile `dev` has another name.
    let profile = if profile == "debug" { "dev" } else { profile };
    let mut arguments = vec!["--profile".to_owned(), profile.to_owned()];
    if let Some(triple) = triple {
        arguments.extend(["--target".to_owned(), triple.clone()]);
    }
    Ok(arguments)
}
