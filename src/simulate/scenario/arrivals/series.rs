//! A recorded series of rates, from lines of `seconds,records_per_s`.

use super::super::numbers::{Rate, Seconds};

/// Rates, each of which holds until the next; the last one holds until the end of the run. Nothing arrives before the first.
#[derive(Clone, Debug, PartialEq)]
pub struct RateSeries {
    /// At least one point, ascending by time.
    points: Vec<RatePoint>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct RatePoint {
    from_s: f64,
    records_per_s: f64,
    /// Number of records that have arrived before this point.
    total: f64,
}

impl RateSeries {
    /// Reads lines of `seconds,records_per_s`. The first line may be a header; empty lines are ignored.
    ///
    /// # Errors
    /// A sentence with the number of the line and what is allowed.
    pub fn parse(csv: &str) -> Result<Self, String> {
        let mut series = Self { points: Vec::new() };
        for (index, line) in csv.lines().enumerate() {
            let is_header = index == 0 && line.starts_with(|first: char| first.is_alphabetic());
            if line.trim().is_empty() || is_header {
                continue;
            }
            let added =
                parse_line(line).and_then(|(from_s, records_per_s)| series.add(from_s, records_per_s));
            added.map_err(|message| format!("line {}: {message}", index + 1))?;
        }
        if series.points.is_empty() {
            return Err("no line of `seconds,records_per_s`: must have at least one".to_owned());
        }
        Ok(series)
    }

    /// Returns the series of these seconds and rates.
    ///
    /// # Errors
    /// A sentence with the point that is invalid and what is allowed.
    pub(super) fn new(points: impl IntoIterator<Item = (f64, f64)>) -> Result<Self, String> {
        let mut series = Self { points: Vec::new() };
        for (from_s, records_per_s) in points {
            let (Seconds(from_s), Rate(records_per_s)) =
                (Seconds::try_from(from_s)?, Rate::try_from(records_per_s)?);
            series.add(from_s, records_per_s)?;
        }
        if series.points.is_empty() {
            return Err("no point: must have at least one".to_owned());
        }
        Ok(series)
    }

    fn add(&mut self, from_s: f64, records_per_s: f64) -> Result<(), String> {
        let mut total = 0.0;
        if let Some(last) = self.points.last() {
            if from_s <= last.from_s {
                return Err(format!(
                    "invalid second {from_s}: must be more than {}, the second of the line before",
                    last.from_s
                ));
            }
            total = last.total_by(from_s);
        }
        self.points.push(RatePoint {
            from_s,
            records_per_s,
            total,
        });
        Ok(())
    }

    /// Returns the points as seconds and records a second.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points
            .iter()
            .map(|point| (point.from_s, point.records_per_s))
    }

    /// Returns the total as [`Arrivals::total_by`](super::Arrivals::total_by) does.
    pub(super) fn total_by(&self, moment_s: f64) -> f64 {
        let begun = self.points.partition_point(|point| point.from_s <= moment_s);
        let current = begun.checked_sub(1).and_then(|index| self.points.get(index));
        current.map_or(0.0, |point| point.total_by(moment_s))
    }

    /// Returns the end as [`Arrivals::end_s`](super::Arrivals::end_s) does.
    pub(super) fn end_s(&self) -> Option<f64> {
        let last = self.points.last()?;
        (last.records_per_s == 0.0).then_some(last.from_s)
    }
}

impl RatePoint {
    fn total_by(&self, moment_s: f64) -> f64 {
        self.total + self.records_per_s * (moment_s - self.from_s)
    }
}

fn parse_line(line: &str) -> Result<(f64, f64), String> {
    let shape = || format!("invalid line `{}`: must be `seconds,records_per_s`", line.trim());
    let (seconds, rate) = line.split_once(',').ok_or_else(shape)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| shape());
    let Seconds(seconds) = Seconds::try_from(number(seconds)?)?;
    let Rate(rate) = Rate::try_from(number(rate)?)?;
    Ok((seconds, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rate_holds_until_the_next_line() {
        let csv = "seconds,records_per_s\n10,100\n20, 0\r\n\n30.5,7.5\n";
        let series = RateSeries::parse(csv).expect("a valid series");
        let cases = [
            (0.0, 0.0),
            (10.0, 0.0),
            (15.0, 500.0),
            (20.0, 1_000.0),
            (30.5, 1_000.0),
            (32.5, 1_015.0),
        ];
        for (moment_s, total) in cases {
            assert_eq!(series.total_by(moment_s), total, "by {moment_s}");
        }
        assert_eq!(series.end_s(), None);
        let ended = RateSeries::parse("0,5\n60,0").expect("a valid series");
        assert_eq!((ended.total_by(100.0), ended.end_s()), (300.0, Some(60.0)));
    }

    #[test]
    fn an_invalid_line_is_named() {
        let cases = [
            ("", "no line of `seconds,records_per_s`: must have at least one"),
            (
                "seconds,rate\n",
                "no line of `seconds,records_per_s`: must have at least one",
            ),
            (
                "0,1\nten,2\n",
                "line 2: invalid line `ten,2`: must be `seconds,records_per_s`",
            ),
            (
                "0,1\n10;2\n",
                "line 2: invalid line `10;2`: must be `seconds,records_per_s`",
            ),
            (
                "0,1,2\n",
                "line 1: invalid line `0,1,2`: must be `seconds,records_per_s`",
            ),
            (
                "0,-1\n",
                "line 1: invalid value -1 records a second: must be from 0 to 1000000000",
            ),
            ("-1,1\n", "line 1: invalid value -1 s: must be from 0 to 604800 s"),
            (
                "0,NaN\n",
                "line 1: invalid value NaN records a second: must be from 0 to 1000000000",
            ),
            (
                "s,r\n5,1\n5,2\n",
                "line 3: invalid second 5: must be more than 5, the second of the line before",
            ),
        ];
        for (csv, expected) in cases {
            assert_eq!(RateSeries::parse(csv), Err(expected.to_owned()), "{csv}");
        }
    }
}
