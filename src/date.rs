//! Times that people and AWS write as text: ISO 8601.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta};

/// Returns the time of a text such as `2026-01-01T00:00:00Z` in seconds since the Unix epoch; `None` if it is none. A blank may stand for the
/// `T`; seconds and their fraction may be left out; an offset such as `+01:00` or `+0100` may stand for the `Z`, and without either it is UTC.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.replacen(' ', "T", 1);
    let time = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(&text, format).ok())
        .map(|time| time.to_utc());
    let in_utc = || {
        let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
        let time = formats
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok());
        time.map(|time| time.and_utc())
    };
    let since_epoch = time.or_else(in_utc)?.signed_duration_since(DateTime::UNIX_EPOCH);
    Some(since_epoch.as_seconds_f64())
}

/// Returns a time as ISO 8601 in UTC, with milliseconds if it has any. A time that no calendar has is the nearest one.
pub(crate) fn format(seconds: f64) -> String {
    let ms = TimeDelta::try_milliseconds((seconds * 1_000.0).round() as i64);
    let time = ms.and_then(|ms| DateTime::UNIX_EPOCH.checked_add_signed(ms));
    let nearest = if seconds < 0.0 {
        DateTime::<chrono::Utc>::MIN_UTC
    } else {
        DateTime::<chrono::Utc>::MAX_UTC
    };
    time.unwrap_or(nearest)
        .to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("2026-01-01T00:00:00Z", 1_767_225_600.0),
            ("2024-02-29T23:59:59.250Z", 1_709_251_199.25),
            ("2000-03-01T00:00:00Z", 951_868_800.0),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
            assert_eq!(format(seconds), text);
        }
    }

    #[test]
    fn times_are_read_in_the_forms_of_each_writer() {
        for (text, seconds) in [
            ("2026-01-01T01:30:00+01:30", 1_767_225_600.0),
            ("2025-12-31T23:00:00-01:00", 1_767_225_600.0),
            ("2000-02-29T12:00:00Z", 951_825_600.0),
            ("2026-01-01T00:00:00.5Z", 1_767_225_600.5),
            ("2026-01-01T05:30+05:30", 1_767_225_600.0),
            ("2025-12-31T19:00:00-0500", 1_767_225_600.0),
            ("2026-01-01T00:00:00", 1_767_225_600.0),
            ("2026-01-01 00:00", 1_767_225_600.0),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
        for wrong in [
            "",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "yesterday",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
