//! Records that are given up: they go to the on-failure destination, if the mapping has one, and are finished then.

use super::{Phase, Poller};
use crate::batch::{Batch, BatchPart};
use crate::delivery::{Delivered, Discard};
use crate::destination::DiscardCondition;
use crate::source::{EventSource, Records, UndecodableReason};
use crate::work::ranges;
use std::sync::Arc;

/// Number of deliveries with which a poller reads no further.
// Only records that are too large start deliveries without a batch, and nothing else would bound these.
pub(super) const MAXIMUM_DELIVERIES: usize = 64;

impl<S: EventSource> Poller<S> {
    /// Gives records up. Their partitions are busy with them, until they are delivered or dropped.
    pub(super) fn discard(&mut self, discard: Discard) {
        if discard.config.on_failure.is_some() {
            return self.deliveries.start(discard);
        }
        self.count_dropped(&discard, discard.batch.record_count() as u64, None);
        self.finish_discarded(&discard.batch);
    }

    /// Gives up records that alone exceed the size of an event.
    pub(super) fn discard_oversized(&mut self, oversized: Vec<BatchPart>) {
        for part in oversized {
            self.discard_unsent(part, DiscardCondition::MaximumPayloadSizeExceeded);
        }
    }

    /// Gives up a record that cannot be decoded.
    pub(super) fn discard_undecodable(&mut self, records: Records, reason: UndecodableReason) {
        let range = 0..records.spans.len();
        if self.phase != Phase::Assigned || self.orders.is_stopping {
            return self.source.released([records.range(&range)]);
        }
        let counters = &self.context.counters;
        counters.polled_event_count.add(range.len() as u64);
        counters.polled_bytes.add(records.record_bytes());
        counters.schema_registry_error_count.add(1);
        self.context
            .system_log
            .consumed(records.partition, records.offsets.end);
        let condition = match reason {
            UndecodableReason::SchemaNotFound => DiscardCondition::SchemaNotFound,
            UndecodableReason::DeserializationError => DiscardCondition::DeserializationError,
        };
        let records = Arc::new(records);
        self.discard_unsent(BatchPart { records, range }, condition);
    }

    /// Gives up records that no function was invoked with.
    fn discard_unsent(&mut self, part: BatchPart, condition: DiscardCondition) {
        let config = Arc::clone(&self.orders.config);
        let batch = config.envelope.batch(vec![part]);
        self.batcher.occupy(&batch.partitions());
        self.discard(Discard {
            batch: Arc::new(batch),
            config,
            condition,
            response: None,
            invoke_count: 0,
        });
    }

    /// Handles the end of a delivery.
    pub(super) fn delivered(&mut self, (discard, delivered): (Discard, Delivered)) {
        let counters = &self.context.counters;
        counters
            .on_failure_destination_delivered_event_count
            .add(delivered.delivered);
        counters
            .on_failure_destination_delivery_error_count
            .add(delivered.errors);
        if delivered.delivered > 0 {
            tracing::info!(
                destination = discard.destination(),
                condition = %discard.condition,
                count = delivered.delivered,
                "discarded records are delivered to the on-failure destination"
            );
        }
        if delivered.dropped > 0 {
            counters.destination_delivery_failures.add(1);
            let config = &discard.config;
            self.context
                .meters
                .delivery_failed(&config.function_name, config.qualifier.as_deref());
            self.count_dropped(&discard, delivered.dropped, delivered.reason.as_deref());
        }
        self.finish_discarded(&discard.batch);
    }

    /// Finishes discarded records: Lambda commits them like processed ones, so that the partition moves on.
    fn finish_discarded(&mut self, batch: &Batch) {
        for part in &batch.parts {
            let range = part.record_range();
            self.context
                .system_log
                .processed(range.partition, range.offsets.end);
        }
        self.source.finished(ranges(&batch.parts));
        self.batcher.free(&batch.partitions());
    }

    /// Counts dropped records; `reason` is why they could not be delivered.
    fn count_dropped(&self, discard: &Discard, count: u64, reason: Option<&str>) {
        self.context.counters.dropped_event_count.add(count);
        let topic = &discard.config.envelope.topic;
        let records = positions(&discard.batch);
        let condition = discard.condition;
        match reason {
            Some(reason) => tracing::warn!(
                topic,
                records,
                count,
                %condition,
                destination = discard.destination(),
                reason,
                "records are dropped, because they cannot be delivered to the on-failure destination"
            ),
            None => tracing::warn!(topic, records, count, %condition, "records are discarded"),
        }
    }
}

/// Returns the partition with the first and the last offset of each part, as `3:10-11`, for a log from which the records can be found again.
fn positions(batch: &Batch) -> String {
    let position = |part: &BatchPart| {
        let range = part.record_range();
        format!(
            "{}:{}-{}",
            range.partition,
            range.offsets.start,
            range.offsets.end - 1
        )
    };
    batch.parts.iter().map(position).collect::<Vec<_>>().join(" ")
}
