//! The limits of an append: its size, its timestamps and its keys. Source: Kafka's `UnifiedLog.analyzeAndValidateRecords` and
//! `LogValidator.validateRecord`.

use super::batch::Batch;
use super::{AppendError, DECOMPRESSED_LIMIT_BYTES, LogSettings, records};

/// Checks `max.message.bytes` and `segment.bytes`. Both count the batch's header.
pub(super) fn check_size(batch: &Batch, settings: &LogSettings) -> Result<(), AppendError> {
    let bytes = batch.size_bytes();
    let exceeds = |limit_bytes: i32| usize::try_from(limit_bytes).is_ok_and(|limit| bytes > limit);
    if exceeds(settings.max_message_bytes) {
        return Err(AppendError::TooLarge {
            bytes,
            limit_bytes: settings.max_message_bytes,
        });
    }
    if exceeds(settings.segment_bytes) {
        return Err(AppendError::TooLargeForSegment {
            bytes,
            limit_bytes: settings.segment_bytes,
        });
    }
    Ok(())
}

/// Checks timestamps under `CreateTime`, and keys in compacted topics.
///
/// The largest timestamp in the batch's header is believed, so that records are read only where a topic's configs ask for it:
/// reading them costs more than the rest of an append.
pub(super) fn check_records(batch: &Batch, now_ms: i64, settings: &LogSettings) -> Result<(), AppendError> {
    // Under `LogAppendTime` the broker replaces the timestamp, so the client's value does not matter.
    let bounds_time = !settings.log_append_time;
    let times = TimeBounds {
        // The configs may be `i64::MAX`, which means no limit, so both saturate.
        earliest_ms: now_ms.saturating_sub(settings.timestamp_before_max_ms),
        latest_ms: now_ms.saturating_add(settings.timestamp_after_max_ms),
    };
    if bounds_time {
        times.check(batch.header.max_timestamp_ms())?;
    }
    // The header has the largest timestamp only, so the smallest is found in the records. By default there is
    // no limit on the age, and the records are not read.
    let bounds_age = bounds_time && settings.timestamp_before_max_ms != i64::MAX;
    if !settings.compacted && !bounds_age {
        return Ok(());
    }
    let plain = records::plain(&batch.header, &batch.body, DECOMPRESSED_LIMIT_BYTES)?;
    for (batch_index, record) in (0..).zip(records::walk(&batch.header, &plain)) {
        let record = record?;
        if settings.compacted && record.key.is_none() {
            return Err(AppendError::MissingKey { batch_index });
        }
        if bounds_time {
            times.check(record.timestamp_ms)?;
        }
    }
    Ok(())
}

struct TimeBounds {
    earliest_ms: i64,
    latest_ms: i64,
}

impl TimeBounds {
    fn check(&self, timestamp_ms: i64) -> Result<(), AppendError> {
        let is_in_range = (self.earliest_ms..=self.latest_ms).contains(&timestamp_ms);
        // -1 stands for no timestamp.
        if timestamp_ms == -1 || is_in_range {
            return Ok(());
        }
        Err(AppendError::TimestampOutOfRange {
            timestamp_ms,
            earliest_ms: self.earliest_ms,
            latest_ms: self.latest_ms,
        })
    }
}
