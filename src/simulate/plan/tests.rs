use super::*;
use crate::simulate::{RunSettings, simulate};
use esmeralda_esm::Payloads;
use std::path::Path;

fn scenario(start: &str, end: &str) -> Scenario {
    let text = format!(
        "{start}\n[[topics]]\nname = 'orders'\npartitions = 4\nvalue_bytes = 100\n\
         [[topics.workload]]\nkind = 'backlog'\nrecords = 4_000\n\
         [[functions]]\nname = 'f'\nduration_ms = 100\n\
         [mapping]\nStartingPosition = 'TRIM_HORIZON'\nBatchSize = 10\n{end}\n"
    );
    let no_files = |path: &Path| Err(format!("no {}", path.display()));
    Scenario::parse(Path::new("test.toml"), &text, &no_files).expect("a valid plan")
}

fn request(within_s: u64, variant: Option<&str>) -> PlanRequest {
    PlanRequest {
        within: Duration::from_secs(within_s),
        variant: variant.map(str::to_owned),
        grid: SettingGrid {
            minimums: vec![2],
            maximums: vec![4],
            ..SettingGrid::default()
        },
    }
}

#[test]
fn on_demand_mode_keeps_the_destinations_that_it_takes() {
    let queue = "arn:aws:sqs:us-east-1:000000000000:failed";
    for (destination, is_kept) in [(queue, true), ("kafka://failed", false)] {
        let declared = format!(
            "[[variants]]\nname = 'a'\nDestinationConfig = {{ OnFailure = {{ Destination = '{destination}' }} }}\n\
             ProvisionedPollerConfig = {{ MinimumPollers = 1 }}"
        );
        let plan = Plan::new(scenario("", &declared), &request(60, None)).expect("a valid plan");
        let [provisioned, on_demand] = &plan.scenario().variants[..] else {
            panic!("{plan:?}")
        };
        let expected = value!({ "OnFailure": { "Destination": destination } });
        assert_eq!(provisioned.members["DestinationConfig"], expected);
        assert_eq!(
            on_demand.members.get("DestinationConfig"),
            is_kept.then_some(&expected)
        );
        assert_eq!(on_demand.check(), Ok(()), "{destination}");
    }
}

#[test]
fn a_variant_of_a_poller_group_is_refused() {
    let declared = "[[variants]]\nname = 'a'\nProvisionedPollerConfig = { PollerGroupName = 'night' }";
    let error = Plan::new(scenario("", declared), &request(60, None)).expect_err("it shares units");
    assert_eq!(
        error.to_string(),
        "variant `a` is in poller group `night`: a plan has one mapping with event poller units of its own, so leave PollerGroupName out"
    );
}

#[test]
fn each_setting_is_a_variant_with_the_members_of_the_base() {
    let declared = "[[variants]]\nname = 'a'\nMaximumRetryAttempts = 3\n\
        [[variants]]\nname = 'b'\nMaximumBatchingWindowInSeconds = 2\nBatchSize = 20\nProvisionedPollerConfig = { MinimumPollers = 1 }";
    let cases = [
        (
            None,
            value!({ "BatchSize": 10, "MaximumRetryAttempts": 3 }),
            value!({ "BatchSize": 10 }),
        ),
        (
            Some("b"),
            value!({ "BatchSize": 20, "MaximumBatchingWindowInSeconds": 2 }),
            value!({ "BatchSize": 20, "MaximumBatchingWindowInSeconds": 2 }),
        ),
    ];
    for (name, mut provisioned, mut on_demand) in cases {
        let plan = Plan::new(scenario("", declared), &request(60, name)).expect("a valid plan");
        provisioned["ProvisionedPollerConfig"] = value!({ "MinimumPollers": 2, "MaximumPollers": 4 });
        for expected in [&mut provisioned, &mut on_demand] {
            expected["StartingPosition"] = "TRIM_HORIZON".into();
            expected["FunctionName"] = "f".into();
            expected["Topics"] = value!(["orders"]);
        }
        let members: Vec<Value> = plan
            .scenario()
            .variants
            .iter()
            .map(|variant| Value::Object(variant.members.clone()))
            .collect();
        assert_eq!(members, [provisioned, on_demand]);
    }
}

#[test]
fn all_settings_run_as_long_as_the_scenario_or_until_the_last_record_has_waited() {
    let spike = "[[topics]]\nname = 'other'\npartitions = 1\n\
        [[topics.workload]]\nkind = 'spike'\nrecords_per_s = 10\nfrom_s = 100\nfor_s = 20\n";
    let of_other = "Topics = ['other']";
    let cases = [
        // The run is a second longer than the time that is charged.
        ("", "Topics = ['orders']", 61),
        ("", of_other, 181),
        ("run_for_s = 60", of_other, 60),
        ("run_for_s = 500", of_other, 500),
    ];
    for (start, end, length_s) in cases {
        let plan = Plan::new(scenario(&format!("{start}\n{spike}"), end), &request(60, None));
        let run_for = plan.expect("a valid plan").scenario().run_for;
        assert_eq!(run_for, Some(Duration::from_secs(length_s)), "{start} {end}");
    }
}

#[test]
fn a_request_without_a_plan_is_refused() {
    let declared = "[[variants]]\nname = 'a'\n[[variants]]\nname = 'b'";
    let cases = [
        (0, None, "", "invalid time 0 s: must be more than 0 s"),
        (60, Some("c"), "", "unknown variant `c`: must be one of a, b"),
        (
            60,
            None,
            "run_for_s = 59.5",
            "the scenario's run_for_s = 59.5 is shorter than the 60 s that records may wait: \
             make it longer, or leave it out",
        ),
        (
            86_400,
            None,
            "",
            "each setting would run for 86401 s: must be at most 86400 s",
        ),
    ];
    for (within_s, variant, start, expected) in cases {
        let plan = Plan::new(scenario(start, declared), &request(within_s, variant));
        assert_eq!(plan.expect_err(expected).to_string(), expected);
    }
}

/// A poller of its own processes the 100 batches of a partition, 180 ms each, in 18 s. On-demand mode starts with one poller, which takes
/// 245 ms for each of all 400 batches.
#[test]
fn a_backlog_is_planned_to_the_cheapest_fleet_that_drains_it_in_time() {
    let mut request = request(40, None);
    request.grid.minimums = vec![1, 2, 4];
    request.grid.maximums = vec![1, 2, 4];
    let plan = Plan::new(scenario("profile = 'announcement-2024'", ""), &request).expect("a valid plan");
    let settings = RunSettings {
        payloads: Payloads::Measured,
        threads: 2,
        ..RunSettings::default()
    };
    let simulated = simulate(plan.scenario(), settings, &|_| {}).expect("the scenario runs");
    let outcome = plan.outcome(&simulated);
    let provisioned = outcome
        .settings
        .iter()
        .filter(|tried| tried.setting.bounds.is_some());
    let drained: Vec<_> = provisioned
        .map(|tried| {
            (
                tried.longest_wait.as_secs_f64(),
                tried.drained_in.is_some(),
                tried.is_pareto_optimal,
            )
        })
        .collect();
    let expected = [
        // 1 to 1, 2 and 4 pollers: the first evaluation is later than the end.
        (41.0, false, false),
        (41.0, false, false),
        (41.0, false, false),
        (36.0, true, false),
        (36.0, true, false),
        (18.0, true, true),
    ];
    assert_eq!(drained, expected);
    let chosen = outcome.chosen().expect("a setting drains in time");
    assert_eq!(chosen.setting.to_string(), "4 to 4 pollers, batches of 10");
    // One unit for 40 s.
    assert_eq!(chosen.event_poller_unit_hours, 40.0 / 3_600.0);
    assert_eq!(chosen.units_usd, 40.0 / 3_600.0 * 0.185);
    let hours = 40.0 / 3_600.0;
    assert_eq!(outcome.month_usd(chosen), chosen.cost_usd() / hours * 730.0);
    let on_demand = outcome.on_demand().expect("on-demand mode is tried");
    assert_eq!((on_demand.units_usd, on_demand.drained_in), (0.0, None));
    assert!(on_demand.invocations_usd > 0.0);
    assert_eq!(outcome.settings.len(), 7);
}

/// The last commit happens at the moment when the allowed time ends.
#[test]
fn a_setting_that_drains_in_exactly_the_allowed_time_drains_in_time() {
    let mut request = request(18, None);
    request.grid.minimums = vec![4];
    let plan = Plan::new(scenario("profile = 'announcement-2024'", ""), &request).expect("a valid plan");
    let simulated = simulate(plan.scenario(), RunSettings::default(), &|_| {}).expect("the scenario runs");
    let outcome = plan.outcome(&simulated);
    let chosen = outcome.chosen().expect("a setting drains in time");
    assert_eq!(chosen.longest_wait, Duration::from_secs(18));
    assert_eq!(chosen.event_poller_unit_hours, 18.0 / 3_600.0);
    assert_eq!(outcome.length, Duration::from_secs(18));
}

/// Lambda accepts these members in provisioned mode only.
#[test]
fn on_demand_mode_is_tried_without_the_members_of_provisioned_mode() {
    let members =
        "MaximumRetryAttempts = 3\nMaximumRecordAgeInSeconds = 60\nBisectBatchOnFunctionError = true\n";
    let plan = Plan::new(scenario("", members), &request(40, None)).expect("a valid plan");
    let simulated = simulate(plan.scenario(), RunSettings::default(), &|_| {}).expect("the scenario runs");
    assert!(plan.outcome(&simulated).on_demand().is_some());
}
