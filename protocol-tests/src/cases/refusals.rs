//! The command's refusals of scaling options: exit status and error text.

use crate::case::Case;
use crate::command::{self, Ended};
use crate::context::Context;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with("esmeralda", "serve_names_the_scaling_constants", &[], constants),
        Case::with("esmeralda", "serve_names_the_scaling_profiles", &[], profiles),
    ]
}

/// Runs `serve` with invalid arguments. No instance starts, so no port is used.
fn refused(context: &Context, arguments: &[&str]) -> Ended {
    let all = [
        &["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"],
        arguments,
    ]
    .concat();
    command::run(context, "refused", &all)
}

fn constants(context: &Context) {
    const NAMES: &str = "evaluation_interval_ms, first_evaluation_ms, provisioned_overhead_ms, on_demand_overhead_ms, \
                         provisioned_step_pollers, on_demand_step_pollers, on_demand_maximum_pollers, \
                         provisioned_invocations_in_flight, on_demand_invocations_in_flight, poller_bytes_per_second, \
                         rebalance_pause_ms, rebalance_protocol, clear_within_ms, down_after_ms, \
                         event_poller_unit_pollers, event_poller_unit_bytes_per_second, event_poller_unit_usd_per_hour, \
                         function_usd_per_million_requests, function_usd_per_gb_second, function_memory_mb";
    let cases = [
        (
            "no_such=1",
            format!("unknown scaling constant `no_such`: must be one of {NAMES}"),
        ),
        (
            "rebalance_pause_ms=soon",
            "invalid value `soon` for rebalance_pause_ms: must be a whole number of milliseconds from 0 to 86400000".to_owned(),
        ),
        (
            "evaluation_interval_ms=0",
            "invalid value `0` for evaluation_interval_ms: must be a whole number of milliseconds from 1 to 86400000".to_owned(),
        ),
        (
            "provisioned_step_pollers=2001",
            "invalid value `2001` for provisioned_step_pollers: must be a whole number from 1 to 2000".to_owned(),
        ),
        (
            "rebalance_protocol=lazy",
            "invalid value `lazy` for rebalance_protocol: must be eager or cooperative".to_owned(),
        ),
    ];
    for (constant, sentence) in cases {
        let expected = Ended {
            status: Some(1),
            stderr: format!("esmeralda: --scaling {constant}: {sentence}\n"),
        };
        assert_eq!(refused(context, &["--scaling", constant]), expected);
    }

    let config = context.log_dir.join("esmeralda.toml");
    let config = config.to_str().expect("a path in UTF-8");
    std::fs::write(config, "profile = \"current\"\n[scaling]\nno_such = 1\n").expect("a writable directory");
    let expected = Ended {
        status: Some(1),
        stderr: format!(
            "esmeralda: {config}: line 3: unknown scaling constant `no_such`: must be one of {NAMES}\n"
        ),
    };
    assert_eq!(refused(context, &["--config", config]), expected);
}

fn profiles(context: &Context) {
    let sentence = "unknown scaling profile `fast`: must be announcement-2024, current or instant";
    let typed = refused(context, &["--profile", "fast"]);
    assert_eq!(typed.status, Some(2));
    assert!(typed.stderr.contains(sentence), "{}", typed.stderr);

    let config = context.log_dir.join("esmeralda.toml");
    std::fs::write(&config, "profile = \"fast\"\n").expect("a writable directory");
    let written = refused(context, &["--config", &config.to_string_lossy()]);
    assert_eq!(written.status, Some(1));
    assert!(
        written.stderr.contains(sentence) && written.stderr.contains("line 1"),
        "{}",
        written.stderr
    );
}
