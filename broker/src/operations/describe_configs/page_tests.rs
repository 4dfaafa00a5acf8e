//! The test that holds `docs/configs.md` to the tables of configs.

use crate::config::definition::Update;
use crate::config::keys::BROKER_CONFIGS;
use crate::config::table::{Effect, Table};
use crate::group::config::GROUP_CONFIGS;
use crate::telemetry::CLIENT_METRICS_CONFIGS;
use crate::topic::config::TOPIC_CONFIGS;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// The text before the tables, which is written by hand.
const MARKER: &str = "<!-- tables: written by a test from the code's tables -->\n";

fn page_path() -> String {
    format!("{}/../docs/configs.md", env!("CARGO_MANIFEST_DIR"))
}

/// Returns all tables of the page.
fn tables() -> String {
    let mut page = String::new();
    add(&mut page, "Broker configs", &BROKER_CONFIGS);
    add(&mut page, "Topic configs", &TOPIC_CONFIGS);
    add(&mut page, "Group configs", &GROUP_CONFIGS);
    add(
        &mut page,
        "Configs of client metrics subscriptions",
        &CLIENT_METRICS_CONFIGS,
    );
    page
}

fn add<S>(page: &mut String, title: &str, table: &Table<S>) {
    let mut honoured = Vec::new();
    let mut without: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (definition, setting) in table.iter() {
        let name = format!("`{}`", definition.name);
        match setting.effect {
            Effect::Honoured(_) | Effect::Read | Effect::TopicDefault => {
                let changes = matches!(setting.effect, Effect::Honoured(_))
                    && title == "Broker configs"
                    && definition.update != Update::ReadOnly;
                // A typed value is read at the start only.
                honoured.push(if changes { format!("{name}*") } else { name });
            }
            Effect::Decided(reason) | Effect::None(reason) => without.entry(reason).or_default().push(name),
        }
    }
    let count = table.definitions().len();
    writeln!(
        page,
        "\n## {title}\n\n{} of {count} have an effect:",
        honoured.len()
    )
    .expect("a String takes it");
    writeln!(page, "{}.", honoured.join(", ")).expect("a String takes it");
    if without.is_empty() {
        return;
    }
    page.push_str("\n| without an effect, because | configs |\n| --- | --- |\n");
    for (reason, names) in without {
        writeln!(page, "| {reason} | {} |", names.join(", ")).expect("a String takes it");
    }
}

#[test]
fn every_config_that_has_no_effect_stands_on_the_page_with_its_reason() {
    let page = fs::read_to_string(page_path()).expect("the page exists");
    let (_, written) = page.split_once(MARKER).expect("the page has the marker");
    assert!(
        written == tables(),
        "docs/configs.md is not what the tables say: run write_the_page_of_configs"
    );
}

#[test]
#[ignore = "writes into the source tree"]
fn write_the_page_of_configs() {
    let page = fs::read_to_string(page_path()).expect("the page exists");
    let (before, _) = page.split_once(MARKER).expect("the page has the marker");
    fs::write(page_path(), format!("{before}{MARKER}{}", tables())).expect("the page can be written");
}
