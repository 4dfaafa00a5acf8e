//! The inputs of a simulation as JSON, so that an outcome stands alone: everything that decides it, also what the scenario left to defaults.

use super::scenario::{Arrivals, FunctionScenario, Scenario, Skew, TopicScenario, VariantScenario};
use crate::declarations::KedaEntry;
use esmeralda_esm::invoker::DurationModel;
use esmeralda_esm::profile::CONSTANTS;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Returns the inputs that all variants of `scenario` share. Its variants' members stand with their outcomes.
pub(super) fn inputs(scenario: &Scenario) -> Value {
    let constants: Map<String, Value> = CONSTANTS
        .iter()
        .map(|constant| {
            (
                constant.name.to_owned(),
                constant.of(&scenario.scaling.profile).into(),
            )
        })
        .collect();
    json!({
        "run_for_s": scenario.run_for.map(|run_for| run_for.as_secs_f64()),
        "constants": constants,
        "topics": scenario.topics.iter().map(topic).collect::<Vec<_>>(),
        "functions": scenario.functions.iter().map(function).collect::<Vec<_>>(),
    })
}

/// Returns the inputs of one variant: the members of its mapping, and `keda` if that policy scales it.
pub(super) fn members(variant: &VariantScenario) -> Map<String, Value> {
    let mut members = variant.members.clone();
    if let Some(KedaEntry {
        policy,
        overhead,
        usd_per_replica_hour,
    }) = &variant.keda
    {
        let keda = json!({
            "lagThreshold": policy.lag_threshold,
            "minReplicaCount": policy.minimum_replicas,
            "maxReplicaCount": policy.maximum_replicas,
            "allowIdleConsumers": policy.allow_idle_consumers,
            "limitToPartitionsWithLag": policy.limit_to_partitions_with_lag,
            "ensureEvenDistributionOfPartitions": policy.even_distribution,
            "stabilizationWindowSeconds": policy.stabilization.as_secs(),
            "overhead_ms": overhead.as_millis() as u64,
            "usd_per_replica_hour": usd_per_replica_hour,
        });
        members.insert("keda".to_owned(), keda);
    }
    members
}

fn topic(topic: &TopicScenario) -> Value {
    json!({
        "name": topic.name,
        "partitions": topic.partitions,
        "configs": topic.configs,
        "key_bytes": topic.key_bytes,
        "value_bytes": topic.value_bytes,
        "records_per_batch": topic.records_per_batch,
        "distinct_bodies": topic.distinct_bodies,
        "compression": format!("{:?}", topic.compression).to_lowercase(),
        "skew": match &topic.skew {
            Skew::Even => Value::Null,
            Skew::Zipf(exponent) => json!({ "zipf": exponent }),
            Skew::Weights(weights) => json!({ "weights": weights }),
        },
        "workload": topic.workload.iter().map(arrivals).collect::<Vec<_>>(),
    })
}

fn arrivals(arrivals: &Arrivals) -> Value {
    match arrivals {
        Arrivals::Backlog { records } => json!({ "kind": "backlog", "records": records }),
        Arrivals::Constant {
            records_per_s,
            from_s,
            to_s,
        } => {
            json!({ "kind": "constant", "records_per_s": records_per_s, "from_s": from_s, "to_s": to_s })
        }
        Arrivals::Spike {
            records_per_s,
            from_s,
            for_s,
            every_s,
            to_s,
        } => json!({
            "kind": "spike", "records_per_s": records_per_s, "from_s": from_s, "for_s": for_s, "every_s": every_s, "to_s": to_s,
        }),
        Arrivals::Sine {
            mean_per_s,
            amplitude_per_s,
            period_s,
            from_s,
            to_s,
        } => json!({
            "kind": "sine", "mean_per_s": mean_per_s, "amplitude_per_s": amplitude_per_s, "period_s": period_s, "from_s": from_s, "to_s": to_s,
        }),
        Arrivals::Series(series) => {
            let points: Vec<_> = series
                .points()
                .map(|(from_s, records_per_s)| json!([from_s, records_per_s]))
                .collect();
            json!({ "kind": "series", "seconds_and_records_per_s": points })
        }
    }
}

fn function(function: &FunctionScenario) -> Value {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let simulated = &function.function;
    json!({
        "name": function.name,
        "seed": function.seed,
        "error_rate": simulated.error_rate,
        "concurrency": simulated.concurrency,
        "duration": match simulated.duration {
            DurationModel::Fixed(time) => json!({ "fixed_ms": ms(time) }),
            DurationModel::Uniform { from, to } => json!({ "uniform_ms": [ms(from), ms(to)] }),
            DurationModel::Normal { mean, deviation } => json!({ "normal_ms": [ms(mean), ms(deviation)] }),
            DurationModel::Exponential { mean } => json!({ "exponential_ms": ms(mean) }),
        },
    })
}
