//! What a simulated function checks of the events that it is given: that no record is missing, and a digest by which two runs can be
//! compared.
//!
//! # Differs from Lambda
//! Nothing of a function is audited there. Offsets are taken to be consecutive, which holds for what producers write to topics that
//! are not compacted, and for mappings without filters.

mod event;

use super::Invocation;
use event::{Run, Seen};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Errors that are kept to be shown; the others are counted.
const KEPT_ERRORS: usize = 20;

/// Follows the events of one mapping. An event is read when its invocation begins and counts when it completes.
#[derive(Debug, Default)]
pub struct Audit {
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// By partition: where the next event must start.
    positions: BTreeMap<i32, i64>,
    digest: Digest,
    summary: AuditSummary,
}

/// What the events were, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditSummary {
    /// Invocations that completed, failed ones too.
    pub invocations: u64,
    /// Of them, those that failed. Their records are expected again.
    pub failed_invocations: u64,
    /// Of them, those whose event was only measured: it had a length and no bytes, so nothing but its length counts.
    pub measured_invocations: u64,
    /// Records in the events of invocations that succeeded, redelivered ones too.
    pub records: u64,
    /// Of them, those that had been in such an event before.
    pub redelivered: u64,
    /// Bytes of the events of all invocations.
    pub payload_bytes: u64,
    /// The digest of the events of all invocations, in any order; `None` if one was only measured.
    pub digest: Option<Digest>,
    /// How many times something was wrong.
    pub error_count: u64,
    /// What was wrong, the first twenty.
    pub errors: Vec<AuditError>,
}

/// Something that must not be in an event, or is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Records are missing between two events that succeeded.
    #[error("partition {partition}: an event starts at offset {found} where {expected} is due")]
    Gap {
        /// The partition.
        partition: i32,
        /// Where the last one ended.
        expected: i64,
        /// Where the next one starts.
        found: i64,
    },
    /// Records of one partition do not follow each other within an event.
    #[error("partition {partition}: offset {found} follows where {expected} is due, within an event")]
    NotContiguous {
        /// The partition.
        partition: i32,
        /// The offset after the record before.
        expected: i64,
        /// The record's offset.
        found: i64,
    },
    /// It is no event.
    #[error("an event of {bytes} bytes is not understood from byte {at} on")]
    Unreadable {
        /// Its length.
        bytes: usize,
        /// Where a record was due.
        at: usize,
    },
}

/// A fold of the CRC-32C of payloads, shown as 16 hexadecimal digits.
///
/// It is their wrapping sum: which of two partitions' invocations is first says nothing about what was delivered, so it must not
/// matter. An exclusive or would not do, because two deliveries of one event would cancel each other out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl Digest {
    /// Folds a payload in.
    pub fn add(&mut self, payload: &[u8]) {
        self.add_crc(crc32c::crc32c(payload));
    }

    fn add_crc(&mut self, crc: u32) {
        self.0 = self.0.wrapping_add(u64::from(crc));
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Audit {
    /// What has completed so far.
    pub fn summary(&self) -> AuditSummary {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let mut summary = ledger.summary.clone();
        summary.digest = (summary.measured_invocations == 0).then_some(ledger.digest);
        summary
    }

    /// Reads an event. Holds nothing of its buffer.
    pub(super) fn read(&self, invocation: &Invocation) -> Seen {
        if invocation.payload.is_empty() {
            return Seen::measured(invocation.event_bytes);
        }
        let seen = Seen::read(&invocation.payload);
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for run in &seen.runs {
            // Where a mapping starts is known by its first event, even if that one fails.
            ledger.positions.entry(run.partition).or_insert(run.start);
        }
        seen
    }

    /// Counts an event whose invocation has completed.
    pub(super) fn complete(&self, seen: Seen, is_success: bool) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.summary.invocations += 1;
        ledger.summary.failed_invocations += u64::from(!is_success);
        ledger.summary.measured_invocations += u64::from(seen.is_measured);
        ledger.summary.payload_bytes += seen.bytes as u64;
        ledger.digest.add_crc(seen.crc);
        for error in seen.errors {
            ledger.note(error);
        }
        if is_success {
            ledger.summary.records += seen.records;
            for run in &seen.runs {
                ledger.advance(run);
            }
        }
    }
}

impl Ledger {
    /// Compares where an event starts with where the one before it ended.
    fn advance(&mut self, run: &Run) {
        let expected = *self.positions.entry(run.partition).or_insert(run.start);
        if run.start > expected {
            self.note(AuditError::Gap {
                partition: run.partition,
                expected,
                found: run.start,
            });
        }
        let again = expected.min(run.end) - run.start;
        self.summary.redelivered += u64::try_from(again).unwrap_or(0);
        self.positions.insert(run.partition, expected.max(run.end));
    }

    fn note(&mut self, error: AuditError) {
        self.summary.error_count += 1;
        if self.summary.errors.len() < KEPT_ERRORS {
            self.summary.errors.push(error);
        }
    }
}

#[cfg(test)]
mod tests;
