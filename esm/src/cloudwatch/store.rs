//! The store of metrics: each metric's minutes, within a bound of memory.
//!
//! # Differs from CloudWatch
//! - CloudWatch keeps minutes for 15 days, and coarser figures for 15 months. Here minutes are kept while there is memory: a 64th of the
//!   memory limit, and within it. When that is full, the oldest minutes of all metrics go.

use super::budget::StoreBudget;
use super::samples::SampleSet;
use super::series::{Minute, Series};
use crate::source::MemoryPool;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The bound is the memory limit divided by this.
const LIMIT_DIVISOR: usize = 64;

/// When the store is full, this part of its minutes goes at once, so that it is not full again at the next change.
const EVICTED_PART: i64 = 8;

/// A text of a metric's id. Those of AWS's own metrics are static.
pub type Text = Cow<'static, str>;

/// The id of a metric: CloudWatch keeps a metric apart for each set of dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricId {
    /// The namespace, such as `AWS/Lambda`.
    pub namespace: Text,
    /// The name.
    pub name: Text,
    /// The dimensions, in the order of their names.
    pub dimensions: Vec<Dimension>,
}

/// A dimension of a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dimension {
    /// The name.
    pub name: Text,
    /// The value.
    pub value: Text,
}

impl MetricId {
    /// Returns an id. The order of `dimensions` does not matter.
    pub fn new(namespace: impl Into<Text>, name: impl Into<Text>, mut dimensions: Vec<Dimension>) -> Self {
        dimensions.sort();
        Self {
            namespace: namespace.into(),
            name: name.into(),
            dimensions,
        }
    }

    /// Returns about how many bytes of memory it takes.
    fn bytes(&self) -> usize {
        let owned = |text: &Text| match text {
            Cow::Owned(text) => text.capacity(),
            Cow::Borrowed(_) => 0,
        };
        let dimensions = self
            .dimensions
            .iter()
            .map(|dimension| size_of::<Dimension>() + owned(&dimension.name) + owned(&dimension.value));
        size_of::<Self>() + owned(&self.namespace) + owned(&self.name) + dimensions.sum::<usize>()
    }
}

/// The samples of an interval, with their unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datapoint {
    /// The start of the interval.
    pub start: Minute,
    /// The unit of CloudWatch.
    pub unit: &'static str,
    /// The samples.
    pub samples: SampleSet,
}

/// The metrics of an engine. Shared by everything that measures and by the CloudWatch API.
#[derive(Debug)]
pub struct MetricStore {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The series of a metric by unit: nearly always one.
    metrics: BTreeMap<MetricId, Vec<(&'static str, Series)>>,
    bytes: usize,
    budget: StoreBudget,
}

impl MetricStore {
    /// Returns an empty store within the limit of `memory`.
    pub fn new(memory: MemoryPool) -> Self {
        Self {
            inner: Mutex::new(Inner {
                metrics: BTreeMap::new(),
                bytes: 0,
                budget: StoreBudget::new(memory, LIMIT_DIVISOR),
            }),
        }
    }

    /// Sets the samples of each of `minutes`.
    pub(crate) fn put(&self, id: &MetricId, unit: &'static str, minutes: Range<Minute>, samples: SampleSet) {
        self.change(id, unit, |series| series.put(minutes, samples));
    }

    /// Adds samples to those of a minute.
    pub fn merge(&self, id: &MetricId, unit: &'static str, minute: Minute, samples: SampleSet) {
        self.change(id, unit, |series| series.merge(minute, samples));
    }

    fn change(&self, id: &MetricId, unit: &'static str, change: impl FnOnce(&mut Series)) {
        let mut inner = self.lock();
        let (before, after) = match inner.metrics.get_mut(id) {
            Some(units) => {
                let at = match units.iter().position(|(of, _)| *of == unit) {
                    Some(at) => at,
                    None => {
                        units.push((unit, Series::default()));
                        units.len() - 1
                    }
                };
                let series = &mut units[at].1;
                let before = series_bytes(series);
                change(series);
                (before, series_bytes(series))
            }
            None => {
                let mut series = Series::default();
                change(&mut series);
                let bytes = id.bytes() + series_bytes(&series);
                inner.metrics.insert(id.clone(), vec![(unit, series)]);
                (0, bytes)
            }
        };
        inner.bytes = (inner.bytes + after).saturating_sub(before);
        let bytes = inner.bytes;
        let mut is_fitting = inner.budget.fits(bytes);
        while !is_fitting && !inner.metrics.is_empty() {
            inner.forget_oldest();
            let bytes = inner.bytes;
            is_fitting = inner.budget.fits(bytes);
        }
    }

    /// Returns the datapoints of a metric in `minutes`, one for each `period` that has samples, and each unit, oldest first. The first
    /// period begins where `minutes` begin.
    pub fn datapoints(&self, id: &MetricId, minutes: Range<Minute>, period: i64) -> Vec<Datapoint> {
        let inner = self.lock();
        let mut datapoints = Vec::new();
        for (unit, series) in inner.metrics.get(id).into_iter().flatten() {
            let Some(span) = series.span() else { continue };
            // Periods before the first sample are left out by count, since there may be very many.
            let skipped = (span.start.0 - minutes.start.0).div_euclid(period).max(0);
            let mut start = Minute(minutes.start.0 + skipped * period);
            let end = minutes.end.min(span.end);
            while start < end {
                let next = Minute(start.0 + period);
                if let Some(samples) = series.over(start..next.min(minutes.end)) {
                    let unit = *unit;
                    datapoints.push(Datapoint { start, unit, samples });
                }
                start = next;
            }
        }
        datapoints.sort_by_key(|datapoint| datapoint.start);
        datapoints
    }

    /// Returns up to `limit` metrics that `is_wanted` accepts, in order, from the one after `after` on. It is told the minute after the
    /// metric's last.
    pub fn list(
        &self,
        after: Option<&MetricId>,
        limit: usize,
        is_wanted: impl Fn(&MetricId, Minute) -> bool,
    ) -> Vec<MetricId> {
        let inner = self.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let metrics = inner.metrics.range((from, Bound::Unbounded));
        let wanted = metrics.filter(|(id, units)| {
            let end = units
                .iter()
                .filter_map(|(_, series)| series.span())
                .map(|span| span.end)
                .max();
            end.is_some_and(|end| is_wanted(id, end))
        });
        wanted.take(limit).map(|(id, _)| id.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic of another holder can leave a wrong count of bytes at most.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

impl Inner {
    /// Forgets the first eighth of the minutes that any metric has.
    fn forget_oldest(&mut self) {
        let spans = self
            .metrics
            .values()
            .flatten()
            .filter_map(|(_, series)| series.span());
        let all = spans.reduce(|all, span| all.start.min(span.start)..all.end.max(span.end));
        let Some(all) = all else {
            return self.metrics.clear();
        };
        let before = Minute(all.start.0 + (all.end.0 - all.start.0) / EVICTED_PART + 1);
        self.metrics.retain(|_, units| {
            units
                .iter_mut()
                .for_each(|(_, series)| series.forget_before(before));
            units.retain(|(_, series)| series.run_count() > 0);
            !units.is_empty()
        });
        let bytes = self.metrics.iter().map(|(id, units)| {
            id.bytes()
                + units
                    .iter()
                    .map(|(_, series)| series_bytes(series))
                    .sum::<usize>()
        });
        self.bytes = bytes.sum();
    }
}

fn series_bytes(series: &Series) -> usize {
    size_of::<(&str, Series)>() + series.run_count() * Series::RUN_BYTES
}

#[cfg(test)]
mod tests {
    use super::super::budget::CHUNK_BYTES;
    use super::*;

    fn id(name: &'static str, value: &str) -> MetricId {
        let dimension = Dimension {
            name: "D".into(),
            value: value.to_owned().into(),
        };
        MetricId::new("N", name, vec![dimension])
    }

    fn minutes(from: i64, end: i64) -> Range<Minute> {
        Minute(from)..Minute(end)
    }

    #[test]
    fn datapoints_are_aggregated_by_period_from_the_start_that_is_asked_for() {
        let store = MetricStore::new(MemoryPool::new(1 << 30));
        for minute in 10..20 {
            store.merge(
                &id("M", "d"),
                "Count",
                Minute(minute),
                SampleSet::one(minute as f64),
            );
        }
        let found = store.datapoints(&id("M", "d"), minutes(1, 17), 5);
        let found: Vec<_> = found
            .iter()
            .map(|point| (point.start.0, point.samples.sum))
            .collect();
        assert_eq!(
            found,
            [(6, 10.0), (11, 11.0 + 12.0 + 13.0 + 14.0 + 15.0), (16, 16.0)]
        );
        assert_eq!(store.datapoints(&id("M", "other"), minutes(1, 17), 5), []);
        assert_eq!(
            store
                .datapoints(&id("M", "d"), minutes(i64::MIN / 2, 11), 1)
                .len(),
            1
        );
    }

    #[test]
    fn units_are_apart() {
        let store = MetricStore::new(MemoryPool::new(1 << 30));
        store.merge(&id("M", "d"), "Count", Minute(1), SampleSet::one(1.0));
        store.merge(&id("M", "d"), "Bytes", Minute(1), SampleSet::one(2.0));
        let found = store.datapoints(&id("M", "d"), minutes(0, 9), 1);
        let found: Vec<_> = found
            .iter()
            .map(|point| (point.unit, point.samples.sum))
            .collect();
        assert_eq!(found, [("Count", 1.0), ("Bytes", 2.0)]);
    }

    #[test]
    fn a_list_goes_on_after_a_metric() {
        let store = MetricStore::new(MemoryPool::new(1 << 30));
        for name in ["a", "b", "c"] {
            store.merge(&id(name, "d"), "Count", Minute(1), SampleSet::one(1.0));
        }
        let first = store.list(None, 2, |_, _| true);
        assert_eq!(first, [id("a", "d"), id("b", "d")]);
        assert_eq!(store.list(first.last(), 2, |_, _| true), [id("c", "d")]);
        assert_eq!(
            store
                .list(None, 2, |id, end| id.name != "a" && end == Minute(2))
                .len(),
            2
        );
    }

    #[test]
    fn the_oldest_minutes_go_when_the_bound_is_reached() {
        // The bound is the least there is: 64 KiB.
        let memory = MemoryPool::new(1 << 20);
        let store = MetricStore::new(memory.clone());
        for minute in 0..5_000 {
            store.merge(
                &id("M", "d"),
                "Count",
                Minute(minute),
                SampleSet::one(minute as f64),
            );
            assert!(store.bytes() <= CHUNK_BYTES);
            assert_eq!(memory.used_bytes(), CHUNK_BYTES);
        }
        let kept = store.datapoints(&id("M", "d"), minutes(0, 5_000), 1);
        assert_eq!(kept.last().map(|point| point.start), Some(Minute(4_999)));
        assert!((500..1_400).contains(&kept.len()), "{} minutes", kept.len());
    }

    #[test]
    fn a_full_memory_takes_what_is_old_and_not_the_process() {
        let memory = MemoryPool::new(4 << 20);
        let all = memory.charge((4 << 20) * 3 / 4).unwrap();
        let store = MetricStore::new(memory.clone());
        store.merge(&id("M", "d"), "Count", Minute(1), SampleSet::one(1.0));
        assert_eq!(store.datapoints(&id("M", "d"), minutes(0, 5), 1), []);
        drop(all);
        store.merge(&id("M", "d"), "Count", Minute(2), SampleSet::one(1.0));
        assert_eq!(store.datapoints(&id("M", "d"), minutes(0, 5), 1).len(), 1);
    }
}
