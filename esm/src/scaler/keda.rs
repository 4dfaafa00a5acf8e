//! Another policy, to compare with: replicas of a consumer scaled by KEDA's Kafka scaler and Kubernetes' horizontal pod autoscaler. Pure.
//!
//! Source: KEDA, `pkg/scalers/kafka_scaler.go` (the Sarama one), and Kubernetes, `pkg/controller/podautoscaler`: an external metric with an
//! AverageValue target, the tolerance of 10 %, and the default behaviour policies.
//!
//! The known fault of KEDA's cap is kept, because it is what one would get: it divides whole numbers, so that a lag that is above
//! `partitions x threshold` by less than one threshold passes the cap, and the autoscaler rounds it up to one replica more than there are
//! partitions. That replica has nothing to do.
//!
//! Differs from KEDA: there is no scaling to zero; a partition without a commit counts by what the group would read of it; a replica is
//! there at once.

use super::{Bounds, Cap, Decision, Reason, Sample};
use crate::profile::KedaPolicy;
use std::collections::VecDeque;
use std::time::Duration;

/// The autoscaler changes nothing if the metric is this close to its target.
const TOLERANCE: f64 = 0.1;

/// The default policies of growth: this many pods, or as many as there are, in 15 s, whichever is more.
const PODS_UP: usize = 4;

impl KedaPolicy {
    /// Returns the bounds of the replicas of a topic with `partitions` partitions.
    pub(crate) fn bounds(&self, partitions: usize) -> Bounds {
        Bounds {
            minimum: self.minimum_replicas,
            maximum: self.maximum_replicas,
            // One more than there are partitions gets through.
            partitions: match self.allow_idle_consumers {
                true => self.maximum_replicas,
                false => partitions + 1,
            },
        }
    }

    /// Returns the metric that KEDA reports for these lags.
    fn metric(&self, lags: &[u64]) -> u64 {
        let threshold = self.lag_threshold.max(1);
        let mut total: u64 = lags.iter().sum();
        if self.allow_idle_consumers && !self.limit_to_partitions_with_lag && !self.even_distribution {
            return total;
        }
        let mut bound = lags.len() as u64;
        if self.even_distribution {
            let factors = (1..=bound).filter(|factor| bound.is_multiple_of(*factor));
            let mut enough = factors.filter(|factor| factor * threshold >= total);
            total = enough.next().unwrap_or(bound) * threshold;
        }
        if self.limit_to_partitions_with_lag {
            bound = lags.iter().filter(|lag| **lag > 0).count() as u64;
        }
        // The division drops the remainder before the comparison. This is the fault that lets one replica too many through.
        if total / threshold > bound {
            total = bound * threshold;
        }
        total
    }

    /// Returns the replicas that the autoscaler computes from the metric, before its policies.
    fn wanted(&self, metric: u64, replicas: usize) -> usize {
        let threshold = self.lag_threshold.max(1);
        let ratio = metric as f64 / (threshold * replicas as u64) as f64;
        if (ratio - 1.0).abs() <= TOLERANCE {
            return replicas;
        }
        usize::try_from(metric.div_ceil(threshold)).unwrap_or(usize::MAX)
    }
}

/// The state that evaluations leave for the next.
#[derive(Clone, Debug)]
pub(crate) struct KedaScaler {
    policy: KedaPolicy,
    before: (Duration, u64),
    /// The recommendations within the stabilisation window.
    recommended: VecDeque<(Duration, usize)>,
}

impl KedaScaler {
    /// Returns a scaler that starts `now` from `sample`.
    pub(crate) fn new(policy: KedaPolicy, now: Duration, sample: &Sample) -> Self {
        Self {
            policy,
            before: (now, end_offsets(sample)),
            recommended: VecDeque::new(),
        }
    }

    /// Decides what the fleet of `from` replicas should be.
    pub(crate) fn evaluate(&mut self, now: Duration, sample: &Sample, from: usize) -> Decision {
        let lags: Vec<u64> = sample.progress.lags().collect();
        let metric = self.policy.metric(&lags);
        let wanted = self.policy.wanted(metric, from);
        let (least, most) = (self.policy.minimum_replicas, self.policy.maximum_replicas);
        let bounded = wanted.clamp(least, most.max(least));
        let cap = match bounded {
            _ if wanted > bounded => Some(Cap::Maximum),
            _ if wanted < bounded => Some(Cap::Minimum),
            _ if metric < lags.iter().sum() => Some(Cap::Partitions),
            _ => None,
        };
        self.recommended.push_back((now, bounded));
        self.recommended
            .retain(|(at, _)| now - *at < self.policy.stabilization.max(KedaPolicy::SYNC_INTERVAL));
        let (to, reason, capped_by) = self.choose(from, bounded, cap);
        let ends = end_offsets(sample);
        let (then, before) = std::mem::replace(&mut self.before, (now, ends));
        let seconds = (now - then).as_secs_f64();
        Decision {
            at: now,
            from,
            to,
            reason,
            lag: lags.iter().sum(),
            arrival_per_s: if seconds > 0.0 {
                (ends - before.min(ends)) as f64 / seconds
            } else {
                0.0
            },
            slot_per_s: None,
            slots_per_poller: None,
            throttled_share: 0.0,
            raw_target: Some(wanted),
            capped_by,
        }
    }

    fn choose(&self, from: usize, bounded: usize, cap: Option<Cap>) -> (usize, Reason, Option<Cap>) {
        if bounded > from {
            let most = (2 * from).max(from + PODS_UP);
            return match bounded > most {
                true => (most, Reason::LagTooLong, Some(Cap::Step)),
                false => (bounded, Reason::LagTooLong, cap),
            };
        }
        // The largest recommendation of the window counts, so that a short lull removes no replica.
        let stable = self.recommended.iter().map(|(_, wanted)| *wanted).max();
        let stable = stable.unwrap_or(bounded).min(from);
        match bounded {
            bounded if bounded == from => (from, Reason::Enough, cap),
            _ if stable == from => (from, Reason::NotQuietYet, cap),
            _ => (stable, Reason::Quiet, cap),
        }
    }
}

fn end_offsets(sample: &Sample) -> u64 {
    let ends = sample.progress.ends.iter();
    ends.map(|end| u64::try_from(*end).unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Progress;

    const SYNC_INTERVAL: Duration = KedaPolicy::SYNC_INTERVAL;

    fn sample(lags: &[i64]) -> Sample {
        Sample {
            progress: Progress {
                ends: lags.to_vec(),
                positions: vec![0; lags.len()],
            },
            ..Sample::default()
        }
    }

    fn policy(lag_threshold: u64) -> KedaPolicy {
        KedaPolicy {
            lag_threshold,
            ..KedaPolicy::default()
        }
    }

    #[test]
    fn a_lag_just_above_the_cap_gives_one_replica_more_than_there_are_partitions() {
        let policy = policy(5);
        let replicas = |total: u64| policy.wanted(policy.metric(&[total, 0, 0, 0, 0]), 1);
        let found: Vec<usize> = (24..=31).map(replicas).collect();
        assert_eq!(found, [5, 5, 6, 6, 6, 6, 5, 5]);
    }

    #[test]
    fn the_cap_follows_the_options() {
        let cases = [
            (
                KedaPolicy {
                    allow_idle_consumers: true,
                    ..policy(10)
                },
                1_000,
            ),
            (policy(10), 60),
            (
                KedaPolicy {
                    limit_to_partitions_with_lag: true,
                    ..policy(10)
                },
                20,
            ),
            (
                KedaPolicy {
                    even_distribution: true,
                    ..policy(10)
                },
                60,
            ),
            (
                KedaPolicy {
                    even_distribution: true,
                    ..policy(300)
                },
                6 * 300,
            ),
            (
                KedaPolicy {
                    even_distribution: true,
                    ..policy(400)
                },
                3 * 400,
            ),
        ];
        for (policy, metric) in cases {
            assert_eq!(policy.metric(&[900, 100, 0, 0, 0, 0]), metric, "{policy:?}");
        }
    }

    #[test]
    fn the_autoscaler_doubles_and_keeps_what_is_within_a_tenth() {
        let mut scaler = KedaScaler::new(policy(10), Duration::ZERO, &sample(&[0; 24]));
        let mut fleet = 1;
        let mut found = Vec::new();
        for (round, lag) in [(1, 100), (2, 100), (3, 100), (4, 100), (5, 11), (6, 10)] {
            let decision = scaler.evaluate(SYNC_INTERVAL * round, &sample(&[lag; 24]), fleet);
            fleet = decision.to;
            found.push((decision.to, decision.reason));
        }
        let expected = [
            (5, Reason::LagTooLong),
            (10, Reason::LagTooLong),
            (20, Reason::LagTooLong),
            (24, Reason::LagTooLong),
            (24, Reason::Enough),
            (24, Reason::Enough),
        ];
        assert_eq!(found, expected);
        // 22 of 24 are within a tenth, so that the fleet never grows to the last two.
        assert_eq!(policy(10).wanted(240, 22), 22);
    }

    #[test]
    fn replicas_go_when_no_recommendation_of_five_minutes_needs_them() {
        let mut scaler = KedaScaler::new(policy(10), Duration::ZERO, &sample(&[0; 8]));
        let mut downs = Vec::new();
        let mut fleet = 8;
        for round in 1..=24 {
            let lag = if round == 1 { 10 } else { 0 };
            let decision = scaler.evaluate(SYNC_INTERVAL * round, &sample(&[lag; 8]), fleet);
            if decision.to != fleet {
                downs.push((decision.at.as_secs(), decision.to, decision.reason));
            }
            fleet = decision.to;
        }
        assert_eq!(downs, [(315, 1, Reason::Quiet)]);
    }
}
