//! The log against a list of batches, under random histories.

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
    /// Retention, so many milliseconds after `NOW_MS`.
    Sweep(i64),
    NextEpoch,
}

/// What the log must hold.
#[derive(Debug, Default)]
struct Model {
    segments: Vec<Vec<Kept>>,
    start: i64,
    end: i64,
    epoch: i32,
    /// Epoch and offset where it began.
    epochs: Vec<(i32, i64)>,
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

fn bytes_of(segment: &[Kept]) -> i64 {
    segment.iter().map(|kept| kept.wire.len() as i64).sum()
}

impl Model {
    fn append(&mut self, batch: &Batch, timestamps_ms: &[i64], settings: &LogSettings) {
        let mut header = batch.header;
        header.set_base_offset(Offset(self.end));
        header.set_leader_epoch(LeaderEpoch(self.epoch));
        let wire = [&header.0[..], &batch.body[..]].concat();
        let fits = self.segments.last().is_some_and(|segment| {
            bytes_of(segment) + wire.len() as i64 <= i64::from(settings.segment_bytes)
        });
        if !fits {
            self.segments.push(Vec::new());
        }
        let last = self.segments.len() - 1;
        self.segments[last].push(Kept {
            wire,
            base_offset: self.end,
            timestamps_ms: timestamps_ms.to_vec(),
            epoch: self.epoch,
        });
        if self.epochs.last().is_none_or(|(epoch, _)| *epoch < self.epoch) {
            self.epochs.push((self.epoch, self.end));
        }
        self.end += timestamps_ms.len() as i64;
        if !fits {
            self.sweep(NOW_MS, settings, last);
        }
    }

    fn sweep(&mut self, now_ms: i64, settings: &LogSettings, mut deletable: usize) {
        let mut excess =
            self.segments.iter().map(|segment| bytes_of(segment)).sum::<i64>() - settings.retention_bytes;
        while deletable > 0 && bytes_of(&self.segments[0]) <= excess {
            excess -= bytes_of(&self.segments[0]);
            self.drop_first();
            deletable -= 1;
        }
        let latest = |segment: &[Kept]| segment.iter().flat_map(|kept| kept.timestamps_ms.clone()).max();
        while deletable > 0 && now_ms - latest(&self.segments[0]).unwrap_or(0) > settings.retention_ms {
            self.drop_first();
            deletable -= 1;
        }
    }

    fn drop_first(&mut self) {
        let gone = self.segments.remove(0);
        self.start = self
            .start
            .max(gone.last().map_or(0, |kept| kept.last_offset() + 1));
    }

    fn delete_records(&mut self, offset: i64) {
        self.start = offset;
        while self.segments.len() > 1 && self.segments[1][0].base_offset <= offset {
            self.segments.remove(0);
        }
    }

    fn batches(&self) -> impl Iterator<Item = &Kept> {
        self.segments
            .iter()
            .flatten()
            .filter(|kept| kept.last_offset() >= self.start)
    }

    fn records(&self) -> impl Iterator<Item = Found> {
        self.batches()
            .flat_map(Kept::records)
            .filter(|found| found.offset.0 >= self.start)
    }

    /// What a read gives: the bytes and the next offset.
    fn read(&self, from: i64, end: i64, max_bytes: usize, at_least_one: bool) -> (Vec<u8>, i64) {
        let (mut bytes, mut next) = (Vec::new(), from);
        for kept in self.batches().filter(|kept| kept.last_offset() >= from) {
            let is_forced = at_least_one && bytes.is_empty();
            if kept.last_offset() >= end || (bytes.len() + kept.wire.len() > max_bytes && !is_forced) {
                break;
            }
            bytes.extend_from_slice(&kept.wire);
            next = kept.last_offset() + 1;
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
            log.find_by_time(timestamp_ms),
            model.records().find(|found| found.timestamp_ms >= timestamp_ms)
        );
    }
    // `max_by_key` gives the last of equals, the log the first.
    let largest = model.records().map(|found| found.timestamp_ms).max();
    assert_eq!(
        log.find_max_timestamp(),
        model.records().find(|found| Some(found.timestamp_ms) == largest)
    );
    for found in model.records() {
        assert_eq!(log.epoch_at(found.offset), Some(found.leader_epoch));
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
                (model.start, model.end, model.segments.iter().map(|segment| bytes_of(segment)).sum())
            );
        }
        check_reads(&log, &model, &budgets);
        check_searches(&log, &model);
        drop(log);
        prop_assert_eq!(pool.used_bytes(), 0);
    }
}
