//! The number of old segments that retention drops. Source: Kafka's `UnifiedLog.deleteOldSegments`.

use super::{LogSettings, segment::Segment};
use std::collections::VecDeque;

/// Returns how many segments from the front are dropped at `now_ms`, first by `retention.bytes` and then by `retention.ms`. The
/// active segment is dropped only together with all others.
pub(super) fn expired_count(segments: &VecDeque<Segment>, now_ms: i64, settings: &LogSettings) -> usize {
    if !settings.deletes {
        return 0;
    }
    let by_size = over_size_count(segments, settings.retention_bytes);
    // Segments go from the front only, because a log has no holes: a young one keeps all that follow.
    let by_time = segments
        .range(by_size..)
        // An empty segment takes the next append, so it stays; Kafka keeps a last segment that is empty too.
        .take_while(|segment| segment.size_bytes > 0 && is_expired(segment, now_ms, settings.retention_ms))
        .count();
    by_size + by_time
}

/// Returns how many segments `retention.bytes` drops: a segment is dropped if the log without it still has `retention_bytes`.
fn over_size_count(segments: &VecDeque<Segment>, retention_bytes: i64) -> usize {
    let Ok(retention_bytes) = u64::try_from(retention_bytes) else {
        // Kafka takes every negative size as no limit, not only -1.
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
