//! A shorter trace of the same run: neighbouring buckets as one, and of the evaluations those that changed something.

use super::{Bucket, Decision, Trace};

impl Trace {
    /// Returns the trace with at most `most` buckets and, if it has more than `most_evaluations`, fewer evaluations. Neighbouring buckets are put together, and evaluations
    /// that repeat the one before are left out; totals, the lag at the end of each bucket and all changes of the fleet stay.
    #[must_use]
    pub fn shortened(&self, most: usize, most_evaluations: usize) -> Self {
        let together = self.buckets.len().div_ceil(most.max(1)).max(1);
        let chunks = self.buckets.chunks(together);
        let evaluations = match self.evaluations.len() <= most_evaluations {
            true => self.evaluations.clone(),
            false => changing(&self.evaluations),
        };
        Self {
            bucket: self.bucket * u32::try_from(together).unwrap_or(u32::MAX),
            buckets: chunks.filter_map(joined).collect(),
            evaluations,
            ..self.clone()
        }
    }
}

/// Returns the evaluations that changed the fleet, and the first of each stretch with the same reason.
fn changing(evaluations: &[Decision]) -> Vec<Decision> {
    let mut before = None;
    let mut is_new = |decision: &&Decision| {
        let reason = before.replace(decision.reason);
        decision.to != decision.from || reason != Some(decision.reason)
    };
    evaluations
        .iter()
        .filter(|decision| is_new(decision))
        .cloned()
        .collect()
}

/// Returns buckets that follow each other as one.
fn joined(buckets: &[Bucket]) -> Option<Bucket> {
    let (first, rest) = buckets.split_first()?;
    let mut all = *first;
    for bucket in rest {
        let (before_s, after_s) = (all.length.as_secs_f64(), bucket.length.as_secs_f64());
        let mean = |before: f64, after: f64| match before_s + after_s {
            0.0 => 0.0,
            seconds => (before * before_s + after * after_s) / seconds,
        };
        all = Bucket {
            length: all.length + bucket.length,
            running_mean: mean(all.running_mean, bucket.running_mean),
            in_flight_mean: mean(all.in_flight_mean, bucket.in_flight_mean),
            overhead_mean: mean(all.overhead_mean, bucket.overhead_mean),
            throttled_mean: mean(all.throttled_mean, bucket.throttled_mean),
            waiting_mean: mean(all.waiting_mean, bucket.waiting_mean),
            event_poller_units: all.event_poller_units.max(bucket.event_poller_units),
            ..all
        };
        all.extend(bucket);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ProfileName;
    use crate::trace::{Reason, Recorder, TraceReading, TraceSettings};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn decision(second: u32, to: usize, reason: Reason) -> Decision {
        Decision {
            at: second * SECOND,
            from: 1,
            to,
            reason,
            lag: 0,
            arrival_per_s: 0.0,
            slot_per_s: None,
            slots_per_poller: None,
            throttled_share: 0.0,
            raw_target: None,
            capped_by: None,
        }
    }

    #[test]
    fn a_shorter_trace_has_the_same_totals_and_every_change() {
        let unit = ProfileName::Current.profile().event_poller_unit;
        let mut recorder = Recorder::new(TraceSettings::default(), unit, TraceReading::default());
        let mut now = TraceReading::default();
        for second in 1..=7u32 {
            now.end_offsets += 10 * u64::from(second);
            now.committed += 10;
            now.lag = now.end_offsets - now.committed;
            now.in_flight_max = second as usize;
            now.running += SECOND * second;
            recorder.record(second * SECOND, now);
        }
        for (second, to, reason) in [
            (1, 1, Reason::Enough),
            (2, 1, Reason::Enough),
            (3, 2, Reason::LagTooLong),
            (4, 3, Reason::LagTooLong),
            (5, 1, Reason::Enough),
        ] {
            recorder.evaluated(decision(second, to, reason));
        }
        let trace = recorder.trace();
        assert_eq!(trace.shortened(7, 5), trace);
        let short = trace.shortened(3, 4);
        let shown: Vec<_> = short
            .buckets
            .iter()
            .map(|bucket| {
                (
                    bucket.start,
                    bucket.length,
                    bucket.arrived,
                    bucket.lag,
                    bucket.in_flight_max,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (Duration::ZERO, 3 * SECOND, 60, 30, 3),
                (3 * SECOND, 3 * SECOND, 150, 150, 6),
                (6 * SECOND, SECOND, 70, 210, 7)
            ]
        );
        assert_eq!(short.buckets[1].running_mean, 5.0);
        assert_eq!(short.bucket, 3 * SECOND);
        let kept: Vec<_> = short.evaluations.iter().map(|one| one.at.as_secs()).collect();
        assert_eq!(kept, [1, 3, 4, 5]);
    }
}
