//! Records and transactions in the logs, against what their producers were told.

use std::collections::BTreeMap;

use super::{History, Log, LogRecord, ProcessHistory, Violation};
use crate::history::event::Event;

/// The place of a record: its partition and offset.
type Place = (u32, i64);

/// The records of one producer in the logs.
#[derive(Default)]
struct Production {
    /// The place of each record, by sequence.
    places: Vec<Option<Place>>,
    /// The transactions that have a record in the log.
    transactions: BTreeMap<u32, TransactionInLog>,
}

struct TransactionInLog {
    size: u32,
    seen_count: u32,
}

/// The outcome of a transaction, as its producer was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Unknown,
    Committed,
    Aborted,
}

pub(super) fn check(history: &History, violations: &mut Vec<Violation>) {
    for (index, log) in history.logs.iter().enumerate() {
        let productions = productions(log, violations);
        let writes = |producer: u32| {
            let process = history.processes.get(producer as usize);
            process.is_some_and(|process| process.writes_to == Some(index))
        };
        for (producer, production) in &productions {
            if !writes(*producer) {
                violations.extend(production.first().map(|(sequence, place)| Violation::Foreign {
                    producer: *producer,
                    sequence,
                    partition: place.0,
                    offset: place.1,
                }));
            }
        }
        for (producer, process) in (0..).zip(&history.processes) {
            if writes(producer) {
                let nothing = Production::default();
                let production = productions.get(&producer).unwrap_or(&nothing);
                check_acknowledged(log, producer, process, production, violations);
                check_transactions(producer, process, production, violations);
            }
        }
    }
}

/// Returns what the log has of each producer, and reports what is wrong with the log alone.
fn productions(log: &Log, violations: &mut Vec<Violation>) -> BTreeMap<u32, Production> {
    let mut productions: BTreeMap<u32, Production> = BTreeMap::new();
    for (partition, records) in (0..).zip(&log.partitions) {
        let mut last_sequences: BTreeMap<u32, u32> = BTreeMap::new();
        for record in records {
            let (producer, sequence) = (record.written.producer, record.written.sequence);
            let offset = record.offset;
            let production = productions.entry(producer).or_default();
            production.count_in_transaction(record);
            if production.place(sequence).is_some() {
                violations.push(Violation::Doubled {
                    producer,
                    sequence,
                    partition,
                    offset,
                });
                continue;
            }
            production.put(sequence, (partition, offset));
            let last = last_sequences.entry(producer).or_insert(sequence);
            if sequence < *last {
                violations.push(Violation::OutOfOrder {
                    producer,
                    sequence,
                    partition,
                    offset,
                });
            }
            *last = sequence.max(*last);
            if record.written.transaction.is_none() && !record.is_visible {
                violations.push(Violation::Hidden {
                    producer,
                    sequence,
                    partition,
                    offset,
                });
            }
        }
    }
    productions
}

impl Production {
    fn place(&self, sequence: u32) -> Option<Place> {
        self.places.get(sequence as usize).copied().flatten()
    }

    fn put(&mut self, sequence: u32, place: Place) {
        let index = sequence as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
        }
        self.places[index] = Some(place);
    }

    fn first(&self) -> Option<(u32, Place)> {
        (0..)
            .zip(&self.places)
            .find_map(|(sequence, place)| Some((sequence, (*place)?)))
    }

    fn count_in_transaction(&mut self, record: &LogRecord) {
        if let Some(written) = record.written.transaction {
            let found = self
                .transactions
                .entry(written.number)
                .or_insert(TransactionInLog {
                    size: written.size,
                    seen_count: 0,
                });
            found.seen_count += u32::from(record.is_visible);
        }
    }
}

fn check_acknowledged(
    log: &Log,
    producer: u32,
    process: &ProcessHistory,
    production: &Production,
    violations: &mut Vec<Violation>,
) {
    for event in &process.events {
        let Event::Acknowledged {
            sequence,
            partition,
            offset,
        } = *event
        else {
            continue;
        };
        let is_there = match production.place(sequence) {
            // After a retry a client may know that the record is there, but not where.
            Some((found, _)) if offset < 0 => found == partition,
            // Where the log has a record twice, its first place is kept, and the client may know the second.
            Some(place) => {
                place == (partition, offset) || is_at(log, producer, sequence, (partition, offset))
            }
            None => false,
        };
        if !is_there {
            violations.push(Violation::Lost {
                producer,
                sequence,
                partition,
                offset,
            });
        }
    }
}

fn is_at(log: &Log, producer: u32, sequence: u32, place: Place) -> bool {
    let records = log.partitions.get(place.0 as usize).map(Vec::as_slice);
    let records = records.unwrap_or_default();
    records
        .binary_search_by_key(&place.1, |record| record.offset)
        .is_ok_and(|index| {
            let written = records[index].written;
            (written.producer, written.sequence) == (producer, sequence)
        })
}

fn check_transactions(
    producer: u32,
    process: &ProcessHistory,
    production: &Production,
    violations: &mut Vec<Violation>,
) {
    let outcomes = outcomes(process);
    for (&transaction, found) in &production.transactions {
        let (seen_count, size) = (found.seen_count, found.size);
        if seen_count != 0 && seen_count != size {
            violations.push(Violation::Torn {
                producer,
                transaction,
                seen_count,
                size,
            });
        }
        match outcomes.get(&transaction) {
            None if seen_count > 0 => violations.push(Violation::OpenSeen {
                producer,
                transaction,
            }),
            Some(Outcome::Aborted) if seen_count > 0 => violations.push(Violation::AbortSeen {
                producer,
                transaction,
            }),
            _ => {}
        }
    }
    for (&transaction, outcome) in &outcomes {
        let found = production.transactions.get(&transaction);
        if *outcome == Outcome::Committed && found.is_none_or(|found| found.seen_count == 0) {
            violations.push(Violation::CommitLost {
                producer,
                transaction,
            });
        }
    }
}

/// Returns what the producer was told of each transaction whose end it has asked for.
fn outcomes(process: &ProcessHistory) -> BTreeMap<u32, Outcome> {
    let mut outcomes = BTreeMap::new();
    for event in &process.events {
        match *event {
            Event::Committing { transaction } => outcomes.insert(transaction, Outcome::Unknown),
            Event::Committed { transaction } => outcomes.insert(transaction, Outcome::Committed),
            Event::Aborted { transaction } => outcomes.insert(transaction, Outcome::Aborted),
            _ => None,
        };
    }
    outcomes
}
