//! The minutes of one metric. Pure.
//!
//! Consecutive minutes with the same samples are one run, so an idle mapping's year of zeros takes the memory of a minute.

use super::samples::SampleSet;
use std::collections::VecDeque;
use std::ops::Range;

/// A minute, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(pub i64);

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

impl Minute {
    /// Returns the minute of a time in milliseconds since the Unix epoch.
    pub fn of_ms(unix_ms: i64) -> Self {
        Self(unix_ms.div_euclid(MINUTE_MS))
    }

    /// Returns its start in milliseconds since the Unix epoch.
    pub fn start_ms(self) -> i64 {
        self.0.saturating_mul(MINUTE_MS)
    }

    /// Returns the minute after it.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The samples of a metric by minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    /// In order, apart from each other.
    runs: VecDeque<Run>,
}

/// Consecutive minutes that have the same samples each.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    first: i64,
    /// The minute after the last.
    end: i64,
    samples: SampleSet,
}

impl Series {
    /// The memory of one run.
    pub(super) const RUN_BYTES: usize = size_of::<Run>();

    /// Returns the number of runs.
    pub(super) fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// Returns the minutes from the first to the last; `None` if there are none.
    pub(super) fn span(&self) -> Option<Range<Minute>> {
        let (first, last) = (self.runs.front()?, self.runs.back()?);
        Some(Minute(first.first)..Minute(last.end))
    }

    /// Sets the samples of each of `minutes`, whatever they were.
    pub(super) fn put(&mut self, minutes: Range<Minute>, samples: SampleSet) {
        let run = Run {
            first: minutes.start.0,
            end: minutes.end.0,
            samples,
        };
        if run.first >= run.end {
            return;
        }
        let at = self.clear(run.first, run.end);
        self.runs.insert(at, run);
        self.join(at + 1);
        self.join(at);
    }

    /// Adds samples to those of a minute.
    pub(super) fn merge(&mut self, minute: Minute, samples: SampleSet) {
        let samples = match self.over(minute..minute.next()) {
            Some(before) => before.with(samples),
            None => samples,
        };
        self.put(minute..minute.next(), samples);
    }

    /// Returns all samples of an interval together; `None` if it has none.
    pub(super) fn over(&self, minutes: Range<Minute>) -> Option<SampleSet> {
        let from = self.runs.partition_point(|run| run.end <= minutes.start.0);
        let mut all: Option<SampleSet> = None;
        for run in self.runs.range(from..) {
            let overlap = run.end.min(minutes.end.0) - run.first.max(minutes.start.0);
            if overlap <= 0 {
                break;
            }
            let samples = run.samples.times(overlap);
            all = Some(all.map_or(samples, |all| all.with(samples)));
        }
        all
    }

    /// Forgets the minutes before `minute`.
    pub(super) fn forget_before(&mut self, minute: Minute) {
        self.clear(i64::MIN, minute.0);
    }

    /// Removes the minutes from `first` to, and without, `end`, and returns the index at which a run of them would stand.
    fn clear(&mut self, first: i64, end: i64) -> usize {
        let at = self.runs.partition_point(|run| run.end <= first);
        let mut kept = Vec::new();
        let mut overlapping = 0;
        for run in self.runs.range(at..) {
            if run.first >= end {
                break;
            }
            overlapping += 1;
            if run.first < first {
                kept.push(Run { end: first, ..*run });
            }
            if run.end > end {
                kept.push(Run { first: end, ..*run });
            }
        }
        let place = at + kept.iter().filter(|run| run.first < first).count();
        if overlapping > 0 {
            self.runs.drain(at..at + overlapping);
            for run in kept.into_iter().rev() {
                self.runs.insert(at, run);
            }
        }
        place
    }

    /// Joins the run at `at` with the one before it, if both are one.
    fn join(&mut self, at: usize) {
        let (Some(before), Some(run)) = (
            at.checked_sub(1).and_then(|at| self.runs.get(at)),
            self.runs.get(at),
        ) else {
            return;
        };
        if before.end == run.first && before.samples == run.samples {
            let end = run.end;
            self.runs.remove(at);
            self.runs[at - 1].end = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const fn minutes(from: i64, end: i64) -> Range<Minute> {
        Minute(from)..Minute(end)
    }

    #[test]
    fn an_idle_year_is_one_run() {
        let mut series = Series::default();
        for minute in 0..525_600 {
            series.put(minutes(minute, minute + 1), SampleSet::one(0.0));
        }
        assert_eq!(series.run_count(), 1);
        let day = series.over(minutes(100, 1_540)).unwrap();
        assert_eq!((day.count, day.sum), (1_440.0, 0.0));
    }

    #[test]
    fn samples_of_a_minute_add_up() {
        let mut series = Series::default();
        series.merge(Minute(7), SampleSet::one(2.0));
        series.merge(Minute(7), SampleSet::one(5.0));
        let expected = SampleSet {
            count: 2.0,
            sum: 7.0,
            minimum: 2.0,
            maximum: 5.0,
        };
        assert_eq!(series.over(minutes(0, 10)), Some(expected));
        assert_eq!(series.over(minutes(8, 10)), None);
    }

    #[derive(Clone, Debug)]
    enum Change {
        Put(i64, i64, u8),
        Merge(i64, u8),
        Forget(i64),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (0..30i64, 1..6i64, 0..3u8).prop_map(|(from, length, value)| Change::Put(from, length, value)),
            (0..30i64, 0..3u8).prop_map(|(minute, value)| Change::Merge(minute, value)),
            (0..8i64).prop_map(Change::Forget),
        ]
    }

    proptest! {
        #[test]
        fn a_series_has_what_a_map_by_minute_has(changes in proptest::collection::vec(change(), 0..40)) {
            let mut series = Series::default();
            let mut map: BTreeMap<i64, SampleSet> = BTreeMap::new();
            for change in changes {
                match change {
                    Change::Put(from, length, value) => {
                        let samples = SampleSet::one(f64::from(value));
                        series.put(minutes(from, from + length), samples);
                        map.extend((from..from + length).map(|minute| (minute, samples)));
                    }
                    Change::Merge(minute, value) => {
                        let samples = SampleSet::one(f64::from(value));
                        series.merge(Minute(minute), samples);
                        let entry = map.entry(minute);
                        entry.and_modify(|before| *before = before.with(samples)).or_insert(samples);
                    }
                    Change::Forget(minute) => {
                        series.forget_before(Minute(minute));
                        map.retain(|at, _| *at >= minute);
                    }
                }
                for minute in -1..40 {
                    prop_assert_eq!(series.over(minutes(minute, minute + 1)), map.get(&minute).copied());
                }
                let span = map.first_key_value().zip(map.last_key_value());
                let span = span.map(|((first, _), (last, _))| minutes(*first, *last + 1));
                prop_assert_eq!(series.span(), span);
                for pair in series.runs.iter().collect::<Vec<_>>().windows(2) {
                    prop_assert!(pair[0].end <= pair[1].first, "{pair:?}");
                    prop_assert!(pair[0].end < pair[1].first || pair[0].samples != pair[1].samples, "{pair:?}");
                }
            }
        }
    }
}
