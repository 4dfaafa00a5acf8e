//! A topic's workload carried out: its backlog before the mapping starts, and its arrivals over time.
//!
//! A thin shell. How many records there are by when is [`Arrivals`]'s, whose they are is `shares.rs`'s, what they are is
//! `bodies.rs`'s. The bodies are made once and appended again and again at new times, so that a backlog of 20 GB takes the memory of
//! its batches' headers.

mod bodies;
mod shares;

use super::scenario::{Arrivals, TopicScenario};
use bodies::Bodies;
use esmeralda_broker::local::{self, Client};
use esmeralda_esm::Clock;
use shares::Apportionment;
use std::time::Duration;
use tokio::task::yield_now;

/// Between two looks at what has arrived.
const STEP: Duration = Duration::from_millis(100);
/// So many batches are appended before others have a turn.
const BATCHES_PER_TURN: u32 = 32;

/// An append that the cluster refused; at the memory limit its words name the limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("topic `{topic}`, partition {partition}: refused after {appended} records of the topic: {source}")]
pub struct WorkloadError {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// What had been appended to the topic before.
    pub appended: u64,
    /// What the cluster said.
    pub source: local::Error,
}

/// The records of one topic of a scenario.
#[derive(Debug)]
pub struct Workload {
    topic: String,
    arrivals: Vec<Arrivals>,
    apportionment: Apportionment,
    bodies: Bodies,
    step: Duration,
    appended: u64,
}

impl Workload {
    /// The workload of `topic`. Keys and values follow from `seed` and the topic's name. Nothing is made yet.
    pub fn new(topic: &TopicScenario, seed: u64) -> Self {
        Self {
            topic: topic.name.clone(),
            arrivals: topic.workload.clone(),
            apportionment: Apportionment::new(topic.skew.shares(topic.partitions)),
            bodies: Bodies::new(topic, seed),
            step: STEP,
            appended: 0,
        }
    }

    /// The same with another time between two looks at what has arrived, a millisecond at least; 100 ms unless given.
    #[must_use]
    pub fn with_step(self, step: Duration) -> Self {
        let step = step.max(Duration::from_millis(1));
        Self { step, ..self }
    }

    /// When, after the start of the run, the last record has arrived; `None`: records arrive as long as the run lasts.
    pub fn end(&self) -> Option<Duration> {
        let ends = self.arrivals.iter().map(Arrivals::end_s);
        let last_s = ends.reduce(|one, other| Some(one?.max(other?)));
        last_s.unwrap_or(Some(0.0)).map(Duration::from_secs_f64)
    }

    /// How many records have been appended.
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Appends the backlog, dated now; how many records it has. The topic has to be there.
    ///
    /// # Errors
    /// [`WorkloadError`] at the memory limit, or if the topic is not as the scenario says.
    pub async fn fill(&mut self, client: &Client, clock: &Clock) -> Result<u64, WorkloadError> {
        let records = self.arrivals.iter().map(Arrivals::backlog).sum();
        self.append(client, clock, records).await?;
        Ok(records)
    }

    /// Appends what arrives over time, in steps, each dated when it arrives; returns when the last record has arrived, at the latest
    /// `run_for` after `start`, with how many there were. `start` is a moment of `clock`. What arrives within a step is there at its end.
    ///
    /// Without an end of its own and without `run_for` it goes on until it is dropped.
    ///
    /// # Errors
    /// [`WorkloadError`] at the memory limit, or if the topic is not as the scenario says.
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
            at = (at + self.step).min(end);
            clock.reach(start + at).await;
            // Rates add up in floating point, which may come to a little less than a moment ago.
            let total = self.arrived_by(at).max(arrived);
            self.append(client, clock, total - arrived).await?;
            arrived = total;
        }
        Ok(arrived)
    }

    /// Whole records that have arrived by a moment.
    fn arrived_by(&self, moment: Duration) -> u64 {
        let moment_s = moment.as_secs_f64();
        let total: f64 = self.arrivals.iter().map(|one| one.total_by(moment_s)).sum();
        // A record that is due but for the rounding of floating point is due.
        (total + 1e-6) as u64
    }

    /// Appends so many more records, batch by batch, the partitions in turns.
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

    /// Appends one batch of at most `records`; how many it had.
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
