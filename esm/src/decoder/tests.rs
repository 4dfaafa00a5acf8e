use super::*;
use crate::schema::{NewSchema, RecordFormat, RegistryLocation, SchemaRegistry};
use crate::source::{Span, TimestampType, UndecodableReason};
use bytes::Bytes;
use std::future::pending;
use std::ops::Range;
use tokio::sync::mpsc;

/// A call to the source below.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    Pause(i32, bool),
    Released(i32, Range<i64>),
}

/// A source whose events come from a test.
struct Below {
    events: mpsc::UnboundedReceiver<SourceEvent>,
    acts: Arc<Mutex<Vec<Act>>>,
}

impl EventSource for Below {
    async fn next(&mut self) -> Result<SourceEvent, SourceError> {
        match self.events.recv().await {
            Some(event) => Ok(event),
            None => pending().await,
        }
    }

    fn pause(&mut self, partition: i32, is_paused: bool) {
        self.acts.lock().unwrap().push(Act::Pause(partition, is_paused));
    }

    fn finished(&mut self, _: impl IntoIterator<Item = RecordRange>) {}

    fn released(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        let released = ranges
            .into_iter()
            .map(|range| Act::Released(range.partition, range.offsets));
        self.acts.lock().unwrap().extend(released);
    }

    fn is_assigned(&self, _: i32, _: AssignmentNumber) -> bool {
        true
    }

    fn is_settled(&self) -> bool {
        true
    }

    fn expect_rebalance(&mut self) {}

    async fn leave(self) {}
}

struct Scene {
    source: DecodingSource<Below>,
    events: mpsc::UnboundedSender<SourceEvent>,
    acts: Arc<Mutex<Vec<Act>>>,
    memory: MemoryPool,
}

/// Returns a source whose records have schemas of the registry at `location`.
fn scene(location: RegistryLocation) -> Scene {
    let memory = MemoryPool::new(1 << 20);
    let registry = SchemaRegistry::default();
    let schema = NewSchema {
        text: "\"int\"".to_owned(),
        ..NewSchema::default()
    };
    registry.register("s", schema).unwrap();
    let settings = DecodingSettings {
        location,
        format: RecordFormat::Json,
        decodes_key: false,
        decodes_value: true,
    };
    let (events, received) = mpsc::unbounded_channel();
    let acts = Arc::default();
    let source = DecodingSource {
        source: Below {
            events: received,
            acts: Arc::clone(&acts),
        },
        shared: Arc::new(Shared {
            clock: Clock::new(esmeralda_broker::Clock::tokio(0)),
            catalog: Catalog::new(registry),
            memory: memory.clone(),
            settings: Mutex::new(Some(Arc::new(settings))),
        }),
        ready: VecDeque::new(),
        waiting: VecDeque::new(),
        held: BTreeSet::new(),
        lookup: None,
        paused: BTreeMap::new(),
        is_failing: false,
        is_stopping: false,
    };
    Scene {
        source,
        events,
        acts,
        memory,
    }
}

/// Returns records of a partition with these values, at every second offset from 10 on.
fn records(partition: i32, values: &[&[u8]]) -> SourceEvent {
    let mut buffer = vec![0];
    let mut spans = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let start = buffer.len() as u32;
        buffer.extend_from_slice(value);
        spans.push(Span {
            offset: 10 + 2 * index as i64,
            timestamp_ms: 0,
            key: None,
            value: Some(start..buffer.len() as u32),
            headers: 0..1,
        });
    }
    SourceEvent::Records(Records {
        partition,
        assignment: AssignmentNumber::default(),
        offsets: 9..10 + 2 * values.len() as i64,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from(buffer),
        spans,
        schemas: None,
    })
}

const SEVEN: &[u8] = b"\0\0\0\0\x01\x0e";

#[tokio::test]
async fn ranges_have_no_gap_where_a_record_cannot_be_decoded() {
    let Scene {
        mut source,
        events,
        acts,
        ..
    } = scene(RegistryLocation::Embedded);
    let values: &[&[u8]] = &[b"?", SEVEN, SEVEN, b"\0\0\0\0\x05", SEVEN];
    events.send(records(3, values)).unwrap();
    let mut found = Vec::new();
    for _ in 0..4 {
        found.push(match source.next().await.unwrap() {
            SourceEvent::Records(records) => {
                let values: Vec<_> = records.spans.iter().flat_map(|span| &span.value).collect();
                let values = values.iter().map(|range| records.slice(range).to_vec()).collect();
                (records.offsets, values, None)
            }
            SourceEvent::Undecodable { records, reason } => (records.offsets, Vec::new(), Some(reason)),
            other => panic!("{other:?}"),
        });
    }
    let seven = b"7".to_vec();
    assert_eq!(
        found,
        [
            (9..12, vec![], Some(UndecodableReason::DeserializationError)),
            (12..16, vec![seven.clone(), seven.clone()], None),
            (16..18, vec![], Some(UndecodableReason::SchemaNotFound)),
            (18..20, vec![seven], None),
        ]
    );
    assert_eq!(*acts.lock().unwrap(), []);
}

#[tokio::test]
async fn a_registry_that_does_not_answer_holds_up_only_the_partitions_that_need_it() {
    // Nothing listens on port 1.
    let Scene {
        mut source,
        events,
        acts,
        ..
    } = scene(RegistryLocation::Url("http://127.0.0.1:1".to_owned()));
    events.send(records(0, &[SEVEN])).unwrap();
    // Without a frame there is nothing to look up.
    events.send(records(1, &[b"?"])).unwrap();
    let mut failures = 0;
    let other = loop {
        match source.next().await {
            Ok(event) => break event,
            Err(SourceError::SchemaRegistry { .. }) => failures += 1,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(failures <= 1, "the second lookup waits for a second");
    assert!(matches!(other, SourceEvent::Undecodable { records, .. } if records.partition == 1));
    // The poller resumes what it has never paused; the partition stays paused.
    source.pause(0, false);
    events.send(SourceEvent::Revoking).unwrap();
    loop {
        match source.next().await {
            Ok(SourceEvent::Revoking) => break,
            Err(SourceError::SchemaRegistry { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        *acts.lock().unwrap(),
        [Act::Pause(0, true), Act::Released(0, 9..12), Act::Pause(0, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn decoded_records_are_charged_and_wait_for_memory() {
    let Scene {
        mut source,
        events,
        acts,
        memory,
    } = scene(RegistryLocation::Embedded);
    // A quarter is reserved for requests.
    let others = memory.charge(3 << 18).unwrap();
    events.send(records(0, &[SEVEN, SEVEN])).unwrap();
    let before = tokio::time::Instant::now();
    let waits = tokio::time::timeout(Duration::from_millis(25), source.next()).await;
    assert!(waits.is_err(), "{waits:?}");
    assert_eq!(*acts.lock().unwrap(), [Act::Pause(0, true)]);
    drop(others);
    let SourceEvent::Records(records) = source.next().await.unwrap() else {
        panic!("records")
    };
    assert_eq!(
        before.elapsed(),
        Duration::from_millis(30),
        "it was tried again every 10 ms"
    );
    assert_eq!(records.spans.len(), 2);
    assert!(
        memory.used_bytes() >= records.buffer.len(),
        "{}",
        memory.used_bytes()
    );
    drop(records);
    assert_eq!(memory.used_bytes(), 0);
    assert_eq!(acts.lock().unwrap().last(), Some(&Act::Pause(0, false)));
}

#[tokio::test]
async fn a_run_of_decoded_records_ends_at_a_quarter_of_the_memory_limit() {
    let Scene {
        mut source, events, ..
    } = scene(RegistryLocation::Embedded);
    events.send(records(0, &vec![SEVEN; 300_000])).unwrap();
    let mut counts = Vec::new();
    for _ in 0..2 {
        match source.next().await.unwrap() {
            SourceEvent::Records(records) => counts.push(records.spans.len()),
            other => panic!("{other:?}"),
        }
    }
    // Of each record there are its decoded byte and the count of its headers.
    assert_eq!(counts, [131_072, 131_072]);
}
