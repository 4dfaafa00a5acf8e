//! A history checker: programs of three languages produce, consume and transform while connections are cut and processes are killed, stand
//! still or are superseded. Each writes down what its client tells. Afterwards the logs are read, and `check` compares.
//!
//! A short run is a case; [`command`] is the long one. The seed repeats the disturbances and the programs' choices, but no machine repeats
//! the moments at which they meet.

use std::time::{Duration, Instant};

use crate::context::Context;
use crate::kafka;

mod audit;
mod cast;
mod chaos;
mod check;
mod cluster;
pub mod command;
mod event;
mod figures;
mod observer;
mod plan;
mod proxy;
mod value;

use cast::{Cast, Role, Started};
use chaos::{Disturbance, Schedule};
use check::{GroupHistory, History, Log, ProcessHistory};
use cluster::Cluster;
use event::Event;
pub use figures::Figures;
use observer::{ObservedGroup, Observer};
pub use plan::{ClusterPlan, Plan};
use plan::{INPUT, PARTITION_COUNT};

/// The longest time that processes take to stop, and groups to reach the end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a plan and returns what came of it.
///
/// # Panics
/// If a program fails, or a part of the run is not done before the context's deadline.
pub fn run(context: &Context, plan: &Plan) -> Figures {
    let started = Instant::now();
    std::fs::create_dir_all(context.log_dir.join("histories")).expect("the log directory is writable");
    let cluster = Cluster::start(context, plan);
    for topic in plan.topics() {
        kafka::create_topic(&cluster.bootstrap_servers, topic, PARTITION_COUNT as i32);
    }
    let observe = || {
        let groups = plan.groups();
        let observed = groups
            .iter()
            .map(|group| ObservedGroup::new(&cluster.bootstrap_servers, group.name, INPUT, PARTITION_COUNT));
        observed.collect::<Vec<_>>()
    };
    let observer = Observer::start(observe());
    let mut cast = Cast::new(context, plan, &cluster.bootstrap_servers);
    disturb(context, plan, &cluster, &mut cast);
    let read = |topic| {
        audit::read_log(
            &cluster.bootstrap_servers,
            topic,
            PARTITION_COUNT,
            context.deadline,
        )
    };
    cast.settle();
    let is_producer = |role| matches!(role, Role::Produce | Role::Transact);
    cast.stop(is_producer, soon(context));
    let input = read(INPUT);
    let groups = observe();
    wait_for_groups(context, plan, &mut cast, &groups, &input);
    cast.stop(|_| true, soon(context));

    let outputs = plan.topics().into_iter().skip(1).map(read);
    let logs: Vec<Log> = std::iter::once(input).chain(outputs).collect();
    let observed = observer.stop();
    let history = History {
        logs,
        processes: processes(plan, &cast.started, observed),
        groups: group_histories(plan, &groups, context.deadline),
    };
    let violations = check::check(&history);
    Figures::new(
        plan.seed,
        &history,
        violations,
        cast.counts,
        cluster.proxy.cut_count(),
        started,
    )
}

/// Returns the time by which what is not disturbed any more must be done.
fn soon(context: &Context) -> Instant {
    context.deadline.min(Instant::now() + PATIENCE)
}

/// Disturbs the run until enough records are acknowledged.
fn disturb(context: &Context, plan: &Plan, cluster: &Cluster, cast: &mut Cast<'_>) {
    let schedule = Schedule::new(plan.seed, cast.slot_count(), plan.mean_gap);
    let mut due = Instant::now();
    for (gap, disturbance) in schedule {
        due += gap;
        while Instant::now() < due {
            std::thread::sleep(Duration::from_millis(2));
            cast.tick();
        }
        if cast.acknowledged_count() >= plan.record_count {
            return;
        }
        assert!(
            Instant::now() < context.deadline,
            "only {} records are acknowledged",
            cast.acknowledged_count()
        );
        match disturbance {
            Disturbance::Cut { choice, cut } => cluster.proxy.cut(choice, cut),
            Disturbance::Kill { slot, absence } => cast.kill(slot, absence),
            Disturbance::Pause { slot, length } => cast.pause(slot, length),
            Disturbance::Supersede { slot, length } => cast.supersede(slot, length),
        }
    }
}

/// Waits until each group has committed what is above the last record that it can see.
fn wait_for_groups(
    context: &Context,
    plan: &Plan,
    cast: &mut Cast<'_>,
    groups: &[ObservedGroup],
    input: &Log,
) {
    let deadline = soon(context);
    for (group, plan) in groups.iter().zip(plan.groups()) {
        let ends = input.ends(plan.isolation);
        loop {
            cast.tick();
            let committed = group.committed().unwrap_or_default();
            if committed.len() == ends.len() && committed.iter().zip(&ends).all(|(at, end)| at >= end) {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{} has committed {committed:?} of {ends:?}",
                plan.name
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns the histories of all programs, and those of the observer's groups.
fn processes(plan: &Plan, started: &[Started], observed: Vec<Vec<Event>>) -> Vec<ProcessHistory> {
    let (groups, topics) = (plan.groups(), plan.topics());
    let output = |group: usize| {
        let output = groups[group].output?;
        topics.iter().position(|topic| *topic == output)
    };
    let programs = started.iter().map(|one| {
        let (writes_to, group) = match one.role {
            Role::Produce | Role::Transact => (Some(0), None),
            Role::Join { group } => (output(group), Some(group)),
        };
        // A process that was killed at its start has none.
        let text = std::fs::read_to_string(&one.history).unwrap_or_default();
        ProcessHistory {
            writes_to,
            group,
            events: event::parse_history(&text).unwrap_or_else(|problem| panic!("{}: {problem}", one.name)),
        }
    });
    let observers = observed
        .into_iter()
        .enumerate()
        .map(|(group, events)| ProcessHistory {
            writes_to: None,
            group: Some(group),
            events,
        });
    programs.chain(observers).collect()
}

fn group_histories(plan: &Plan, groups: &[ObservedGroup], deadline: Instant) -> Vec<GroupHistory> {
    let topics = plan.topics();
    let plans = plan.groups();
    plans
        .iter()
        .zip(groups)
        .map(|(plan, group)| {
            let committed_offsets = loop {
                if let Some(offsets) = group.committed() {
                    break offsets;
                }
                assert!(
                    Instant::now() < deadline,
                    "no committed offsets of {} in time",
                    plan.name
                );
            };
            GroupHistory {
                name: plan.name.to_owned(),
                source: 0,
                isolation: plan.isolation,
                output: plan
                    .output
                    .and_then(|output| topics.iter().position(|topic| *topic == output)),
                committed_offsets,
            }
        })
        .collect()
}
