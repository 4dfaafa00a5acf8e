//! Releases of Apache's own client against clusters that pass for releases of Kafka (`--as-version`).

use crate::case::Case;
use crate::context::Context;
use crate::process::Process;
use crate::server::Server;
use crate::setup::{JAVA_RELEASES, Toolchain};

/// The releases that a cluster passes for.
const CLUSTERS: [&str; 4] = ["2.8", "3.9", "4.1", "4.4"];

pub(super) fn cases() -> Vec<Case> {
    let sentence = "of_every_release_produces_and_consumes_at_a_cluster_of_every_release";
    vec![Case::with("java", sentence, &[Toolchain::Java], every_pair)]
}

fn every_pair(context: &Context) {
    let servers: Vec<_> = CLUSTERS
        .iter()
        .map(|release| Server::start(context, &["--as-version", release]))
        .collect();
    for release in JAVA_RELEASES {
        // One virtual machine visits all clusters: its start takes longest.
        let mut command = context.setup.java_release(release, "Releases");
        command
            .arg(release)
            .args(servers.iter().map(|server| &server.bootstrap_servers));
        let name = format!("java-{release}");
        let visits = Process::start(&name, &mut command, &context.log_dir).finish(context.deadline);
        assert_eq!(visits.len(), CLUSTERS.len(), "{release}: {visits:?}");
        for visit in &visits {
            assert_eq!(
                (visit["release"].as_str(), visit["topics"].as_i64()),
                (Some(*release), Some(1))
            );
        }
    }
}
