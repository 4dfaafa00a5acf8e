//! The execution of a topic's workload: its backlog before the mapping starts, and its arrivals over time.
//!
//! This is a thin shell: [`Arrivals`] knows the number of records by a time, `shares.rs` distributes them to partitions, and `bodies.rs`
//! makes their batches. The bodies are made once and appended repeatedly with new timestamps, so a backlog of 20 GB only takes the memory
//! of its batch headers.

mod bodies;
mod shares;

use super::scenario::{Arrivals, TopicScenario};
use bodies::Bodies;
use esmeralda_broker::local::{self, Client};
use esmeralda_esm::Clock;
use shares::Apportionment;
use std::time::Duration;
use tokio::task::yield_now;

/// The time between two steps, in each of which the records that have arrived are appended.
const STEP: Duration = Duration::from_millis(100);
/// Number of batches that are appended before other tasks get a turn.
// An append within the process hardly ever waits, so a large backlog would keep all other tasks of the only thread from running.
const BATCHES_PER_TURN: u32 = 32;

/// The cluster refused an append. At the memory limit the message names the limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "topic `{topic}`, partition {partition}: append refused after {appended} records of the topic: {source}"
)]
pub struct WorkloadError {
    /// The topic's name.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
    /// Number of records that were appended to the topic before.
    pub appended: u64,
    /// The cluster's error.
    pub source: local::Error,
}

/// The records of one topic of a scenario.
#[derive(Debug)]
pub struct Workload {
    topic: String,
    arrivals: Vec<Arrivals>,
    apportionment: Apportionment,
    bodies: Bodies,
    appended: u64,
}

impl Workload {
    /// Returns the workload of `topic`. Keys and values follow from `seed` and the topic's name. No batch is made yet.
    pub fn new(topic: &TopicScenario, seed: u64) -> Self {
        Self {
            topic: topic.name.clone(),
            arrivals: topic.workload.clone(),
            apportionment: Apportionment::new(topic.skew.shares(topic.partitions)),
            bodies: Bodies::new(topic, seed),
            appended: 0,
        }
    }

    /// Returns the time of the last record after the start of the run; `None` if records arrive until the run ends.
    pub fn end(&self) -> Option<Duration> {
        let ends = self.arrivals.iter().map(Arrivals::end_s);
        let last_s = ends.reduce(|one, other| Some(one?.max(other?)));
        last_s.unwrap_or(Some(0.0)).map(Duration::from_secs_f64)
    }

    /// Returns the number of records that have been appended.
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Appends the backlog with the current time as timestamp, and returns the number of its records. The topic must exist.
    ///
    /// # Errors
    /// [`WorkloadError`] at the memory limit, or if the topic differs from the scenario.
    pub async fn fill(&mut self, client: &Client, clock: &Clock) -> Result<u64, WorkloadError> {
        let records = self.arrivals.iter().map(Arrivals::backlog).sum();
        self.append(client, clock, records).await?;
        Ok(records)
    }

    /// Appends the records that arrive over time, in steps. Records that arrive within a step are appended at its end, with that time as
    /// timestamp. Returns the number of records after the last one, at the latest `run_for` after `start`, a time of `clock`.
    ///
    /// An endless workload without `run_for` runs until the future is dropped.
    ///
    /// # Errors
    /// [`WorkloadError`] at the memory limit, or if the topic differs from the scenario.
    pub async fn run(
        &mut self,
        client: &Client,
        clock: &Clock,
        start: Duration,
        run_for: Option<Duration>,
    ) -> Result<u64, WorkloadError> {
        let end = match (self.end(), run_for) {
            (Some(end), Some(run_for)) => end.min(run_for),
            (end, run_for) => end.or(run_for).unwrap_or(Duration::MAX),
        };
        let (mut at, mut arrived) = (Duration::ZERO, 0);
        while at < end {
            at = (at + STEP).min(end);
            // An absolute moment, because the rounding of many short sleeps would add up.
            clock.reach(start + at).await;
            // Rates are added in floating point, so a total may be a little less than the one before.
            let total = self.arrived_by(at).max(arrived);
            self.append(client, clock, total - arrived).await?;
            arrived = total;
        }
        Ok(arrived)
    }

    /// Returns the number of whole records that have arrived by a time.
    fn arrived_by(&self, moment: Duration) -> u64 {
        let moment_s = moment.as_secs_f64();
        let total: f64 = self.arrivals.iter().map(|one| one.total_by(moment_s)).sum();
        // The tolerance keeps a record from being late because of floating-point rounding.
        (total + 1e-6) as u64
    }

    /// Appends `records` records, one batch per partition in turn.
    async fn append(&mut self, client: &Client, clock: &Clock, records: u64) -> Result<(), WorkloadError> {
        if records == 0 {
            return Ok(());
        }
        let counts = self.apportionment.give(records).iter();
        let mut left: Vec<(i32, u64)> = (0..).zip(counts.copied()).collect();
        let mut batches = 0;
        while !left.is_empty() {
            left.retain(|(_, count)| *count > 0);
            for (partition, count) in &mut left {
                *count -= self.append_batch(client, clock, *partition, *count).await?;
                batches += 1;
                if batches % BATCHES_PER_TURN == 0 {
                    yield_now().await;
                }
            }
        }
        Ok(())
    }

    /// Appends one batch of at most `records` records, and returns their number.
    async fn append_batch(
        &mut self,
        client: &Client,
        clock: &Clock,
        partition: i32,
        records: u64,
    ) -> Result<u64, WorkloadError> {
        let batch = self.bodies.next(client, records, clock.now_ms());
        let outcome = match batch {
            Ok(batch) => client.append(&self.topic, partition, &batch).await.map(|_| batch),
            Err(error) => Err(error),
        };
        let batch = outcome.map_err(|source| WorkloadError {
            topic: self.topic.clone(),
            partition,
            appended: self.appended,
            source,
        })?;
        let records = u64::from(batch.record_count());
        self.appended += records;
        Ok(records)
    }
}

#[cfg(test)]
mod tests;
