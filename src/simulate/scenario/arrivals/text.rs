//! One `[[topics.workload]]` as it is written in the file.

use super::super::numbers::{Rate, Seconds, WholeNumber};
use super::recorded::{Measure, Recorded};
use super::{Arrivals, RateSeries};
use serde::Deserialize;
use std::fmt;

/// One entry of any kind: with one struct for all kinds, an unknown key is reported with its own line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ArrivalsText {
    kind: WorkloadKind,
    records: Option<WholeNumber<0, { i64::MAX }>>,
    records_per_s: Option<Rate>,
    mean_per_s: Option<Rate>,
    amplitude_per_s: Option<Rate>,
    period_s: Option<Seconds>,
    from_s: Option<Seconds>,
    for_s: Option<Seconds>,
    every_s: Option<Seconds>,
    to_s: Option<Seconds>,
    file: Option<String>,
    measure: Option<Measure>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WorkloadKind {
    Backlog,
    Constant,
    Spike,
    Sine,
    Csv,
    Recorded,
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backlog => "backlog",
            Self::Constant => "constant",
            Self::Spike => "spike",
            Self::Sine => "sine",
            Self::Csv => "csv",
            Self::Recorded => "recorded",
        })
    }
}

impl WorkloadKind {
    /// Returns the required keys and the optional ones.
    fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Backlog => (&["records"], &[]),
            Self::Constant => (&["records_per_s"], &["from_s", "to_s"]),
            Self::Spike => (&["records_per_s", "from_s", "for_s"], &["every_s", "to_s"]),
            Self::Sine => (
                &["mean_per_s", "amplitude_per_s", "period_s"],
                &["from_s", "to_s"],
            ),
            Self::Csv => (&["file"], &[]),
            Self::Recorded => (&["file"], &["measure"]),
        }
    }
}

impl ArrivalsText {
    /// Converts the entry to sources of records. `read` returns the text of a file that it names.
    ///
    /// # Errors
    /// A sentence with the invalid value and what is allowed.
    pub(in super::super) fn arrivals(
        &self,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Vec<Arrivals>, String> {
        self.check_keys()?;
        let file = self.file.as_deref().unwrap_or_default();
        let in_file = |message| format!("{file}: {message}");
        let rate = |rate: Option<Rate>| rate.map_or(0.0, |rate| rate.0);
        let seconds = |seconds: Option<Seconds>| seconds.map_or(0.0, |seconds| seconds.0);
        let (from_s, to_s) = (seconds(self.from_s), self.to_s.map(|to_s| to_s.0));
        if let Some(to_s) = to_s.filter(|to_s| *to_s <= from_s) {
            return Err(format!(
                "invalid to_s = {to_s}: must be more than from_s = {from_s}"
            ));
        }
        Ok(vec![match self.kind {
            WorkloadKind::Backlog => Arrivals::Backlog {
                records: self.records.map_or(0, WholeNumber::get),
            },
            WorkloadKind::Constant => Arrivals::Constant {
                records_per_s: rate(self.records_per_s),
                from_s,
                to_s,
            },
            WorkloadKind::Spike => Arrivals::Spike {
                records_per_s: rate(self.records_per_s),
                from_s,
                for_s: self.spike_s()?,
                every_s: self.every_s.map(|every_s| every_s.0),
                to_s,
            },
            WorkloadKind::Sine => Arrivals::Sine {
                mean_per_s: rate(self.mean_per_s),
                amplitude_per_s: self.amplitude_per_s()?,
                period_s: self.positive_period_s()?,
                from_s,
                to_s,
            },
            WorkloadKind::Csv => Arrivals::Series(RateSeries::parse(&read(file)?).map_err(in_file)?),
            WorkloadKind::Recorded => {
                let measure = self.measure.unwrap_or_default();
                let Recorded { backlog, rates } = Recorded::read(&read(file)?, measure).map_err(in_file)?;
                let backlog = Arrivals::Backlog { records: backlog };
                return Ok(vec![backlog, Arrivals::Series(rates)]);
            }
        }])
    }

    fn check_keys(&self) -> Result<(), String> {
        let (needed, optional) = self.kind.keys();
        let given = [
            ("records", self.records.is_some()),
            ("records_per_s", self.records_per_s.is_some()),
            ("mean_per_s", self.mean_per_s.is_some()),
            ("amplitude_per_s", self.amplitude_per_s.is_some()),
            ("period_s", self.period_s.is_some()),
            ("from_s", self.from_s.is_some()),
            ("for_s", self.for_s.is_some()),
            ("every_s", self.every_s.is_some()),
            ("to_s", self.to_s.is_some()),
            ("file", self.file.is_some()),
            ("measure", self.measure.is_some()),
        ];
        for (key, is_given) in given {
            if !is_given && needed.contains(&key) {
                return Err(format!("a workload of kind \"{}\" needs `{key}`", self.kind));
            }
            if is_given && !needed.contains(&key) && !optional.contains(&key) {
                return Err(format!(
                    "a workload of kind \"{}\" has no `{key}`: it has {}",
                    self.kind,
                    [needed, optional].concat().join(", ")
                ));
            }
        }
        Ok(())
    }

    fn spike_s(&self) -> Result<f64, String> {
        let for_s = self.for_s.map_or(0.0, |for_s| for_s.0);
        match self.every_s {
            Some(Seconds(every_s)) if every_s < for_s || every_s == 0.0 => Err(format!(
                "invalid every_s = {every_s}: must be more than 0 and at least for_s = {for_s}"
            )),
            _ => Ok(for_s),
        }
    }

    fn amplitude_per_s(&self) -> Result<f64, String> {
        let (mean, amplitude) = (self.mean_per_s, self.amplitude_per_s);
        let (mean, amplitude) = (
            mean.map_or(0.0, |mean| mean.0),
            amplitude.map_or(0.0, |one| one.0),
        );
        if amplitude > mean {
            return Err(format!(
                "invalid amplitude_per_s = {amplitude}: must be at most mean_per_s = {mean}"
            ));
        }
        Ok(amplitude)
    }

    fn positive_period_s(&self) -> Result<f64, String> {
        match self.period_s {
            Some(Seconds(period_s)) if period_s > 0.0 => Ok(period_s),
            _ => Err("invalid period_s = 0: must be more than 0".to_owned()),
        }
    }
}
