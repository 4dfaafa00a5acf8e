//! Failures of functions, and commits that are refused.

use super::scene::{Act, Ranges, Scene, config, records};
use crate::config::{FailureRules, ResponseTypes};
use crate::poller::Phase;
use crate::profile::ProfileName;
use crate::source::SourceEvent;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_failed_batch_blocks_its_partitions_and_no_others() {
    let scene = Scene::new(2, 1);
    scene.behave(10, Some("no"));
    scene.behave(10, None);
    scene.behave(10, Some("panic"));
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..4);
    scene.until(5).await;
    scene.records(1, 0..2);
    scene.until(300).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1])]),
            (10, vec![(1, vec![0, 1])]),
            (20, vec![(0, vec![0, 1])]), // due at 11, when the only slot was taken
            (31, vec![(0, vec![0, 1])]),
            (131, vec![(0, vec![2, 3])]),
        ]
    );
    assert_eq!(scene.script.finished(), [[(1, 0..2)], [(0, 0..2)], [(0, 2..4)]]);
    assert_eq!(scene.counters.invocation_errors.get(), 2);
    assert_eq!(scene.counters.failed_invoke_event_count.get(), 4);
    assert_eq!(scene.status.borrow().function_problem, None);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_is_the_mappings_problem_until_it_succeeds() {
    let scene = Scene::new(1, 1);
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..1);
    scene.until(10).await;
    assert_eq!(
        scene.status.borrow().function_problem.as_deref(),
        Some("Function call failed")
    );
    scene.until(200).await;
    assert_eq!(scene.status.borrow().function_problem, None);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_failed_in_a_rebalance_is_left_to_the_next_owner() {
    let scene = Scene::new(2, 1);
    scene.behave(100, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(50).await;
    scene.event(SourceEvent::Revoking);
    scene.until(1000).await;
    assert_eq!(scene.invoked().len(), 1);
    assert!(scene.script.has(&Act::Released(vec![(0, 0..2)])));
    assert_eq!(scene.script.finished(), [] as [Ranges; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_buffered_is_discarded_with_the_membership() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(50).await;
    scene.event(SourceEvent::CommitRefused {
        reason: "ILLEGAL_GENERATION".into(),
    });
    scene.event(SourceEvent::Lost);
    scene.until(99).await;
    assert_eq!(scene.counters.commit_error_count.get(), 1);
    scene.until(1000).await;
    assert_eq!(scene.invoked().len(), 1, "what was buffered is discarded");
    assert_eq!(scene.status.borrow().phase, Phase::Joining);
    assert_eq!(
        scene.counters.commit_error_count.get(),
        2,
        "the one in flight, too"
    );
    assert_eq!(*scene.counters.committed_event_count.borrow(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_recovered_is_no_problem_any_longer() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.fail("NOT_LEADER_OR_FOLLOWER");
    scene.until(1).await;
    assert_eq!(
        scene.status.borrow().source_problem.as_deref(),
        Some("NOT_LEADER_OR_FOLLOWER")
    );
    scene.event(SourceEvent::Recovered);
    scene.until(2).await;
    assert_eq!(scene.status.borrow().source_problem, None);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_failed_while_its_partition_was_given_up_is_left_to_the_next_owner() {
    let scene = Scene::new(1, 2);
    scene.behave(10, Some("no"));
    scene.behave(50, Some("no"));
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..1);
    scene.records(1, 0..1);
    scene.until(5).await;
    scene.event(SourceEvent::Adjusted {
        generation: 2,
        gained: Vec::new(),
        lost: vec![0],
    });
    scene.until(9).await;
    assert!(!scene.script.is_settled(&[0]), "it is in flight");
    scene.until(11).await;
    assert!(scene.script.is_settled(&[0]));
    assert!(scene.script.has(&Act::Released(vec![(0, 0..1)])));
    // The part that it kept is retried: after 50 ms, and the millisecond of the backoff.
    scene.until(300).await;
    let invoked: Vec<_> = scene
        .invoked()
        .into_iter()
        .map(|(at_ms, offsets)| (at_ms, offsets[0].0))
        .collect();
    assert_eq!(invoked, [(0, 0), (0, 1), (51, 1)]);
    assert_eq!(scene.script.finished(), [[(1, 0..1)]]);
}

/// A scene with batches of four records under these rules, and two slots.
fn scene_with(failure_rules: FailureRules) -> Scene {
    let mut profile = ProfileName::Instant.profile();
    profile.provisioned.invocations_in_flight = 2;
    let mut config = config(4);
    config.failure_rules = failure_rules;
    Scene::of(config, profile)
}

#[tokio::test(start_paused = true)]
async fn the_halves_of_a_bisected_batch_share_their_partition_in_order() {
    let scene = scene_with(FailureRules {
        bisects_batch: true,
        ..FailureRules::default()
    });
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..8);
    scene.until(500).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1, 2, 3])]),
            (11, vec![(0, vec![0, 1])]), // after the millisecond of the backoff
            (111, vec![(0, vec![2, 3])]),
            (211, vec![(0, vec![4, 5, 6, 7])]),
        ]
    );
    assert_eq!(scene.script.finished(), [[(0, 0..2)], [(0, 2..4)], [(0, 4..8)]]);
}

#[tokio::test(start_paused = true)]
async fn a_half_with_two_reads_of_one_partition_does_not_wait_for_itself() {
    let scene = scene_with(FailureRules {
        bisects_batch: true,
        ..FailureRules::default()
    });
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..1);
    scene.records(0, 1..4);
    scene.until(500).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1, 2, 3])]),
            (11, vec![(0, vec![0, 1])]),
            (111, vec![(0, vec![2, 3])]),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_half_that_fails_again_is_not_overtaken_by_the_other() {
    let scene = scene_with(FailureRules {
        bisects_batch: true,
        ..FailureRules::default()
    });
    scene.behave(10, Some("no"));
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(500).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1, 2, 3])]),
            (11, vec![(0, vec![0, 1])]),
            (22, vec![(0, vec![0])]),
            (122, vec![(0, vec![1])]),
            (222, vec![(0, vec![2, 3])]),
        ]
    );
    assert_eq!(scene.script.finished(), [[(0, 0..1)], [(0, 1..2)], [(0, 2..4)]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_attempts_are_exhausted_is_dropped_and_finished() {
    let scene = scene_with(FailureRules {
        maximum_retry_attempts: Some(1),
        ..FailureRules::default()
    });
    scene.behave(10, Some("no"));
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..8);
    scene.until(500).await;
    let batch = |first: i64| vec![(0, (first..first + 4).collect::<Vec<_>>())];
    assert_eq!(scene.invoked(), [(0, batch(0)), (11, batch(0)), (21, batch(4))]);
    assert_eq!(scene.script.finished(), [[(0, 0..4)], [(0, 4..8)]]);
    assert_eq!(scene.counters.dropped_event_count.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn throttles_are_no_attempts() {
    let scene = scene_with(FailureRules {
        maximum_retry_attempts: Some(1),
        ..FailureRules::default()
    });
    scene.throttle();
    scene.behave(10, Some("no"));
    scene.throttle();
    scene.throttle();
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(500).await;
    let times: Vec<_> = scene.invoked().iter().map(|(at_ms, _)| *at_ms).collect();
    // Each retry comes a millisecond after the end of what it follows.
    assert_eq!(times, [0, 1, 12, 13, 14]);
    assert_eq!(scene.script.finished(), [[(0, 0..4)]]);
    assert_eq!(scene.counters.throttles.get(), 3);
    assert_eq!(scene.counters.invocation_errors.get(), 2);
    assert_eq!(scene.counters.dropped_event_count.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn records_that_grow_too_old_are_dropped_when_they_would_be_sent_again() {
    // The records are from the start of the clock.
    let scene = scene_with(FailureRules {
        maximum_record_age: Some(Duration::from_millis(50)),
        ..FailureRules::default()
    });
    scene.behave(49, Some("no"));
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(60).await;
    assert_eq!(scene.counters.dropped_event_count.get(), 0);
    scene.until(61).await;
    let times: Vec<_> = scene.invoked().iter().map(|(at_ms, _)| *at_ms).collect();
    assert_eq!(times, [0, 50], "a record is not too old at its maximum age");
    assert_eq!(scene.script.finished(), [[(0, 0..4)]]);
    assert_eq!(scene.counters.dropped_event_count.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_too_old_when_they_come_are_never_sent() {
    let scene = scene_with(FailureRules {
        maximum_record_age: Some(Duration::from_millis(50)),
        ..FailureRules::default()
    });
    scene.assign(1, &[0, 1]);
    scene.until(100).await;
    let mut mixed = records(0, 0..4, 3);
    mixed.spans[1].timestamp_ms = 90;
    mixed.spans[2].timestamp_ms = 50;
    scene.event(SourceEvent::Records(mixed));
    scene.records(1, 0..4);
    scene.until(300).await;
    assert_eq!(scene.invoked(), [(100, vec![(0, vec![1, 2])])]);
    let finished = [vec![(0, 0..1), (0, 3..4)], vec![(1, 0..4)], vec![(0, 1..3)]];
    assert_eq!(scene.script.finished(), finished);
    assert_eq!(scene.counters.dropped_event_count.get(), 6);
    scene.records(0, 4..8);
    scene.until(301).await;
    assert_eq!(
        scene.counters.dropped_event_count.get(),
        10,
        "its partition is free"
    );
}

/// A scene with batches of four records whose function reports batch item failures.
fn reporting_scene(failure_rules: FailureRules) -> Scene {
    let mut profile = ProfileName::Instant.profile();
    profile.provisioned.invocations_in_flight = 2;
    let mut config = config(4);
    config.failure_rules = failure_rules;
    config.response_types = ResponseTypes::ReportBatchItemFailures;
    Scene::of(config, profile)
}

/// A response that names these records of topic `t`.
fn response(failed: &[(i32, i64)]) -> String {
    let failures = failed.iter().map(|(partition, offset)| {
        format!(r#"{{"itemIdentifier":{{"partition":"t-{partition}","offset":{offset}}}}}"#)
    });
    format!(
        r#"{{"batchItemFailures":[{}]}}"#,
        failures.collect::<Vec<_>>().join(",")
    )
}

#[tokio::test(start_paused = true)]
async fn only_the_records_that_a_response_names_are_sent_again() {
    let scene = reporting_scene(FailureRules::default());
    scene.respond(10, &response(&[(0, 2), (0, 0)]));
    scene.respond(10, &response(&[(0, 2)]));
    scene.assign(1, &[0]);
    scene.records(0, 0..8);
    scene.until(15).await;
    assert_eq!(
        scene.status.borrow().function_problem.as_deref(),
        Some("Function call failed")
    );
    scene.until(500).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1, 2, 3])]),
            (11, vec![(0, vec![0, 2])]),
            (22, vec![(0, vec![2])]),
            (122, vec![(0, vec![4, 5, 6, 7])]),
        ]
    );
    let finished = [
        vec![(0, 1..2), (0, 3..4)],
        vec![(0, 0..1)],
        vec![(0, 2..3)],
        vec![(0, 4..8)],
    ];
    assert_eq!(scene.script.finished(), finished);
    let counters = &scene.counters;
    assert_eq!(
        (counters.invocations.get(), counters.invocation_errors.get()),
        (4, 0)
    );
    assert_eq!(counters.invoked_event_count.get(), 4 + 2 + 1 + 4);
    assert_eq!(counters.failed_invoke_event_count.get(), 2 + 1);
    assert_eq!(counters.records.get(), 8);
    assert_eq!(scene.status.borrow().function_problem, None);
}

#[tokio::test(start_paused = true)]
async fn a_partition_without_failed_records_goes_on() {
    let scene = reporting_scene(FailureRules::default());
    scene.respond(10, &response(&[(1, 1)]));
    scene.respond(100, &response(&[]));
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..2);
    scene.records(1, 0..2);
    scene.until(5).await;
    scene.records(0, 2..6);
    scene.records(1, 2..6);
    scene.until(500).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1]), (1, vec![0, 1])]),
            (10, vec![(0, vec![2, 3, 4, 5])]),
            (11, vec![(1, vec![1])]),
            (111, vec![(1, vec![2, 3, 4, 5])]),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_response_that_names_another_record_fails_the_whole_batch() {
    let scene = reporting_scene(FailureRules {
        bisects_batch: true,
        ..FailureRules::default()
    });
    scene.respond(10, &response(&[(0, 2), (0, 4)]));
    scene.respond(10, r#"{"batchItemFailures":[{"itemIdentifier":"t-0"}]}"#);
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(500).await;
    let batch = vec![(0, vec![0, 1, 2, 3])];
    assert_eq!(
        scene.invoked(),
        [(0, batch.clone()), (11, batch.clone()), (22, batch)]
    );
    assert_eq!(scene.script.finished(), [[(0, 0..4)]]);
    assert_eq!(scene.counters.failed_invoke_event_count.get(), 8);
    assert_eq!(scene.counters.invocation_errors.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn records_that_responses_name_too_often_are_dropped_and_no_others() {
    let scene = reporting_scene(FailureRules {
        maximum_retry_attempts: Some(1),
        ..FailureRules::default()
    });
    scene.respond(10, &response(&[(0, 1), (0, 3)]));
    scene.respond(10, &response(&[(0, 3)]));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(500).await;
    assert_eq!(
        scene.invoked(),
        [(0, vec![(0, vec![0, 1, 2, 3])]), (11, vec![(0, vec![1, 3])])]
    );
    let finished = [vec![(0, 0..1), (0, 2..3)], vec![(0, 1..2)], vec![(0, 3..4)]];
    assert_eq!(scene.script.finished(), finished);
    assert_eq!(scene.counters.dropped_event_count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_is_timed_while_it_runs() {
    let scene = Scene::new(1, 2);
    scene.behave(90_000, None);
    scene.assign(1, &[0, 1]);
    scene.until(100).await;
    scene.records(0, 0..1);
    scene.until(150).await;
    scene.records(1, 0..1);
    scene.until(1_150).await;
    let running = || scene.activity.longest_invocation(scene.clock.elapsed());
    assert_eq!(running(), Duration::from_millis(1_050));
    scene.until(90_100).await;
    assert_eq!(running(), Duration::ZERO);
}
