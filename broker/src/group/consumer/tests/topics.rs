//! Topics that come, grow and go, and regular expressions.

use super::driver::{join, keep_alive};
use super::*;

#[test]
fn topic_create_grow_and_delete_bump_the_group_epoch_and_send_the_assignment_again() {
    let mut driver = Driver::new(&[]);
    driver.join(join("a", &["t", "u"]), 2, &[]);
    let mut epoch = 2;
    let mut expect = |driver: &mut Driver, assignment: Option<&[(&str, &[i32])]>| {
        let answer = driver.send(keep_alive("a", epoch));
        epoch = answer.member_epoch;
        assert_eq!(answer.assignment, assignment.map(partitions));
        epoch
    };
    driver.set_topic("t", 1);
    assert_eq!(expect(&mut driver, Some(&[("t", &[0])])), 3);
    driver.set_topic("t", 2);
    assert_eq!(expect(&mut driver, Some(&[("t", &[0, 1])])), 4);
    driver.set_topic("another", 1);
    assert_eq!(expect(&mut driver, None), 4, "nobody subscribes to it");
    driver.set_topic("u", 1);
    assert_eq!(expect(&mut driver, Some(&[("t", &[0, 1]), ("u", &[0])])), 5);
    driver.delete_topic("u");
    // The partition has to be given up first, so that the epoch stays.
    assert_eq!(expect(&mut driver, Some(&[("t", &[0, 1])])), 5);
    assert_eq!(driver.epochs(), (6, 6));
}

fn by_regex(member_id: &str, regex: &str) -> HeartbeatRequest {
    HeartbeatRequest {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some(regex.into()),
        ..join(member_id, &[])
    }
}

#[test]
fn a_regular_expression_is_searched_beside_the_request_that_brings_it() {
    let mut driver = Driver::new(&[("foo1", 1), ("foo2", 1), ("bar", 1)]);
    // As in Kafka, the first answer is from before the search.
    driver.join(by_regex("a", "foo.*"), 1, &[]);
    let answer = driver.send(keep_alive("a", 1));
    assert_eq!(answer.member_epoch, 2);
    assert_eq!(
        answer.assignment,
        Some(partitions(&[("foo1", &[0]), ("foo2", &[0])]))
    );
    assert!(driver.group.is_subscribed_to("foo1"));
    assert!(!driver.group.is_subscribed_to("bar"));
    // A second member with the same expression needs no search.
    driver.join(by_regex("b", "foo.*"), 3, &[]);
}

#[test]
fn an_invalid_regular_expression_is_refused_and_changes_nothing() {
    let mut driver = Driver::new(&[("t", 1)]);
    let refused = driver.try_send(by_regex("a", "foo[")).expect_err("invalid");
    assert_eq!(
        refused.to_string(),
        "SubscribedTopicRegex `foo[` is not a valid regular expression: missing closing ]."
    );
    assert_eq!(driver.group.state(), GroupState::Empty);
}

#[test]
fn new_topics_are_matched_at_the_first_heartbeat_after_ten_seconds() {
    let mut driver = Driver::new(&[("foo1", 1)]);
    driver.send(by_regex("a", "foo.*"));
    driver.send(keep_alive("a", 1));
    driver.set_topic("foo2", 1);
    driver.pass(10_000);
    assert_eq!(driver.send(keep_alive("a", 2)).member_epoch, 2);
    driver.pass(1);
    // The search runs beside this request; the next one is answered from its result.
    assert_eq!(driver.send(keep_alive("a", 2)).member_epoch, 2);
    let answer = driver.send(keep_alive("a", 2));
    assert_eq!(
        answer.assignment,
        Some(partitions(&[("foo1", &[0]), ("foo2", &[0])]))
    );
    driver.delete_topic("foo1");
    let answer = driver.send(keep_alive("a", 3));
    assert_eq!(
        answer.assignment,
        Some(partitions(&[("foo2", &[0])])),
        "a deleted topic goes at once"
    );
}

#[test]
fn names_and_an_expression_add_up_and_an_expression_is_forgotten_with_its_last_member() {
    let mut driver = Driver::new(&[("foo", 1), ("bar", 1)]);
    let both = HeartbeatRequest {
        subscribed_topic_regex: Some("foo".into()),
        ..join("a", &["bar"])
    };
    driver.join(both, 2, &[("bar", &[0])]);
    let answer = driver.send(keep_alive("a", 2));
    assert_eq!(
        answer.assignment,
        Some(partitions(&[("bar", &[0]), ("foo", &[0])]))
    );
    let without = HeartbeatRequest {
        subscribed_topic_regex: Some("".into()),
        ..keep_alive("a", 3)
    };
    assert_eq!(
        driver.send(without).assignment,
        Some(partitions(&[("bar", &[0])]))
    );
    assert!(!driver.group.is_subscribed_to("foo"));
}
