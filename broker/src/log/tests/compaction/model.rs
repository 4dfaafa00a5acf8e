//! Random appends, transactions and cleanings, beside a list of records.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Records (key, whether it is a tombstone), in this producer's transaction or in none.
    Append(Option<i64>, Vec<(u8, bool)>, bool),
    End(i64, bool),
    /// Cleans this many milliseconds after the last time.
    Clean(i64),
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    offset: i64,
    key: u8,
    is_tombstone: bool,
    batch: i64,
    producer: Option<i64>,
    is_aborted: bool,
}

/// The expected content of the log: records, one after another, and the horizon of each batch.
#[derive(Debug, Default)]
struct Model {
    records: Vec<Kept>,
    horizons: BTreeMap<i64, i64>,
    cleaned_to: i64,
}

impl Model {
    /// Drops from the records before `end` those that are aborted, that have a later record of their key before `end`, and tombstones
    /// whose horizon has passed.
    fn clean(&mut self, end: i64, now_ms: i64, delete_retention_ms: i64) {
        let dirty = self.cleaned_to;
        let mut last: BTreeMap<u8, i64> = BTreeMap::new();
        for record in &self.records {
            if record.offset >= dirty && record.offset < end && !record.is_aborted {
                last.insert(record.key, record.offset);
            }
        }
        let horizons = self.horizons.clone();
        self.records.retain(|record| {
            let is_last = last.get(&record.key).is_none_or(|last| record.offset >= *last);
            let is_past = horizons
                .get(&record.batch)
                .is_some_and(|horizon| *horizon <= now_ms);
            record.offset >= end || (!record.is_aborted && is_last && !(record.is_tombstone && is_past))
        });
        for record in self
            .records
            .iter()
            .filter(|record| record.offset < end && record.is_tombstone)
        {
            self.horizons
                .entry(record.batch)
                .or_insert(now_ms + delete_retention_ms);
        }
        self.cleaned_to = end;
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let records = prop::collection::vec((0u8..5, prop::bool::weighted(0.25)), 1..5);
    let producer = prop::option::of(1i64..4);
    let step = prop_oneof![
        5 => (producer, records, any::<bool>()).prop_map(|(id, records, compressed)| Step::Append(id, records, compressed)),
        2 => (1i64..4, any::<bool>()).prop_map(|(id, commits)| Step::End(id, commits)),
        2 => (0i64..2_000).prop_map(Step::Clean),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_cleaned_log_holds_what_a_list_of_records_holds(steps in steps(), segment_bytes in 150i32..900) {
        let settings = LogSettings { segment_bytes, delete_retention_ms: 1_000, ..settings() };
        let mut log = log();
        let mut model = Model::default();
        let mut sequences: BTreeMap<i64, i32> = BTreeMap::new();
        let mut now_ms = NOW_MS;
        for step in steps {
            match step {
                Step::Append(id, keys, is_compressed) => {
                    let names: Vec<_> = keys.iter().map(|(key, _)| key.to_string()).collect();
                    let records: Vec<_> = names
                        .iter()
                        .zip(&keys)
                        .map(|(name, (_, is_tombstone))| (&**name, (!is_tombstone).then_some("value")))
                        .collect();
                    let codec = if is_compressed { Compression::Lz4 } else { Compression::None };
                    let mut batch = keyed(&records, codec);
                    if let Some(id) = id {
                        let sequence = sequences.entry(id).or_default();
                        batch.header.set_producer(ProducerId(id), ProducerEpoch(0), Sequence(*sequence));
                        batch.header.set_transactional();
                        batch.header.set_crc(batch.header.compute_crc(&batch.body));
                        *sequence += keys.len() as i32;
                    }
                    let appended = log.append_on(batch, &terms(&settings, now_ms)).unwrap();
                    for (offset, (key, is_tombstone)) in (appended.base_offset.0..).zip(keys) {
                        let batch = appended.base_offset.0;
                        model.records.push(Kept { offset, key, is_tombstone, batch, producer: id, is_aborted: false });
                    }
                }
                Step::End(id, commits) => {
                    let producer_id = ProducerId(id);
                    let start = log
                        .active_producers()
                        .into_iter()
                        .find(|producer| producer.producer_id == producer_id)
                        .and_then(|producer| producer.transaction_start_offset);
                    let Some(start) = start else { continue };
                    let outcome = if commits { TransactionOutcome::Commit } else { TransactionOutcome::Abort };
                    let marker = TransactionMarker {
                        producer_id,
                        producer_epoch: ProducerEpoch(0),
                        outcome,
                        coordinator_epoch: 0,
                        transaction_version: 0,
                    };
                    log.append_marker(&marker, &terms(&settings, now_ms)).unwrap();
                    for record in &mut model.records {
                        if record.producer == Some(id) && record.offset >= start.0 {
                            record.is_aborted = !commits;
                        }
                    }
                }
                Step::Clean(later_ms) => {
                    now_ms += later_ms;
                    if let Some(cleaning) = log.begin_cleaning(log.log_end_offset(), now_ms, &settings) {
                        let end = cleaning.first_uncleanable_offset();
                        log.finish_cleaning(run(cleaning).unwrap());
                        model.clean(end.0, now_ms, 1_000);
                    }
                }
            }
            log.replicated(log.log_end_offset());
            let expected: Vec<_> = model.records.iter().map(|record| record.offset).collect();
            prop_assert_eq!(offsets(&log), expected);
            // A consumer that reads committed records sees exactly those that no aborted transaction has.
            let stable = log.last_stable_offset(log.log_end_offset());
            prop_assert_eq!(committed(&log, stable), model
                .records
                .iter()
                .filter(|record| record.offset < stable.0 && !record.is_aborted)
                .map(|record| record.offset)
                .collect::<Vec<_>>());
        }
        let headers: Vec<_> = batches(&log).into_iter().map(|(header, _)| header).collect();
        for from in 0..=log.log_end_offset().0 {
            let next = headers.iter().find(|header| header.last_offset().0 >= from);
            let found = read(&log, from, 1).first().copied();
            prop_assert_eq!(found, next.map(|header| header.base_offset().0), "from {}", from);
        }
    }
}

/// The offsets that Java's consumer hands out under `read_committed`: it skips the records of a producer from the start of an aborted
/// transaction to its marker.
fn committed(log: &PartitionLog, stable: Offset) -> Vec<i64> {
    let mut aborted = log.aborted_transactions(Offset(0), stable);
    aborted.sort_by_key(|aborted| aborted.first_offset);
    let mut aborted = aborted.into_iter().peekable();
    let mut skipped = std::collections::BTreeSet::new();
    let mut seen = Vec::new();
    for (header, body) in batches(log) {
        if header.last_offset() >= stable {
            break;
        }
        while let Some(begun) = aborted.next_if(|aborted| aborted.first_offset <= header.last_offset()) {
            skipped.insert(begun.producer_id);
        }
        if header.is_control() {
            let marker = marker::TransactionMarker::read(&header, &body);
            if marker.is_some_and(|marker| marker.outcome == TransactionOutcome::Abort) {
                skipped.remove(&header.producer_id());
            }
        } else if !(header.is_transactional() && skipped.contains(&header.producer_id())) {
            let plain = records::plain(&header, &body, usize::MAX).unwrap();
            seen.extend(records::walk(&header, &plain).map(|record| record.unwrap().offset.0));
        }
    }
    seen
}
