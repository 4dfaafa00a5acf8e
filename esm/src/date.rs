//! Times as AWS writes them, in UTC. Pure.

use chrono::{DateTime, Utc};
use std::fmt;

/// A moment. `Display` writes it by ISO 8601 with milliseconds, as AWS's documents have it: `2019-11-14T00:38:06.021Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UtcTime(DateTime<Utc>);

impl UtcTime {
    /// Returns the moment of a time in milliseconds since the Unix epoch. Beyond the years -262143 and 262142 it is the first or the last
    /// moment of these: a record may have any timestamp.
    pub(crate) const fn of_ms(since_epoch_ms: i64) -> Self {
        Self(match DateTime::from_timestamp_millis(since_epoch_ms) {
            Some(time) => time,
            None if since_epoch_ms < 0 => DateTime::<Utc>::MIN_UTC,
            None => DateTime::<Utc>::MAX_UTC,
        })
    }

    /// Returns it by a format of `strftime`.
    pub(crate) fn format(self, format: &str) -> String {
        self.0.format(format).to_string()
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%S%.3fZ").fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_by_iso_8601() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_573_691_886_021, "2019-11-14T00:38:06.021Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (i64::MAX, "+262142-12-31T23:59:59.999Z"),
        ];
        for (since_epoch_ms, text) in cases {
            assert_eq!(UtcTime::of_ms(since_epoch_ms).to_string(), text);
        }
    }
}
