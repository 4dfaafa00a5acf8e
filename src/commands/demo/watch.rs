//! The demo's view of its mappings: figures at one moment, decisions as they come, and the outcome at the end.

use esmeralda::esm::ApiError;
use esmeralda::esm::trace::Decision;
use esmeralda::{Esmeralda, Mapping};
use std::time::Duration;

/// A mode of scaling that the demo shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    /// The name of the lane, and of the mode's function.
    pub(super) name: &'static str,
    /// `MinimumPollers`; `None` for on-demand mode.
    pub(super) minimum_pollers: Option<u32>,
}

/// All mappings at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The engine's time since the mappings were Enabled.
    pub(super) at: Duration,
    /// The number of records that are produced so far.
    pub(super) produced: u64,
    /// The number of records of the spike.
    pub(super) records: u64,
    /// The number of partitions, which is also the most invocations that run.
    pub(super) partitions: u32,
    /// The mappings.
    pub(super) lanes: Vec<Lane>,
}

/// One mapping at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// The mode's name.
    pub(super) name: &'static str,
    /// OffsetLag of all partitions together.
    pub(super) lag: u64,
    /// Members of the mapping's group.
    pub(super) pollers: usize,
    /// Invocations that run.
    pub(super) running: usize,
}

/// The outcome of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// The mode's name.
    pub(super) name: &'static str,
    /// The engine's time from Enabled until the last commit left no lag.
    pub(super) drained_in: Duration,
    /// The largest OffsetLag.
    pub(super) peak_lag: u64,
    /// The largest fleet.
    pub(super) most_pollers: usize,
    /// The cost of the event poller units until the mapping had drained; `None` in on-demand mode, which has no units.
    pub(super) cost_usd: Option<f64>,
}

/// An event that is printed once, as a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// The fleet changes.
    Decided(Decision),
    /// The lag is gone.
    Drained(Outcome),
}

/// The mapping of one mode, watched.
#[derive(Debug)]
pub(super) struct Watched {
    mode: Mode,
    mapping: Mapping,
    /// The engine's time when the mapping became Enabled, from which the times of its trace count.
    enabled_at: Duration,
    /// The time of the newest evaluation that has been seen.
    evaluated_at: Duration,
    /// Set once the lag of the whole spike was gone.
    outcome: Option<Outcome>,
}

impl Watched {
    /// Watches `mapping`, which is Enabled.
    ///
    /// # Errors
    /// 404, if the mapping was deleted.
    pub(super) async fn new(esmeralda: &Esmeralda, mode: Mode, mapping: Mapping) -> Result<Self, ApiError> {
        let trace = mapping.trace().await?;
        Ok(Self {
            mode,
            mapping,
            // A trace ends now and counts from when the mapping became Enabled, so the difference is that moment.
            enabled_at: esmeralda.elapsed().saturating_sub(trace.end()),
            evaluated_at: Duration::ZERO,
            outcome: None,
        })
    }

    /// Returns the engine's time when the mapping became Enabled.
    pub(super) fn enabled_at(&self) -> Duration {
        self.enabled_at
    }

    /// Returns the mode's name.
    pub(super) fn name(&self) -> &'static str {
        self.mode.name
    }

    /// Returns the mapping's outcome, once the lag of the whole spike is gone.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Returns what has happened since the last call. Before the whole spike is produced, no lag does not mean drained.
    ///
    /// # Errors
    /// 404, if the mapping was deleted.
    pub(super) async fn news(&mut self, is_produced: bool) -> Result<Vec<News>, ApiError> {
        let trace = self.mapping.trace().await?;
        let mut news: Vec<News> = trace
            .evaluations
            .iter()
            .filter(|decision| decision.at > self.evaluated_at && decision.to != decision.from)
            .cloned()
            .map(News::Decided)
            .collect();
        if let Some(last) = trace.evaluations.last() {
            self.evaluated_at = last.at;
        }
        if let Some(drained_in) = trace.drained_at.filter(|_| is_produced && self.outcome.is_none()) {
            let lags = trace.buckets.iter().map(|bucket| bucket.lag);
            let outcome = Outcome {
                name: self.mode.name,
                drained_in,
                peak_lag: lags.max().unwrap_or(0),
                most_pollers: trace.largest_fleet(),
                cost_usd: self.mode.minimum_pollers.map(|_| trace.cost_usd),
            };
            self.outcome = Some(outcome.clone());
            news.push(News::Drained(outcome));
        }
        Ok(news)
    }
}

/// Returns a lane for each of the watched mappings, as it is now.
pub(super) async fn lanes(esmeralda: &Esmeralda, watched: &[Watched]) -> Vec<Lane> {
    let metrics = esmeralda.engine().metrics().await;
    let lane = |one: &Watched| {
        let metrics = metrics.iter().find(|metrics| metrics.uuid == one.mapping.uuid());
        Lane {
            name: one.mode.name,
            lag: metrics.map_or(0, |metrics| metrics.offset_lag.iter().sum()),
            pollers: metrics.map_or(0, |metrics| metrics.pollers),
            running: metrics.map_or(0, |metrics| metrics.running),
        }
    };
    watched.iter().map(lane).collect()
}
