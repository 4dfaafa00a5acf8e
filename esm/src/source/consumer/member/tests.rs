mod scripted;

use super::*;
use crate::profile::RebalanceProtocol;
use crate::source::Records;
use scripted::{Call, Scene, range, records};

async fn eager() -> Scene {
    Scene::new(RebalanceProtocol::Eager, &[0, 1]).await
}

async fn cooperative() -> Scene {
    Scene::new(RebalanceProtocol::Cooperative, &[0, 1]).await
}

#[tokio::test(start_paused = true)]
async fn finished_records_are_committed_while_heartbeats_go_on() {
    let mut scene = eager().await;
    scene.script(|script| script.commit_duration = Duration::from_secs(5));
    scene.bring(0, 0..4);
    assert_eq!(scene.until(2_200).await, ["records 0 0..4 1"]);
    scene.member.finished([range(0, 0..2)]);
    assert_eq!(scene.until(3_000).await, [] as [&str; 0]);
    scene.member.finished([range(0, 2..4)]);
    // The second commit waits for the first, and nothing else does.
    assert_eq!(scene.until(20_000).await, ["committed 2", "committed 2"]);
    let calls = scene.calls();
    let commits: Vec<_> = calls
        .iter()
        .filter(|(_, call)| *call != Call::Heartbeat)
        .cloned()
        .collect();
    assert_eq!(
        commits,
        [
            (2_200, Call::Commit(1, vec![(0, 2)])),
            (7_200, Call::Commit(1, vec![(0, 4)]))
        ]
    );
    let heartbeats = calls
        .iter()
        .filter(|(at_ms, call)| *call == Call::Heartbeat && *at_ms < 12_200);
    assert_eq!(heartbeats.count(), 5, "one in two seconds");
    assert!(scene.member.is_settled());
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_the_cluster_could_not_take_is_made_again() {
    let mut scene = eager().await;
    scene.script(|script| script.commits.push_back(Err(ErrorKind::Transient)));
    scene.bring(0, 0..2);
    scene.until(2_200).await;
    scene.member.finished([range(0, 0..2)]);
    assert_eq!(scene.until(2_299).await, [] as [&str; 0]);
    assert_eq!(scene.until(2_300).await, ["committed 2"]);
    let commit = Call::Commit(1, vec![(0, 2)]);
    assert_eq!(scene.group_calls(), [(2_200, commit.clone()), (2_300, commit)]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_commit_ends_the_membership() {
    let mut scene = eager().await;
    scene.script(|script| script.commits.push_back(Err(ErrorKind::IllegalGeneration)));
    scene.bring(0, 0..4);
    scene.until(2_200).await;
    scene.member.finished([range(0, 0..2)]);
    assert_eq!(
        scene.until(2_300).await,
        ["refused IllegalGeneration", "lost", "assigned 2 [0, 1]"]
    );
    // Records that were in flight then cannot be committed any more.
    assert!(!scene.member.is_assigned(0, AssignmentNumber(1)));
    scene.member.finished([range(0, 2..4)]);
    let refused = "refused the membership under which the records were read is over";
    assert_eq!(scene.until(2_400).await, [refused]);
    assert_eq!(scene.group_calls().len(), 2, "a commit and a join");
}

#[tokio::test(start_paused = true)]
async fn offsets_without_records_are_committed() {
    let mut scene = eager().await;
    let none = Records {
        spans: Vec::new(),
        ..records(0, 0..9)
    };
    scene.script(|script| script.fetches.push_back(vec![(0, Ok(none))]));
    assert_eq!(scene.until(2_200).await, ["committed 9"]);
    assert_eq!(scene.group_calls(), [(2_100, Call::Commit(1, vec![(0, 9)]))]);
}

#[tokio::test(start_paused = true)]
async fn an_eager_rebalance_waits_for_what_was_handed_out() {
    let mut scene = eager().await;
    scene.bring(0, 0..4);
    scene.bring(1, 0..2);
    scene.until(2_200).await;
    scene.script(|script| {
        let rebalance = Err(ErrorKind::RebalanceInProgress);
        script.heartbeats.extend([rebalance; 3]);
    });
    assert_eq!(scene.until(5_000).await, ["revoking"]);
    assert!(!scene.member.is_assigned(0, AssignmentNumber(1)));
    scene.member.released([range(0, 2..4), range(1, 0..2)]);
    scene.until(6_000).await;
    assert_eq!(scene.group_calls(), [], "two records are in flight");
    scene.member.finished([range(0, 0..2)]);
    assert_eq!(scene.until(6_100).await, ["committed 2", "assigned 2 [0, 1]"]);
    assert_eq!(
        scene.group_calls(),
        [(6_000, Call::Commit(1, vec![(0, 2)])), (6_000, Call::Join)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cooperative_rebalance_gives_up_what_it_lost_once_that_is_settled() {
    let mut scene = cooperative().await;
    scene.bring(0, 0..4);
    scene.bring(1, 0..2);
    scene.until(2_200).await;
    scene.script(|script| {
        script.assigned = vec![0];
        script.heartbeats.push_back(Err(ErrorKind::RebalanceInProgress));
    });
    assert_eq!(scene.until(5_000).await, ["adjusted 2 [] [1]"]);
    assert!(scene.member.is_assigned(0, AssignmentNumber(1)));
    assert!(!scene.member.is_assigned(1, AssignmentNumber(1)));
    assert_eq!(scene.group_calls().len(), 1, "the join");
    scene.member.finished([range(1, 0..1)]);
    assert_eq!(scene.until(5_100).await, ["committed 1"]);
    assert_eq!(scene.group_calls(), [(5_000, Call::Commit(2, vec![(1, 1)]))]);
    // Records of the partition that it kept do not hold it up.
    scene.member.released([range(1, 1..2)]);
    assert_eq!(scene.until(5_200).await, ["adjusted 3 [] []"]);
    assert_eq!(scene.group_calls(), [(5_100, Call::Join)]);
    scene.member.finished([range(0, 0..4)]);
    assert_eq!(scene.until(5_300).await, ["committed 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_during_a_cooperative_rebalance_is_made_again_under_the_new_generation() {
    let mut scene = cooperative().await;
    scene.bring(0, 0..4);
    scene.until(2_200).await;
    scene.script(|script| {
        script.heartbeats.push_back(Err(ErrorKind::RebalanceInProgress));
        script.commits.push_back(Err(ErrorKind::IllegalGeneration));
        script.commit_duration = Duration::from_secs(3);
    });
    // The commit is under way when the rebalance completes.
    scene.member.finished([range(0, 0..4)]);
    assert_eq!(scene.until(9_000).await, ["adjusted 2 [] []", "committed 4"]);
    let offsets = vec![(0, 4)];
    let commits: Vec<_> = scene
        .group_calls()
        .into_iter()
        .filter(|(_, call)| *call != Call::Join)
        .collect();
    assert_eq!(
        commits,
        [
            (2_200, Call::Commit(1, offsets.clone())),
            (5_300, Call::Commit(2, offsets))
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_moves_holds_up_its_partition_only() {
    let mut scene = eager().await;
    scene.script(|script| {
        script
            .fetches
            .push_back(vec![(0, Err(ErrorKind::Transient)), (1, Ok(records(1, 0..1)))]);
    });
    assert_eq!(scene.until(2_199).await, ["records 1 0..1 1"]);
    scene.bring(1, 1..2);
    scene.bring(0, 0..3);
    assert_eq!(scene.until(2_300).await, ["records 1 1..2 1", "records 0 0..3 1"]);
    let fetches: Vec<_> = scene.script(|script| {
        let calls = script.calls.iter();
        calls
            .filter(|(_, call)| matches!(call, Call::Fetch(_)))
            .cloned()
            .collect()
    });
    assert_eq!(
        fetches,
        [
            (2_100, Call::Fetch(vec![(1, 1)])),
            (2_199, Call::Fetch(vec![(1, 2)])),
            (2_200, Call::Fetch(vec![(0, 0), (1, 2)])),
            (2_200, Call::Fetch(vec![(0, 3), (1, 2)])),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_away_for_long_is_told_and_so_is_its_return() {
    let mut scene = eager().await;
    scene.script(|script| {
        let error = || vec![(0, Err(ErrorKind::Transient))];
        script.fetches.extend((0..60).map(|_| error()));
    });
    assert_eq!(scene.until(7_099).await, [] as [&str; 0]);
    assert_eq!(scene.until(9_000).await, ["error Transient"]);
    scene.bring(0, 0..1);
    assert_eq!(scene.until(9_100).await, ["recovered", "records 0 0..1 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_did_not_reach_the_coordinator_is_repeated_soon() {
    let mut scene = eager().await;
    scene.script(|script| {
        script.heartbeats.extend([Err(ErrorKind::Transient); 3]);
    });
    assert_eq!(scene.until(8_000).await, [] as [&str; 0]);
    let heartbeats: Vec<_> = scene.calls().into_iter().map(|(at_ms, _)| at_ms).collect();
    let first = heartbeats[0];
    let after: Vec<_> = heartbeats.iter().map(|at_ms| at_ms - first).collect();
    assert_eq!(after[..5], [0, 100, 200, 300, 2_300]);
}

#[tokio::test(start_paused = true)]
async fn leaving_is_tried_again_while_the_coordinator_cannot_be_reached() {
    let scene = eager().await;
    scene.script(|script| {
        script.leaves.extend([ErrorKind::Transient, ErrorKind::Transient]);
    });
    let clock = scene.member.settings.clock.clone();
    let client = scene.member.client.clone();
    let before = clock.elapsed();
    scene.member.leave().await;
    assert_eq!(clock.elapsed() - before, 2 * RETRY_PAUSE);
    assert_eq!(client.leave_count(), 3);
}
