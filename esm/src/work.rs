//! A work item: a closed batch on its way through invocations, until every record of it is finished. Pure.
//!
//! [`WorkItem::next`] decides what follows an invocation, by the mapping's rules. Source: AWS Lambda developer guide, "Configuring error
//! handling controls for Kafka event sources".
//!
//! # Notes
//! - A bisected batch is split after half of its records, rounded up, in the order of the event. Lambda does not document where it splits
//!   a batch of several partitions. As documented for Kinesis, a split does not count as a retry.
//!   A response that names failed records, or an invalid one, splits nothing.
//! - Records that are too old are taken out of a batch whenever it is about to be sent, also the first time; the others are sent. Lambda
//!   does not document by which time a Kafka record's age is measured. Here it is the record's timestamp.

use crate::batch::{Batch, BatchPart, Envelope};
use crate::config::FailureRules;
use crate::destination::DiscardCondition;
use crate::outcome::{ItemIdentifier, Outcome};
use crate::retry::{Attempts, RetryCause, RetryPolicy};
use crate::source::{RecordRange, Span};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// A batch with its attempts.
#[derive(Clone, Debug)]
pub(crate) struct WorkItem {
    batch: Arc<Batch>,
    attempts: Attempts,
}

/// The rules of a mapping that decide what follows an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkRules<'a> {
    pub(crate) failure: &'a FailureRules,
    pub(crate) retry: &'a RetryPolicy,
    /// The envelope, which measures the events of a split batch.
    pub(crate) envelope: &'a Envelope,
}

/// The step that follows an invocation.
#[derive(Debug)]
pub(crate) enum Next {
    /// The function is invoked with the item again.
    Retry { after: Duration },
    /// The item is replaced by its halves, in this order. They share the partitions that both have records of, and the second must not
    /// be invoked with records of a partition before the first has finished those before them.
    Split {
        halves: Box<[WorkItem; 2]>,
        after: Duration,
    },
    /// The function is not invoked with the item again. Its records go to the on-failure destination, if there is one; then its offsets are
    /// finished, although its records were not processed.
    Discard { condition: DiscardCondition },
    /// These ranges are finished.
    Finished(Vec<RecordRange>),
}

impl WorkItem {
    /// Returns the item of a batch that has just closed.
    pub(crate) fn new(batch: Batch) -> Self {
        Self {
            batch: Arc::new(batch),
            attempts: Attempts::default(),
        }
    }

    /// Returns the batch.
    pub(crate) fn batch(&self) -> &Arc<Batch> {
        &self.batch
    }

    /// Returns the number of throttles since the batch last reached the function.
    pub(crate) fn throttles_in_a_row(&self) -> u32 {
        self.attempts.throttled
    }

    /// Returns the number of invocations that failed in the function.
    pub(crate) fn invoke_count(&self) -> u32 {
        self.attempts.failed
    }

    /// Replaces the batch by a part of it; the attempts stay.
    pub(crate) fn with_batch(self, batch: Batch) -> Self {
        Self {
            batch: Arc::new(batch),
            ..self
        }
    }

    /// Keeps the records that a response names as failed, and returns the ranges of the others, which are finished. Returns `None`, and
    /// keeps all, if a name is not that of a record of the batch.
    pub(crate) fn keep_failed(
        &mut self,
        failed: &[ItemIdentifier],
        envelope: &Envelope,
    ) -> Option<Vec<RecordRange>> {
        let named = failed.iter().map(|record| {
            let name = record
                .partition
                .strip_prefix(&envelope.topic)?
                .strip_prefix('-')?;
            let partition: i32 = name.parse().ok()?;
            // Only the name that the event has: not `+1` or `01`.
            (partition.to_string() == name).then_some((partition, record.offset))
        });
        let named: BTreeSet<(i32, i64)> = named.collect::<Option<_>>()?;
        let is_named = |partition, span: &Span| named.contains(&(partition, span.offset));
        let spans = self.batch.parts.iter().flat_map(|part| {
            let partition = part.records.partition;
            part.spans().iter().map(move |span| (partition, span))
        });
        let found = spans
            .filter(|(partition, span)| is_named(*partition, span))
            .count();
        (found == named.len()).then(|| ranges(&self.keep(is_named, envelope)))
    }

    /// Keeps the records that are not older than `maximum_age` at the wall time `now_ms`, and returns the others.
    pub(crate) fn keep_young(
        &mut self,
        maximum_age: Duration,
        envelope: &Envelope,
        now_ms: i64,
    ) -> Vec<BatchPart> {
        let is_young = |_, span: &Span| {
            // Producers set timestamps, so one can lie in the future; such a record has no age.
            let age_ms = u64::try_from(now_ms.saturating_sub(span.timestamp_ms)).unwrap_or(0);
            Duration::from_millis(age_ms) <= maximum_age
        };
        self.keep(is_young, envelope)
    }

    /// Replaces the batch by the records for which `is_kept` holds, and returns the others.
    fn keep(&mut self, is_kept: impl Fn(i32, &Span) -> bool, envelope: &Envelope) -> Vec<BatchPart> {
        let (mut kept, mut others) = (Vec::new(), Vec::new());
        for part in &self.batch.parts {
            let partition = part.records.partition;
            let mut start = part.range.start;
            for run in part
                .spans()
                .chunk_by(|a, b| is_kept(partition, a) == is_kept(partition, b))
            {
                let range = start..start + run.len();
                start = range.end;
                let runs = if is_kept(partition, &run[0]) {
                    &mut kept
                } else {
                    &mut others
                };
                runs.push(BatchPart {
                    records: Arc::clone(&part.records),
                    range,
                });
            }
        }
        // Mostly all are kept, and the batch is not measured anew.
        if !others.is_empty() {
            self.batch = Arc::new(envelope.batch(kept));
        }
        others
    }

    /// Decides what follows an invocation with this `outcome`. The records that a response did not name as failed are finished already.
    /// Asks for a random number only if there is a delay to be spread.
    pub(crate) fn next(
        &mut self,
        outcome: &Outcome,
        rules: &WorkRules<'_>,
        random: impl FnOnce() -> u64,
    ) -> Next {
        let cause = match outcome {
            Outcome::Success => return Next::Finished(self.ranges()),
            Outcome::Failure { .. } | Outcome::ItemFailures(_) | Outcome::InvalidResponse { .. } => {
                RetryCause::Failed
            }
            Outcome::Throttled { .. } => RetryCause::Throttled,
            Outcome::Unreachable { .. } => RetryCause::Unreachable,
        };
        let before = self.attempts;
        let after = self.attempts.next_delay(cause, rules.retry, random());
        if cause == RetryCause::Failed {
            let is_error = matches!(outcome, Outcome::Failure { .. });
            if is_error && rules.failure.bisects_batch && self.batch.record_count() > 1 {
                self.attempts = before;
                let halves = Box::new(self.halves(rules.envelope));
                return Next::Split { halves, after };
            }
            let maximum = rules.failure.maximum_retry_attempts;
            if maximum.is_some_and(|maximum| self.attempts.failed > maximum) {
                return Next::Discard {
                    condition: DiscardCondition::RetryAttemptsExhausted,
                };
            }
        }
        Next::Retry { after }
    }

    /// Returns the ranges of the batch, one per run of a partition.
    pub(crate) fn ranges(&self) -> Vec<RecordRange> {
        ranges(&self.batch.parts)
    }

    /// Returns whether `other` has earlier records of a partition that this item has records of, too.
    pub(crate) fn follows(&self, other: &Batch) -> bool {
        let is_earlier = |part: &BatchPart| {
            let mut others = other.parts.iter();
            others.any(|earlier| {
                earlier.records.partition == part.records.partition
                    && earlier.offsets().start < part.offsets().start
            })
        };
        self.batch.parts.iter().any(is_earlier)
    }

    fn halves(&self, envelope: &Envelope) -> [Self; 2] {
        let mut left = self.batch.record_count().div_ceil(2);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for part in &self.batch.parts {
            let cut = part.range.start + left.min(part.range.len());
            left -= cut - part.range.start;
            let runs = [
                (&mut first, part.range.start..cut),
                (&mut second, cut..part.range.end),
            ];
            for (parts, range) in runs {
                if !range.is_empty() {
                    parts.push(BatchPart {
                        records: Arc::clone(&part.records),
                        range,
                    });
                }
            }
        }
        // Both halves keep the attempts of the whole, so a split neither costs an attempt nor gives any back.
        [first, second].map(|parts| Self {
            batch: Arc::new(envelope.batch(parts)),
            attempts: self.attempts,
        })
    }
}

/// Returns the ranges of these parts, one per run of a partition.
pub(crate) fn ranges(parts: &[BatchPart]) -> Vec<RecordRange> {
    let mut ranges: Vec<RecordRange> = Vec::with_capacity(parts.len());
    for part in parts {
        let range = part.record_range();
        match ranges.last_mut() {
            Some(last) if last.precedes(&range) => last.offsets.end = range.offsets.end,
            _ => ranges.push(range),
        }
    }
    ranges
}
