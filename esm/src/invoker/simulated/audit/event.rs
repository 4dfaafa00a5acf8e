//! The records of an event, found in its text without parsing all of it, so that an audit costs little beside writing the event.

use super::{AuditError, crc_of};
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// The text that every record has once, followed by a number, `,"offset":` and another number.
///
/// It cannot be anywhere else in an event. Within a string a quotation mark is escaped, so the one after the comma begins or ends a
/// string. A string that ends is followed by a colon, a comma or a bracket and not by a letter, so it begins one. The colon makes
/// that the name of an object's second or later member. The event's own members have other names, the members of `records` end in a
/// hyphen and a number, and a header is an object of one member.
const PARTITION: &str = r#","partition":"#;
const OFFSET: &[u8] = br#","offset":"#;

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PARTITION));

/// The contents of one event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::invoker::simulated) struct Seen {
    /// Length in bytes.
    pub(super) bytes: usize,
    /// Whether its bytes were never written.
    pub(super) is_measured: bool,
    pub(super) crc: u32,
    pub(super) records: u64,
    /// The runs of records by partition, in order of appearance, each partition once.
    pub(super) runs: Vec<Run>,
    pub(super) errors: Vec<AuditError>,
}

/// The offsets of one partition in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) partition: i32,
    pub(super) start: i64,
    /// The offset after the last record.
    pub(super) end: i64,
}

impl Seen {
    /// Returns an event of which only the length is known.
    pub(super) fn measured(bytes: usize) -> Self {
        Self {
            bytes,
            is_measured: true,
            ..Self::default()
        }
    }

    pub(super) fn read(payload: &[u8]) -> Self {
        let mut seen = Self {
            bytes: payload.len(),
            crc: crc_of(payload),
            ..Self::default()
        };
        let mut current = 0;
        for at in FINDER.find_iter(payload) {
            let Some((partition, offset)) = numbers(&payload[at + PARTITION.len()..]) else {
                seen.errors.push(unreadable(payload, at));
                return seen;
            };
            seen.records += 1;
            // Nearly every record follows the one before it, so its run is looked at first.
            match seen.runs.get_mut(current) {
                Some(run) if run.partition == partition && run.end == offset => run.end += 1,
                _ => current = seen.begin(partition, offset),
            }
        }
        if seen.records == 0 {
            seen.errors.push(unreadable(payload, 0));
        }
        seen
    }

    /// Adds a record that does not follow the one before it, and returns the index of its run.
    fn begin(&mut self, partition: i32, offset: i64) -> usize {
        let known = self.runs.iter().position(|run| run.partition == partition);
        let Some(index) = known else {
            self.runs.push(Run {
                partition,
                start: offset,
                end: offset + 1,
            });
            return self.runs.len() - 1;
        };
        let run = &mut self.runs[index];
        if run.end != offset {
            self.errors.push(AuditError::NotContiguous {
                partition,
                expected: run.end,
                found: offset,
            });
        }
        run.end = offset + 1;
        index
    }
}

fn unreadable(payload: &[u8], at: usize) -> AuditError {
    AuditError::Unreadable {
        bytes: payload.len(),
        at,
    }
}

/// Returns the partition and the offset that `rest` begins with.
fn numbers(rest: &[u8]) -> Option<(i32, i64)> {
    let (partition, rest) = number(rest)?;
    let (offset, _) = number(rest.strip_prefix(OFFSET)?)?;
    Some((i32::try_from(partition).ok()?, offset))
}

/// Returns the unsigned decimal number that `rest` begins with, and the text after it.
fn number(rest: &[u8]) -> Option<(i64, &[u8])> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(digits);
    // Any 18 digits fit an i64.
    if !(1..=18).contains(&digits.len()) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some((value, rest))
}
