//! The limits of an append: the size of the batch, and the timestamps, keys and sizes of its records. Source: Kafka's
//! `UnifiedLog.analyzeAndValidateRecords` and `LogValidator`.

use super::LogSettings;
use super::batch::Batch;
use super::header::{Compression, TimestampType};
use super::records::{self, RecordView};
use super::refusal::{AppendError, RecordFault, RefusedRecord, RefusedRecords};

/// The most records that are named of a refused batch. Kafka names all; a small body can decompress to millions.
const NAMED_RECORDS: usize = 10_000;

/// Checks `max.message.bytes`, which counts the batch's header.
pub(super) fn check_size(bytes: usize, settings: &LogSettings) -> Result<(), AppendError> {
    let limit_bytes = settings.max_message_bytes;
    if exceeds(bytes, limit_bytes) {
        return Err(AppendError::TooLarge { bytes, limit_bytes });
    }
    Ok(())
}

/// Checks `segment.bytes`, which counts the batch's header.
pub(super) fn check_segment_size(bytes: usize, settings: &LogSettings) -> Result<(), AppendError> {
    let limit_bytes = settings.segment_bytes;
    if exceeds(bytes, limit_bytes) {
        return Err(AppendError::TooLargeForSegment { bytes, limit_bytes });
    }
    Ok(())
}

fn exceeds(bytes: usize, limit_bytes: i32) -> bool {
    usize::try_from(limit_bytes).is_ok_and(|limit| bytes > limit)
}

/// Checks timestamps, keys in compacted topics, and `max.decompressed.message.bytes`. A timestamp type that the producer set is taken
/// back where its timestamps are valid.
///
/// The largest timestamp in the batch's header is believed while it is in range, so that records are read only where a topic's configs
/// ask for it: reading them costs more than the rest of an append.
pub(super) fn check_records(
    batch: &mut Batch,
    now_ms: i64,
    settings: &LogSettings,
) -> Result<(), AppendError> {
    let times = TimeBounds {
        now_ms,
        before_max_ms: settings.timestamp_before_max_ms,
        after_max_ms: settings.timestamp_after_max_ms,
    };
    let has_type = batch.header.timestamp_type() == TimestampType::LogAppendTime;
    let bounds_time = !settings.log_append_time;
    // The header has the largest timestamp only, so the smallest is found in the records. By default there is
    // no limit on the age, and the records are not read.
    let bounds_age = bounds_time && settings.timestamp_before_max_ms != i64::MAX;
    let is_late = bounds_time && !times.contain(batch.header.max_timestamp_ms());
    let is_compressed = batch.header.compression() != Some(Compression::None);
    let bounds_size = is_compressed && settings.bounds_decompressed_records();
    if !settings.compacted && !has_type && !bounds_age && !is_late && !bounds_size {
        return Ok(());
    }
    let plain = records::plain_within(
        &batch.header,
        &batch.body,
        settings.max_decompressed_message_bytes,
    )?;
    let mut refused = RefusedRecords {
        named: Vec::new(),
        count: 0,
        has_invalid_timestamp: false,
    };
    let mut max_timestamp_ms = -1;
    for (batch_index, record) in (0..).zip(records::walk(&batch.header, &plain)) {
        let record = record?;
        max_timestamp_ms = record.timestamp_ms.max(max_timestamp_ms);
        let fault = if settings.compacted && record.key.is_none() {
            Some(RecordFault::MissingKey)
        } else if bounds_time && record.timestamp_ms != -1 {
            times.fault(&record)
        } else {
            has_type.then(|| log_append_time(&record, is_compressed))
        };
        if let Some(fault) = fault {
            refused.add(RefusedRecord { batch_index, fault });
        }
    }
    if refused.count > 0 {
        return Err(AppendError::RefusedRecords(Box::new(refused)));
    }
    if has_type || (bounds_time && max_timestamp_ms != batch.header.max_timestamp_ms()) {
        // The header claimed what its records do not say.
        batch.header.set_create_time(max_timestamp_ms, batch.body.len());
    }
    Ok(())
}

fn log_append_time(record: &RecordView<'_>, is_compressed: bool) -> RecordFault {
    RecordFault::LogAppendTime {
        offset: record.offset.0,
        timestamp_ms: record.timestamp_ms,
        key_bytes: record.key.map(<[u8]>::len),
        value_bytes: record.value.map(<[u8]>::len),
        is_compressed,
    }
}

impl RefusedRecords {
    fn add(&mut self, record: RefusedRecord) {
        self.count += 1;
        self.has_invalid_timestamp |= record.fault != RecordFault::MissingKey;
        if self.named.len() < NAMED_RECORDS {
            self.named.push(record);
        }
    }
}

struct TimeBounds {
    now_ms: i64,
    before_max_ms: i64,
    after_max_ms: i64,
}

impl TimeBounds {
    /// Returns whether a timestamp is in range; -1 stands for no timestamp. The sums wrap as in Java. Source:
    /// `LogValidator.recordHasInvalidTimestamp`.
    fn contain(&self, timestamp_ms: i64) -> bool {
        let age_ms = self.now_ms.wrapping_sub(timestamp_ms);
        timestamp_ms == -1 || (age_ms <= self.before_max_ms && age_ms.wrapping_neg() <= self.after_max_ms)
    }

    fn fault(&self, record: &RecordView<'_>) -> Option<RecordFault> {
        let is_valid = self.contain(record.timestamp_ms);
        (!is_valid).then(|| RecordFault::TimestampOutOfRange {
            offset: record.offset.0,
            timestamp_ms: record.timestamp_ms,
            earliest_ms: self.now_ms.wrapping_sub(self.before_max_ms),
            latest_ms: self.now_ms.wrapping_add(self.after_max_ms),
        })
    }
}
