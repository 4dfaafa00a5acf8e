//! The arrival of records: rates over time, and the number of records that they add up to.
//!
//! Pure. Totals are integrals in closed form, not sums over steps, so the steps of a run add no error.

mod recorded;
mod series;
mod text;

pub use series::RateSeries;
pub(super) use text::ArrivalsText;

use std::f64::consts::TAU;

/// One source of a topic's records. Times are seconds from the start of the run; rates are records a second for the whole topic.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Records that are appended before the mapping starts.
    Backlog {
        /// Number of records.
        records: u64,
    },
    /// A constant rate.
    Constant {
        /// The rate, in records a second.
        records_per_s: f64,
        /// The start.
        from_s: f64,
        /// The end; `None` for the end of the run.
        to_s: Option<f64>,
    },
    /// A rate for a limited time, once or repeatedly.
    Spike {
        /// The rate during a spike; between spikes nothing arrives.
        records_per_s: f64,
        /// The start of the first spike.
        from_s: f64,
        /// The length of a spike.
        for_s: f64,
        /// The time from the start of a spike to the start of the next, at least `for_s`; `None` for a single spike.
        every_s: Option<f64>,
        /// The end of all spikes; `None` for the end of the run.
        to_s: Option<f64>,
    },
    /// A sinusoidal rate, which starts at its mean and rises.
    Sine {
        /// The mean rate.
        mean_per_s: f64,
        /// The amplitude, at most the mean.
        amplitude_per_s: f64,
        /// The period.
        period_s: f64,
        /// The start.
        from_s: f64,
        /// The end; `None` for the end of the run.
        to_s: Option<f64>,
    },
    /// A recorded series of rates.
    Series(RateSeries),
}

impl Arrivals {
    /// Returns the number of records that are appended before the mapping starts.
    pub fn backlog(&self) -> u64 {
        match self {
            Self::Backlog { records } => *records,
            _ => 0,
        }
    }

    /// Returns the number of records that have arrived `moment_s` after the start of the run, without the backlog: the integral of the rate.
    pub fn total_by(&self, moment_s: f64) -> f64 {
        // The time that the source has been active by then.
        let lasted_s = |from_s: f64, to_s: Option<f64>| {
            let until_s = to_s.map_or(moment_s, |to_s| moment_s.min(to_s));
            (until_s - from_s).max(0.0)
        };
        match *self {
            Self::Backlog { .. } => 0.0,
            Self::Constant {
                records_per_s,
                from_s,
                to_s,
            } => records_per_s * lasted_s(from_s, to_s),
            Self::Spike {
                records_per_s,
                from_s,
                for_s,
                every_s,
                to_s,
            } => records_per_s * spiked_s(lasted_s(from_s, to_s), for_s, every_s),
            Self::Sine {
                mean_per_s,
                amplitude_per_s,
                period_s,
                from_s,
                to_s,
            } => {
                let lasted_s = lasted_s(from_s, to_s);
                let turns = lasted_s / period_s;
                mean_per_s * lasted_s + amplitude_per_s * period_s / TAU * (1.0 - (TAU * turns).cos())
            }
            Self::Series(ref series) => series.total_by(moment_s),
        }
    }

    /// Returns the time of the last record; `None` if records arrive until the run ends.
    pub fn end_s(&self) -> Option<f64> {
        match *self {
            Self::Backlog { .. } => Some(0.0),
            Self::Constant { to_s, .. } | Self::Sine { to_s, .. } => to_s,
            Self::Spike {
                from_s,
                for_s,
                every_s: None,
                to_s,
                ..
            } => Some(to_s.map_or(from_s + for_s, |to_s| to_s.min(from_s + for_s))),
            Self::Spike { to_s, .. } => to_s,
            Self::Series(ref series) => series.end_s(),
        }
    }
}

/// Returns how many of the first `lasted_s` seconds lie within spikes.
fn spiked_s(lasted_s: f64, for_s: f64, every_s: Option<f64>) -> f64 {
    let Some(every_s) = every_s else {
        return lasted_s.min(for_s);
    };
    let whole = (lasted_s / every_s).floor();
    whole * for_s + (lasted_s - whole * every_s).min(for_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spike(every_s: Option<f64>, to_s: Option<f64>) -> Arrivals {
        Arrivals::Spike {
            records_per_s: 10.0,
            from_s: 5.0,
            for_s: 2.0,
            every_s,
            to_s,
        }
    }

    fn constant(to_s: Option<f64>) -> Arrivals {
        Arrivals::Constant {
            records_per_s: 3.0,
            from_s: 1.0,
            to_s,
        }
    }

    #[test]
    fn totals_are_integrals_of_the_rate() {
        let cases = [
            (constant(None), 0.5, 0.0),
            (constant(None), 2.5, 4.5),
            (constant(Some(2.0)), 100.0, 3.0),
            (spike(None, None), 5.0, 0.0),
            (spike(None, None), 6.0, 10.0),
            (spike(None, None), 100.0, 20.0),
            (spike(Some(10.0), None), 14.9, 20.0),
            (spike(Some(10.0), None), 16.0, 30.0),
            (spike(Some(10.0), None), 25.0, 40.0),
            (spike(Some(10.0), Some(16.5)), 25.0, 35.0),
            (spike(Some(2.0), None), 25.0, 200.0),
            (Arrivals::Backlog { records: 7 }, 25.0, 0.0),
        ];
        for (arrivals, moment_s, total) in cases {
            assert_eq!(arrivals.total_by(moment_s), total, "{arrivals:?} by {moment_s}");
        }
    }

    #[test]
    fn a_sine_begins_at_its_mean_and_rises() {
        let sine = Arrivals::Sine {
            mean_per_s: 100.0,
            amplitude_per_s: 50.0,
            period_s: 60.0,
            from_s: 10.0,
            to_s: Some(130.0),
        };
        let close = |moment_s: f64, total: f64| {
            let found = sine.total_by(moment_s);
            assert!((found - total).abs() < 1e-6, "{found} by {moment_s}");
        };
        close(10.0, 0.0);
        close(25.0, 1_500.0 + 3_000.0 / TAU);
        close(40.0, 3_000.0 + 6_000.0 / TAU);
        close(70.0, 6_000.0);
        close(1_000.0, 12_000.0);
        // A sum over small steps gives the same total.
        let rate = |t: f64| 100.0 + 50.0 * (TAU * (t - 10.0) / 60.0).sin();
        let sum: f64 = (0..20_000)
            .map(|step| rate(10.0005 + f64::from(step) * 0.001) * 0.001)
            .sum();
        close(30.0, sum);
    }

    #[test]
    fn a_source_ends_at_its_own_end_or_with_the_run() {
        let cases = [
            (constant(None), None),
            (constant(Some(2.0)), Some(2.0)),
            (spike(None, None), Some(7.0)),
            (spike(None, Some(6.0)), Some(6.0)),
            (spike(Some(10.0), None), None),
            (spike(Some(10.0), Some(30.0)), Some(30.0)),
            (Arrivals::Backlog { records: 1 }, Some(0.0)),
        ];
        for (arrivals, end_s) in cases {
            assert_eq!(arrivals.end_s(), end_s, "{arrivals:?}");
        }
    }
}
