//! A door for the benches of the root package to what the crate keeps private. No part of the interface.

use crate::ids::{LeaderEpoch, Offset};
use crate::log::{Batch, LogSettings, PartitionLog};
use crate::pool::Pool;
use bytes::Bytes;

/// One partition's log without its lock.
#[derive(Debug)]
pub struct Log {
    log: PartitionLog,
    settings: LogSettings,
}

impl Log {
    /// An empty log that keeps `retention_bytes` in segments of `segment_bytes`.
    pub fn new(pool: &Pool, segment_bytes: i32, retention_bytes: i64) -> Self {
        Self {
            log: PartitionLog::new(pool.clone()),
            settings: LogSettings {
                segment_bytes,
                retention_bytes,
                ..LogSettings::default()
            },
        }
    }

    /// Checks and appends the records of a Produce request, as Produce does; the first record's offset.
    pub fn append(&mut self, records: Bytes) -> Offset {
        let batch = Batch::verify(records).expect("a bench's batch is valid");
        let appended = self.log.append(batch, LeaderEpoch(0), 0, &self.settings);
        appended.expect("a bench's pool has room").base_offset
    }

    /// Builds the slices of a fetch answer from `from` on, at most `max_bytes`: how many bytes, in how many parts, and the next offset.
    pub fn read(&self, from: Offset, max_bytes: usize) -> (usize, usize, Offset) {
        let end = self.log.log_end_offset();
        let slice = self
            .log
            .read(from, end, max_bytes, true)
            .expect("a bench reads what is there");
        (slice.bytes, slice.parts.len(), slice.next_offset)
    }

    /// The first offset that is kept.
    pub fn log_start_offset(&self) -> Offset {
        self.log.log_start_offset()
    }
}
