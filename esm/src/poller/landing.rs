//! The end of a flight: the outcome is counted and shown, and the batch is finished, retried or left to the next owner of its partitions.

use super::flight::{Departure, Landed, Landing};
use super::{Poller, RETRY_INTERVAL};
use crate::batch::{Batch, MAXIMUM_EVENT_BYTES};
use crate::config::MappingConfig;
use crate::delivery::Discard;
use crate::metrics::nanoseconds;
use crate::outcome::Outcome;
use crate::source::{EventSource, RecordRange};
use crate::work::{Next, WorkItem, WorkRules};
use std::sync::Arc;
use std::time::Duration;

/// A batch that was throttled this many times in a row is shown in LastProcessingResult. A single throttle is not: with a function at its
/// limit they come and go many times a second.
const THROTTLES_SHOWN: u32 = 3;

/// An attempt to process a batch, as the scaler counts it.
struct Attempt<'a> {
    invoked: &'a Batch,
    /// The records that were not processed, if the response named them.
    left: &'a Batch,
    /// The BatchSize with which the flight departed; an update can have changed it in the meantime.
    batch_size: usize,
    /// Nanoseconds for which it occupied its slot.
    took: u64,
}

impl Attempt<'_> {
    /// Returns whether the batch was closed because it was full, and not because its window was over.
    fn is_full(&self) -> bool {
        // The size of the record that did not fit any more is not known here. Half of the limit is more than any window lets through by
        // chance, unless records are larger than 3 MB.
        self.invoked.record_count() >= self.batch_size || self.invoked.event_bytes > MAXIMUM_EVENT_BYTES / 2
    }
}

impl<S: EventSource> Poller<S> {
    /// Handles the end of a flight.
    pub(super) fn land(&mut self, landed: Landed) {
        let now = self.context.clock.elapsed();
        self.context.recorder.tick(now);
        self.batcher.invocation_completed(now);
        self.report.flights_changed(self.flights.oldest_departure());
        let Departure { mut item, config, .. } = landed.departure;
        let result = match landed.landing {
            Landing::Invoked(result) => result,
            Landing::NoRoom(full) => {
                self.report.source_problem(&full.to_string());
                if let Some(item) = self.if_retried(item) {
                    // No attempt is counted, because the function was not called.
                    self.retries.add(item, now + RETRY_INTERVAL);
                }
                return;
            }
        };
        self.report.source_works();
        // A flight without memory is not counted, because the scaler divides the records by this time.
        let took = nanoseconds(landed.took);
        self.context.counters.busy_ns.add(took);
        let mut outcome = Outcome::read(result, config.response_types);
        let invoked = Arc::clone(item.batch());
        if let Outcome::ItemFailures(failed) = &outcome {
            match item.keep_failed(failed, &config.envelope) {
                Some(finished) => {
                    self.source.finished(finished);
                    self.free_what_left(&invoked, item.batch());
                }
                None => {
                    let reason = "the response names records that the event did not have".to_owned();
                    outcome = Outcome::InvalidResponse { reason };
                }
            }
        }
        self.count(item.batch(), &outcome);
        let attempt = Attempt {
            invoked: &invoked,
            left: item.batch(),
            batch_size: config.batch_size,
            took,
        };
        self.count_work(&attempt, &outcome);
        let item = match outcome {
            // The source knows whether they can still be committed.
            Outcome::Success => Some(item),
            _ => self.if_retried(item),
        };
        if let Some(item) = item {
            self.proceed(item, &outcome, config, now);
        }
    }

    /// Frees the partitions of a batch that what is left of it has no records of.
    pub(super) fn free_what_left(&mut self, before: &Batch, left: &Batch) {
        let left = left.partitions();
        let mut gone = before.partitions();
        gone.retain(|partition| !left.contains(partition));
        self.batcher.free(&gone);
    }

    /// Returns what this poller may retry of an item, and releases the rest: the next owner of its partitions begins with it.
    fn if_retried(&mut self, item: WorkItem) -> Option<WorkItem> {
        if self.orders.is_stopping {
            // A stopping poller does not retry, because a function that keeps failing would keep it from ever leaving.
            self.batcher.free(&item.batch().partitions());
            self.source.released(item.ranges());
            return None;
        }
        self.without_lost(item)
    }

    /// Does what the mapping's rules say follows this outcome.
    fn proceed(&mut self, mut item: WorkItem, outcome: &Outcome, config: Arc<MappingConfig>, now: Duration) {
        let rules = WorkRules {
            failure: &config.failure_rules,
            retry: &self.context.retry,
            envelope: &config.envelope,
        };
        let entropy = &self.context.entropy;
        let next = item.next(outcome, &rules, || entropy.next_u64());
        // After `next`, which counts the throttles in a row.
        self.show(&item, outcome);
        match next {
            Next::Retry { after } => self.retries.add(item, now + after),
            Next::Split { halves, after } => {
                // The partitions are busy with each half from now on, instead of with the whole.
                self.batcher.free(&item.batch().partitions());
                for half in *halves {
                    self.batcher.occupy(&half.batch().partitions());
                    self.retries.add(half, now + after);
                }
            }
            Next::Discard { condition } => self.discard(Discard {
                batch: Arc::clone(item.batch()),
                config,
                condition,
                response: outcome.response(),
                invoke_count: item.invoke_count(),
            }),
            Next::Finished(ranges) => {
                self.log_processed(&ranges);
                self.source.finished(ranges);
                self.batcher.free(&item.batch().partitions());
                self.report.processed(now);
            }
        }
    }

    /// Notes the ends of what was processed for the system log.
    fn log_processed(&self, ranges: &[RecordRange]) {
        for range in ranges {
            let system_log = &self.context.system_log;
            system_log.processed(range.partition, range.offsets.end);
        }
    }

    /// Counts a completed invocation, of whose batch `left` has failed if it did.
    fn count(&self, left: &Batch, outcome: &Outcome) {
        let counters = &self.context.counters;
        let record_count = left.record_count() as u64;
        match outcome {
            Outcome::Success => counters.invocations.add(1),
            Outcome::ItemFailures(_) => {
                // The function did not fail, so the invocation is not counted among the errors.
                counters.invocations.add(1);
                counters.failed_invoke_event_count.add(record_count);
                tracing::warn!(count = record_count, "the function reported batch item failures");
                self.report.function_problem("Function call failed");
            }
            Outcome::InvalidResponse { reason } => {
                counters.invocations.add(1);
                counters.invoke_error_count.add(1);
                counters.failed_invoke_event_count.add(record_count);
                tracing::warn!(reason, "the response of the function is invalid");
                self.report.function_problem("Function call failed");
            }
            Outcome::Failure { reason, .. } => {
                counters.invocations.add(1);
                counters.invocation_errors.add(1);
                counters.invoke_error_count.add(1);
                counters.failed_invoke_event_count.add(record_count);
                tracing::warn!(reason, "an invocation failed");
                self.report.function_problem("Function call failed");
            }
            Outcome::Throttled { reason } => {
                // Lambda counts a throttled request neither as an invocation nor as an error.
                counters.throttles.add(1);
                tracing::debug!(reason, "an invocation was throttled");
            }
            Outcome::Unreachable { reason } => {
                // The function did not run, so only the batch and its records count as failed.
                counters.invoke_error_count.add(1);
                counters.failed_invoke_event_count.add(record_count);
                if let Some(hidden) = self.context.unreachable.show(self.context.clock.elapsed()) {
                    tracing::warn!(
                        reason,
                        failures_since_the_last_warning = hidden,
                        "the function cannot be invoked; it is tried again, and this is logged once a minute"
                    );
                }
                self.report
                    .function_problem(&format!("Function call failed. {reason}"));
            }
        }
    }

    /// Counts what the scaler reads: the records that an attempt has processed. Full batches count apart, because only they show what a slot
    /// can do.
    fn count_work(&self, attempt: &Attempt<'_>, outcome: &Outcome) {
        let counters = &self.context.counters;
        let Attempt {
            invoked, left, took, ..
        } = *attempt;
        let (records, bytes) = match outcome {
            Outcome::Success => (invoked.record_count(), invoked.record_bytes()),
            Outcome::ItemFailures(_) => (
                invoked.record_count() - left.record_count(),
                invoked.record_bytes() - left.record_bytes(),
            ),
            _ => (0, 0),
        };
        counters.records.add(records as u64);
        counters.record_bytes.add(bytes);
        if matches!(outcome, Outcome::Throttled { .. }) {
            counters.throttled_busy_ns.add(took);
        }
        if attempt.is_full() {
            counters.full_records.add(records as u64);
            counters.full_record_bytes.add(bytes);
            counters.full_busy_ns.add(took);
        }
    }

    /// Shows a throttle that lasts.
    fn show(&self, item: &WorkItem, outcome: &Outcome) {
        if let Outcome::Throttled { reason } = outcome
            && item.throttles_in_a_row() >= THROTTLES_SHOWN
        {
            self.report
                .function_problem(&format!("Function call was throttled. {reason}"));
        }
    }
}
