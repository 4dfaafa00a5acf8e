//! The recorder of one mapping's minutes.
//!
//! Pollers raise counters and tell the time ([`MappingRecorder::tick`]), which costs them one comparison. With the first tick of another
//! minute the one before is written; the minutes without a tick between the two had no event, and are written as one run.

use super::names::{
    Emission, MAX_OFFSET_LAG, MetricGroup, NAMESPACE, OFFSET_LAG, PROVISIONED_POLLERS, PUBLISHED_METRICS,
    PublishedMetric, SUM_OFFSET_LAG,
};
use super::units::{UnitRecorder, UnitSeat};
use super::{Dimension, MetricId, MetricStore, Minute, SampleSet};
use crate::Clock;
use crate::billing::UnitLoad;
use crate::config::PollerGroup;
use crate::metrics::{Counters, nanoseconds};
use crate::source::Progress;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The metric ProvisionedPollers counts the pollers that processed an event in this minute and those before it.
// Source: AWS's announcement of provisioned mode for Kafka.
const ACTIVE_MINUTES: i64 = 5;

/// The groups of metrics that a mapping has, and what their rules depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecorderSettings {
    pub(crate) event_count: bool,
    pub(crate) error_count: bool,
    pub(crate) kafka_metrics: bool,
    pub(crate) has_filters: bool,
    /// The minimum pollers; `None` in on-demand mode.
    pub(crate) minimum_pollers: Option<usize>,
}

impl RecorderSettings {
    fn has(&self, group: MetricGroup) -> bool {
        match group {
            MetricGroup::EventCount => self.event_count,
            MetricGroup::ErrorCount => self.error_count,
            MetricGroup::KafkaMetrics => self.kafka_metrics,
            MetricGroup::Provisioned => self.minimum_pollers.is_some(),
            MetricGroup::Function => false,
        }
    }
}

/// Whether a mapping polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PollingState {
    Polls,
    Rests,
}

/// Records the metrics of one mapping.
#[derive(Debug)]
pub(crate) struct MappingRecorder {
    clock: Clock,
    store: Arc<MetricStore>,
    counters: Arc<Counters>,
    units: UnitSeat,
    uuid: String,
    /// The end of the present minute, in nanoseconds of the engine's time.
    minute_end_ns: AtomicU64,
    present: Mutex<Present>,
}

/// The minute that is not over.
#[derive(Debug)]
struct Present {
    minute: Minute,
    settings: RecorderSettings,
    /// The counters of [`PUBLISHED_METRICS`] at its start.
    before: Vec<u64>,
    polls: bool,
    /// Whether the mapping polled at some time in it.
    has_polled: bool,
    /// The largest lag of a partition and the sum of all lags, when they were last looked at.
    lag: Option<(f64, f64)>,
    /// The same for each time in this minute.
    lags: Option<(SampleSet, SampleSet)>,
    /// The number of committed offsets when OffsetLag had a sample.
    committed: u64,
}

impl MappingRecorder {
    /// Returns a recorder of a mapping that does not poll yet.
    pub(crate) fn new(
        uuid: &str,
        units: &Arc<UnitRecorder>,
        counters: &Arc<Counters>,
        store: &Arc<MetricStore>,
        clock: &Clock,
    ) -> Self {
        let now = clock.elapsed();
        let recorder = Self {
            clock: clock.clone(),
            store: Arc::clone(store),
            counters: Arc::clone(counters),
            units: UnitSeat::new(units, uuid, counters),
            uuid: uuid.to_owned(),
            minute_end_ns: AtomicU64::new(0),
            present: Mutex::new(Present {
                minute: Minute::of_ms(clock.unix_ms(now)),
                settings: RecorderSettings::default(),
                before: counts(counters),
                polls: false,
                has_polled: false,
                lag: None,
                lags: None,
                committed: 0,
            }),
        };
        recorder.schedule(now);
        recorder
    }

    /// Tells the time, before anything is counted at this time.
    pub(crate) fn tick(&self, now: Duration) {
        // The counters need no order with this time: one that is raised a moment too early belongs to either minute.
        if nanoseconds(now) >= self.minute_end_ns.load(Ordering::Relaxed) {
            drop(self.settle(now));
        }
    }

    /// Sets the groups of metrics from now on.
    pub(crate) fn configure(&self, now: Duration, settings: RecorderSettings) {
        let mut present = self.settle(now);
        if present.settings == settings {
            return;
        }
        self.write(&present);
        // A group that is new begins with what comes now.
        let had = present.settings;
        for ((metric, before), count) in PUBLISHED_METRICS
            .iter()
            .zip(&mut present.before)
            .zip(counts(&self.counters))
        {
            if !had.has(metric.group) {
                *before = count;
            }
        }
        present.settings = settings;
    }

    /// Notes the poller group that the mapping is in from now on, after its settings; `None` if it has event poller units of its own.
    pub(crate) fn join(&self, now: Duration, group: Option<&PollerGroup>) {
        let minimum = self.settle(now).settings.minimum_pollers;
        self.units.join(now, group, minimum);
    }

    /// Returns the pollers of the mappings that joined the poller group before, and the bytes that they have processed meanwhile.
    pub(crate) fn older_load(&self) -> UnitLoad {
        self.units.older_load()
    }

    /// Returns whether mappings joined the poller group before this one, so that its units depend on theirs.
    pub(crate) fn has_older(&self) -> bool {
        self.units.has_older()
    }

    /// Notes whether the mapping polls from now on.
    pub(crate) fn polling(&self, now: Duration, state: PollingState) {
        let mut present = self.settle(now);
        present.polls = state == PollingState::Polls;
        present.has_polled |= present.polls;
        self.units.polling(now, present.polls);
    }

    /// Notes the number of pollers from now on.
    pub(crate) fn pollers(&self, now: Duration, count: usize) {
        self.tick(now);
        self.units.pollers(now, count);
    }

    /// Notes the progress of the group. `function` are the ids of the metric OffsetLag of the mapping's function.
    pub(crate) fn progress(&self, now: Duration, progress: &Progress, function_name: &str) {
        if progress.ends.is_empty() {
            return;
        }
        let mut present = self.settle(now);
        let (most, sum) = (progress.lags().max().unwrap_or(0), progress.lag());
        let (most, sum) = (most as f64, sum as f64);
        present.lag = Some((most, sum));
        let sets = (SampleSet::one(most), SampleSet::one(sum));
        present.lags = Some(match present.lags {
            Some(before) => (before.0.with(sets.0), before.1.with(sets.1)),
            None => sets,
        });
        let committed = self.counters.committed_event_count();
        if committed != present.committed {
            present.committed = committed;
            for id in function_ids(&OFFSET_LAG, function_name) {
                self.store
                    .merge(&id, OFFSET_LAG.unit, present.minute, SampleSet::one(sum));
            }
        }
    }

    /// Writes what there is of the present minute, for a reader. What comes later in the minute replaces it.
    pub(crate) fn show(&self, now: Duration) {
        let present = self.settle(now);
        self.write(&present);
        self.units.show(now);
    }

    /// Writes the minutes that are over, and begins the present one.
    fn settle(&self, now: Duration) -> MutexGuard<'_, Present> {
        // Each change leaves numbers that the next one can go on from.
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = Minute::of_ms(self.clock.unix_ms(now));
        if minute <= present.minute {
            // The wall clock may have been set back: then the minute goes on.
            self.schedule(now);
            return present;
        }
        self.write(&present);
        self.write_gap(&present, present.minute.next()..minute);
        self.units.settle(now);
        let polls = present.polls;
        *present = Present {
            minute,
            before: counts(&self.counters),
            has_polled: polls,
            lags: None,
            ..*present
        };
        self.schedule(now);
        present
    }

    /// Notes when the present minute ends.
    fn schedule(&self, now: Duration) {
        let unix_ms = self.clock.unix_ms(now);
        let left_ms = Minute::of_ms(unix_ms).next().start_ms() - unix_ms;
        let end = now + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        self.minute_end_ns.store(nanoseconds(end), Ordering::Relaxed);
    }

    /// Writes the present minute.
    fn write(&self, present: &Present) {
        let minute = present.minute..present.minute.next();
        let counted: Vec<u64> = counts(&self.counters)
            .into_iter()
            .zip(&present.before)
            .map(|(count, before)| count - before)
            .collect();
        // The first of the table is PolledEventCount.
        let polled = counted[0];
        for (metric, count) in PUBLISHED_METRICS.iter().zip(counted) {
            let is_emitted = match metric.emission {
                Emission::WhilePolling => present.has_polled || count > 0,
                Emission::WithFilters => count > 0 || polled > 0 && present.settings.has_filters,
                _ => count > 0,
            };
            if metric.count.is_some() && is_emitted {
                self.put(present, metric, minute.clone(), SampleSet::one(count as f64));
            }
        }
        if !present.has_polled {
            return;
        }
        let lags = present.lags.or_else(|| present.lag_sets());
        if let Some((most, sum)) = lags {
            self.put(present, &MAX_OFFSET_LAG, minute.clone(), most);
            self.put(present, &SUM_OFFSET_LAG, minute.clone(), sum);
        }
        self.put_pollers(present, minute);
    }

    /// Writes minutes in which nothing happened.
    fn write_gap(&self, present: &Present, gap: Range<Minute>) {
        if !present.polls || gap.start >= gap.end {
            return;
        }
        for metric in PUBLISHED_METRICS {
            if metric.count.is_some() && metric.emission == Emission::WhilePolling {
                self.put(present, metric, gap.clone(), SampleSet::one(0.0));
            }
        }
        if let Some((most, sum)) = present.lag_sets() {
            self.put(present, &MAX_OFFSET_LAG, gap.clone(), most);
            self.put(present, &SUM_OFFSET_LAG, gap.clone(), sum);
        }
        // The pollers that were active stop to count one after the other.
        let quiet = Minute(gap.start.0 + ACTIVE_MINUTES).min(gap.end);
        for minute in gap.start.0..quiet.0 {
            self.put_pollers(present, Minute(minute)..Minute(minute + 1));
        }
        self.put(present, &PROVISIONED_POLLERS, quiet..gap.end, SampleSet::one(0.0));
    }

    fn put_pollers(&self, present: &Present, minute: Range<Minute>) {
        if !present.settings.has(MetricGroup::Provisioned) {
            return;
        }
        let first = Minute(minute.start.0 - (ACTIVE_MINUTES - 1));
        let since_ms = first.start_ms() - self.clock.unix_ms(Duration::ZERO);
        let since = Duration::from_millis(u64::try_from(since_ms).unwrap_or(0));
        let active = self.counters.pollers.active_since(since);
        self.put(
            present,
            &PROVISIONED_POLLERS,
            minute,
            SampleSet::one(active as f64),
        );
    }

    fn put(&self, present: &Present, metric: &PublishedMetric, minutes: Range<Minute>, samples: SampleSet) {
        if present.settings.has(metric.group) && minutes.start < minutes.end {
            self.store.put(&self.id(metric), metric.unit, minutes, samples);
        }
    }

    fn id(&self, metric: &PublishedMetric) -> MetricId {
        metric.of_mapping(&self.uuid)
    }
}

impl Present {
    /// Returns the last lags as one sample each.
    fn lag_sets(&self) -> Option<(SampleSet, SampleSet)> {
        self.lag
            .map(|(most, sum)| (SampleSet::one(most), SampleSet::one(sum)))
    }
}

/// Returns the counters of [`PUBLISHED_METRICS`]; 0 for a metric that is none.
fn counts(counters: &Counters) -> Vec<u64> {
    PUBLISHED_METRICS
        .iter()
        .map(|metric| metric.count.map_or(0, |count| count(counters)))
        .collect()
}

/// Returns the ids of a metric of a function: by its name, and by its resource, which is its name without a qualifier.
fn function_ids(metric: &PublishedMetric, function_name: &str) -> [MetricId; 2] {
    let dimension = |name: &'static str| Dimension {
        name: name.into(),
        value: function_name.to_owned().into(),
    };
    [
        MetricId::new(NAMESPACE, metric.name, vec![dimension("FunctionName")]),
        MetricId::new(
            NAMESPACE,
            metric.name,
            vec![dimension("FunctionName"), dimension("Resource")],
        ),
    ]
}
