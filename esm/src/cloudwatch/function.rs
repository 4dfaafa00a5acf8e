//! The metrics of functions: one sample for each invocation.
//!
//! Source: Lambda developer guide, "Types of metrics for Lambda functions": the time of Invocations, Errors and Duration is that at which
//! the function was invoked; a throttled request is neither an invocation nor an error.

use super::names::{
    CONCURRENT_EXECUTIONS, DESTINATION_DELIVERY_FAILURES, DURATION, ERRORS, INVOCATIONS, NAMESPACE,
    PublishedMetric, THROTTLES,
};
use super::{Dimension, MetricId, MetricStore, Minute, SampleSet};
use crate::Clock;
use crate::invoker::InvocationResult;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The metrics of a function's invocations.
static METRICS: [&PublishedMetric; 4] = [&INVOCATIONS, &ERRORS, &THROTTLES, &DURATION];

/// The ways in which the metrics of a function are added up: over all functions, by name, and by name and qualifier.
const VIEWS: usize = 3;

/// Measures the invocations of functions.
#[derive(Debug)]
pub(crate) struct FunctionMeters {
    clock: Clock,
    store: Arc<MetricStore>,
    /// The number of invocations that run, of all functions.
    running: Arc<AtomicUsize>,
    by_name: Mutex<HashMap<String, Arc<AtomicUsize>>>,
    meters: Mutex<HashMap<Resource, Arc<Meter>>>,
}

/// A function's name, and its version or alias.
type Resource = (String, Option<String>);

/// The meter of one function with one qualifier.
#[derive(Debug)]
struct Meter {
    clock: Clock,
    store: Arc<MetricStore>,
    views: [Vec<Dimension>; VIEWS],
    /// The number of invocations that run, in each view.
    running: [Arc<AtomicUsize>; VIEWS],
    present: Mutex<Present>,
}

/// The samples of a minute that are not in the store yet. An invocation adds to numbers only, because there may be many.
#[derive(Debug)]
struct Present {
    minute: Minute,
    samples: [Option<SampleSet>; METRICS.len()],
    concurrency: [Option<SampleSet>; VIEWS],
}

/// An invocation that runs. It counts among those that run until it is dropped.
#[derive(Debug)]
pub(crate) struct RunningInvocation {
    meter: Arc<Meter>,
    begun: Duration,
}

impl FunctionMeters {
    pub(crate) fn new(clock: &Clock, store: &Arc<MetricStore>) -> Self {
        Self {
            clock: clock.clone(),
            store: Arc::clone(store),
            running: Arc::default(),
            by_name: Mutex::default(),
            meters: Mutex::default(),
        }
    }

    /// Begins an invocation.
    pub(crate) fn begin(&self, function_name: &str, qualifier: Option<&str>) -> RunningInvocation {
        let meter = self.meter_of(function_name, qualifier);
        let begun = self.clock.elapsed();
        meter.begin(begun);
        RunningInvocation { meter, begun }
    }

    /// Counts a delivery to the on-failure destination of a mapping of this function that was given up.
    pub(crate) fn delivery_failed(&self, function_name: &str, qualifier: Option<&str>) {
        let meter = self.meter_of(function_name, qualifier);
        let minute = meter.minute(self.clock.elapsed());
        meter.merge(&DESTINATION_DELIVERY_FAILURES, minute, SampleSet::one(1.0));
    }

    fn meter_of(&self, function_name: &str, qualifier: Option<&str>) -> Arc<Meter> {
        let resource = (function_name.to_owned(), qualifier.map(str::to_owned));
        // Each change of the maps is one insertion.
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = meters
            .entry(resource)
            .or_insert_with_key(|(name, qualifier)| Arc::new(self.meter(name, qualifier.as_deref())));
        Arc::clone(meter)
    }

    /// Writes what there is of the present minute, for a reader.
    pub(crate) fn show(&self) {
        let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        for meter in meters.values() {
            meter.show();
        }
    }

    fn meter(&self, name: &str, qualifier: Option<&str>) -> Meter {
        let dimension = |name: &'static str, value: String| Dimension {
            name: name.into(),
            value: value.into(),
        };
        let by_name = dimension("FunctionName", name.to_owned());
        let resource = qualifier.map_or_else(|| name.to_owned(), |qualifier| format!("{name}:{qualifier}"));
        let mut all = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = Arc::clone(all.entry(name.to_owned()).or_default());
        Meter {
            clock: self.clock.clone(),
            store: Arc::clone(&self.store),
            views: [
                Vec::new(),
                vec![by_name.clone()],
                vec![by_name, dimension("Resource", resource)],
            ],
            running: [Arc::clone(&self.running), of_name, Arc::default()],
            present: Mutex::new(Present::new(Minute::of_ms(
                self.clock.unix_ms(self.clock.elapsed()),
            ))),
        }
    }
}

impl Meter {
    fn begin(&self, now: Duration) {
        let minute = self.minute(now);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(&mut present, minute);
        for (running, samples) in self.running.iter().zip(&mut present.concurrency) {
            // Only counted, and not used to order anything else.
            let count = running.fetch_add(1, Ordering::Relaxed) + 1;
            add(samples, SampleSet::one(count as f64));
        }
    }

    fn end(&self, begun: Duration, result: &InvocationResult) {
        let took = self.clock.elapsed().saturating_sub(begun);
        let one = |value| Some(SampleSet::one(value));
        // In the order of METRICS.
        let samples = match result {
            InvocationResult::Returned { function_error, .. } => {
                let error = if function_error.is_some() { 1.0 } else { 0.0 };
                [one(1.0), one(error), None, one(took.as_secs_f64() * 1_000.0)]
            }
            InvocationResult::Throttled { .. } => [None, None, one(1.0), None],
            // The function did not run.
            InvocationResult::Rejected { .. } | InvocationResult::Unreachable { .. } => return,
        };
        let minute = self.minute(begun);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(&mut present, minute);
        let is_present = present.minute == minute;
        for (at, samples) in samples.into_iter().enumerate() {
            let Some(samples) = samples else { continue };
            if is_present {
                add(&mut present.samples[at], samples);
            } else {
                self.merge(METRICS[at], minute, samples);
            }
        }
    }

    fn show(&self) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        self.flush(&mut present);
    }

    /// Begins `minute` if it is later than the present one.
    fn turn(&self, present: &mut Present, minute: Minute) {
        if minute > present.minute {
            self.flush(present);
            present.minute = minute;
        }
    }

    /// Moves the samples of the present minute to the store.
    fn flush(&self, present: &mut Present) {
        for (metric, samples) in METRICS.iter().zip(&mut present.samples) {
            if let Some(samples) = samples.take() {
                self.merge(metric, present.minute, samples);
            }
        }
        for (view, samples) in self.views.iter().zip(&mut present.concurrency) {
            if let Some(samples) = samples.take() {
                self.merge_view(&CONCURRENT_EXECUTIONS, view, present.minute, samples);
            }
        }
    }

    fn merge(&self, metric: &PublishedMetric, minute: Minute, samples: SampleSet) {
        for view in &self.views {
            self.merge_view(metric, view, minute, samples);
        }
    }

    fn merge_view(&self, metric: &PublishedMetric, view: &[Dimension], minute: Minute, samples: SampleSet) {
        let id = MetricId::new(NAMESPACE, metric.name, view.to_vec());
        self.store.merge(&id, metric.unit, minute, samples);
    }

    fn minute(&self, moment: Duration) -> Minute {
        Minute::of_ms(self.clock.unix_ms(moment))
    }
}

impl Present {
    fn new(minute: Minute) -> Self {
        Self {
            minute,
            samples: [None; METRICS.len()],
            concurrency: [None; VIEWS],
        }
    }
}

impl RunningInvocation {
    /// Ends the invocation with its result.
    pub(crate) fn end(self, result: &InvocationResult) {
        self.meter.end(self.begun, result);
    }
}

impl Drop for RunningInvocation {
    fn drop(&mut self) {
        for running in &self.meter.running {
            running.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn add(to: &mut Option<SampleSet>, samples: SampleSet) {
    *to = Some(to.map_or(samples, |before| before.with(samples)));
}
