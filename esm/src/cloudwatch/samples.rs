//! Sample sets: what CloudWatch keeps of the values of one minute. Pure.

/// The samples of a metric in an interval, as CloudWatch aggregates them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleSet {
    /// Number of samples. CloudWatch's PutMetricData takes fractions.
    pub count: f64,
    /// Sum of the samples.
    pub sum: f64,
    /// The smallest sample.
    pub minimum: f64,
    /// The largest sample.
    pub maximum: f64,
}

impl SampleSet {
    /// Returns the set of one sample.
    pub fn one(value: f64) -> Self {
        Self {
            count: 1.0,
            sum: value,
            minimum: value,
            maximum: value,
        }
    }

    /// Returns the set of the samples of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }

    /// Returns the set of `times` such sets.
    #[must_use]
    pub(super) fn times(self, times: i64) -> Self {
        let times = times as f64;
        Self {
            count: self.count * times,
            sum: self.sum * times,
            ..self
        }
    }

    /// Returns the value of a statistic.
    pub fn statistic(&self, statistic: Statistic) -> f64 {
        match statistic {
            Statistic::SampleCount => self.count,
            Statistic::Average => self.sum / self.count,
            Statistic::Sum => self.sum,
            Statistic::Minimum => self.minimum,
            Statistic::Maximum => self.maximum,
        }
    }
}

/// The statistics of a sample set. Source: `Statistic` of CloudWatch's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Number of samples.
    SampleCount,
    /// Sum by count.
    Average,
    /// Sum.
    Sum,
    /// The smallest sample.
    Minimum,
    /// The largest sample.
    Maximum,
}

impl Statistic {
    /// Every statistic, in the order of the model.
    pub const ALL: [Self; 5] = [
        Self::SampleCount,
        Self::Average,
        Self::Sum,
        Self::Minimum,
        Self::Maximum,
    ];

    /// Returns the statistic of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|statistic| statistic.name() == name)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SampleCount => "SampleCount",
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
        }
    }
}
