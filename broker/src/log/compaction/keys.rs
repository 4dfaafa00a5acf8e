//! The last offset of each key in the dirty part of a log. Source: Kafka's `SkimpyOffsetMap`.

use crate::ids::Offset;
use crate::log::batch::Batch;
use crate::log::records::{self, InvalidRecords};
use crate::pool::{Charge, Pool};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

/// The most keys of one pass: Kafka's `log.cleaner.dedupe.buffer.size` of 128 MiB, at 24 bytes a key and nine tenths full. What follows
/// the last key is left for the next pass.
const MOST_KEYS: usize = 5_033_164;

/// The memory limit divided by this bounds the map too: it is needed most when the limit is reached, so it has to be small beside it.
const LIMIT_DIVISOR: usize = 16;

/// The memory of one key: a hash of 16 bytes and an offset of 8 in nodes of the map that are two thirds full.
const KEY_BYTES: usize = 36;

/// The number of keys that are charged at once, since each charge is a change of counters that all threads share.
const CHARGED_KEYS: usize = 1_024;

/// The last offsets of keys.
#[derive(Debug)]
pub(super) struct LastOffsets {
    /// By a hash of 128 bits, as in Kafka, where it is MD5: keys would take many times as much memory.
    by_key: BTreeMap<u128, Offset>,
    most_keys: usize,
    charge: Charge,
    /// The last offset that was read; records after it are not in the map.
    pub(super) latest_offset: Offset,
    from: Offset,
    record_limit_bytes: i32,
}

impl LastOffsets {
    /// Returns the map of no keys, for records from `from` on, which may have `record_limit_bytes` each, in memory of `pool`.
    pub(super) fn new(from: Offset, record_limit_bytes: i32, pool: &Pool) -> Self {
        Self {
            by_key: BTreeMap::new(),
            most_keys: MOST_KEYS.min(pool.limit_bytes() / LIMIT_DIVISOR / KEY_BYTES),
            charge: pool.charge_beyond_limit(0),
            latest_offset: Offset(from.0 - 1),
            from,
            record_limit_bytes,
        }
    }

    /// Adds the keys of a batch. Returns false if there is no room for all of them.
    pub(super) fn add(&mut self, batch: &Batch) -> Result<bool, InvalidRecords> {
        let plain = records::plain_within(&batch.header, &batch.body, self.record_limit_bytes)?;
        for record in records::walk(&batch.header, &plain) {
            let record = record?;
            let Some(key) = record.key.filter(|_| record.offset >= self.from) else {
                continue;
            };
            if self.by_key.len() >= self.most_keys {
                return Ok(false);
            }
            self.by_key.insert(hash(key), record.offset);
            if self.by_key.len() * KEY_BYTES > self.charge.bytes() {
                self.charge.resize((self.by_key.len() + CHARGED_KEYS) * KEY_BYTES);
            }
        }
        Ok(true)
    }

    /// Notes that everything up to and including `offset` was read.
    pub(super) fn advance(&mut self, offset: Offset) {
        self.latest_offset = self.latest_offset.max(offset);
    }

    /// Returns whether no later record that was read has this key.
    pub(super) fn is_last(&self, key: &[u8], offset: Offset) -> bool {
        self.by_key.get(&hash(key)).is_none_or(|last| offset >= *last)
    }
}

fn hash(key: &[u8]) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(seed);
        hasher.write(key);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
