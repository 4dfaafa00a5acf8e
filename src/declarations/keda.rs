//! The settings of a variant that KEDA's rules scale, under the names that a ScaledObject has for them where it has any.

use esmeralda_esm::KedaPolicy;
use serde::Deserialize;
use std::time::Duration;

/// The key `keda` of a variant.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "KedaText")]
pub struct KedaEntry {
    /// The rules.
    pub policy: KedaPolicy,
    /// The time that a consumer takes for a batch besides its function.
    pub overhead: Duration,
    /// The price of one replica for an hour, in US dollars; `None` if it is not given, and then its cost is not known.
    pub usd_per_replica_hour: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KedaText {
    lag_threshold: Option<u64>,
    min_replica_count: Option<usize>,
    max_replica_count: Option<usize>,
    #[serde(default)]
    allow_idle_consumers: bool,
    #[serde(default)]
    limit_to_partitions_with_lag: bool,
    #[serde(default)]
    ensure_even_distribution_of_partitions: bool,
    stabilization_window_seconds: Option<u32>,
    #[serde(default, rename = "overhead_ms")]
    overhead_ms: u32,
    #[serde(rename = "usd_per_replica_hour")]
    usd_per_replica_hour: Option<f64>,
}

impl TryFrom<KedaText> for KedaEntry {
    type Error = String;

    fn try_from(text: KedaText) -> Result<Self, String> {
        let defaults = KedaPolicy::default();
        let policy = KedaPolicy {
            lag_threshold: text.lag_threshold.unwrap_or(defaults.lag_threshold),
            minimum_replicas: text.min_replica_count.unwrap_or(defaults.minimum_replicas),
            maximum_replicas: text.max_replica_count.unwrap_or(defaults.maximum_replicas),
            allow_idle_consumers: text.allow_idle_consumers,
            limit_to_partitions_with_lag: text.limit_to_partitions_with_lag,
            even_distribution: text.ensure_even_distribution_of_partitions,
            stabilization: text
                .stabilization_window_seconds
                .map_or(defaults.stabilization, |seconds| {
                    Duration::from_secs(seconds.into())
                }),
        };
        if policy.lag_threshold == 0 {
            return Err("invalid lagThreshold 0: must be 1 or more".to_owned());
        }
        if policy.minimum_replicas == 0 {
            return Err(
                "invalid minReplicaCount 0: must be 1 or more, because scaling to zero is not simulated"
                    .to_owned(),
            );
        }
        let (least, most) = (policy.minimum_replicas, policy.maximum_replicas);
        if !(least..=2_000).contains(&most) {
            return Err(format!(
                "invalid maxReplicaCount {most}: must be from minReplicaCount, {least}, to 2000"
            ));
        }
        // KEDA refuses these combinations, too.
        if policy.limit_to_partitions_with_lag && (policy.allow_idle_consumers || policy.even_distribution) {
            return Err(
                "limitToPartitionsWithLag excludes allowIdleConsumers and ensureEvenDistributionOfPartitions: must be one of them".to_owned(),
            );
        }
        if let Some(price) = text.usd_per_replica_hour
            && !(0.0..=1e6).contains(&price)
        {
            return Err(format!(
                "invalid usd_per_replica_hour {price}: must be from 0 to 1000000"
            ));
        }
        Ok(Self {
            policy,
            overhead: Duration::from_millis(text.overhead_ms.into()),
            usd_per_replica_hour: text.usd_per_replica_hour,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KedaEntry, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_the_defaults_of_keda_and_kubernetes() {
        let entry = parse("lagThreshold = 500\nmaxReplicaCount = 24\nusd_per_replica_hour = 0.04\n")
            .expect("valid settings");
        let policy = KedaPolicy {
            lag_threshold: 500,
            maximum_replicas: 24,
            ..KedaPolicy::default()
        };
        assert_eq!((entry.policy, entry.usd_per_replica_hour), (policy, Some(0.04)));
    }

    #[test]
    fn what_is_not_simulated_or_not_allowed_is_refused_by_name() {
        let cases = [
            ("minReplicaCount = 0", "scaling to zero is not simulated"),
            ("lagThreshold = 0", "invalid lagThreshold 0"),
            (
                "minReplicaCount = 5\nmaxReplicaCount = 4",
                "invalid maxReplicaCount 4: must be from minReplicaCount, 5, to 2000",
            ),
            (
                "limitToPartitionsWithLag = true\nallowIdleConsumers = true",
                "must be one of them",
            ),
            ("cooldownPeriod = 30", "unknown field `cooldownPeriod`"),
            ("usd_per_replica_hour = -1.0", "invalid usd_per_replica_hour -1"),
        ];
        for (text, expected) in cases {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{error}");
        }
    }
}
