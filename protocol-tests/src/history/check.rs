//! The checker: what the programs were told, against what is in the logs at the end.
//!
//! It is a function of values. It starts no process, reads no file and knows no time but that in the histories.

use super::event::Event;
use super::value::Written;

mod groups;
mod logs;
#[cfg(test)]
mod tests;
mod transform;
mod violation;

pub(super) use violation::Violation;

/// Everything that is known of a run after its end.
pub(super) struct History {
    /// The logs of all topics.
    pub(super) logs: Vec<Log>,
    /// All processes. A record names its producer by the index of it.
    pub(super) processes: Vec<ProcessHistory>,
    /// All groups.
    pub(super) groups: Vec<GroupHistory>,
}

/// The log of a topic, as read after all transactions had ended.
pub(super) struct Log {
    /// The records of each partition, by offset.
    pub(super) partitions: Vec<Vec<LogRecord>>,
}

impl Log {
    /// Returns the offset after the last record that a reader of this isolation sees, by partition.
    pub(super) fn ends(&self, isolation: Isolation) -> Vec<i64> {
        self.partitions
            .iter()
            .map(|records| {
                let last = records
                    .iter()
                    .rfind(|record| record.is_visible || isolation == Isolation::ReadUncommitted);
                last.map_or(0, |record| record.offset + 1)
            })
            .collect()
    }
}

/// A record in a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRecord {
    /// The offset.
    pub(super) offset: i64,
    /// The record's identity.
    pub(super) written: Written,
    /// Whether a reader of committed records sees it.
    pub(super) is_visible: bool,
}

/// The history of one process.
pub(super) struct ProcessHistory {
    /// The index of the log that it writes to.
    pub(super) writes_to: Option<usize>,
    /// The index of the group that it is a member of.
    pub(super) group: Option<usize>,
    /// Its events, in order.
    pub(super) events: Vec<Event>,
}

/// The facts about a group that its members' histories do not have.
pub(super) struct GroupHistory {
    /// The group's name.
    pub(super) name: String,
    /// The index of the log that it reads.
    pub(super) source: usize,
    /// The records that its members see.
    pub(super) isolation: Isolation,
    /// The index of the log that its members write what they made of each record to. Such members report no reads.
    pub(super) output: Option<usize>,
    /// The committed offset of each partition at the end; 0 for none.
    pub(super) committed_offsets: Vec<i64>,
}

/// The records that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// All records.
    ReadUncommitted,
    /// All records but those of open and aborted transactions.
    ReadCommitted,
}

impl Isolation {
    /// Returns the name that clients use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "read_uncommitted",
            Isolation::ReadCommitted => "read_committed",
        }
    }
}

/// Returns everything in a history that a cluster must not do.
///
/// - An acknowledged record is in the log, at the place that the acknowledgement names.
/// - No record is there twice.
/// - The records of a producer have their order in each partition.
/// - A transaction is seen whole or not at all: whole if its commit was acknowledged, not at all if its abort was, or if nobody asked for its
///   commit. A record outside of transactions is seen.
/// - From where a member begins, it sees each record of the log that its isolation lets it see, once and in order.
/// - A group's committed offsets never go back, pass over no record that no member has read, and reach the end.
/// - What a group makes of records in transactions is there once for each record, in order.
pub(super) fn check(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    logs::check(history, &mut violations);
    for group in 0..history.groups.len() {
        groups::check(history, group, &mut violations);
        transform::check(history, group, &mut violations);
    }
    violations
}
