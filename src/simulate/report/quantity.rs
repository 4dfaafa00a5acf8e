//! How numbers are written: units of time, thousands, SI prefixes, signs.

use std::time::Duration;

/// Counts from here on are written with an SI prefix, so that columns stay narrow.
const LONGEST_COUNT: u64 = 100_000_000;

/// What times are written in; one for a whole report, and one for its axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum TimeUnit {
    /// Up to five minutes.
    Seconds,
    /// Beyond; on axes up to ten hours.
    Minutes,
    /// On axes beyond that.
    Hours,
}

impl TimeUnit {
    /// The unit of figures up to `longest`. Never hours: of a run of a day, what took minutes is to be read too.
    pub(in crate::simulate) fn of_figures(longest: Duration) -> Self {
        match longest.as_secs_f64() {
            ..=300.0 => Self::Seconds,
            _ => Self::Minutes,
        }
    }

    /// The unit of an axis that ends at `end`.
    pub(in crate::simulate) fn of_axis(end: Duration) -> Self {
        match end.as_secs_f64() {
            ..=36_000.0 => Self::of_figures(end),
            _ => Self::Hours,
        }
    }

    /// Its symbol.
    pub(in crate::simulate) fn symbol(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Hours => "h",
        }
    }

    /// How many seconds it has.
    pub(in crate::simulate) fn seconds(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Minutes => 60.0,
            Self::Hours => 3_600.0,
        }
    }

    /// `time` as a number of this unit.
    pub(in crate::simulate) fn figure(self, time: Duration) -> String {
        format!("{:.2}", time.as_secs_f64() / self.seconds())
    }

    /// `time` with the symbol.
    pub(in crate::simulate) fn text(self, time: Duration) -> String {
        format!("{} {}", self.figure(time), self.symbol())
    }
}

/// `1,234,567`.
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

/// A count in a column: all of its digits, or an SI prefix when those would be too many.
pub(in crate::simulate) fn count(count: u64) -> String {
    match count {
        LONGEST_COUNT.. => si(count as f64),
        _ => thousands(count),
    }
}

/// Three digits or so and an SI prefix, as in `1.5M`; without zeros that say nothing.
pub(in crate::simulate) fn si(value: f64) -> String {
    let prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // Half a unit of the last digit less, so that what rounds up to the next prefix has it.
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

/// At most so many decimals, without zeros at their end.
pub(in crate::simulate) fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    match text {
        "-0" => String::from("0"),
        text => text.to_owned(),
    }
}

/// With its sign; what rounds to zero has none.
pub(in crate::simulate) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    match text.chars().any(|character| matches!(character, '1'..='9')) {
        true => text,
        false => text[1..].to_owned(),
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
    fn a_sign_is_not_given_to_zero() {
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
