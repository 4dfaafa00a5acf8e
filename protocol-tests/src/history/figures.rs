//! The figures of a run, and what the checker found.

use std::fmt;
use std::time::{Duration, Instant};

use super::cast::CastCounts;
use super::check::{History, Violation};
use super::event::Event;

/// The number of violations that are printed.
const PRINTED: usize = 20;

/// The results of a run.
pub struct Figures {
    seed: u64,
    violations: Vec<Violation>,
    /// The number of records that were acknowledged.
    pub acknowledged: u64,
    /// The number of records in all logs.
    pub in_logs: u64,
    /// The number of records that a reader of committed records does not see.
    pub unseen: u64,
    /// The number of transactions whose commit was acknowledged.
    pub committed: u64,
    /// The number of transactions whose abort was acknowledged.
    pub aborted: u64,
    /// The number of transactions whose commit was asked for without an answer.
    pub unknown: u64,
    /// The number of records that the groups' members have read.
    pub read: u64,
    /// The number of committed offsets of single partitions that were acknowledged or seen.
    pub committed_offsets: u64,
    /// The number of processes that were started.
    pub started: u64,
    /// The number of connections that were cut.
    pub cut: u64,
    /// The number of processes that were killed.
    pub killed: u64,
    /// The number of processes that stood still for a time.
    pub paused: u64,
    /// The number of processes that another one superseded.
    pub superseded: u64,
    /// The number of processes that ended because their client could not go on.
    pub fenced: u64,
    took: Duration,
}

impl Figures {
    /// Returns whether the cluster did nothing that it must not do.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
    }

    pub(super) fn new(
        seed: u64,
        history: &History,
        violations: Vec<Violation>,
        counts: CastCounts,
        cut: u64,
        since: Instant,
    ) -> Figures {
        let events = || history.processes.iter().flat_map(|process| &process.events);
        let count =
            |is_counted: fn(&Event) -> bool| events().filter(|event| is_counted(event)).count() as u64;
        let records = || {
            history
                .logs
                .iter()
                .flat_map(|log| log.partitions.iter().flatten())
        };
        let (mut tried, mut answered) = (0, 0);
        for process in &history.processes {
            let mut is_tried = false;
            for event in &process.events {
                match event {
                    Event::Committing { .. } => {
                        tried += 1;
                        is_tried = true;
                    }
                    Event::Committed { .. } | Event::Aborted { .. } if is_tried => {
                        answered += 1;
                        is_tried = false;
                    }
                    _ => {}
                }
            }
        }
        Figures {
            seed,
            violations,
            acknowledged: count(|event| matches!(event, Event::Acknowledged { .. })),
            in_logs: records().count() as u64,
            unseen: records().filter(|record| !record.is_visible).count() as u64,
            committed: count(|event| matches!(event, Event::Committed { .. })),
            aborted: count(|event| matches!(event, Event::Aborted { .. })),
            unknown: tried - answered,
            read: count(|event| matches!(event, Event::Read { .. })),
            committed_offsets: count(|event| matches!(event, Event::OffsetCommitted { .. })),
            started: history.processes.len() as u64,
            cut,
            killed: counts.killed,
            paused: counts.paused,
            superseded: counts.superseded,
            fenced: counts.fenced,
            took: since.elapsed(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {:.1} s", self.seed, self.took.as_secs_f64())?;
        writeln!(
            f,
            "records: {} acknowledged, {} in the logs, {} of them not seen by readers of committed records, {} read by groups",
            self.acknowledged, self.in_logs, self.unseen, self.read
        )?;
        writeln!(
            f,
            "transactions: {} committed, {} aborted, {} unknown; {} committed offsets",
            self.committed, self.aborted, self.unknown, self.committed_offsets
        )?;
        writeln!(
            f,
            "disturbances: {} cuts, {} kills, {} pauses, {} superseded; {} processes, {} of them fenced",
            self.cut, self.killed, self.paused, self.superseded, self.started, self.fenced
        )?;
        write!(f, "violations: {}", self.violations.len())?;
        for violation in self.violations.iter().take(PRINTED) {
            write!(f, "\n  {violation:?}")?;
        }
        Ok(())
    }
}
