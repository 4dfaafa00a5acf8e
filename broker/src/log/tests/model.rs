//! The log against a slow model, a list of batches, under random histories.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append {
        timestamps_ms: Vec<i64>,
        value_bytes: usize,
        codec: Compression,
    },
    /// Deletes up to this part of the kept records, in 256ths.
    DeleteRecords(u8),
    /// Retention, at this many milliseconds after `NOW_MS`.
    Sweep(i64),
    /// Keeps this part of the kept records, in 256ths.
    Truncate(u8),
    NextEpoch,
}

/// The expected content of the log.
#[derive(Debug)]
struct Model {
    segments: Vec<KeptSegment>,
    start: i64,
    end: i64,
    epoch: i32,
    /// The epochs, each with its start offset.
    epochs: Vec<(i32, i64)>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            segments: Vec::new(),
            start: 0,
            end: 0,
            epoch: 0,
            epochs: vec![(0, 0)],
        }
    }
}

/// Batches that retention drops together, those below the log start among them.
#[derive(Debug)]
struct KeptSegment {
    base_offset: i64,
    batches: Vec<Kept>,
}

impl KeptSegment {
    fn bytes(&self) -> i64 {
        self.batches.iter().map(|kept| kept.wire.len() as i64).sum()
    }

    fn latest_ms(&self) -> i64 {
        let timestamps_ms = self.batches.iter().flat_map(|kept| &kept.timestamps_ms);
        *timestamps_ms.max().expect("a batch has records")
    }
}

#[derive(Clone, Debug)]
struct Kept {
    wire: Vec<u8>,
    base_offset: i64,
    timestamps_ms: Vec<i64>,
    epoch: i32,
}

impl Kept {
    fn last_offset(&self) -> i64 {
        self.base_offset + self.timestamps_ms.len() as i64 - 1
    }

    fn records(&self) -> impl Iterator<Item = Found> {
        (self.base_offset..)
            .zip(&self.timestamps_ms)
            .map(|(offset, timestamp_ms)| Found {
                offset: Offset(offset),
                timestamp_ms: *timestamp_ms,
                leader_epoch: LeaderEpoch(self.epoch),
            })
    }
}

impl Model {
    fn append(&mut self, batch: &Batch, timestamps_ms: &[i64], settings: &LogSettings) {
        let mut header = batch.header;
        header.set_base_offset(Offset(self.end));
        header.set_leader_epoch(LeaderEpoch(self.epoch));
        let wire = [&header.0[..], &batch.body[..]].concat();
        let fits = self
            .segments
            .last()
            .is_some_and(|segment| segment.bytes() + wire.len() as i64 <= i64::from(settings.segment_bytes));
        if !fits {
            self.segments.push(KeptSegment {
                base_offset: self.end,
                batches: Vec::new(),
            });
        }
        let last = self.segments.len() - 1;
        self.segments[last].batches.push(Kept {
            wire,
            base_offset: self.end,
            timestamps_ms: timestamps_ms.to_vec(),
            epoch: self.epoch,
        });
        if self.epochs.last().is_none_or(|(epoch, _)| *epoch < self.epoch) {
            self.epochs.retain(|(_, start)| *start < self.end);
            self.epochs.push((self.epoch, self.end));
        }
        self.end += timestamps_ms.len() as i64;
        if !fits {
            self.sweep(NOW_MS, settings, last);
        }
    }

    fn sweep(&mut self, now_ms: i64, settings: &LogSettings, mut deletable: usize) {
        let mut excess = self.bytes() - settings.retention_bytes;
        // A segment that a truncation emptied stays.
        let is_used = |segment: &KeptSegment| !segment.batches.is_empty();
        while deletable > 0 && is_used(&self.segments[0]) && self.segments[0].bytes() <= excess {
            excess -= self.segments[0].bytes();
            self.drop_first();
            deletable -= 1;
        }
        while deletable > 0
            && is_used(&self.segments[0])
            && now_ms - self.segments[0].latest_ms() > settings.retention_ms
        {
            self.drop_first();
            deletable -= 1;
        }
    }

    fn bytes(&self) -> i64 {
        self.segments.iter().map(KeptSegment::bytes).sum()
    }

    fn drop_first(&mut self) {
        self.segments.remove(0);
        let next = self.segments.first();
        self.start_at(next.map_or(self.end, |segment| segment.base_offset));
    }

    fn start_at(&mut self, offset: i64) {
        self.start = self.start.max(offset);
        // The epoch that contains the log start now begins there.
        while self.epochs.get(1).is_some_and(|(_, start)| *start <= self.start) {
            self.epochs.remove(0);
        }
        if let Some((_, start)) = self.epochs.first_mut() {
            *start = self.start.max(*start);
        }
    }

    fn truncate(&mut self, offset: i64) {
        self.epochs.retain(|(_, start)| *start < offset.min(self.end));
        if offset == self.end {
            return;
        }
        self.segments.retain(|segment| segment.base_offset <= offset);
        for segment in &mut self.segments {
            segment.batches.retain(|kept| kept.last_offset() < offset);
        }
        self.end = offset;
    }

    fn end_offset_for_epoch(&self, epoch: i32) -> Option<(LeaderEpoch, Offset)> {
        let (latest, _) = self.epochs.last()?;
        if epoch > *latest {
            return None;
        }
        let higher = self.epochs.iter().find(|(other, _)| *other > epoch);
        let floor = self.epochs.iter().rfind(|(other, _)| *other <= epoch);
        Some((
            LeaderEpoch(floor.map_or(epoch, |(floor, _)| *floor)),
            Offset(higher.map_or(self.end, |(_, start)| *start)),
        ))
    }

    fn delete_records(&mut self, offset: i64) {
        // As in `UnifiedLog.maybeIncrementLogStartOffset`, nothing happens if the log starts there already.
        if offset <= self.start {
            return;
        }
        self.start_at(offset);
        while self.segments.len() > 1 && self.segments[1].base_offset <= offset {
            self.segments.remove(0);
        }
    }

    fn batches(&self) -> impl Iterator<Item = &Kept> {
        self.segments
            .iter()
            .flat_map(|segment| &segment.batches)
            .filter(|kept| kept.last_offset() >= self.start)
    }

    fn records(&self) -> impl Iterator<Item = Found> {
        self.batches()
            .flat_map(Kept::records)
            .filter(|found| found.offset.0 >= self.start)
    }

    /// Returns the bytes of a read, which ends with its segment, and the offset after them.
    fn read(&self, from: i64, end: i64, max_bytes: usize, at_least_one: bool) -> (Vec<u8>, i64) {
        let (mut bytes, mut next) = (Vec::new(), from);
        let first = from.max(self.start);
        for segment in &self.segments {
            for kept in segment.batches.iter().filter(|kept| kept.last_offset() >= first) {
                let is_forced = at_least_one && bytes.is_empty();
                if kept.last_offset() >= end || (bytes.len() + kept.wire.len() > max_bytes && !is_forced) {
                    return (bytes, next);
                }
                bytes.extend_from_slice(&kept.wire);
                next = kept.last_offset() + 1;
            }
            if !bytes.is_empty() {
                break;
            }
        }
        (bytes, next)
    }
}

fn step() -> impl Strategy<Value = Step> {
    let codec =
        prop_oneof![4 => Just(Compression::None), 1 => Just(Compression::Lz4), 1 => Just(Compression::Zstd)];
    let value_bytes = prop_oneof![4 => 0usize..60, 1 => 300usize..3_000];
    let timestamps_ms = proptest::collection::vec(NOW_MS - 2_000..NOW_MS + 2_000, 1..6);
    let append =
        (timestamps_ms, value_bytes, codec).prop_map(|(timestamps_ms, value_bytes, codec)| Step::Append {
            timestamps_ms,
            value_bytes,
            codec,
        });
    prop_oneof![
        40 => append,
        1 => any::<u8>().prop_map(Step::DeleteRecords),
        1 => (0i64..4_000).prop_map(Step::Sweep),
        2 => any::<u8>().prop_map(Step::Truncate),
        1 => Just(Step::NextEpoch),
    ]
}

fn settings() -> impl Strategy<Value = LogSettings> {
    (
        prop_oneof![Just(16_000), Just(40_000), Just(1 << 30)],
        prop_oneof![Just(20_000i64), Just(1 << 40)],
    )
        .prop_map(|(segment_bytes, retention_bytes)| LogSettings {
            segment_bytes,
            retention_bytes,
            retention_ms: 3_000,
            ..LogSettings::default()
        })
}

fn apply(log: &mut PartitionLog, model: &mut Model, step: &Step, settings: &LogSettings) {
    match step {
        Step::Append {
            timestamps_ms,
            value_bytes,
            codec,
        } => {
            let batch = batch(timestamps_ms, *value_bytes, *codec);
            model.append(&batch, timestamps_ms, settings);
            let appended = log
                .append(batch, LeaderEpoch(model.epoch), NOW_MS, settings)
                .expect("there is room");
            assert_eq!(appended.last_offset.0 + 1, model.end);
        }
        Step::DeleteRecords(part) => {
            let offset = model.start + (model.end - model.start) * i64::from(*part) / 255;
            model.delete_records(offset);
            assert_eq!(log.delete_records(Offset(offset)), Ok(Offset(offset)));
        }
        Step::Sweep(later_ms) => {
            model.sweep(NOW_MS + later_ms, settings, model.segments.len());
            log.enforce_retention(NOW_MS + later_ms, settings);
        }
        Step::Truncate(part) => {
            let offset = model.start + (model.end - model.start) * i64::from(*part) / 255;
            model.truncate(offset);
            log.truncate(Offset(offset), NOW_MS);
        }
        Step::NextEpoch => model.epoch += 1,
    }
}

fn check_reads(log: &PartitionLog, model: &Model, budgets: &[usize]) {
    let middle = model
        .batches()
        .nth(model.batches().count() / 2)
        .map_or(model.end, |kept| kept.base_offset);
    for from in model.start..=model.end {
        let budget = budgets[from as usize % budgets.len()];
        for (end, max_bytes, at_least_one) in [
            (model.end, budget, true),
            (model.end, budget, false),
            (middle, usize::MAX, true),
        ] {
            let slice = log
                .read(Offset(from), Offset(end), max_bytes, at_least_one)
                .expect("in range");
            let found = wire(&slice);
            let (bytes, next) = if from < end {
                model.read(from, end, max_bytes, at_least_one)
            } else {
                (vec![], from)
            };
            assert_eq!(slice.bytes, found.len());
            assert!(
                found == bytes,
                "{from}..{end}, {max_bytes} bytes: {} for {}",
                found.len(),
                bytes.len()
            );
            assert_eq!(
                slice.next_offset,
                Offset(next),
                "{from}..{end}, {max_bytes} bytes"
            );
        }
    }
}

fn check_searches(log: &PartitionLog, model: &Model) {
    for timestamp_ms in (NOW_MS - 2_001..NOW_MS + 2_001).step_by(97) {
        assert_eq!(
            log.find_by_time(timestamp_ms, &LogSettings::default()).unwrap(),
            model.records().find(|found| found.timestamp_ms >= timestamp_ms)
        );
    }
    // `max_by_key` returns the last of several equal records, the log returns the first.
    let largest = model.records().map(|found| found.timestamp_ms).max();
    assert_eq!(
        log.find_max_timestamp(&LogSettings::default()).unwrap(),
        model.records().find(|found| Some(found.timestamp_ms) == largest)
    );
    for found in model.records() {
        assert_eq!(log.epoch_at(found.offset), Some(found.leader_epoch));
    }
    for epoch in 0..=model.epoch + 1 {
        assert_eq!(
            log.end_offset_for_epoch(LeaderEpoch(epoch)),
            model.end_offset_for_epoch(epoch),
            "epoch {epoch}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_reads_as_the_list_of_its_batches(
        settings in settings(),
        steps in proptest::collection::vec(step(), 1..150),
        budgets in proptest::collection::vec(1usize..30_000, 1..8),
    ) {
        let pool = pool();
        let mut log = PartitionLog::new(pool.clone());
        let mut model = Model::default();
        for step in &steps {
            apply(&mut log, &mut model, step, &settings);
            prop_assert_eq!(
                (log.log_start_offset().0, log.log_end_offset().0, log.size_bytes() as i64),
                (model.start, model.end, model.bytes())
            );
        }
        check_reads(&log, &model, &budgets);
        check_searches(&log, &model);
        drop(log);
        prop_assert_eq!(pool.used_bytes(), 0);
    }
}
