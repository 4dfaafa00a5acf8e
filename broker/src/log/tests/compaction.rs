//! Compaction: what stays of a log, and when it is due.

use super::*;
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;

/// A compacted log whose segments hold one batch each, so that each batch but the last can be cleaned at once.
fn settings() -> LogSettings {
    LogSettings {
        compacted: true,
        deletes: false,
        segment_bytes: 100,
        min_cleanable_dirty_ratio: 0.0,
        ..LogSettings::default()
    }
}

fn terms(settings: &LogSettings, now_ms: i64) -> AppendTerms<'_> {
    AppendTerms {
        leader_epoch: LeaderEpoch(0),
        now_ms,
        settings,
        origin: Origin::Client,
        verification: Verification::Disabled,
    }
}

/// A batch of records (key, value) of now.
fn keyed(records: &[(&str, Option<&str>)], compression: Compression) -> Batch {
    let records: Vec<_> = records
        .iter()
        .map(|(key, value)| NewRecord {
            timestamp_ms: NOW_MS,
            key: Some(key.as_bytes()),
            value: value.map(str::as_bytes),
            ..NewRecord::default()
        })
        .collect();
    Batch::verify(encode_batch(&records, compression)).expect("an encoded batch is valid")
}

fn put(log: &mut PartitionLog, records: &[(&str, Option<&str>)]) -> i64 {
    let settings = settings();
    let batch = keyed(records, Compression::None);
    let appended = log.append_on(batch, &terms(&settings, NOW_MS)).expect("appended");
    log.replicated(log.log_end_offset());
    appended.base_offset.0
}

/// Appends a record that is never cleaned in these tests, because its segment is the active one.
fn put_last(log: &mut PartitionLog) {
    put(log, &[("last", Some("last"))]);
}

/// Cleans the log if it is due. Returns whether it was.
fn clean(log: &mut PartitionLog, now_ms: i64, settings: &LogSettings) -> bool {
    let Some(cleaning) = log.begin_cleaning(log.log_end_offset(), now_ms, settings) else {
        return false;
    };
    let cleaned = cleaning.run().expect("its records can be read");
    log.finish_cleaning(cleaned);
    true
}

fn batches(log: &PartitionLog) -> Vec<(BatchHeader, Bytes)> {
    let slice = log.read(log.log_start_offset(), log.log_end_offset(), usize::MAX, true);
    records::batches(wire(&slice.expect("in range"))).collect()
}

/// The records of a log as (offset, key, value); null is "-".
fn content(log: &PartitionLog) -> Vec<(i64, String, String)> {
    let mut all = Vec::new();
    for (header, body) in batches(log) {
        assert_eq!(header.crc(), header.compute_crc(&body), "{header:?}");
        let plain = records::plain(&header, &body, usize::MAX).expect("it decompresses");
        let text = |bytes: Option<&[u8]>| {
            bytes.map_or("-".to_owned(), |bytes| {
                String::from_utf8_lossy(bytes).into_owned()
            })
        };
        for record in records::walk(&header, &plain) {
            let record = record.expect("it is valid");
            if !header.is_control() {
                all.push((record.offset.0, text(record.key), text(record.value)));
            }
        }
    }
    all
}

fn offsets(log: &PartitionLog) -> Vec<i64> {
    content(log).into_iter().map(|(offset, ..)| offset).collect()
}

fn row(offset: i64, key: &str, value: &str) -> (i64, String, String) {
    (offset, key.to_owned(), value.to_owned())
}

#[test]
fn of_each_key_the_last_record_stays_at_its_offset() {
    let mut log = log();
    put(&mut log, &[("a", Some("1")), ("b", Some("2"))]);
    put(&mut log, &[("a", Some("3"))]);
    put(&mut log, &[("c", Some("4")), ("b", Some("5"))]);
    put_last(&mut log);
    let (before, end) = (log.size_bytes(), log.log_end_offset());
    assert!(clean(&mut log, NOW_MS, &settings()));
    assert_eq!(
        content(&log),
        [
            row(2, "a", "3"),
            row(3, "c", "4"),
            row(4, "b", "5"),
            row(5, "last", "last")
        ]
    );
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (Offset(0), end));
    assert!(log.size_bytes() < before);
    let kept: usize = batches(&log).iter().map(|(_, body)| 61 + body.len()).sum();
    assert_eq!(log.size_bytes(), kept as u64);
}

#[test]
fn a_read_in_a_hole_gives_the_next_batch() {
    let mut log = log();
    for value in ["1", "2", "3", "4"] {
        put(&mut log, &[("a", Some(value))]);
    }
    put_last(&mut log);
    clean(&mut log, NOW_MS, &settings());
    for from in 0..=3 {
        assert_eq!(read(&log, from, usize::MAX), [3, 4], "from {from}");
        assert_eq!(read(&log, from, 1), [3], "from {from}");
    }
}

#[test]
fn compressed_batches_and_large_ones_keep_their_codec_and_their_last_offset() {
    let value = "v".repeat(6_000);
    for codec in [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let mut log = log();
        let settings = settings();
        let roomy = LogSettings {
            segment_bytes: 20_000,
            ..settings.clone()
        };
        let records = [("a", Some(&*value)), ("b", Some(&*value)), ("a", Some("new"))];
        log.append_on(keyed(&records, codec), &terms(&roomy, NOW_MS))
            .expect("appended");
        put(&mut log, &[("b", Some("newer"))]);
        put_last(&mut log);
        clean(&mut log, NOW_MS, &settings);
        assert_eq!(
            content(&log)[..2],
            [row(2, "a", "new"), row(3, "b", "newer")],
            "{codec:?}"
        );
        let header = batches(&log)[0].0;
        assert_eq!(header.compression(), Some(codec));
        assert_eq!(
            (header.base_offset(), header.last_offset()),
            (Offset(0), Offset(2))
        );
        assert_eq!(header.record_count(), 1);
    }
}

#[test]
fn the_active_segment_is_never_cleaned() {
    let mut log = log();
    put(&mut log, &[("a", Some("1")), ("a", Some("2"))]);
    assert!(!clean(&mut log, NOW_MS + DAY_MS, &settings()));
    assert_eq!(offsets(&log), [0, 1]);
}

#[test]
fn a_log_that_is_not_compacted_is_never_cleaned() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    let settings = LogSettings {
        compacted: false,
        ..settings()
    };
    assert!(!clean(&mut log, NOW_MS, &settings));
}

#[test]
fn a_log_is_due_once_the_dirty_part_is_larger_than_the_ratio_allows() {
    for (ratio, is_due) in [(0.0, true), (0.3, true), (0.7, false), (1.0, false)] {
        let mut log = log();
        for key in ["a", "b"] {
            put(&mut log, &[(key, Some("1"))]);
        }
        put_last(&mut log);
        assert!(clean(&mut log, NOW_MS, &settings()));
        // Two clean batches, and two dirty ones of the same size.
        put(&mut log, &[("a", Some("2"))]);
        put_last(&mut log);
        let settings = LogSettings {
            min_cleanable_dirty_ratio: ratio,
            ..settings()
        };
        assert_eq!(clean(&mut log, NOW_MS, &settings), is_due, "ratio {ratio}");
        assert!(!clean(&mut log, NOW_MS, &settings), "nothing is dirty any more");
    }
}

#[test]
fn a_record_younger_than_min_compaction_lag_ms_is_left_alone() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    put_last(&mut log);
    let settings = LogSettings {
        min_compaction_lag_ms: 1_000,
        ..settings()
    };
    assert!(!clean(&mut log, NOW_MS + 999, &settings));
    assert!(clean(&mut log, NOW_MS + 1_000, &settings));
    assert_eq!(offsets(&log), [1, 2]);
}

#[test]
fn a_record_older_than_max_compaction_lag_ms_makes_the_log_due() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    put_last(&mut log);
    let settings = LogSettings {
        max_compaction_lag_ms: 1_000,
        min_cleanable_dirty_ratio: 1.0,
        ..settings()
    };
    assert!(!clean(&mut log, NOW_MS + 1_000, &settings));
    assert!(clean(&mut log, NOW_MS + 1_001, &settings));
    assert_eq!(offsets(&log), [1, 2]);
}

#[test]
fn max_compaction_lag_ms_closes_a_segment() {
    let settings = LogSettings {
        max_compaction_lag_ms: 1_000,
        segment_bytes: 1 << 20,
        ..settings()
    };
    for (later_ms, count) in [(1_000, 1), (1_001, 2)] {
        let mut log = log();
        for timestamp_ms in [NOW_MS, NOW_MS + later_ms] {
            let record = NewRecord {
                timestamp_ms,
                key: Some(b"a"),
                ..NewRecord::default()
            };
            let batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("valid");
            log.append_on(batch, &terms(&settings, timestamp_ms))
                .expect("appended");
        }
        assert_eq!(log.segments.len(), count, "{later_ms} ms later");
    }
}

#[test]
fn a_tombstone_stays_for_delete_retention_ms_after_the_pass_that_met_it_first() {
    let mut log = log();
    let settings = LogSettings {
        delete_retention_ms: 1_000,
        ..settings()
    };
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", None)]);
    put_last(&mut log);
    let first_ms = NOW_MS + 5_000;
    assert!(clean(&mut log, first_ms, &settings));
    assert_eq!(content(&log)[0], row(1, "a", "-"));
    let header = batches(&log)[0].0;
    assert_eq!(header.delete_horizon_ms(), Some(first_ms + 1_000));
    assert_eq!(
        header.max_timestamp_ms(),
        NOW_MS,
        "the record keeps its timestamp"
    );
    let found = log.find_by_time(NOW_MS).expect("it is there");
    assert_eq!((found.offset, found.timestamp_ms), (Offset(1), NOW_MS));
    put_last(&mut log);
    assert!(clean(&mut log, first_ms + 999, &settings));
    assert_eq!(offsets(&log), [1, 2, 3], "the tombstone is there");
    put_last(&mut log);
    assert!(clean(&mut log, first_ms + 1_000, &settings));
    assert_eq!(offsets(&log), [3, 4]);
}

fn within(id: i64, epoch: i16, sequence: i32, records: &[(&str, Option<&str>)]) -> Batch {
    let mut batch = keyed(records, Compression::None);
    let (id, epoch) = (ProducerId(id), ProducerEpoch(epoch));
    batch.header.set_producer(id, epoch, Sequence(sequence));
    batch.header.set_transactional();
    batch.header.set_crc(batch.header.compute_crc(&batch.body));
    batch
}

fn put_within(log: &mut PartitionLog, id: i64, sequence: i32, records: &[(&str, Option<&str>)]) {
    let settings = settings();
    log.append_on(within(id, 0, sequence, records), &terms(&settings, NOW_MS))
        .expect("appended");
    log.replicated(log.log_end_offset());
}

fn end(log: &mut PartitionLog, id: i64, outcome: TransactionOutcome) {
    let settings = settings();
    let marker = TransactionMarker {
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(0),
        outcome,
        coordinator_epoch: 0,
        transaction_version: 0,
    };
    log.append_marker(&marker, &terms(&settings, NOW_MS))
        .expect("appended");
    log.replicated(log.log_end_offset());
}

#[test]
fn nothing_from_the_last_stable_offset_on_is_cleaned() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    put_within(&mut log, 1, 0, &[("a", Some("3"))]);
    put(&mut log, &[("a", Some("4"))]);
    put_last(&mut log);
    assert!(clean(&mut log, NOW_MS, &settings()));
    assert_eq!(offsets(&log), [1, 2, 3, 4], "the transaction is open at 2");
    end(&mut log, 1, TransactionOutcome::Commit);
    put_last(&mut log);
    assert!(clean(&mut log, NOW_MS, &settings()));
    // The batch of the transaction stays without its record, for the producer's sequence.
    assert_eq!(offsets(&log), [3, 4, 6]);
}

#[test]
fn aborted_records_go_and_their_marker_follows_once_its_horizon_has_passed() {
    let mut log = log();
    let settings = LogSettings {
        delete_retention_ms: 1_000,
        ..settings()
    };
    put(&mut log, &[("a", Some("1"))]); // 0
    put_within(&mut log, 1, 0, &[("a", Some("aborted"))]); // 1
    end(&mut log, 1, TransactionOutcome::Abort); // 2
    put_within(&mut log, 1, 1, &[("b", Some("2"))]); // 3
    end(&mut log, 1, TransactionOutcome::Commit); // 4
    put_last(&mut log); // 5
    assert_eq!(log.aborted_transactions(Offset(0), Offset(6)).len(), 1);
    assert!(clean(&mut log, NOW_MS, &settings));
    // The aborted record did not count as the last of its key.
    assert_eq!(offsets(&log), [0, 3, 5]);
    let kept = |log: &PartitionLog| -> Vec<i64> {
        let all = batches(log).into_iter();
        all.map(|(header, _)| header.base_offset().0).collect()
    };
    assert_eq!(
        kept(&log),
        [0, 2, 3, 4, 5],
        "the marker had records when it was read"
    );
    put_last(&mut log); // 6
    assert!(clean(&mut log, NOW_MS, &settings));
    assert_eq!(kept(&log), [0, 2, 3, 4, 5, 6], "the marker has a horizon now");
    assert_eq!(log.aborted_transactions(Offset(0), Offset(6)), []);
    put_last(&mut log); // 7
    assert!(clean(&mut log, NOW_MS + 1_000, &settings));
    assert_eq!(kept(&log), [0, 3, 4, 6, 7]);
}

#[test]
fn the_last_batch_of_a_producer_stays_without_records() {
    let mut log = log();
    put_within(&mut log, 1, 0, &[("a", Some("1"))]);
    put_within(&mut log, 1, 1, &[("a", Some("2"))]);
    end(&mut log, 1, TransactionOutcome::Commit);
    put(&mut log, &[("a", Some("3"))]);
    put_last(&mut log);
    clean(&mut log, NOW_MS, &settings());
    let header = batches(&log)[0].0;
    assert_eq!(
        (
            header.base_offset(),
            header.record_count(),
            header.last_sequence()
        ),
        (Offset(1), 0, Sequence(1))
    );
    assert_eq!(header.max_timestamp_ms(), NOW_MS);
    // A truncation reads the producer's state from the batches that are left.
    log.truncate(Offset(4), NOW_MS);
    let settings = settings();
    let next = log.append_on(within(1, 0, 2, &[("b", None)]), &terms(&settings, NOW_MS));
    assert_eq!(next.map(|appended| appended.base_offset), Ok(Offset(4)));
}

#[test]
fn a_cleaning_that_was_overtaken_is_thrown_away() {
    let mut log = log();
    for value in ["1", "2", "3"] {
        put(&mut log, &[("a", Some(value))]);
    }
    put_last(&mut log);
    let settings = settings();
    let begin = |log: &mut PartitionLog| {
        log.begin_cleaning(log.log_end_offset(), NOW_MS, &settings)
            .expect("it is due")
            .run()
            .expect("it is readable")
    };
    let cleaned = begin(&mut log);
    log.delete_records(Offset(1)).expect("it exists");
    assert_eq!(log.finish_cleaning(cleaned), 0);
    assert_eq!(offsets(&log), [1, 2, 3]);
    let cleaned = begin(&mut log);
    put(&mut log, &[("b", Some("4"))]);
    assert!(log.finish_cleaning(cleaned) > 0, "an append does not disturb it");
    assert_eq!(offsets(&log), [2, 3, 4]);
}

#[test]
fn small_segments_are_joined() {
    let mut log = log();
    for index in 0..6 {
        put(&mut log, &[(&format!("{index}"), Some("1"))]);
    }
    put_last(&mut log);
    assert_eq!(log.segments.len(), 7);
    let settings = LogSettings {
        segment_bytes: 250,
        ..settings()
    };
    clean(&mut log, NOW_MS, &settings);
    let bases: Vec<_> = log.segments.iter().map(|segment| segment.base_offset.0).collect();
    assert_eq!(bases, [0, 3, 6]);
    assert_eq!(offsets(&log), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn records_that_cannot_be_read_are_left_as_they_are() {
    let mut log = log();
    let mut garbage = keyed(&[("a", Some("1"))], Compression::Zstd);
    garbage.body = Bytes::from_static(b"no zstd frame");
    garbage.header.set_body_len(garbage.body.len());
    let loose = LogSettings {
        compacted: false,
        ..settings()
    };
    log.append_on(garbage, &terms(&loose, NOW_MS))
        .expect("it is not read");
    put(&mut log, &[("a", Some("2"))]);
    put_last(&mut log);
    let cleaning = log.begin_cleaning(log.log_end_offset(), NOW_MS, &settings());
    let error = cleaning.expect("it is due").run().expect_err("it is garbage");
    assert!(matches!(error, CleaningError::InvalidRecords(_)));
    log.set_uncleanable();
    assert!(!clean(&mut log, NOW_MS, &settings()));
}

mod model {
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

    /// What the log must hold: records, one after another, and the horizon of each batch.
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
                            log.finish_cleaning(cleaning.run().unwrap());
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
}
