//! A history without fault, and each violation written into it by hand.

mod groups;
mod transform;

use super::*;
use crate::history::event::parse_history;

const INPUT: usize = 0;
const OUTPUT: usize = 1;
const PLAIN: u32 = 0;
const TRANSACTIONAL: u32 = 1;
const MEMBER: u32 = 2;
const TRANSFORMER: u32 = 3;
const READERS: usize = 0;
const TRANSFORMERS: usize = 1;

/// Returns a record whose value is `value`. A reader of committed records sees it, unless its line begins with `!`.
fn record(line: &str) -> LogRecord {
    let (is_visible, line) = match line.strip_prefix('!') {
        Some(line) => (false, line),
        None => (true, line),
    };
    let (offset, value) = line.split_once(": ").expect("a line has an offset and a value");
    LogRecord {
        offset: offset.parse().expect("an offset is a number"),
        written: Written::parse(value).expect("a valid value"),
        is_visible,
    }
}

fn log(partitions: [&[&str]; 2]) -> Log {
    Log {
        partitions: partitions
            .iter()
            .map(|lines| lines.iter().map(|line| record(line)).collect())
            .collect(),
    }
}

fn process(writes_to: Option<usize>, group: Option<usize>, lines: &[&str]) -> ProcessHistory {
    ProcessHistory {
        writes_to,
        group,
        events: events(lines),
    }
}

fn events(lines: &[&str]) -> Vec<Event> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    parse_history(&text).expect("valid lines")
}

/// A history in which all went well: the plain producer sent three records, the transactional one a transaction that was committed, one that
/// was aborted, and one that it asked to commit when it was killed. The offsets without a record are markers.
fn good() -> History {
    History {
        logs: vec![
            log([
                &[
                    "0: 0 0 -1 0",
                    "1: 1 0 0 2",
                    "3: 0 2 -1 0",
                    "!4: 1 2 1 1",
                    "6: 1 3 2 2",
                ],
                &["0: 0 1 -1 0", "1: 1 1 0 2", "3: 1 4 2 2"],
            ]),
            log([
                &[
                    "!0: 3 0 0 2 0 0 0 0",
                    "!1: 3 1 0 2 0 1 1 0",
                    "3: 3 2 1 2 0 0 0 0",
                    "4: 3 3 1 2 0 1 1 0",
                    "6: 3 4 2 5 0 3 0 2",
                    "7: 3 5 2 5 0 6 1 3",
                ],
                &["0: 3 6 2 5 1 0 0 1", "1: 3 7 2 5 1 1 1 1", "2: 3 8 2 5 1 3 1 4"],
            ]),
        ],
        processes: vec![
            process(Some(INPUT), None, &["a 0 0 0", "a 1 1 0", "a 2 0 -1"]),
            process(
                Some(INPUT),
                None,
                &[
                    "a 0 0 1", "a 1 1 1", "t 0", "c 0", "a 2 0 4", "x 1", "a 3 0 6", "t 2",
                ],
            ),
            process(
                None,
                Some(READERS),
                &[
                    "q 0 -1 100",
                    "p 0 0",
                    "r 0 0 0 0 -1 0",
                    "r 0 1 1 0 0 2",
                    "o 0 2 200",
                    "q 0 2 300",
                    "p 0 2",
                    "r 0 3 0 2 -1 0",
                    "r 0 6 1 3 2 2",
                    "q 1 -1 300",
                    "p 1 0",
                    "r 1 0 0 1 -1 0",
                    "r 1 1 1 1 0 2",
                    "r 1 3 1 4 2 2",
                    "o 0 7 400",
                    "o 1 4 400",
                ],
            ),
            process(
                Some(OUTPUT),
                Some(TRANSFORMERS),
                &[
                    "x 0",
                    "t 1",
                    "c 1",
                    "o 0 2 200",
                    "t 2",
                    "c 2",
                    "o 0 7 300",
                    "o 1 4 300",
                ],
            ),
        ],
        groups: vec![
            GroupHistory {
                name: "readers".to_owned(),
                source: INPUT,
                isolation: Isolation::ReadCommitted,
                output: None,
                committed_offsets: vec![7, 4],
            },
            GroupHistory {
                name: "transformers".to_owned(),
                source: INPUT,
                isolation: Isolation::ReadCommitted,
                output: Some(OUTPUT),
                committed_offsets: vec![7, 4],
            },
        ],
    }
}

impl History {
    fn replace_event(&mut self, process: u32, line: &str, lines: &[&str]) {
        let found = events(&[line])[0];
        let all = &mut self.processes[process as usize].events;
        let at = all
            .iter()
            .position(|event| *event == found)
            .expect("the line is there");
        all.splice(at..=at, events(lines));
    }

    fn partition(&mut self, log: usize, partition: usize) -> &mut Vec<LogRecord> {
        &mut self.logs[log].partitions[partition]
    }

    /// Replaces the record at `offset` by those of `lines`.
    fn replace_record(&mut self, log: usize, partition: usize, offset: i64, lines: &[&str]) {
        let records = self.partition(log, partition);
        let at = records
            .iter()
            .position(|record| record.offset == offset)
            .expect("the record is there");
        records.splice(at..=at, lines.iter().map(|line| record(line)));
    }

    /// Leaves out the groups, whose reads would differ as well after a change of a log.
    fn without_groups(mut self) -> History {
        self.groups.clear();
        self
    }
}

/// Returns the violations of the good history after `change`, without its groups.
fn in_logs(change: impl FnOnce(&mut History)) -> Vec<Violation> {
    let mut history = good().without_groups();
    change(&mut history);
    check(&history)
}

/// Returns the violations of the good history after `change`.
fn in_all(change: impl FnOnce(&mut History)) -> Vec<Violation> {
    let mut history = good();
    change(&mut history);
    check(&history)
}

#[test]
fn a_good_history_has_no_violation() {
    assert_eq!(check(&good()), []);
}

#[test]
fn an_acknowledged_record_that_is_missing_is_lost() {
    let lost = |sequence, partition, offset| {
        vec![Violation::Lost {
            producer: PLAIN,
            sequence,
            partition,
            offset,
        }]
    };
    assert_eq!(
        in_logs(|history| history.replace_record(INPUT, 1, 0, &[])),
        lost(1, 1, 0)
    );
    // Its place is unknown, but it must be in its partition.
    assert_eq!(
        in_logs(|history| history.replace_record(INPUT, 0, 3, &[])),
        lost(2, 0, -1)
    );
    let elsewhere = in_logs(|history| history.replace_event(PLAIN, "a 2 0 -1", &["a 2 1 -1"]));
    assert_eq!(elsewhere, lost(2, 1, -1));
    // It is there, but not where the acknowledgement says.
    let moved = in_logs(|history| history.replace_event(PLAIN, "a 0 0 0", &["a 0 0 3"]));
    assert_eq!(moved, lost(0, 0, 3));
}

#[test]
fn an_unacknowledged_record_may_be_there_or_not() {
    assert_eq!(
        in_logs(|history| history.replace_event(PLAIN, "a 2 0 -1", &[])),
        []
    );
    let absent = in_logs(|history| {
        history.replace_event(PLAIN, "a 2 0 -1", &[]);
        history.replace_record(INPUT, 0, 3, &[]);
    });
    assert_eq!(absent, []);
}

#[test]
fn a_record_that_is_there_twice_is_doubled() {
    let doubled = |sequence, partition, offset| {
        vec![Violation::Doubled {
            producer: PLAIN,
            sequence,
            partition,
            offset,
        }]
    };
    let twice = ["3: 0 2 -1 0", "5: 0 2 -1 0"];
    assert_eq!(
        in_logs(|history| history.replace_record(INPUT, 0, 3, &twice)),
        doubled(2, 0, 5)
    );
    // In another partition.
    let twice = ["1: 1 1 0 2", "2: 0 0 -1 0"];
    assert_eq!(
        in_logs(|history| history.replace_record(INPUT, 1, 1, &twice)),
        doubled(0, 1, 2)
    );
    // The acknowledgement may name either place.
    let acknowledged_second = in_logs(|history| {
        history.replace_record(INPUT, 1, 1, &["1: 1 1 0 2", "2: 0 1 -1 0"]);
        history.replace_event(PLAIN, "a 1 1 0", &["a 1 1 2"]);
    });
    assert_eq!(acknowledged_second, doubled(1, 1, 2));
}

#[test]
fn a_record_before_an_earlier_one_is_out_of_order() {
    let swapped = in_logs(|history| {
        history.replace_record(INPUT, 0, 0, &["0: 0 2 -1 0"]);
        history.replace_record(INPUT, 0, 3, &["3: 0 0 -1 0"]);
        history.replace_event(PLAIN, "a 0 0 0", &["a 0 0 3"]);
    });
    let expected = Violation::OutOfOrder {
        producer: PLAIN,
        sequence: 0,
        partition: 0,
        offset: 3,
    };
    assert_eq!(swapped, [expected]);
}

#[test]
fn a_record_of_another_log_is_foreign() {
    let foreign = in_logs(|history| history.replace_record(INPUT, 1, 3, &["3: 1 4 2 2", "4: 3 9 -1 0"]));
    let expected = Violation::Foreign {
        producer: TRANSFORMER,
        sequence: 9,
        partition: 1,
        offset: 4,
    };
    assert_eq!(foreign, [expected]);
}

#[test]
fn a_record_outside_of_transactions_that_is_not_seen_is_hidden() {
    let hidden = in_logs(|history| history.replace_record(INPUT, 0, 3, &["!3: 0 2 -1 0"]));
    let expected = Violation::Hidden {
        producer: PLAIN,
        sequence: 2,
        partition: 0,
        offset: 3,
    };
    assert_eq!(hidden, [expected]);
}

#[test]
fn a_transaction_that_is_seen_in_part_is_torn() {
    let torn = |transaction| Violation::Torn {
        producer: TRANSACTIONAL,
        transaction,
        seen_count: 1,
        size: 2,
    };
    let hidden = in_logs(|history| history.replace_record(INPUT, 1, 1, &["!1: 1 1 0 2"]));
    assert_eq!(hidden, [torn(0)]);
    // Nobody knows whether it was committed, but then with all its records.
    let missing = in_logs(|history| history.replace_record(INPUT, 1, 3, &[]));
    assert_eq!(missing, [torn(2)]);
}

#[test]
fn a_transaction_of_unknown_outcome_may_be_unseen() {
    let unseen = in_logs(|history| {
        history.replace_record(INPUT, 0, 6, &["!6: 1 3 2 2"]);
        history.replace_record(INPUT, 1, 3, &["!3: 1 4 2 2"]);
    });
    assert_eq!(unseen, []);
}

#[test]
fn an_acknowledged_commit_that_is_not_seen_is_lost() {
    let expected = Violation::CommitLost {
        producer: TRANSACTIONAL,
        transaction: 0,
    };
    let unseen = in_logs(|history| {
        history.replace_record(INPUT, 0, 1, &["!1: 1 0 0 2"]);
        history.replace_record(INPUT, 1, 1, &["!1: 1 1 0 2"]);
    });
    assert_eq!(unseen, [expected]);
    let expected = Violation::CommitLost {
        producer: TRANSACTIONAL,
        transaction: 9,
    };
    let absent = in_logs(|history| history.replace_event(TRANSACTIONAL, "t 2", &["t 2", "t 9", "c 9"]));
    assert_eq!(absent, [expected]);
}

#[test]
fn an_aborted_transaction_that_is_seen_is_found() {
    let expected = [Violation::AbortSeen {
        producer: TRANSACTIONAL,
        transaction: 1,
    }];
    let seen = |history: &mut History| history.replace_record(INPUT, 0, 4, &["4: 1 2 1 1"]);
    assert_eq!(in_logs(seen), expected);
    let after_commit_failed = in_logs(|history| {
        seen(history);
        history.replace_event(TRANSACTIONAL, "x 1", &["t 1", "x 1"]);
    });
    assert_eq!(after_commit_failed, expected);
}

#[test]
fn a_transaction_that_is_seen_though_nobody_asked_for_its_commit_is_found() {
    let expected = Violation::OpenSeen {
        producer: TRANSACTIONAL,
        transaction: 2,
    };
    assert_eq!(
        in_logs(|history| history.replace_event(TRANSACTIONAL, "t 2", &[])),
        [expected]
    );
}
