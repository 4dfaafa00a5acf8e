//! The batcher of a poller: it closes batches on count, bytes or window. Pure: it is told the time.
//!
//! It owns the records that were read and not invoked yet, in queues by partition, and knows which partitions are busy, with a batch that
//! is in flight or waits for a retry. Source: AWS Lambda developer guide, "Batching behavior" of event source mappings.
//!
//! A batch closes as soon as the records of the partitions that are not busy fill it, or when its window has passed and there are
//! any. It is filled from one partition as far as possible before the next one is opened, because each partition that is opened keeps
//! another one busy. The partitions take turns.
//!
//! # Notes
//! - Lambda's guide says when a window starts, but not what follows one that passed without a record. Here the next window starts with the
//!   next record, so a burst after a quiet time is one batch, and no record ever waits longer than one window.

use crate::batch::{Batch, BatchPart, Envelope};
use crate::source::{RecordRange, Records};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The start of the next batching window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowStart {
    /// In on-demand mode it is when the invocation of the batch before has completed.
    InvocationCompleted,
    /// In provisioned mode it is when the batch before has closed.
    BatchClosed,
}

/// The limits of a batch and of reading ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    /// `BatchSize`, in records.
    pub(crate) batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`; with zero a batch closes with the records that are there.
    pub(crate) window: Duration,
    /// The start of windows.
    pub(crate) window_start: WindowStart,
    /// The longest event, in bytes.
    pub(crate) event_bytes: usize,
    /// While more bytes of events than this wait, only partitions without waiting records are read.
    pub(crate) read_ahead_bytes: usize,
}

/// Collects records into batches.
#[derive(Debug)]
pub(crate) struct Batcher {
    limits: BatchLimits,
    envelope: Envelope,
    base_bytes: usize,
    queues: BTreeMap<i32, Queue>,
    /// For each busy partition, the number of batches that it is busy with: more than one after a batch was split.
    busy: BTreeMap<i32, usize>,
    /// Partitions that are read, but of which no batch may start yet.
    held: BTreeSet<i32>,
    /// The partition whose turn it is to open the next batch; without records its turn passes to the next one that has some.
    turn: i32,
    /// The time at which the present window started.
    window_from: Duration,
    waiting_bytes: usize,
}

/// The waiting records of one partition.
#[derive(Debug, Default)]
struct Queue {
    runs: VecDeque<Run>,
    record_count: usize,
    event_bytes: usize,
}

#[derive(Debug)]
struct Run {
    records: Arc<Records>,
    /// The bytes that each of `records.spans` adds to an event.
    sizes: Arc<[usize]>,
    range: Range<usize>,
}

impl Batcher {
    /// Returns an empty batcher whose first window starts `now`.
    pub(crate) fn new(limits: BatchLimits, envelope: Envelope, now: Duration) -> Self {
        Self {
            limits,
            base_bytes: envelope.base_bytes(),
            envelope,
            queues: BTreeMap::new(),
            busy: BTreeMap::new(),
            held: BTreeSet::new(),
            turn: 0,
            window_from: now,
            waiting_bytes: 0,
        }
    }

    /// Sets other limits. Waiting records stay.
    pub(crate) fn set_limits(&mut self, limits: BatchLimits) {
        self.limits = limits;
    }

    /// Adds records behind those of their partition. Returns those that can never be sent, one by one, because the event with one of them
    /// alone is too long.
    pub(crate) fn add(&mut self, records: Records, now: Duration) -> Vec<BatchPart> {
        if now >= self.window_end() && self.waiting().next().is_none() {
            self.window_from = now;
        }
        let partition = records.partition;
        let room = self
            .limits
            .event_bytes
            .saturating_sub(self.base_bytes + self.envelope.partition_bytes(partition));
        let sizes = self.envelope.record_sizes(&records);
        let records = Arc::new(records);
        let queue = self.queues.entry(partition).or_default();
        let mut oversized = Vec::new();
        let mut start = 0;
        for (index, _) in sizes.iter().enumerate().filter(|(_, bytes)| **bytes > room) {
            oversized.push(BatchPart {
                records: Arc::clone(&records),
                range: index..index + 1,
            });
            self.waiting_bytes += queue.push(&records, &sizes, start..index);
            start = index + 1;
        }
        self.waiting_bytes += queue.push(&records, &sizes, start..sizes.len());
        oversized
    }

    /// Returns the next batch, if one closes now. Its partitions are busy until [`Batcher::free`].
    pub(crate) fn take(&mut self, now: Duration) -> Option<Batch> {
        let is_due = self.is_full() || (now >= self.window_end() && self.waiting().next().is_some());
        if !is_due {
            return None;
        }
        let batch = self.fill();
        let last = batch.parts.last().expect("a batch that is due has records");
        self.turn = last.records.partition.wrapping_add(1);
        self.occupy(&batch.partitions());
        self.waiting_bytes -= batch_record_bytes(&batch, self.base_bytes, &self.envelope);
        self.window_from = now;
        Some(batch)
    }

    /// Returns the end of the window; `None` while nothing waits. A batch that is full is due before that.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.waiting().next().map(|_| self.window_end())
    }

    /// Starts the next window in on-demand mode, after an invocation has completed.
    pub(crate) fn invocation_completed(&mut self, now: Duration) {
        if self.limits.window_start == WindowStart::InvocationCompleted {
            self.window_from = now;
        }
    }

    /// Makes these partitions busy with one more batch.
    pub(crate) fn occupy(&mut self, partitions: &[i32]) {
        for partition in partitions {
            *self.busy.entry(*partition).or_default() += 1;
        }
    }

    /// Makes these partitions busy with one batch less.
    pub(crate) fn free(&mut self, partitions: &[i32]) {
        for partition in partitions {
            if let Some(count) = self.busy.get_mut(partition) {
                *count -= 1;
                if *count == 0 {
                    self.busy.remove(partition);
                }
            }
        }
    }

    /// Returns whether one of the batch's partitions is busy with another batch, too.
    pub(crate) fn shares_partitions(&self, batch: &Batch) -> bool {
        let mut parts = batch.parts.iter();
        parts.any(|part| {
            self.busy
                .get(&part.records.partition)
                .is_some_and(|count| *count > 1)
        })
    }

    /// Forgets the records that wait, and returns them as ranges. Busy partitions stay busy.
    pub(crate) fn discard(&mut self) -> Vec<RecordRange> {
        self.held.clear();
        self.waiting_bytes = 0;
        let queues = std::mem::take(&mut self.queues);
        queues.values().flat_map(Queue::ranges).collect()
    }

    /// Holds these partitions: no batch of them starts until [`Batcher::release`].
    pub(crate) fn hold(&mut self, partitions: &[i32]) {
        self.held.extend(partitions);
    }

    /// Releases all partitions that are held.
    pub(crate) fn release(&mut self) {
        self.held.clear();
    }

    /// Forgets the records of one partition that wait, and returns them as ranges. It stays busy if it is.
    pub(crate) fn forget(&mut self, partition: i32) -> Vec<RecordRange> {
        let Some(queue) = self.queues.remove(&partition) else {
            return Vec::new();
        };
        self.waiting_bytes -= queue.event_bytes;
        queue.ranges().collect()
    }

    /// Returns the batch with the parts for which `is_kept` holds, or `None` if nothing is left. It must hold for all parts of a partition or
    /// for none; the other partitions are busy with one batch less.
    pub(crate) fn strip(&mut self, batch: &Batch, is_kept: impl Fn(&BatchPart) -> bool) -> Option<Batch> {
        let (kept, lost): (Vec<BatchPart>, Vec<BatchPart>) = batch.parts.iter().cloned().partition(is_kept);
        let mut lost: Vec<i32> = lost.iter().map(|part| part.records.partition).collect();
        // The parts of one partition are adjacent, so this finds all that repeat.
        lost.dedup();
        self.free(&lost);
        (!kept.is_empty()).then(|| self.envelope.batch(kept))
    }

    /// Returns whether more of a partition should be read: less than a full batch of it waits, and not too much of all partitions together.
    pub(crate) fn wants(&self, partition: i32) -> bool {
        self.queues
            .get(&partition)
            .is_none_or(|queue| match queue.record_count {
                // A partition of which nothing waits is always read, so that others with large records do not keep it from its turn.
                0 => true,
                count => {
                    count < self.limits.batch_size
                        && queue.event_bytes < self.limits.event_bytes
                        && self.waiting_bytes < self.limits.read_ahead_bytes
                }
            })
    }

    fn window_end(&self) -> Duration {
        self.window_from.saturating_add(self.limits.window)
    }

    /// Returns the partitions that have records, are not busy and not held, in the order of their turns.
    fn waiting(&self) -> impl Iterator<Item = (i32, &Queue)> {
        let (before, from) = (self.queues.range(..self.turn), self.queues.range(self.turn..));
        from.chain(before)
            .filter(|(partition, queue)| {
                queue.record_count > 0 && !self.busy.contains_key(partition) && !self.held.contains(partition)
            })
            .map(|(partition, queue)| (*partition, queue))
    }

    fn is_full(&self) -> bool {
        let (mut record_count, mut event_bytes) = (0, self.base_bytes);
        self.waiting().any(|(partition, queue)| {
            record_count += queue.record_count;
            event_bytes += self.envelope.partition_bytes(partition) + queue.event_bytes;
            record_count >= self.limits.batch_size || event_bytes >= self.limits.event_bytes
        })
    }

    fn fill(&mut self) -> Batch {
        let mut batch = Batch {
            parts: Vec::new(),
            event_bytes: self.base_bytes,
        };
        let mut room = self.limits.batch_size;
        // Every partition that is opened gives a record at least, so `room` of them are enough.
        let partitions: Vec<i32> = self
            .waiting()
            .map(|(partition, _)| partition)
            .take(room)
            .collect();
        for partition in partitions {
            let opened_bytes = batch.event_bytes + self.envelope.partition_bytes(partition);
            let bytes_left = self.limits.event_bytes.saturating_sub(opened_bytes);
            let queue = self
                .queues
                .get_mut(&partition)
                .expect("a partition that waits has a queue");
            let taken = queue.take(room, bytes_left, &mut batch.parts);
            if taken.record_count == 0 {
                // The next record of this partition does not fit. The batch ends, and the next one begins with this partition, so that a
                // large record is never passed over.
                break;
            }
            batch.event_bytes = opened_bytes + taken.event_bytes;
            room -= taken.record_count;
            // Records are left only if the count or the bytes have ended the batch.
            if room == 0 || queue.record_count > 0 {
                break;
            }
        }
        batch
    }
}

struct Taken {
    record_count: usize,
    event_bytes: usize,
}

impl Queue {
    /// Returns the ranges of the records in it.
    fn ranges(&self) -> impl Iterator<Item = RecordRange> {
        self.runs.iter().map(|run| run.records.range(&run.range))
    }

    /// Adds a run, and returns the bytes of events that it makes.
    fn push(&mut self, records: &Arc<Records>, sizes: &Arc<[usize]>, range: Range<usize>) -> usize {
        if range.is_empty() {
            return 0;
        }
        let event_bytes = sizes[range.clone()].iter().sum();
        self.record_count += range.len();
        self.event_bytes += event_bytes;
        self.runs.push_back(Run {
            records: Arc::clone(records),
            sizes: Arc::clone(sizes),
            range,
        });
        event_bytes
    }

    /// Moves records from the front into `parts`, at most `room` of them and `bytes_left` bytes.
    fn take(&mut self, room: usize, bytes_left: usize, parts: &mut Vec<BatchPart>) -> Taken {
        let mut taken = Taken {
            record_count: 0,
            event_bytes: 0,
        };
        while let Some(run) = self.runs.front_mut() {
            let start = run.range.start;
            for bytes in &run.sizes[run.range.clone()] {
                if taken.record_count == room || taken.event_bytes + bytes > bytes_left {
                    break;
                }
                taken.record_count += 1;
                taken.event_bytes += bytes;
                run.range.start += 1;
            }
            if run.range.start > start {
                parts.push(BatchPart {
                    records: Arc::clone(&run.records),
                    range: start..run.range.start,
                });
            }
            if !run.range.is_empty() {
                break;
            }
            self.runs.pop_front();
        }
        self.record_count -= taken.record_count;
        self.event_bytes -= taken.event_bytes;
        taken
    }
}

/// Returns the bytes of a batch's records alone.
fn batch_record_bytes(batch: &Batch, base_bytes: usize, envelope: &Envelope) -> usize {
    let opened: usize = batch
        .partitions()
        .into_iter()
        .map(|partition| envelope.partition_bytes(partition))
        .sum();
    batch.event_bytes - base_bytes - opened
}
