//! The history checker's short run: clients of three languages, transactional and idempotent, while connections are cut and processes are
//! killed, stand still or are superseded.

use std::time::Duration;

use crate::case::Case;
use crate::context::Context;
use crate::history::{self, ClusterPlan, Plan};
use crate::setup::Toolchain;

const RECORD_COUNT: u64 = 100_000;

pub(super) fn cases() -> Vec<Case> {
    let sentence =
        "no_record_is_lost_or_doubled_and_no_transaction_torn_while_clients_are_killed_and_cut_off";
    let needs = [Toolchain::Java, Toolchain::Python, Toolchain::Go];
    vec![Case::with("history", sentence, &needs, short_run)]
}

fn short_run(context: &Context) {
    let plan = Plan {
        seed: fastrand::u64(..) >> 32,
        record_count: RECORD_COUNT,
        records_per_second: 4_000,
        mean_gap: Duration::from_millis(60),
        has_all_groups: false,
        cluster: ClusterPlan::Product,
    };
    println!("history: seed {}", plan.seed);
    let figures = history::run(context, &plan);
    println!("{figures}");
    assert!(figures.is_good(), "{figures}");
    // A run in which nothing happened would prove nothing.
    assert!(figures.acknowledged >= RECORD_COUNT, "{figures}");
    for happened in [
        figures.cut,
        figures.killed,
        figures.paused,
        figures.superseded,
        figures.committed,
        figures.aborted,
        figures.unseen,
        figures.committed_offsets,
    ] {
        assert!(happened > 0, "{figures}");
    }
    // Two groups read each record, and one of them also what was aborted.
    assert!(figures.read >= 2 * RECORD_COUNT - figures.unseen, "{figures}");
}
