//! The audit of the events that a simulated function is given: it finds missing records, and makes a digest by which two runs can be
//! compared.
//!
//! # Differs from Lambda
//! Lambda audits nothing. The audit assumes consecutive offsets, which topics have that are not compacted and not written by transactions,
//! and mappings without filters.

mod event;

use super::Invocation;
use crc_fast::CrcAlgorithm;
use event::{Run, Seen};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The most errors that are kept; further ones are only counted.
const KEPT_ERRORS: usize = 20;

/// The audit of one mapping's events. An event is read when its invocation begins and counts when it completes.
#[derive(Debug, Default)]
pub struct Audit {
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// The offset at which the next event must start, by partition.
    positions: BTreeMap<i32, i64>,
    digest: Digest,
    summary: AuditSummary,
}

/// The summary of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditSummary {
    /// Number of invocations that completed, with failed ones.
    pub invocations: u64,
    /// Number of invocations that failed. Their records are expected again.
    pub failed_invocations: u64,
    /// Number of invocations whose event was only measured. It has a length and no bytes, so only its length counts.
    pub measured_invocations: u64,
    /// Number of records in the events of invocations that succeeded, with redelivered ones.
    pub records: u64,
    /// Number of these records that had been in such an event before.
    pub redelivered: u64,
    /// Bytes of the events of all invocations.
    pub payload_bytes: u64,
    /// The digest of the events of all invocations, in any order; `None` if one was only measured.
    pub digest: Option<Digest>,
    /// Number of errors.
    pub error_count: u64,
    /// The first twenty errors.
    pub errors: Vec<AuditError>,
}

/// An error in the events: records are missing, or an event is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Records are missing between two events that succeeded.
    #[error("partition {partition}: an event starts at offset {found}, expected {expected}")]
    Gap {
        /// The partition.
        partition: i32,
        /// The offset at which the event before ended.
        expected: i64,
        /// The offset at which the event starts.
        found: i64,
    },
    /// Records of one partition do not follow each other within an event.
    #[error("partition {partition}: offset {found} within an event, expected {expected}")]
    NotContiguous {
        /// The partition.
        partition: i32,
        /// The offset after the record before.
        expected: i64,
        /// The record's offset.
        found: i64,
    },
    /// An event is malformed.
    #[error("malformed event of {bytes} bytes: no record at byte {at}")]
    Unreadable {
        /// The length of the event.
        bytes: usize,
        /// The position at which a record was expected.
        at: usize,
    },
}

/// A digest of payloads, shown as 16 hexadecimal digits: the wrapping sum of their CRC-32C.
///
/// A sum does not depend on the order, because invocations of different partitions have none. An exclusive or would not do, because two
/// deliveries of one event would cancel each other out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest(u64);

/// Returns the CRC-32C of a payload. Where the processor has AVX-512 this crate is several times as fast as `crc32c`, and every byte of every
/// event passes here.
fn crc_of(payload: &[u8]) -> u32 {
    // The crate names CRC-32C after iSCSI, which uses the same polynomial.
    crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, payload) as u32
}

impl Digest {
    /// Adds a payload.
    pub fn add(&mut self, payload: &[u8]) {
        self.add_crc(crc_of(payload));
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
    /// Returns the summary of the invocations that have completed.
    pub fn summary(&self) -> AuditSummary {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let mut summary = ledger.summary.clone();
        summary.digest = (summary.measured_invocations == 0).then_some(ledger.digest);
        summary
    }

    /// Reads an event. Keeps nothing of its buffer.
    pub(super) fn read(&self, invocation: &Invocation) -> Seen {
        if invocation.payload.is_empty() {
            return Seen::measured(invocation.event_bytes);
        }
        let seen = Seen::read(&invocation.payload);
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for run in &seen.runs {
            // The first event sets the offset at which the mapping starts, even if its invocation fails.
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
    /// Compares the start of an event with the end of the one before it.
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
        // An event that is delivered again can end before the furthest record that was seen.
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
