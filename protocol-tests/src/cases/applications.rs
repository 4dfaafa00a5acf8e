//! Kafka's own applications: MirrorMaker 2.

use crate::case::Case;
use crate::context::Context;
use crate::setup::Toolchain;

mod mirror;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "mirrormaker",
        "copies_records_and_offsets_from_one_cluster_to_another",
        &[Toolchain::KafkaTests],
        mirror::two_clusters,
    )]
}

/// Writes a properties file into the case's directory and returns its path.
fn properties(context: &Context, name: &str, lines: &[(&str, &str)]) -> String {
    let path = context.log_dir.join(name);
    let text: String = lines
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    std::fs::write(&path, text).expect("the case's directory is writable");
    path.to_str().expect("a path in UTF-8").to_owned()
}
