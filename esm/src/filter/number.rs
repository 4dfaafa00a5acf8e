//! Numbers of `numeric` patterns: intervals of doubles. A number that no double is equal to is not compared, as in EventBridge's rules.

/// An interval; `None` is without an end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) bottom: Option<End>,
    pub(super) top: Option<End>,
}

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End {
    pub(super) number: f64,
    /// Whether the number itself is in the interval.
    pub(super) is_closed: bool,
}

impl Interval {
    /// Returns whether it contains the number with this text.
    pub(super) fn contains(&self, text: &str) -> bool {
        let Some(number) = comparable(text) else {
            return false;
        };
        let is_above = |end: End| number > end.number || (end.is_closed && number == end.number);
        let is_below = |end: End| number < end.number || (end.is_closed && number == end.number);
        self.bottom.is_none_or(is_above) && self.top.is_none_or(is_below)
    }
}

/// Returns the double whose shortest text means the same number as `text`.
pub(super) fn comparable(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    // 15 digits always survive, and most numbers have fewer.
    let is_short = text.len() <= 15 && !text.contains(['e', 'E']);
    (is_short || (number.is_finite() && decimal(text)? == decimal(&format!("{number:e}"))?)).then_some(number)
}

/// Returns the digits of a number without zeros at the ends, and the power of ten of the last one. The sign is left out.
fn decimal(text: &str) -> Option<(String, i64)> {
    let text = text.trim_start_matches('-').to_ascii_lowercase();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some((String::new(), 0));
    }
    let exponent: i64 = exponent.parse().ok()?;
    let zeros = i64::try_from(digits.len() - kept.len()).ok()?;
    let power = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(zeros)?;
    Some((kept.trim_start_matches('0').to_owned(), power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_double_is_equal_to_are_not_compared() {
        for (text, number) in [
            ("0", 0.0),
            ("-0.0", 0.0),
            ("300.0", 300.0),
            ("3.0e2", 300.0),
            ("0.1", 0.1),
            ("0.30000000000000004", 0.300_000_000_000_000_04),
            ("9007199254740992", 9_007_199_254_740_992.0),
            ("1e22", 1e22),
        ] {
            assert_eq!(comparable(text), Some(number), "{text}");
        }
        for text in [
            "9007199254740993",
            "0.3000000000000000000001",
            "1e400",
            "-1e400",
            "1e-400",
            "1e99999999999999999999",
        ] {
            assert_eq!(comparable(text), None, "{text}");
        }
    }

    #[test]
    fn the_ends_of_an_interval_are_in_it_if_they_are_closed() {
        let end = |number, is_closed| Some(End { number, is_closed });
        let interval = Interval {
            bottom: end(0.0, false),
            top: end(5.0, true),
        };
        let inside: Vec<bool> = ["-1", "0", "0.1", "5", "5.0", "5.1"]
            .map(|text| interval.contains(text))
            .into();
        assert_eq!(inside, [false, false, true, true, true, false]);
        let above = Interval {
            bottom: end(5.0, true),
            top: None,
        };
        assert_eq!(
            ["4.9", "5e0", "1e9"].map(|text| above.contains(text)),
            [false, true, true]
        );
    }
}
