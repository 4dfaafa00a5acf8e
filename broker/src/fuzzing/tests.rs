//! The seeds of the fuzzers' corpora, and a replay of every file in the corpora.
//!
//! `cargo test -p esmeralda-broker write_the_corpora -- --ignored` writes the seeds again. The replay includes other files, such as
//! those that a fuzzer found.

use super::{answer_frame, run_history, validate_batch};
use crate::bounds::tests::samples::cases;
use crate::log::header::{BATCH_HEADER_BYTES, Compression};
use crate::log::records::{NewRecord, encode_batch};
use crate::messages::OffsetCommitRequest;
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiKey, BrokerId, FetchRequest, GroupId, JoinGroupRequest, MetadataRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::{Request, StrBytes};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Inputs by file name.
type Corpus = BTreeMap<String, Vec<u8>>;

/// The upper bound of a seed's size.
const SEED_BYTES: usize = 1000;

fn folder(target: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fuzz", "corpus", target]
        .iter()
        .collect()
}

fn committed(target: &str) -> Corpus {
    let files = fs::read_dir(folder(target)).expect("the corpus is committed");
    let read = |file: fs::DirEntry| {
        (
            file.file_name().into_string().unwrap(),
            fs::read(file.path()).unwrap(),
        )
    };
    files.map(|file| read(file.unwrap())).collect()
}

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn put_header(frame: &mut BytesMut, api_key: i16, version: i16, is_flexible: bool) {
    frame.put_i16(api_key);
    frame.put_i16(version);
    frame.put_i32(7);
    frame.put_i16(4);
    frame.put_slice(b"fuzz");
    if is_flexible {
        frame.put_u8(0);
    }
}

fn frame<R: Request>(version: i16, request: &R) -> Vec<u8> {
    let mut frame = BytesMut::new();
    put_header(&mut frame, R::KEY, version, R::header_version(version) == 2);
    request.encode(&mut frame, version).unwrap();
    frame.into()
}

/// Frames whose names say whether the broker answers (`answered`) or closes the connection (`refused`).
fn frame_seeds() -> Corpus {
    let mut seeds = Corpus::new();
    // Every request with all its fields, at its first and its last version.
    for case in cases() {
        for version in [case.first_version, case.last_version] {
            let body = (0..)
                .map(|seed| (case.encode)(seed, version))
                .find(|body| body.len() < 500)
                .unwrap();
            let mut frame = BytesMut::new();
            let is_flexible = (case.header_version)(version) == 2;
            put_header(&mut frame, case.key, version, is_flexible);
            frame.put_slice(&body);
            seeds.insert(format!("any-{}-v{version}", case.name), frame.into());
        }
    }
    seeds.extend(answered_frames().map(|(name, frame)| (format!("answered-{name}"), frame)));
    seeds.extend(refused_frames().map(|(name, frame)| (format!("refused-{name}"), frame)));
    seeds
}

/// Requests that concern the existing topic `t`.
fn answered_frames() -> [(&'static str, Vec<u8>); 5] {
    let topic = || TopicName(text("t"));
    let record = NewRecord {
        timestamp_ms: 1_700_000_000_000,
        key: Some(b"key"),
        value: Some(b"value"),
        headers: &[],
    };
    let records = encode_batch(&[record], Compression::None);
    let metadata = MetadataRequest::default().with_topics(Some(vec![
        MetadataRequestTopic::default().with_name(Some(topic())),
    ]));
    let produced = TopicProduceData::default()
        .with_name(topic())
        .with_partition_data(vec![PartitionProduceData::default().with_records(Some(records))]);
    let produce = ProduceRequest::default()
        .with_transactional_id(None)
        .with_acks(-1)
        .with_topic_data(vec![produced]);
    let partition = FetchPartition::default().with_partition_max_bytes(1 << 20);
    let fetched = FetchTopic::default()
        .with_topic(topic())
        .with_partitions(vec![partition]);
    let fetch = FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(100)
        .with_max_bytes(1 << 20)
        .with_topics(vec![fetched]);
    let join = JoinGroupRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_session_timeout_ms(10_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![JoinGroupRequestProtocol::default().with_name(text("range"))]);
    let committed = OffsetCommitRequestTopic::default()
        .with_name(topic())
        .with_partitions(vec![
            OffsetCommitRequestPartition::default().with_committed_offset(1),
        ]);
    let commit = OffsetCommitRequest::default()
        .with_group_id(GroupId(text("g")))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![committed]);
    [
        ("metadata-v12", frame(12, &metadata)),
        ("produce-v9", frame(9, &produce)),
        ("fetch-v11", frame(11, &fetch)),
        ("join-group-v3", frame(3, &join)),
        ("offset-commit-v8", frame(8, &commit)),
    ]
}

fn refused_frames() -> [(&'static str, Vec<u8>); 8] {
    let with_body = |api_key: ApiKey, version, body: &[u8]| {
        let mut frame = BytesMut::new();
        put_header(
            &mut frame,
            api_key as i16,
            version,
            api_key.request_header_version(version) == 2,
        );
        frame.put_slice(body);
        frame.to_vec()
    };
    [
        ("empty", Vec::new()),
        ("header-cut", vec![0, 3, 0, 12, 0, 0]),
        ("unknown-key", vec![3, 232, 0, 0, 0, 0, 0, 1, 0xff, 0xff]),
        (
            "too-new",
            with_body(ApiKey::Metadata, 13, &[1, 0, 0, 0])[..3]
                .iter()
                .copied()
                .chain([99; 9])
                .collect(),
        ),
        (
            "count-of-topics",
            with_body(ApiKey::Metadata, 12, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ),
        (
            "negative-length",
            with_body(ApiKey::Heartbeat, 0, &[0x80, 0, b'g']),
        ),
        ("long-varint", with_body(ApiKey::ListGroups, 3, &[0xff; 9])),
        (
            "records-cut",
            with_body(
                ApiKey::Produce,
                9,
                &[0, 0, 1, 0, 0, 5, 220, 2, 2, b't', 2, 0, 0, 0, 0, 200, 1],
            ),
        ),
    ]
}

/// Batches whose names say whether the log stores (`stored`) or refuses them (`refused`).
fn batch_seeds() -> Corpus {
    let record = |place: i64| NewRecord {
        timestamp_ms: 1_700_000_000_000 + place,
        key: Some(b"key"),
        value: Some(b"a value, a value, a value"),
        headers: &[("trace", Some(b"\x00\xff")), ("empty", None)],
    };
    let three = [record(0), record(10), record(5)];
    let codecs = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    let mut seeds: Corpus = codecs
        .iter()
        .map(|codec| {
            (
                format!("stored-{codec:?}").to_lowercase(),
                encode_batch(&three, *codec).to_vec(),
            )
        })
        .collect();
    let plain = encode_batch(&three, Compression::None).to_vec();
    let patched = |at: usize, bytes: &[u8]| {
        let mut batch = plain.clone();
        batch[at..at + bytes.len()].copy_from_slice(bytes);
        batch
    };
    // Offsets into the header, by `DefaultRecordBatch`: length 8, magic 16, attributes 21, last offset delta 23, count 57. A wrong
    // CRC is put right by the target, so what is refused is so for another reason.
    let refused = [
        ("cut-header", plain[..BATCH_HEADER_BYTES - 1].to_vec()),
        ("cut-body", plain[..plain.len() - 1].to_vec()),
        ("magic-1", patched(16, &[1])),
        ("length-negative", patched(8, &[0xff; 4])),
        ("length-huge", patched(8, &[0x7f, 0xff, 0xff, 0xff])),
        ("codec-7", patched(21, &[0, 7])),
        ("count-huge", patched(57, &[0x7f, 0xff, 0xff, 0xff])),
        ("count-negative", patched(57, &[0xff; 4])),
        ("last-offset-delta", patched(23, &[0, 0, 0, 9])),
        ("two-batches", plain.repeat(2)),
        ("empty", Vec::new()),
    ];
    seeds.extend(refused.map(|(name, batch)| (format!("refused-{name}"), batch)));
    seeds.insert("stored-wrong-crc".to_owned(), patched(17, &[1, 2, 3, 4]));
    seeds.insert("stored-log-append-time".to_owned(), patched(21, &[0, 8]));
    seeds.insert("any-not-gzip".to_owned(), patched(21, &[0, 1]));
    seeds.insert(
        "any-record-length".to_owned(),
        patched(BATCH_HEADER_BYTES, &[0xff, 0xff]),
    );
    seeds
}

/// Scripts of random bytes, each of which is a different history.
fn history_seeds() -> Corpus {
    let script = |seed: u32| {
        let mut state = seed;
        let bytes = (0..400).map(|_| {
            // The constants of Numerical Recipes; the highest byte is the most random one.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        (format!("any-random-{seed}"), bytes.collect())
    };
    (1..=24).map(script).collect()
}

/// The seeds of every target.
fn all_seeds() -> [(&'static str, Corpus); 3] {
    [
        ("frame", frame_seeds()),
        ("batch", batch_seeds()),
        ("history", history_seeds()),
    ]
}

#[test]
#[ignore = "writes into the source tree"]
fn write_the_corpora() {
    for (target, seeds) in all_seeds() {
        fs::create_dir_all(folder(target)).unwrap();
        for (name, seed) in seeds {
            fs::write(folder(target).join(name), seed).unwrap();
        }
    }
}

#[test]
fn the_committed_corpora_hold_the_seeds() {
    for (target, seeds) in all_seeds() {
        let committed = committed(target);
        for (name, seed) in seeds {
            assert!(seed.len() < SEED_BYTES, "{name}: {} bytes", seed.len());
            assert_eq!(
                committed.get(&name),
                Some(&seed),
                "{target}/{name}: write the corpora again"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_frame_of_the_corpus_is_answered_or_refused_as_its_name_says() {
    for (name, frame) in committed("frame") {
        let answer = answer_frame(&frame).await.unwrap();
        if name.starts_with("answered") {
            let answer = answer.unwrap_or_else(|| panic!("{name} got no answer"));
            assert_eq!(answer[..4], frame[4..8], "{name}: the correlation id");
        } else if name.starts_with("refused") {
            assert_eq!(answer, None, "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_with_random_fields_is_answered_or_refused_at_every_version(seed in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        for case in cases() {
            for version in case.first_version..=case.last_version {
                let mut frame = BytesMut::new();
                let is_flexible = (case.header_version)(version) == 2;
                put_header(&mut frame, case.key, version, is_flexible);
                frame.put_slice(&(case.encode)(seed, version));
                println!("{} v{version} of seed {seed}", case.name);
                if let Some(answer) = runtime.block_on(answer_frame(&frame)).unwrap() {
                    prop_assert_eq!(&answer[..4], &frame[4..8], "the correlation id");
                }
            }
        }
    }
}

#[test]
fn every_batch_of_the_corpus_is_stored_or_refused_as_its_name_says() {
    for (name, batch) in committed("batch") {
        let is_stored = validate_batch(&batch);
        if name.starts_with("stored") || name.starts_with("refused") {
            assert_eq!(is_stored, name.starts_with("stored"), "{name}");
        }
    }
}

thread_local! {
    /// The panics of this thread since the hook was set. A group's task has the thread of its runtime, and its panic ends nothing else.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

#[test]
fn every_history_of_the_corpus_is_played_without_a_panic() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.with(|panics| panics.set(panics.get() + 1));
        previous(info);
    }));
    for (name, script) in committed("history") {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let steps = runtime.block_on(run_history(&script)).unwrap();
        assert_eq!(PANICS.get(), 0, "{name}");
        assert!(steps > 0 || script.is_empty(), "{name}");
    }
}
