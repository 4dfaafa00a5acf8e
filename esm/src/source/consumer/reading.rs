//! The reading of a member's partitions: the position of each, which are paused, and what was fetched and not handed out.

use super::MemberSettings;
use super::client::{ClientError, FetchPosition, FetchedPartition, FetchedRecords};
use super::decoding::records_of;
use crate::source::{Records, SourceError};
use bytes::Bytes;
use esmeralda_broker::{BatchHeader, Offset};
use std::collections::{BTreeMap, VecDeque};

/// The most that is asked of one partition at once: Kafka's `max.partition.fetch.bytes`.
const PARTITION_FETCH_BYTES: usize = 1 << 20;

/// The positions of a member's partitions, and what was fetched of them and not handed out. The batches of a paused partition wait
/// undecoded, so that they take no more memory than the log gives them.
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
    /// Whether it is left alone for a while after an error.
    is_held: bool,
    /// Whether records of it were handed out.
    has_begun: bool,
    fetched: VecDeque<Fetched>,
    is_ready: bool,
}

/// Records that wait to be handed out, as the client gave them.
#[derive(Debug)]
enum Fetched {
    Batch(BatchHeader, Bytes),
    Decoded(Records),
}

impl Fetched {
    /// Returns the offset after the last one that this covers.
    fn end(&self) -> i64 {
        match self {
            Self::Batch(header, _) => header.last_offset().0 + 1,
            Self::Decoded(records) => records.offsets.end,
        }
    }

    /// Returns the records of `partition` from `position` on.
    fn records(self, partition: i32, position: i64, settings: &MemberSettings) -> Result<Records, String> {
        let offsets = position..self.end();
        match self {
            Self::Batch(header, body) => records_of(partition, offsets, &header, &body, &settings.memory),
            Self::Decoded(mut records) => {
                records.spans.retain(|span| span.offset >= position);
                Ok(Records { offsets, ..records })
            }
        }
    }
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

    /// Returns whether the partition has become ready and is not listed yet.
    fn becomes_ready(&mut self) -> bool {
        let is_ready = !self.fetched.is_empty() && !self.is_paused && !self.is_held;
        is_ready && !std::mem::replace(&mut self.is_ready, true)
    }
}

impl Reading {
    /// Returns the reading of partitions from these positions, with nothing fetched and nothing paused.
    pub(super) fn new(positions: BTreeMap<i32, i64>) -> Self {
        let partitions = positions
            .into_iter()
            .map(|(partition, position)| (partition, Reader::at(position)));
        Self {
            partitions: partitions.collect(),
            ready: VecDeque::new(),
        }
    }

    /// Reads these partitions instead. Those that were read before go on at their position; what was fetched of others is dropped.
    pub(super) fn adjust(&mut self, positions: BTreeMap<i32, i64>) {
        let mut before = std::mem::take(&mut self.partitions);
        let partitions = positions.into_iter().map(|(partition, position)| {
            let kept = before.remove(&partition);
            (partition, kept.unwrap_or_else(|| Reader::at(position)))
        });
        self.partitions = partitions.collect();
        self.ready.retain(|partition| !before.contains_key(partition));
    }

    /// Returns the partitions, ascending.
    pub(super) fn partitions(&self) -> Vec<i32> {
        self.partitions.keys().copied().collect()
    }

    /// Returns the positions to fetch next: those of partitions without fetched records. Empty while something can be handed out.
    pub(super) fn wanted(&self) -> Vec<FetchPosition> {
        if !self.ready.is_empty() {
            // Nothing more is fetched meanwhile, so that a poller that is behind does not gather records.
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

    /// Pauses or resumes a partition. Returns whether a fetch that is under way misses the partition.
    pub(super) fn pause(&mut self, partition: i32, is_paused: bool) -> bool {
        let Some(reader) = self.partitions.get_mut(&partition) else {
            return false;
        };
        let has_changed = std::mem::replace(&mut reader.is_paused, is_paused) != is_paused;
        if reader.becomes_ready() {
            self.ready.push_back(partition);
        }
        // A fetch that began while the partition was paused does not ask for it.
        has_changed && !is_paused && reader.fetched.is_empty()
    }

    /// Stops reading a partition until [`Reading::release`], and drops what was fetched of it.
    pub(super) fn hold(&mut self, partition: i32) {
        if let Some(reader) = self.partitions.get_mut(&partition) {
            reader.is_held = true;
            // Fetched again after the pause, from the position, so nothing is lost.
            reader.fetched.clear();
        }
    }

    /// Resumes reading all held partitions.
    pub(super) fn release(&mut self) {
        for (partition, reader) in &mut self.partitions {
            reader.is_held = false;
            if reader.becomes_ready() {
                self.ready.push_back(*partition);
            }
        }
    }

    /// Sets the position of a partition. Returns false, and leaves it, if records after `position` were handed out: they would come
    /// twice within one assignment.
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

    /// Keeps the records of a fetch answer. Returns the partitions that had an error, each with it.
    pub(super) fn accept(&mut self, answer: Vec<FetchedPartition>) -> Vec<(i32, ClientError)> {
        let mut errors = Vec::new();
        for FetchedPartition { partition, result } in answer {
            let Some(reader) = self.partitions.get_mut(&partition) else {
                continue;
            };
            match result {
                Ok(FetchedRecords::Batches(batches)) => {
                    let batches = batches.into_iter();
                    reader
                        .fetched
                        .extend(batches.map(|(header, body)| Fetched::Batch(header, body)));
                }
                Ok(FetchedRecords::Decoded(records)) => {
                    reader.fetched.extend(records.into_iter().map(Fetched::Decoded));
                }
                Err(error) => errors.push((partition, error)),
            }
            if reader.becomes_ready() {
                self.ready.push_back(partition);
            }
        }
        errors
    }

    /// Returns the records of the next fetched batch of a partition that is not paused, or `None` if there is none. A batch that cannot be
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
            let Some(fetched) = reader.fetched.pop_front() else {
                continue;
            };
            // It goes to the back, so that the partitions take turns.
            if reader.becomes_ready() {
                self.ready.push_back(partition);
            }
            let end = fetched.end();
            if end <= reader.position {
                continue;
            }
            match fetched.records(partition, reader.position, settings) {
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
