//! Failures of functions, and commits that are refused.

use super::scene::{Act, Ranges, Scene, config};
use crate::config::FailureRules;
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
