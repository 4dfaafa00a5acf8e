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

pub use violation::Violation;

/// Everything that is known of a run after its end.
pub struct History {
    /// The logs of all topics.
    pub logs: Vec<Log>,
    /// All processes. A record names its producer by the index of it.
    pub processes: Vec<ProcessHistory>,
    /// All groups.
    pub groups: Vec<GroupHistory>,
}

/// The log of a topic, as read after all transactions had ended.
pub struct Log {
    /// The topic's name.
    pub topic: String,
    /// The records of each partition, by offset.
    pub partitions: Vec<Vec<LogRecord>>,
}

impl Log {
    /// Returns the offset after the last record that a reader of this isolation sees, by partition.
    pub fn ends(&self, isolation: Isolation) -> Vec<i64> {
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
pub struct LogRecord {
    /// The offset.
    pub offset: i64,
    /// The record's identity.
    pub written: Written,
    /// Whether a reader of committed records sees it.
    pub is_visible: bool,
}

/// The history of one process.
pub struct ProcessHistory {
    /// The process's name.
    pub name: String,
    /// The index of the log that it writes to.
    pub writes_to: Option<usize>,
    /// The index of the group that it is a member of.
    pub group: Option<usize>,
    /// Its events, in order.
    pub events: Vec<Event>,
}

/// What is known of a group beside the histories of its members.
pub struct GroupHistory {
    /// The group's name.
    pub name: String,
    /// The index of the log that it reads.
    pub source: usize,
    /// The records that its members see.
    pub isolation: Isolation,
    /// The index of the log that its members write what they made of each record to. Such members report no reads.
    pub output: Option<usize>,
    /// The committed offset of each partition at the end; 0 for none.
    pub committed_offsets: Vec<i64>,
}

/// The records that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// All records.
    ReadUncommitted,
    /// All records but those of open and aborted transactions.
    ReadCommitted,
}

impl Isolation {
    /// Returns the name that clients use.
    pub fn name(self) -> &'static str {
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
pub fn check(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    logs::check(history, &mut violations);
    for group in 0..history.groups.len() {
        groups::check(history, group, &mut violations);
        transform::check(history, group, &mut violations);
    }
    violations
}
