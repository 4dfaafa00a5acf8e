mod discards;
mod failures;
mod filters;
mod scene;

use super::*;
use crate::profile::ProfileName;
use scene::{Act, Ranges, Scene, config, records};

#[tokio::test(start_paused = true)]
async fn a_batch_is_invoked_when_its_window_has_passed_and_finished_when_it_succeeded() {
    let scene = Scene::new(100, 1);
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..2);
    scene.records(1, 7..8);
    scene.until(499).await;
    assert_eq!(scene.invoked(), []);
    scene.until(599).await;
    assert_eq!(scene.invoked(), [(500, vec![(0, vec![0, 1]), (1, vec![7])])]);
    assert_eq!(scene.script.finished(), [] as [Ranges; 0]);
    scene.until(600).await;
    assert_eq!(scene.script.finished(), [[(0, 0..2), (1, 7..8)]]);
    assert_eq!(*scene.counters.committed_event_count.borrow(), 3);
    assert!(scene.status.borrow().has_processed);
}

#[tokio::test(start_paused = true)]
async fn full_batches_of_a_partition_follow_each_other_without_waiting() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..6);
    scene.until(300).await;
    let expected = [(0, vec![0, 1]), (100, vec![2, 3]), (200, vec![4, 5])];
    assert_eq!(
        scene.invoked(),
        expected.map(|(when, offsets)| (when, vec![(0, offsets)]))
    );
    assert_eq!(scene.script.finished(), [[(0, 0..2)], [(0, 2..4)], [(0, 4..6)]]);
}

#[tokio::test(start_paused = true)]
async fn invocations_in_flight_are_of_different_partitions() {
    let scene = Scene::new(2, 3);
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..4);
    scene.records(1, 0..4);
    scene.until(200).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1])]),
            (0, vec![(1, vec![0, 1])]),
            (100, vec![(0, vec![2, 3])]),
            (100, vec![(1, vec![2, 3])]),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn in_a_rebalance_what_is_in_flight_is_finished_and_what_is_not_is_released() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(50).await;
    scene.event(SourceEvent::Revoking);
    scene.until(99).await;
    assert!(!scene.script.is_settled(&[0]));
    scene.until(101).await;
    let acts = scene.script.acts.lock().unwrap().clone();
    assert_eq!(
        acts,
        [
            Act::Pause(0, true),
            Act::Released(vec![(0, 2..4)]),
            Act::Finished(vec![(0, 0..2)])
        ]
    );
    assert!(scene.script.is_settled(&[0]));
    scene.assign(2, &[0]);
    scene.records(0, 2..4);
    scene.until(300).await;
    assert_eq!(
        scene.invoked(),
        [(0, vec![(0, vec![0, 1])]), (101, vec![(0, vec![2, 3])])]
    );
    assert_eq!(scene.script.finished(), [[(0, 0..2)], [(0, 2..4)]]);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_outlives_the_membership_commits_nothing_and_is_waited_for() {
    let scene = Scene::new(2, 2);
    scene.behave(1000, None);
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(100).await;
    scene.event(SourceEvent::Lost);
    scene.assign(5, &[0, 1]);
    scene.records(0, 0..2);
    scene.records(1, 0..2);
    scene.until(1200).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1])]),
            (100, vec![(1, vec![0, 1])]),
            (1000, vec![(0, vec![0, 1])]),
        ]
    );
    assert_eq!(scene.script.finished(), [[(1, 0..2)], [(0, 0..2)]]);
    assert_eq!(scene.counters.commit_error_count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_exceeds_an_event_is_dropped_and_finished() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.event(SourceEvent::Records(records(0, 0..1, 6_000_000)));
    scene.until(1).await;
    assert_eq!(scene.invoked(), []);
    assert_eq!(scene.script.finished(), [[(0, 0..1)]]);
    assert_eq!(scene.counters.dropped_event_count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn records_that_come_while_the_poller_stops_are_released() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(50).await;
    scene.orders.send_modify(|orders| orders.is_stopping = true);
    scene.until(60).await;
    scene.records(0, 2..9);
    scene.until(70).await;
    assert!(scene.script.has(&Act::Released(vec![(0, 2..9)])));
    scene.task.await.unwrap();
    assert_eq!(scene.invoked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_poller_finishes_what_is_in_flight_and_leaves() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(50).await;
    scene.orders.send_modify(|orders| orders.is_stopping = true);
    scene.task.await.unwrap();
    assert_eq!(scene.clock.elapsed(), Duration::from_millis(100));
    assert_eq!(scene.invoked.lock().unwrap().len(), 1);
    assert_eq!(scene.script.finished(), [[(0, 0..2)]]);
    assert!(scene.script.has(&Act::Released(vec![(0, 2..4)])));
    assert_eq!(scene.script.acts.lock().unwrap().last(), Some(&Act::Leave));
    assert_eq!(scene.status.borrow().phase, Phase::Left);
}

#[tokio::test(start_paused = true)]
async fn reading_pauses_while_a_full_batch_waits() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..5);
    scene.until(99).await;
    assert!(scene.script.has(&Act::Pause(0, true)));
    assert!(!scene.script.has(&Act::Pause(0, false)));
    scene.until(100).await;
    assert!(scene.script.has(&Act::Pause(0, false)), "one record is left");
}

#[tokio::test(start_paused = true)]
async fn an_update_applies_to_the_next_batch() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..6);
    scene.until(50).await;
    scene
        .orders
        .send_modify(|orders| orders.config = Arc::new(config(3)));
    scene.until(250).await;
    assert_eq!(
        scene.invoked(),
        [(0, vec![(0, vec![0, 1])]), (100, vec![(0, vec![2, 3, 4])])]
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_is_told_of_a_rebalance_that_is_to_come() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.until(1).await;
    scene.orders.send_modify(|orders| orders.rebalances = 1);
    scene.until(2).await;
    assert!(scene.script.has(&Act::ExpectRebalance));
}

#[tokio::test(start_paused = true)]
async fn a_poller_takes_no_more_bytes_than_its_rate() {
    let mut profile = ProfileName::Instant.profile();
    profile.provisioned.invocations_in_flight = 1;
    // A record has 3 bytes and a batch one record: two a second.
    profile.poller_bytes_per_second = 6;
    let scene = Scene::of_profile(1, profile);
    scene.assign(1, &[0]);
    scene.records(0, 0..6);
    scene.until(2_100).await;
    let starts: Vec<_> = scene.invoked().iter().map(|(at_ms, _)| *at_ms).collect();
    assert_eq!(starts, [0, 100, 1_000, 1_100, 2_000, 2_100]);
}

#[tokio::test(start_paused = true)]
async fn the_overhead_of_an_invocation_occupies_its_slot() {
    let mut profile = ProfileName::Announcement2024.profile();
    profile.provisioned.invocations_in_flight = 1;
    let scene = Scene::of_profile(1, profile);
    scene.assign(1, &[0]);
    scene.records(0, 0..3);
    scene.until(440).await;
    let starts: Vec<_> = scene.invoked().iter().map(|(at_ms, _)| *at_ms).collect();
    assert_eq!(starts, [80, 260, 440]);
    assert_eq!(scene.counters.in_flight.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_full_by_the_batch_size_that_it_departed_with() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(50).await;
    assert_eq!(scene.invoked().len(), 1);
    scene
        .orders
        .send_modify(|orders| orders.config = Arc::new(config(3)));
    scene.until(100).await;
    assert_eq!(scene.script.finished(), [[(0, 0..2)]]);
    assert_eq!(scene.counters.full_records.get(), 2);
}
