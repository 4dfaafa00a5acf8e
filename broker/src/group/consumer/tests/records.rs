//! The records that changes leave for the journal.

use super::driver::{join, keep_alive, report, topic_id};
use super::*;

/// The type of each record since the last call, with the last name in its key, and whether it is a tombstone.
fn kept(driver: &mut Driver) -> Vec<(i16, String, bool)> {
    let records = driver.group.take_records();
    let row = |(key, value): (&[u8], Option<&[u8]>)| {
        let record_type = i16::from_be_bytes([key[0], key[1]]);
        let mut names = &key[2..];
        let mut last = "";
        while let [high, low, rest @ ..] = names {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            last = std::str::from_utf8(&rest[..length]).expect("a name");
            names = &rest[length..];
        }
        (record_type, last.to_owned(), value.is_none())
    };
    records.iter().map(row).collect()
}

fn rows(expected: &[(i16, &str, bool)]) -> Vec<(i16, String, bool)> {
    let rows = expected.iter();
    rows.map(|(record_type, name, is_tombstone)| (*record_type, name.to_string(), *is_tombstone))
        .collect()
}

const EPOCH: i16 = 3;
const MEMBER: i16 = 5;
const TARGET_EPOCH: i16 = 6;
const TARGET: i16 = 7;
const CURRENT: i16 = 8;
const EXPRESSION: i16 = 16;

#[test]
fn a_member_that_joins_leaves_the_records_of_kafka_in_its_order() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    let expected = [
        (MEMBER, "a", false),
        (EPOCH, "g", false),
        (TARGET, "a", false),
        (TARGET_EPOCH, "g", false),
        (CURRENT, "a", false),
    ];
    assert_eq!(kept(&mut driver), rows(&expected));
}

#[test]
fn a_heartbeat_that_changes_nothing_leaves_no_record() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    kept(&mut driver);
    driver.send(keep_alive("a", 2));
    driver.send(report("a", 2, &partitions(&[("t", &[0, 1])])));
    assert_eq!(kept(&mut driver), []);
}

#[test]
fn a_member_that_gives_up_partitions_leaves_its_current_assignment_only() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    driver.send(join("b", &["t"]));
    kept(&mut driver);
    driver.send(keep_alive("a", 2));
    assert_eq!(kept(&mut driver), rows(&[(CURRENT, "a", false)]));
}

#[test]
fn a_member_that_leaves_leaves_tombstones_and_the_next_epoch() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    kept(&mut driver);
    driver.send(keep_alive("a", -1));
    let expected = [
        (CURRENT, "a", true),
        (TARGET, "a", true),
        (MEMBER, "a", true),
        (EPOCH, "g", false),
        (TARGET_EPOCH, "g", false),
    ];
    assert_eq!(kept(&mut driver), rows(&expected));
}

#[test]
fn a_regular_expression_leaves_its_topics_and_a_tombstone_with_its_last_member() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(HeartbeatRequest {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some("t.*".into()),
        ..join("a", &[])
    });
    assert!(kept(&mut driver).contains(&(EXPRESSION, "t.*".to_owned(), false)));
    driver.send(keep_alive("a", -1));
    assert!(kept(&mut driver).contains(&(EXPRESSION, "t.*".to_owned(), true)));
}

#[test]
fn values_have_the_encoding_of_the_message_definitions() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    let records = driver.group.take_records();
    let values: Vec<_> = records.iter().map(|(_, value)| value.expect("a value")).collect();
    let member = b"\0\0\0\0\x07client\x0b/127.0.0.1\x02\x02t\x01\0\0\xea\x60\0\0";
    assert_eq!(values[0], member);
    assert_eq!(values[1], b"\0\0\0\0\0\x02\0");
    let topic = topic_id("t");
    let both = [topic.as_bytes(), &b"\x03\0\0\0\0\0\0\0\x01"[..]].concat();
    assert_eq!(values[2], [b"\0\0\x02", &both[..], b"\0\0"].concat());
    let at_ms = 1_000_000i64.to_be_bytes();
    assert_eq!(values[3], [b"\0\0\0\0\0\x02\x01\0\x08", &at_ms[..]].concat());
    let epochs = b"\x01\0\x09\x03\0\0\0\x02\0\0\0\x02";
    let current = [b"\0\0\0\0\0\x02\0\0\0\0\0\x02", &both[..], epochs, b"\x01\0"].concat();
    assert_eq!(values[4], current);
}
