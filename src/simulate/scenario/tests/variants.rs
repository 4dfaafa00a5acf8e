//! Variants: which of them run together, and errors of their mappings.

use super::*;

#[test]
fn variants_of_a_poller_group_run_together_and_share_nothing_else() {
    let variants = |more: &str| {
        let variant = |name: &str, group: &str, topic: &str, function: &str| {
            format!(
                "[[variants]]\nname = '{name}'\nTopics = ['{topic}']\nFunctionName = '{function}'\n\
                 ProvisionedPollerConfig = {{ MinimumPollers = 1, PollerGroupName = '{group}' }}\n"
            )
        };
        shortest(
            "",
            &format!(
                "[[topics]]\nname = 'payments'\npartitions = 2\n[[functions]]\nname = 'g'\nduration_ms = 5\n{}{}{}{more}",
                variant("a", "night", "orders", "f"),
                variant("b", "", "orders", "f"),
                variant("c", "night", "payments", "g"),
            ),
        )
    };
    let scenario = parse(&variants("")).expect("a valid scenario");
    assert_eq!(scenario.runs(), [vec![0, 2], vec![1]]);
    let fourth = |topic: &str| {
        parse(&variants(&format!(
            "[[variants]]\nname = 'd'\nTopics = ['{topic}']\nFunctionName = 'f'\n\
             ProvisionedPollerConfig = {{ PollerGroupName = 'night' }}\n"
        )))
        .expect_err("it has what the first has")
    };
    assert_eq!(
        fourth("orders"),
        "scenarios/test.toml: line 29: variant `d`: it runs together with variant `a`, because both are in poller group `night`, and both \
         have the topic `orders`: each needs a topic and a function of its own"
    );
    assert!(fourth("payments").contains("both have the function `f`"));
}

#[test]
fn an_error_of_a_mapping_has_its_file_and_line_and_comes_before_the_run() {
    let text = shortest(
        "",
        "[mapping]\nStartingPosition='LATEST'\n[[variants]]\nname='a'\n[[variants]]\nname='b'\nBatchSize=0",
    );
    let scenario = parse(&text).expect("members are checked when a mapping is created");
    let settings = crate::simulate::RunSettings::default();
    let told = |_| panic!("no variant runs");
    let error = crate::simulate::simulate(&scenario, settings, &told).expect_err("no such batch size");
    let error = error.to_string();
    assert!(
        error.starts_with("scenarios/test.toml: line 12: variant `b`: "),
        "{error}"
    );
    assert!(error.contains("batchSize"), "{error}");
}
