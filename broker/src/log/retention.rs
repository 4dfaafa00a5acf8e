//! How many of the oldest segments a log gives up. Source: Kafka's `UnifiedLog.deleteOldSegments`.

use super::{LogSettings, segment::Segment};
use std::collections::VecDeque;

/// How many segments from the front `retention.bytes` and then `retention.ms` give up at `now_ms`; the active one among them when all
/// go.
pub(super) fn expired_count(segments: &VecDeque<Segment>, now_ms: i64, settings: &LogSettings) -> usize {
    if !settings.deletes {
        return 0;
    }
    let by_size = over_size_count(segments, settings.retention_bytes);
    let by_time = segments
        .range(by_size..)
        .take_while(|segment| segment.size_bytes > 0 && is_expired(segment, now_ms, settings.retention_ms))
        .count();
    by_size + by_time
}

/// A segment goes when the log without it still holds `retention_bytes`.
fn over_size_count(segments: &VecDeque<Segment>, retention_bytes: i64) -> usize {
    let Ok(retention_bytes) = u64::try_from(retention_bytes) else {
        return 0;
    };
    let size_bytes: u64 = segments.iter().map(|segment| segment.size_bytes).sum();
    let mut excess_bytes = size_bytes.saturating_sub(retention_bytes);
    segments
        .iter()
        .take_while(|segment| {
            let goes = segment.size_bytes > 0 && segment.size_bytes <= excess_bytes;
            excess_bytes = excess_bytes.saturating_sub(segment.size_bytes);
            goes
        })
        .count()
}

fn is_expired(segment: &Segment, now_ms: i64, retention_ms: i64) -> bool {
    retention_ms >= 0 && now_ms.saturating_sub(segment.largest_timestamp_ms()) > retention_ms
}
