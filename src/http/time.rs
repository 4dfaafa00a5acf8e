//! Times as AWS's protocols write them as text: ISO 8601.

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// Returns the time of a text such as `2026-01-01T00:00:00Z` in seconds since the Unix epoch; `None` if it is none. Fractions of a second
/// and offsets such as `+01:00` are allowed; without an offset it is UTC.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (date, clock) = text.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (
        number(date.next()?)?,
        number(date.next()?)?,
        number(date.next()?)?,
    );
    let (clock, offset_s) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => match clock.rfind(['+', '-']) {
            Some(at) => (&clock[..at], offset(&clock[at..])?),
            None => (clock, 0),
        },
    };
    let mut clock = clock.splitn(3, ':');
    let (hour, minute) = (number(clock.next()?)?, number(clock.next()?)?);
    let seconds: f64 = clock.next().unwrap_or("0").parse().ok()?;
    let is_valid = (0..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && (0.0..61.0).contains(&seconds);
    let minutes = days(year, month, day) * 1_440 + hour * 60 + minute;
    is_valid.then(|| (minutes * 60 - offset_s) as f64 + seconds)
}

/// Returns a time as ISO 8601 in UTC, with milliseconds if it has any.
pub(super) fn format(seconds: f64) -> String {
    let ms = (seconds * 1_000.0).round() as i64;
    let (s, ms) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
    let (year, month, day) = date(s.div_euclid(DAY_S));
    let s = s.rem_euclid(DAY_S);
    let (hour, minute, second) = (s / 3_600, s / 60 % 60, s % 60);
    let fraction = match ms {
        0 => String::new(),
        ms => format!(".{ms:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

fn offset(text: &str) -> Option<i64> {
    let (sign, text) = text.split_at(1);
    let (hours, minutes) = text.split_once(':')?;
    let seconds = number(hours)? * 3_600 + number(minutes)? * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// Returns the days from the Unix epoch to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // A year begins in March here, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    // The days of the five months from March to July repeat: 31, 30, 31, 30, 31.
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From the 1st of March of the year 0 to the Unix epoch there are 719,468 days.
    year * 365 + leap_days + day_of_year - 719_468
}

/// Returns the date that is this number of days after the Unix epoch.
fn date(days_since_epoch: i64) -> (i64, i64, i64) {
    // The mean year is a good guess that is at most one year late.
    let mut year = 1970 + days_since_epoch.div_euclid(365);
    while days(year, 1, 1) > days_since_epoch {
        year -= 1;
    }
    let month = (1..=12)
        .rev()
        .find(|month| days(year, *month, 1) <= days_since_epoch);
    let month = month.unwrap_or(1);
    (year, month, days_since_epoch - days(year, month, 1) + 1)
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
        assert_eq!(parse("2026-01-01T01:30:00+01:30"), Some(1_767_225_600.0));
        assert_eq!(parse("2025-12-31T23:00:00-01:00"), Some(1_767_225_600.0));
        for wrong in [
            "",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "yesterday",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_a_date() {
        let mut before = date(-1);
        for day in 0..146_097 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
            assert!((year, month, of_month) > before, "{before:?}");
            before = (year, month, of_month);
        }
    }
}
