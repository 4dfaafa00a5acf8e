//! `esmeralda demo` with its output in a pipe: a small spike through all three mappings, reported in plain lines.

use std::process::Command;

use crate::cases::Case;
use crate::context::Context;
use crate::process;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "esmeralda",
        "demo_drains_a_spike_through_three_mappings_and_reports_it_in_plain_lines",
        &[],
        piped,
    )]
}

fn piped(context: &Context) {
    let mut command = Command::new(&context.product);
    command.args(["demo", "--records", "60000"]);
    let ended = process::output(&mut command, &context.log_dir);
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), stderr.as_ref()), (Some(0), ""));
    let text = String::from_utf8(ended.stdout).expect("the demo writes text");
    let lines: Vec<&str> = text.lines().collect();
    let is_plain = |line: &&&str| !line.chars().any(char::is_control) && line.chars().count() <= 80;
    assert_eq!(lines.iter().find(|line| !is_plain(line)), None);

    for expected in [
        "  topic     orders, 100 partitions",
        "  spike     60,000 records within 2:00 min",
        "           drained in   peak lag most pollers  poller cost",
        "Each mapping processed and committed 60,000 records.",
    ] {
        assert!(lines.contains(&expected), "{expected:?} is not in\n{text}");
    }
    // The lag at the first evaluation makes every mapping scale out.
    for mode in ["on-demand ", "minimum-1 ", "minimum-10"] {
        let said = |what: &str| {
            lines
                .iter()
                .any(|line| line.contains(&format!("  {mode}  {what}")))
        };
        let from = if mode == "minimum-10" { 10 } else { 1 };
        assert!(
            said(&format!("{from:>3} -> ")),
            "{mode} did not scale out in\n{text}"
        );
        assert!(
            said("drained: every record is processed and committed"),
            "{mode} did not drain in\n{text}"
        );
    }
}
