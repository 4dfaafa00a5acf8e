//! Compares the records that a group's members read, and the offsets that they committed, with the log.

use std::collections::BTreeMap;

use super::{GroupHistory, History, Isolation, LogRecord, ProcessHistory, Violation};
use crate::history::event::Event;

/// The records of one partition that a group is to read.
struct Readable<'a> {
    /// The records that the group's isolation lets it see.
    records: Vec<&'a LogRecord>,
    /// Whether a member has read the record of the same index.
    is_read: Vec<bool>,
}

impl Readable<'_> {
    /// Returns the index of the first record at `offset` or above.
    fn index(&self, offset: i64) -> usize {
        self.records.partition_point(|record| record.offset < offset)
    }
}

pub(super) fn check(history: &History, group: usize, violations: &mut Vec<Violation>) {
    let described = &history.groups[group];
    let members: Vec<(u32, &ProcessHistory)> = (0..)
        .zip(&history.processes)
        .filter(|(_, process)| process.group == Some(group))
        .collect();
    let mut partitions: Vec<Readable<'_>> = history.logs[described.source]
        .partitions
        .iter()
        .map(|records| readable(records, described.isolation))
        .collect();
    for (process, member) in &members {
        check_reads(*process, member, &mut partitions, violations);
    }
    for (partition, readable) in (0..).zip(&partitions) {
        check_committed(described, partition, readable, violations);
        check_time(described, partition, &members, violations);
    }
}

fn readable(records: &[LogRecord], isolation: Isolation) -> Readable<'_> {
    let records: Vec<&LogRecord> = records
        .iter()
        .filter(|record| record.is_visible || isolation == Isolation::ReadUncommitted)
        .collect();
    Readable {
        is_read: vec![false; records.len()],
        records,
    }
}

/// Checks that the member saw each record from each of its positions on.
fn check_reads(
    process: u32,
    member: &ProcessHistory,
    partitions: &mut [Readable<'_>],
    violations: &mut Vec<Violation>,
) {
    // The index of the record that the member is to read next, by partition.
    let mut next: BTreeMap<u32, usize> = BTreeMap::new();
    for event in &member.events {
        match *event {
            Event::Positioned { partition, offset } => {
                next.insert(partition, partitions[partition as usize].index(offset));
            }
            Event::Read {
                partition,
                offset,
                producer,
                sequence,
            } => {
                let readable = &mut partitions[partition as usize];
                let index = readable.index(offset);
                let is_there = readable.records.get(index).is_some_and(|record| {
                    let written = record.written;
                    (record.offset, written.producer, written.sequence) == (offset, producer, sequence)
                });
                if !is_there {
                    violations.push(Violation::NotInLog {
                        process,
                        partition,
                        offset,
                    });
                    continue;
                }
                readable.is_read[index] = true;
                let expected = next.insert(partition, index + 1);
                match expected {
                    None => violations.push(Violation::NotPositioned {
                        process,
                        partition,
                        offset,
                    }),
                    Some(expected) if expected < index => violations.push(Violation::Skipped {
                        process,
                        partition,
                        offset: readable.records[expected].offset,
                    }),
                    Some(expected) if expected > index => violations.push(Violation::Repeated {
                        process,
                        partition,
                        offset,
                    }),
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }
}

/// Checks that the committed offset is above each record, and that a member has read each record below it.
fn check_committed(
    group: &GroupHistory,
    partition: u32,
    readable: &Readable<'_>,
    violations: &mut Vec<Violation>,
) {
    let committed = group.committed_offsets[partition as usize];
    let end = readable.index(committed);
    if let Some(record) = readable.records.get(end) {
        violations.push(Violation::Behind {
            group: group.name.clone(),
            partition,
            offset: record.offset,
        });
    }
    // Members that transform report no reads: what they have made of the records shows them.
    if group.output.is_some() {
        return;
    }
    for (record, is_read) in readable.records[..end].iter().zip(&readable.is_read) {
        if !is_read {
            violations.push(Violation::Unread {
                group: group.name.clone(),
                partition,
                offset: record.offset,
            });
        }
    }
}

/// A moment at which a committed offset was acknowledged or asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    // At the same time, the question comes first: only what was known before it binds the answer.
    Asked,
    Acknowledged,
}

/// Checks that whoever asks for the committed offset gets no lower one than was acknowledged before.
fn check_time(
    group: &GroupHistory,
    partition: u32,
    members: &[(u32, &ProcessHistory)],
    violations: &mut Vec<Violation>,
) {
    let mut moments: Vec<(u64, Moment, i64)> = members
        .iter()
        .flat_map(|(_, member)| &member.events)
        .filter_map(|event| match *event {
            Event::Fetched {
                partition: of,
                offset,
                asked_us,
            } if of == partition => Some((asked_us, Moment::Asked, offset)),
            Event::OffsetCommitted {
                partition: of,
                offset,
                answered_us,
            } if of == partition => Some((answered_us, Moment::Acknowledged, offset)),
            _ => None,
        })
        .collect();
    moments.push((
        u64::MAX,
        Moment::Asked,
        group.committed_offsets[partition as usize],
    ));
    moments.sort_unstable();
    let mut acknowledged = 0;
    for (_, moment, offset) in moments {
        let offset = offset.max(0);
        match moment {
            Moment::Acknowledged => acknowledged = offset.max(acknowledged),
            Moment::Asked if offset < acknowledged => violations.push(Violation::WentBack {
                group: group.name.clone(),
                partition,
                from: acknowledged,
                to: offset,
            }),
            Moment::Asked => {}
        }
    }
}
