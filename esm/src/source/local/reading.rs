//! Fetched batches to records: where each partition is read, what is paused, and the walk over what came.

use super::MemberSettings;
use crate::source::{Records, SourceError, Span};
use bytes::Bytes;
use esmeralda_broker::local::{FetchPosition, FetchedPartition};
use esmeralda_broker::records::{InvalidRecords, RecordView, decompress, walk};
use esmeralda_broker::{BatchHeader, Charge, Compression, Offset, Pool};
use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::ops::Range;

/// The most that is asked of one partition at once: Kafka's `max.partition.fetch.bytes`.
const PARTITION_FETCH_BYTES: usize = 1 << 20;

/// Records.
const LOOK_AHEAD: usize = 20;

/// A batch may become this large when it is decompressed. A producer can make 1 MB stand for gigabytes.
const DECOMPRESSED_BATCH_BYTES: usize = 256 << 20;

/// The positions of a member's partitions, and the batches that were fetched and not handed out. What was fetched of a paused partition
/// waits as it came, and is looked into when it is resumed.
#[derive(Debug, Default)]
pub(super) struct Reading {
    partitions: BTreeMap<i32, Reader>,
    /// Partitions of which something fetched may be handed out, each once.
    ready: VecDeque<i32>,
}

#[derive(Debug)]
struct Reader {
    position: i64,
    is_paused: bool,
    /// An error is waited out.
    is_held: bool,
    /// Records of it were handed out.
    has_begun: bool,
    fetched: VecDeque<(BatchHeader, Bytes)>,
    is_ready: bool,
}

impl Reader {
    fn at(position: i64) -> Self {
        Self {
            position,
            is_paused: false,
            is_held: false,
            has_begun: false,
            fetched: VecDeque::new(),
            is_ready: false,
        }
    }

    /// Whether it is to be listed as ready, and is not.
    fn becomes_ready(&mut self) -> bool {
        let is_ready = !self.fetched.is_empty() && !self.is_paused && !self.is_held;
        is_ready && !std::mem::replace(&mut self.is_ready, true)
    }
}

impl Reading {
    /// Starts at these positions, with nothing fetched and nothing paused.
    pub(super) fn new(positions: BTreeMap<i32, i64>) -> Self {
        let partitions = positions
            .into_iter()
            .map(|(partition, position)| (partition, Reader::at(position)));
        Self {
            partitions: partitions.collect(),
            ready: VecDeque::new(),
        }
    }

    /// Reads these partitions instead. Those that were read before go on where they are; what was fetched of others is forgotten.
    pub(super) fn adjust(&mut self, positions: BTreeMap<i32, i64>) {
        let mut before = std::mem::take(&mut self.partitions);
        let partitions = positions.into_iter().map(|(partition, position)| {
            let kept = before.remove(&partition);
            (partition, kept.unwrap_or_else(|| Reader::at(position)))
        });
        self.partitions = partitions.collect();
        self.ready.retain(|partition| !before.contains_key(partition));
    }

    /// The partitions, ascending.
    pub(super) fn partitions(&self) -> Vec<i32> {
        self.partitions.keys().copied().collect()
    }

    /// What to fetch next: partitions of which nothing waits; none while something can be handed out.
    pub(super) fn wanted(&self) -> Vec<FetchPosition> {
        if !self.ready.is_empty() {
            return Vec::new();
        }
        let readable = self
            .partitions
            .iter()
            .filter(|(_, reader)| !reader.is_paused && !reader.is_held && reader.fetched.is_empty());
        readable
            .map(|(partition, reader)| FetchPosition {
                partition: *partition,
                offset: Offset(reader.position),
                max_bytes: PARTITION_FETCH_BYTES,
            })
            .collect()
    }

    /// Pauses or resumes; whether a fetch that is under way should have had the partition and does not.
    pub(super) fn pause(&mut self, partition: i32, is_paused: bool) -> bool {
        let Some(reader) = self.partitions.get_mut(&partition) else {
            return false;
        };
        let has_changed = std::mem::replace(&mut reader.is_paused, is_paused) != is_paused;
        if reader.becomes_ready() {
            self.ready.push_back(partition);
        }
        has_changed && !is_paused && reader.fetched.is_empty()
    }

    /// Leaves a partition alone until [`Reading::release`].
    pub(super) fn hold(&mut self, partition: i32) {
        if let Some(reader) = self.partitions.get_mut(&partition) {
            reader.is_held = true;
            reader.fetched.clear();
        }
    }

    /// Reads all held partitions again.
    pub(super) fn release(&mut self) {
        for reader in self.partitions.values_mut() {
            reader.is_held = false;
        }
    }

    /// Reads on at `position`. False when that would go back behind records that were handed out: they would come twice within one
    /// assignment.
    pub(super) fn seek(&mut self, partition: i32, position: i64) -> bool {
        match self.partitions.get_mut(&partition) {
            Some(reader) if reader.has_begun && position < reader.position => false,
            Some(reader) => {
                reader.position = position;
                true
            }
            None => true,
        }
    }

    /// Keeps the batches of a fetch answer; the partitions that had an error are returned with it.
    pub(super) fn accept(
        &mut self,
        answer: Vec<FetchedPartition>,
    ) -> Vec<(i32, esmeralda_broker::local::Error)> {
        let mut errors = Vec::new();
        for fetched in answer {
            let partition = fetched.partition;
            match fetched.batches {
                Ok(batches) => {
                    if let Some(reader) = self.partitions.get_mut(&partition) {
                        reader.fetched.extend(batches);
                        if reader.becomes_ready() {
                            self.ready.push_back(partition);
                        }
                    }
                }
                Err(error) => errors.push((partition, error)),
            }
        }
        errors
    }

    /// The records of the next fetched batch of a partition that is not paused; `None` when there is none. A batch that cannot be
    /// read holds its partition.
    pub(super) fn next(&mut self, settings: &MemberSettings) -> Option<Result<Records, SourceError>> {
        loop {
            let partition = self.ready.pop_front()?;
            let Some(reader) = self.partitions.get_mut(&partition) else {
                continue;
            };
            reader.is_ready = false;
            if reader.is_paused || reader.is_held {
                continue;
            }
            let Some((header, body)) = reader.fetched.pop_front() else {
                continue;
            };
            if reader.becomes_ready() {
                self.ready.push_back(partition);
            }
            let end = header.last_offset().0 + 1;
            if end <= reader.position {
                continue;
            }
            let offsets = reader.position..end;
            match records_of(partition, offsets, &header, &body, &settings.memory) {
                Ok(records) => {
                    reader.position = end;
                    reader.has_begun = true;
                    return Some(Ok(records));
                }
                Err(reason) => {
                    let position = reader.position;
                    self.hold(partition);
                    return Some(Err(SourceError::Cluster {
                        reason: format!(
                            "partition {partition} cannot be read at offset {position}: {reason}"
                        ),
                    }));
                }
            }
        }
    }
}

/// The records of a batch from `offsets.start` on. A control batch has none to hand out.
fn records_of(
    partition: i32,
    offsets: Range<i64>,
    header: &BatchHeader,
    body: &Bytes,
    memory: &Pool,
) -> Result<Records, String> {
    let mut records = Records {
        partition,
        offsets,
        timestamp_type: header.timestamp_type(),
        buffer: Bytes::new(),
        spans: Vec::new(),
    };
    if header.is_control() {
        return Ok(records);
    }
    let buffer = plain_body(header, body, memory)?;
    // The count comes from a batch that the broker has checked, and a record takes seven bytes at least.
    let expected_count = usize::try_from(header.record_count()).unwrap_or(0);
    records.spans.reserve(expected_count.min(buffer.len() / 7 + 1));
    let mut end = 0;
    for (index, record) in walk(header, &buffer).enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let start = std::mem::replace(&mut end, place(record.headers, &buffer).end);
        if index % LOOK_AHEAD == 0 {
            look_ahead(&buffer, &(start..end));
        }
        if record.offset.0 >= records.offsets.start {
            records.spans.push(span_of(&record, &buffer));
        }
    }
    records.buffer = buffer;
    Ok(records)
}

/// Loads the beginnings of the next records behind the one at `record`, if they are as long as it is. The walk finds a record's place only
/// from the one before, so where the log is not in the cache it would wait for memory once for each record; these loads do not wait
/// for each other.
fn look_ahead(buffer: &[u8], record: &Range<usize>) {
    let places = (0..LOOK_AHEAD).map(|index| record.end + index * record.len());
    let bytes = places.map_while(|place| buffer.get(place));
    black_box(bytes.fold(0, |sum: u8, byte| sum ^ byte));
}

/// Where `part` lies in `buffer`, which it is borrowed from.
fn place(part: &[u8], buffer: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - buffer.as_ptr() as usize;
    start..start + part.len()
}

fn span_of(record: &RecordView<'_>, buffer: &[u8]) -> Span {
    let range = |part: &[u8]| {
        let place = place(part, buffer);
        place.start as u32..place.end as u32
    };
    Span {
        offset: record.offset.0,
        timestamp_ms: record.timestamp_ms,
        key: record.key.map(range),
        value: record.value.map(range),
        headers: range(record.headers),
    }
}

/// The decompressed body; what it takes beyond the log counts against the memory budget until its last record is finished.
fn plain_body(header: &BatchHeader, body: &Bytes, memory: &Pool) -> Result<Bytes, String> {
    match header.compression() {
        None => Err(format!(
            "its attributes {:#06x} name no codec",
            header.attributes()
        )),
        Some(Compression::None) => Ok(body.clone()),
        Some(codec) => {
            let limit_bytes = DECOMPRESSED_BATCH_BYTES.min(memory.limit_bytes());
            let plain =
                decompress(codec, body, limit_bytes).map_err(|error: InvalidRecords| error.to_string())?;
            let charge = memory.charge(plain.len()).map_err(|error| error.to_string())?;
            Ok(Bytes::from_owner(Charged {
                bytes: plain,
                _charge: charge,
            }))
        }
    }
}

struct Charged {
    bytes: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
