//! Tests that hold the pages of `docs/` to the code.

use crate::import::{ImportSettings, import};
use crate::simulate::Scenario;
use esmeralda_esm::cloudwatch::{PUBLISHED_METRICS, UNPUBLISHED_METRICS};
use esmeralda_esm::profile::{CONSTANTS, ProfileName};
use esmeralda_esm::{FUNCTION_MEMBERS, MAPPING_MEMBERS, MAPPING_METRICS, OFFSET_LAG};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const APIS: &str = include_str!("../docs/apis.md");
const FUNCTIONS: &str = include_str!("../docs/functions.md");
const IMPORT: &str = include_str!("../docs/import.md");
const MAPPINGS: &str = include_str!("../docs/mappings.md");
const OBSERVING: &str = include_str!("../docs/observing.md");
const SCALING: &str = include_str!("../docs/scaling.md");
const SCENARIOS: &str = include_str!("../docs/scenarios.md");

/// Returns the text between `<!-- NAME: ... -->` and `<!-- /NAME -->`.
fn between_markers<'a>(page: &'a str, name: &str) -> &'a str {
    let begin = format!("<!-- {name}: kept equal to the code's list by a test -->\n");
    let (_, rest) = page.split_once(&begin).expect("the marker before the table");
    let end = format!("<!-- /{name} -->");
    rest.split_once(&end).expect("the marker after the table").0
}

/// Returns the text of the first code block of a language.
fn code_block<'a>(page: &'a str, language: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("a block");
    rest.split_once("```").expect("the end of the block").0
}

/// Returns the keys in a column of the table that follows `heading`, without those in brackets.
fn keys_below<'a>(page: &'a str, heading: &str, column: usize) -> Vec<&'a str> {
    let (_, rest) = page.split_once(heading).expect("the line before the table");
    let rows = rest.trim_start().lines().take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| {
            row.split('|')
                .nth(column)
                .expect("a column")
                .trim()
                .trim_matches('`')
        })
        .filter(|key| !key.starts_with('['))
        .collect()
}

/// Returns the keys that a scenario's parser names when it is given the unknown key `zzz` after `text`.
fn expected_keys(text: &str) -> BTreeSet<String> {
    let text = format!("{text}\nzzz = 1\n");
    let error = Scenario::parse(Path::new("test.toml"), &text, &|_| Err(String::new()));
    let error = error.expect_err("zzz is no key").to_string();
    let (_, expected) = error
        .split_once("expected one of ")
        .expect("the keys that there are");
    let line = expected.lines().next().expect("a line");
    line.split(", ")
        .map(|key| key.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_scaling_page_lists_the_constants() {
    let profiles = ProfileName::ALL.map(ProfileName::profile);
    let [announced, current, instant] = ProfileName::ALL;
    let mut table = format!("| constant | meaning | | {announced} | {current} | {instant} |\n");
    table.push_str("| --- | --- | --- | --: | --: | --: |\n");
    for constant in CONSTANTS {
        let values = profiles
            .each_ref()
            .map(|profile| constant.of(profile))
            .join(" | ");
        let (name, meaning, origin) = (constant.name, constant.meaning, constant.origin);
        writeln!(table, "| `{name}` | {meaning} | {origin} | {values} |").expect("a String takes it");
    }
    assert_eq!(
        between_markers(SCALING, "constants"),
        table,
        "docs/scaling.md should have this table:\n{table}"
    );
}

#[test]
fn the_api_page_lists_the_apis_that_are_served() {
    let mut table = String::from("| key | API | versions |\n| --: | --- | --- |\n");
    for api in esmeralda_broker::served_apis() {
        let (first, last) = (api.versions.start(), api.versions.end());
        writeln!(table, "| {} | {} | {first} - {last} |", api.key, api.name).expect("a String takes it");
    }
    assert_eq!(
        between_markers(APIS, "apis"),
        table,
        "docs/apis.md should have this table:\n{table}"
    );
}

#[test]
fn the_page_of_mappings_lists_every_member() {
    let mut table = String::from("| member | what it does |\n| --- | --- |\n");
    for member in MAPPING_MEMBERS {
        writeln!(table, "| `{}` | {} |", member.path, member.effect).expect("a String takes it");
    }
    assert_eq!(
        between_markers(MAPPINGS, "members"),
        table,
        "docs/mappings.md should have this table:\n{table}"
    );
}

#[test]
fn the_page_of_observing_says_why_a_metric_is_not_published() {
    for (name, reason) in UNPUBLISHED_METRICS {
        let line = format!("- {name} is never published: {reason}.\n");
        assert!(OBSERVING.contains(&line), "{line}");
    }
}

#[test]
fn the_page_of_observing_has_every_metric() {
    let mut table = String::from(
        "| CloudWatch | unit | whose | a sample | /metrics and OpenTelemetry |\n| --- | --- | --- | --- | --- |\n",
    );
    for metric in PUBLISHED_METRICS {
        let prometheus = match metric.prometheus {
            "" => String::new(),
            name => format!("`{name}`"),
        };
        let (name, unit, group, emission) = (metric.name, metric.unit, metric.group, metric.emission);
        writeln!(
            table,
            "| `{name}` | {unit} | {group} | {emission} | {prometheus} |"
        )
        .expect("a String takes it");
        let is_on_the_page = |name: &str| metric.prometheus.contains(name);
        let names = MAPPING_METRICS
            .iter()
            .map(|metric| metric.name)
            .chain([OFFSET_LAG.name]);
        assert!(
            metric.prometheus.is_empty() || names.into_iter().any(is_on_the_page),
            "{name}"
        );
    }
    assert_eq!(
        between_markers(OBSERVING, "metrics"),
        table,
        "docs/observing.md should have this table:\n{table}"
    );
}

#[test]
fn the_page_of_functions_lists_every_member() {
    let mut table = String::from("| member | what it does |\n| --- | --- |\n");
    for member in FUNCTION_MEMBERS {
        writeln!(table, "| `{}` | {} |", member.path, member.effect).expect("a String takes it");
    }
    assert_eq!(
        between_markers(FUNCTIONS, "members"),
        table,
        "docs/functions.md should have this table:\n{table}"
    );
}

#[test]
fn the_import_of_the_page_is_what_is_printed() {
    let imported = import(
        "template.yaml",
        code_block(IMPORT, "yaml"),
        ImportSettings::default(),
    );
    let imported = imported.expect("the page's template is one");
    assert_eq!(
        imported.configuration.as_deref(),
        Some(code_block(IMPORT, "toml"))
    );
    let findings = imported.findings.iter();
    let findings: String = findings
        .map(|finding| finding.in_file("template.yaml") + "\n")
        .collect();
    assert_eq!(findings, code_block(IMPORT, "text"));
}

#[test]
fn the_scenario_of_the_page_is_one() {
    let scenario = Scenario::parse(Path::new("sale.toml"), code_block(SCENARIOS, "toml"), &|_| {
        Err(String::new())
    });
    let scenario = scenario.expect("the page's scenario is right");
    assert_eq!(scenario.title, "A sale");
    assert_eq!(scenario.variants.len(), 2);
}

#[test]
fn the_csv_of_the_page_is_one() {
    let csv = code_block(SCENARIOS, "csv");
    let text = code_block(SCENARIOS, "toml").replace(
        "kind = \"constant\"\nrecords_per_s = 200",
        "kind = \"csv\"\nfile = \"rates.csv\"",
    );
    let read = |path: &Path| {
        assert_eq!(path, Path::new("rates.csv"));
        Ok(csv.to_owned())
    };
    Scenario::parse(Path::new("sale.toml"), &text, &read).expect("the page's series is right");
}

#[test]
fn the_scenario_page_has_every_key() {
    let tables = [
        ("At the top of the file:\n", ""),
        ("In `[[topics]]`:\n", "[[topics]]\nname = 'a'\npartitions = 1"),
    ];
    for (heading, text) in tables {
        let listed: BTreeSet<_> = keys_below(SCENARIOS, heading, 1)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let tables = [
            "scaling",
            "topics",
            "functions",
            "mapping",
            "variants",
            "workload",
        ];
        let mut expected = expected_keys(text);
        expected.retain(|key| !tables.contains(&key.as_str()));
        assert_eq!(listed, expected, "{heading}");
    }
    let workload: BTreeSet<_> = keys_below(SCENARIOS, "by `kind`:\n", 2)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut expected =
        expected_keys("[[topics]]\nname = 'a'\npartitions = 1\n[[topics.workload]]\nkind = 'backlog'");
    expected.remove("kind");
    assert_eq!(workload, expected);
}
