//! The settings of another policy, to compare with: KEDA's Kafka scaler with Kubernetes' horizontal pod autoscaler.

use std::time::Duration;

/// The settings of a ScaledObject, under KEDA's names.
#[derive(Clone, Debug, PartialEq)]
pub struct KedaPolicy {
    /// `lagThreshold`: the lag for each replica, 1 or more.
    pub lag_threshold: u64,
    /// `minReplicaCount`, 1 or more.
    pub minimum_replicas: usize,
    /// `maxReplicaCount`.
    pub maximum_replicas: usize,
    /// `allowIdleConsumers`: whether there may be more replicas than partitions.
    pub allow_idle_consumers: bool,
    /// `limitToPartitionsWithLag`: whether partitions without a lag count for no replica.
    pub limit_to_partitions_with_lag: bool,
    /// `ensureEvenDistributionOfPartitions`: whether the number of replicas divides that of partitions.
    pub even_distribution: bool,
    /// `behavior.scaleDown.stabilizationWindowSeconds`.
    pub stabilization: Duration,
}

impl Default for KedaPolicy {
    /// Returns KEDA's and Kubernetes' defaults.
    fn default() -> Self {
        Self {
            lag_threshold: 10,
            minimum_replicas: 1,
            maximum_replicas: 100,
            allow_idle_consumers: false,
            limit_to_partitions_with_lag: false,
            even_distribution: false,
            stabilization: Duration::from_secs(300),
        }
    }
}

impl KedaPolicy {
    /// The interval at which the autoscaler reads the metric.
    pub const SYNC_INTERVAL: Duration = Duration::from_secs(15);
}
