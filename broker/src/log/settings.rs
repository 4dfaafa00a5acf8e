//! The topic configs that logs honour. Source: Kafka's `LogConfig`.

/// The topic configs that logs honour, typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogSettings {
    /// `max.message.bytes`: the largest batch, header included; default 1,048,588.
    pub(crate) max_message_bytes: i32,
    /// `max.decompressed.message.bytes`: the largest record of a compressed batch; default 2,147,483,639, the largest that Kafka's broker
    /// could hold.
    pub(crate) max_decompressed_message_bytes: i32,
    /// Whether `message.timestamp.type` is `LogAppendTime`.
    pub(crate) log_append_time: bool,
    /// `message.timestamp.before.max.ms`; default `i64::MAX`.
    pub(crate) timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`; default 3,600,000.
    pub(crate) timestamp_after_max_ms: i64,
    /// `retention.ms`; -1 keeps forever; default 604,800,000.
    pub(crate) retention_ms: i64,
    /// `retention.bytes`; -1 keeps all; the default.
    pub(crate) retention_bytes: i64,
    /// `segment.bytes`; default 1,073,741,824.
    pub(crate) segment_bytes: i32,
    /// `segment.ms`; default 604,800,000.
    pub(crate) segment_ms: i64,
    /// Whether `cleanup.policy` contains `compact`: records need keys, and of each key the last one is kept.
    pub(crate) compacted: bool,
    /// `min.cleanable.dirty.ratio`: the part of the log that must be dirty; default 0.5.
    pub(crate) min_cleanable_dirty_ratio: f64,
    /// `min.compaction.lag.ms`; default 0.
    pub(crate) min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`; default `i64::MAX`.
    pub(crate) max_compaction_lag_ms: i64,
    /// `delete.retention.ms`: the time that tombstones and markers without records stay; default 86,400,000.
    pub(crate) delete_retention_ms: i64,
    /// Whether `cleanup.policy` contains `delete`.
    pub(crate) deletes: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            // This is 1 MiB and the 12 bytes of offset and length before a batch: `Records.LOG_OVERHEAD`.
            max_message_bytes: 1_048_588,
            max_decompressed_message_bytes: UNBOUNDED_MESSAGE_BYTES,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            // Kafka 4.0 lowered it to one hour (KIP-1030): a segment with a timestamp far in the future
            // outlives its retention.
            timestamp_after_max_ms: 3_600_000,
            retention_ms: 604_800_000,
            retention_bytes: -1,
            segment_bytes: 1_073_741_824,
            segment_ms: 604_800_000,
            compacted: false,
            min_cleanable_dirty_ratio: 0.5,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            delete_retention_ms: 86_400_000,
            deletes: true,
        }
    }
}

/// The default of `max.decompressed.message.bytes`, which bounds nothing.
pub(super) const UNBOUNDED_MESSAGE_BYTES: i32 = 2_147_483_639;

impl LogSettings {
    /// Returns the age at which a segment is closed. Records of a compacted log wait in the active one, so `max.compaction.lag.ms` counts
    /// too. Source: `LogConfig.maxSegmentMs`.
    pub(super) fn max_segment_ms(&self) -> i64 {
        if self.compacted && self.max_compaction_lag_ms > 0 {
            self.segment_ms.min(self.max_compaction_lag_ms)
        } else {
            self.segment_ms
        }
    }

    /// Returns whether the size of decompressed records is bounded below what can be.
    pub(super) fn bounds_decompressed_records(&self) -> bool {
        self.max_decompressed_message_bytes < UNBOUNDED_MESSAGE_BYTES
    }
}
