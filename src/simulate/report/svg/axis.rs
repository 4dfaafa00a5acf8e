//! Axes: their ends and their ticks.

use crate::simulate::report::quantity::{TimeUnit, si, trimmed};
use std::time::Duration;

/// The most parts of a time axis; more would be too dense for a narrow screen.
const MOST_TIME_PARTS: f64 = 10.0;

/// A grid line of a chart, with its label.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::simulate::report) struct Tick {
    /// The position, as a share of the axis.
    pub(in crate::simulate::report) share: f64,
    /// The label.
    pub(in crate::simulate::report) text: String,
}

/// An axis of values, from zero to a tick.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::simulate::report) struct ValueAxis {
    /// The value at the upper end.
    pub(in crate::simulate::report) end: f64,
    /// The ticks from zero to the end, both inclusive.
    pub(in crate::simulate::report) ticks: Vec<Tick>,
}

impl ValueAxis {
    /// Returns an axis up to the first tick that is not below `largest`, with at most `parts` parts. Ticks of counts (`is_counted`) are
    /// whole numbers.
    pub(in crate::simulate::report) fn up_to(largest: f64, parts: u32, is_counted: bool) -> Self {
        let largest = if largest.is_finite() && largest > 0.0 {
            largest
        } else {
            1.0
        };
        let mut step = round_step(largest / f64::from(parts));
        if is_counted {
            step = step.max(1.0);
        }
        let parts = (largest / step - 1e-9).ceil().max(1.0);
        let end = parts * step;
        let ticks = (0..=parts as u32).map(|part| Tick {
            share: f64::from(part) / parts,
            text: si(f64::from(part) * step),
        });
        Self {
            end,
            ticks: ticks.collect(),
        }
    }

    /// Returns the position of `value`, as a share of the axis from its lower end.
    pub(in crate::simulate::report) fn share(&self, value: f64) -> f64 {
        (value / self.end).clamp(0.0, 1.0)
    }
}

/// An axis of time, from zero to the end of the longest run.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::simulate::report) struct TimeAxis {
    /// The time at the right end, in seconds.
    pub(in crate::simulate::report) end_s: f64,
    /// The ticks from zero; the first label has the unit.
    pub(in crate::simulate::report) ticks: Vec<Tick>,
}

impl TimeAxis {
    /// Returns an axis from zero to `end`, or to one second if `end` is zero.
    pub(in crate::simulate::report) fn up_to(end: Duration) -> Self {
        let unit = TimeUnit::of_axis(end);
        let end = match end.as_secs_f64() {
            0.0 => 1.0,
            seconds => seconds / unit.seconds(),
        };
        let step = time_step(unit, end / MOST_TIME_PARTS);
        let parts = (end / step + 1e-9).floor() as u32;
        let ticks = (0..=parts).map(|part| Tick {
            share: (f64::from(part) * step / end).min(1.0),
            text: match part {
                0 => format!("0 {}", unit.symbol()),
                part => trimmed(f64::from(part) * step, 6),
            },
        });
        Self {
            end_s: end * unit.seconds(),
            ticks: ticks.collect(),
        }
    }

    /// Returns the position of a time in seconds, as a share of the axis from its left end.
    pub(in crate::simulate::report) fn share(&self, seconds: f64) -> f64 {
        (seconds / self.end_s).clamp(0.0, 1.0)
    }
}

/// Returns 1, 2 or 5 times a power of ten, at least `least`.
fn round_step(least: f64) -> f64 {
    let exponent = least.log10().floor() as i32;
    // Division by a whole power of ten is exact to the last digit; multiplication by a negative power is not.
    let scale = 10_f64.powi(exponent.abs());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| {
            if exponent < 0 {
                factor / scale
            } else {
                factor * scale
            }
        })
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(least)
}

/// Returns a step that clocks use, at least `least`; both are in `unit`.
fn time_step(unit: TimeUnit, least: f64) -> f64 {
    let marks: &[f64] = match unit {
        TimeUnit::Seconds if least <= 1.0 => &[],
        TimeUnit::Seconds => &[2.0, 5.0, 10.0, 15.0, 20.0, 30.0],
        TimeUnit::Minutes => &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0],
        TimeUnit::Hours => &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0],
    };
    let mark = marks.iter().find(|mark| **mark >= least * (1.0 - 1e-9));
    mark.copied().unwrap_or_else(|| round_step(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &[Tick]) -> String {
        let texts: Vec<_> = ticks.iter().map(|tick| tick.text.as_str()).collect();
        texts.join(" ")
    }

    #[test]
    fn values_have_round_ticks() {
        let cases = [
            (0.0, false, "0 0.2 0.4 0.6 0.8 1"),
            (0.0, true, "0 1"),
            (1.0, true, "0 1"),
            (3.0, true, "0 1 2 3"),
            (50.0, true, "0 10 20 30 40 50"),
            (51.0, true, "0 20 40 60"),
            (100.0, true, "0 20 40 60 80 100"),
            (200.0, true, "0 50 100 150 200"),
            (2_000.0, true, "0 500 1k 1.5k 2k"),
            (56_800.0, false, "0 20k 40k 60k"),
            (20_000_000.0, false, "0 5M 10M 15M 20M"),
            (0.0123, false, "0 0.005 0.01 0.015"),
            (f64::NAN, false, "0 0.2 0.4 0.6 0.8 1"),
        ];
        for (largest, is_counted, expected) in cases {
            assert_eq!(texts(&ValueAxis::up_to(largest, 5, is_counted).ticks), expected);
        }
    }

    #[test]
    fn times_have_the_ticks_of_clocks() {
        let cases = [
            (0, "0 s 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1"),
            (50, "0 s 0.005 0.01 0.015 0.02 0.025 0.03 0.035 0.04 0.045 0.05"),
            (10_000, "0 s 1 2 3 4 5 6 7 8 9 10"),
            (95_000, "0 s 10 20 30 40 50 60 70 80 90"),
            (300_000, "0 s 30 60 90 120 150 180 210 240 270 300"),
            (360_000, "0 min 1 2 3 4 5 6"),
            (1_188_500, "0 min 2 4 6 8 10 12 14 16 18"),
            (3_600_000, "0 min 10 20 30 40 50 60"),
            (86_400_000, "0 h 3 6 9 12 15 18 21 24"),
            (864_000_000, "0 h 24 48 72 96 120 144 168 192 216 240"),
        ];
        for (end_ms, expected) in cases {
            assert_eq!(
                texts(&TimeAxis::up_to(Duration::from_millis(end_ms)).ticks),
                expected
            );
        }
    }

    #[test]
    fn a_value_beyond_an_axis_is_at_its_end() {
        let values = ValueAxis::up_to(100.0, 5, true);
        let shares = [-1.0, 0.0, 25.0, 100.0, 2_000.0].map(|value| values.share(value));
        assert_eq!(shares, [0.0, 0.0, 0.25, 1.0, 1.0]);
        let time = TimeAxis::up_to(Duration::from_secs(600));
        assert_eq!(
            (time.end_s, time.share(150.0), time.share(601.0)),
            (600.0, 0.25, 1.0)
        );
        let ticks: Vec<_> = time.ticks.iter().map(|tick| tick.share).collect();
        assert_eq!(ticks[..3], [0.0, 0.1, 0.2]);
    }
}
