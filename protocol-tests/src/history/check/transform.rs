//! Compares the records that a group's members made in transactions, and their offsets, with the source.

use super::{History, LogRecord, Violation};

/// Checks that what a reader of committed records sees of the output has been made of each record of the source once, in order. A record
/// goes to the partition that it came from.
pub(super) fn check(history: &History, group: usize, violations: &mut Vec<Violation>) {
    let group = &history.groups[group];
    let Some(output) = group.output else {
        return;
    };
    let sources = &history.logs[group.source].partitions;
    for (partition, (source, output)) in (0..).zip(sources.iter().zip(&history.logs[output].partitions)) {
        let source: Vec<&LogRecord> = source.iter().filter(|record| record.is_visible).collect();
        let mut is_transformed = vec![false; source.len()];
        let mut next = 0;
        for record in output.iter().filter(|record| record.is_visible) {
            let Some(index) = index_of_source(partition, &source, record) else {
                violations.push(Violation::MadeOfNothing {
                    partition,
                    offset: record.offset,
                });
                continue;
            };
            let offset = source[index].offset;
            if std::mem::replace(&mut is_transformed[index], true) {
                violations.push(Violation::TransformedTwice { partition, offset });
            } else if index < next {
                violations.push(Violation::TransformedLate { partition, offset });
            }
            next = next.max(index + 1);
        }
        for (record, is_transformed) in source.iter().zip(is_transformed) {
            if !is_transformed {
                violations.push(Violation::NotTransformed {
                    group: group.name.clone(),
                    partition,
                    offset: record.offset,
                });
            }
        }
    }
}

/// Returns the index of the record that `made` was made of.
fn index_of_source(partition: u32, source: &[&LogRecord], made: &LogRecord) -> Option<usize> {
    let of = made.written.source?;
    let index = source
        .binary_search_by_key(&of.offset, |record| record.offset)
        .ok()?;
    let written = source[index].written;
    let is_same = (of.partition, of.producer, of.sequence) == (partition, written.producer, written.sequence);
    is_same.then_some(index)
}
