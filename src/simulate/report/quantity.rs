//! The notation of numbers: units of time, thousands, SI prefixes, signs.

use std::time::Duration;

/// The smallest count that is written with an SI prefix, so that columns stay narrow.
const LONGEST_COUNT: u64 = 100_000_000;

/// The unit of times: one for all figures of a report, and one for its axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum TimeUnit {
    /// Used up to five minutes.
    Seconds,
    /// Used beyond five minutes; on axes up to ten hours.
    Minutes,
    /// Used on axes beyond ten hours.
    Hours,
}

impl TimeUnit {
    /// Returns the unit of figures up to `longest`. It is never hours, so that times of minutes stay readable in a run of a day.
    pub(in crate::simulate) fn of_figures(longest: Duration) -> Self {
        match longest.as_secs_f64() {
            ..=300.0 => Self::Seconds,
            _ => Self::Minutes,
        }
    }

    /// Returns the unit of an axis that ends at `end`.
    pub(in crate::simulate) fn of_axis(end: Duration) -> Self {
        match end.as_secs_f64() {
            ..=36_000.0 => Self::of_figures(end),
            _ => Self::Hours,
        }
    }

    /// Returns the unit's symbol.
    pub(in crate::simulate) fn symbol(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Hours => "h",
        }
    }

    /// Returns the number of seconds in the unit.
    pub(in crate::simulate) fn seconds(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Minutes => 60.0,
            Self::Hours => 3_600.0,
        }
    }

    /// Writes `time` as a number of this unit.
    pub(in crate::simulate) fn figure(self, time: Duration) -> String {
        format!("{:.2}", time.as_secs_f64() / self.seconds())
    }

    /// Writes `time` as a number with the unit's symbol.
    pub(in crate::simulate) fn text(self, time: Duration) -> String {
        format!("{} {}", self.figure(time), self.symbol())
    }
}

/// Writes a count with separators, as in `1,234,567`.
pub(in crate::simulate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a count for a column: all digits, or an SI prefix if there are too many.
pub(in crate::simulate) fn count(count: u64) -> String {
    match count {
        LONGEST_COUNT.. => si(count as f64),
        _ => thousands(count),
    }
}

/// Writes about three digits and an SI prefix, as in `1.5M`, without trailing zeros.
pub(in crate::simulate) fn si(value: f64) -> String {
    let prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // The factor is less than 1 by half a unit of the last digit, so that a value that rounds up to the next prefix gets it.
    let (scale, prefix) = prefixes
        .into_iter()
        .find(|(scale, _)| value >= scale * 0.9995)
        .unwrap_or((1.0, ""));
    let scaled = value / scale;
    let decimals = match scaled {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{}{prefix}", trimmed(scaled, decimals))
}

/// Writes at most `decimals` decimals, without trailing zeros.
pub(in crate::simulate) fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    match text {
        "-0" => String::from("0"),
        text => text.to_owned(),
    }
}

/// Writes a value with its sign. A value that rounds to zero has none.
pub(in crate::simulate) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    if text.chars().any(|character| matches!(character, '1'..='9')) {
        text
    } else {
        text[1..].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_unit_of_the_longest() {
        let cases = [
            (0.0, "0.00 s"),
            (0.05, "0.05 s"),
            (300.0, "300.00 s"),
            (301.0, "5.02 min"),
            (1_188.5, "19.81 min"),
            (86_400.0, "1440.00 min"),
        ];
        for (seconds, text) in cases {
            let time = Duration::from_secs_f64(seconds);
            assert_eq!(TimeUnit::of_figures(time).text(time), text);
        }
    }

    #[test]
    fn only_axes_are_in_hours() {
        let units = [300, 301, 36_000, 36_001].map(|seconds| TimeUnit::of_axis(Duration::from_secs(seconds)));
        let expected = [
            TimeUnit::Seconds,
            TimeUnit::Minutes,
            TimeUnit::Minutes,
            TimeUnit::Hours,
        ];
        assert_eq!(units, expected);
    }

    #[test]
    fn thousands_are_set_apart_until_a_prefix_is_shorter() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (200_000, "200,000"),
            (99_999_999, "99,999,999"),
            (123_456_789, "123M"),
        ];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
        assert_eq!(thousands(123_456_789), "123,456,789");
    }

    #[test]
    fn prefixes_leave_about_three_digits() {
        let cases = [
            (0.0, "0"),
            (0.25, "0.25"),
            (50.0, "50"),
            (999.4, "999"),
            (999.9, "1k"),
            (1_500.0, "1.5k"),
            (20_000.0, "20k"),
            (55_555.0, "55.6k"),
            (20_000_000.0, "20M"),
            (2.5e9, "2.5G"),
            (4e12, "4T"),
        ];
        for (value, text) in cases {
            assert_eq!(si(value), text);
        }
    }

    #[test]
    fn zero_has_no_sign() {
        let cases = [
            (0.004, "0.00"),
            (-0.004, "0.00"),
            (0.05, "+0.05"),
            (-1.0, "-1.00"),
        ];
        for (value, text) in cases {
            assert_eq!(signed(value, 2), text);
        }
        assert_eq!(trimmed(-0.0001, 2), "0");
    }
}
