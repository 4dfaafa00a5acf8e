//! Times as AWS writes them, in UTC. Pure.

use std::fmt;

/// A moment, split into the parts of a date and of a time in UTC. `Display` writes it by ISO 8601 with milliseconds, as AWS's documents have
/// it: `2019-11-14T00:38:06.021Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UtcTime {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u32,
    /// 1 to 31.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) millisecond: u32,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days in 400 years, after which the Gregorian calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// Days from the first of March of year 0 to the first of January 1970.
const EPOCH_DAYS: i64 = 719_468;

impl UtcTime {
    /// Returns the parts of a time in milliseconds since the Unix epoch.
    pub(crate) fn of_ms(since_epoch_ms: i64) -> Self {
        let (year, month, day) = date_of(since_epoch_ms.div_euclid(DAY_MS));
        // Less than a day, so it fits.
        let of_day = since_epoch_ms.rem_euclid(DAY_MS) as u32;
        Self {
            year,
            month,
            day,
            hour: of_day / 3_600_000,
            minute: of_day / 60_000 % 60,
            second: of_day / 1_000 % 60,
            millisecond: of_day % 1_000,
        }
    }
}

/// Returns year, month and day of a number of days since the Unix epoch. Years are counted from March, so that a leap day is a year's last.
fn date_of(days: i64) -> (i64, u32, u32) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    // The last day of 4, of 100 and of 400 years would begin a year too early.
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on, five months have 153 days.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

impl fmt::Display for UtcTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millisecond,
        } = self;
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z"
        )
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
        ];
        for (since_epoch_ms, text) in cases {
            assert_eq!(UtcTime::of_ms(since_epoch_ms).to_string(), text);
        }
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut before = date_of(-1);
        for day in 0..200_000 {
            let date = date_of(day);
            let is_next = date == (before.0, before.1, before.2 + 1)
                || (date.2 == 1 && before.2 >= 28 && date == (before.0, before.1 + 1, 1))
                || (date == (before.0 + 1, 1, 1) && (before.1, before.2) == (12, 31));
            assert!(is_next, "{before:?} {date:?}");
            before = date;
        }
        assert_eq!(before, (2517, 7, 31));
    }
}
