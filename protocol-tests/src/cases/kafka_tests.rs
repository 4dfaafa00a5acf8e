//! Kafka's own tests: the classes that `kafka-tests/classes.tsv` marks with `ci`, one case each.
//!
//! A class holds if none of its tests does worse than recorded in `kafka-tests/recorded/esmeralda.tsv`. The page `docs/kafka-tests.md` shows
//! what all classes give.

use crate::case::Case;
use crate::context::Context;
use crate::process;
use crate::setup::Toolchain;

/// Lines of a group, a class and perhaps the word `ci`.
const CLASSES: &str = include_str!("../../kafka-tests/classes.tsv");

pub(super) fn cases() -> Vec<Case> {
    let needs = [Toolchain::Java, Toolchain::KafkaTests];
    classes()
        .map(|class| Case::with("kafka-tests", class, &needs, move |context| check(context, class)))
        .collect()
}

fn classes() -> impl Iterator<Item = &'static str> {
    CLASSES
        .lines()
        .filter_map(|line| line.strip_suffix("\tci")?.split('\t').nth(1))
}

fn check(context: &Context, class: &str) {
    let mut command = context.setup.command(Toolchain::KafkaTests, "check");
    command.arg(class).env("ESMERALDA_BIN", &context.product);
    let ended = process::output(&mut command, &context.log_dir);
    assert!(
        ended.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}
