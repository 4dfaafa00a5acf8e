//! The configs of client metrics subscriptions, and how DescribeConfigs shows them. Source: Kafka's `ClientMetricsConfigs` and
//! `ConfigHelper.createClientMetricsConfigEntry`.

use crate::config::layers::{ConfigEntry, Source, SynonymEntry, Values};
use crate::config::table::{Setting, Table, read};
use crate::config::tables::client_metrics::CLIENT_METRICS;
use std::borrow::Cow;

/// Every config of a client metrics subscription. `Subscription::new` reads them.
pub(crate) static CLIENT_METRICS_CONFIGS: Table<()> = Table::new(CLIENT_METRICS, SETTINGS);

static SETTINGS: &[Setting<()>] = &[
    read(
        "interval.ms",
        "The interval at which clients push their metrics, in milliseconds.",
    ),
    read(
        "match",
        "The clients that the subscription is for: NAME=PATTERN pairs of what a client tells of itself.",
    ),
    read(
        "metrics",
        "The beginnings of the names of the metrics that clients push; * means all.",
    ),
];

/// Returns every config of a subscription, by name. A subscription that does not exist has the defaults.
pub(crate) fn describe(own: &Values) -> Vec<ConfigEntry> {
    CLIENT_METRICS_CONFIGS
        .iter()
        .map(|(definition, setting)| {
            let given = own.get(definition.name);
            let given = given.and_then(|text| Some(definition.parse(text).ok()?.to_string()));
            let synonyms: Vec<_> = given
                .iter()
                .map(|value| SynonymEntry {
                    name: definition.name.to_owned(),
                    value: Some(value.clone()),
                    source: Source::ClientMetrics,
                })
                .collect();
            ConfigEntry {
                name: Cow::Borrowed(definition.name),
                value: given.or_else(|| definition.default.map(str::to_owned)),
                source: synonyms.first().map_or(Source::Default, |entry| entry.source),
                is_read_only: false,
                is_sensitive: false,
                kind: Some(definition.kind),
                documentation: Some(setting.documentation),
                synonyms,
            }
        })
        .collect()
}
