//! The processes of a run. Each has a slot: the client and the role. A process that was killed or that has ended is followed by another one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use super::plan::{GroupPlan, HistoryProgram, INPUT, PARTITION_COUNT, PROGRAMS, Plan};
use crate::context::Context;
use crate::process::Process;

/// The timeout of the programs' transactions and of the classic groups' sessions. Some pauses are longer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3);

/// The task of a process.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// It writes records outside of transactions.
    Produce,
    /// It writes records in transactions.
    Transact,
    /// It is a member of the group of this index, which reads or transforms.
    Join { group: usize },
}

/// All processes of a run.
pub(super) struct Cast<'a> {
    context: &'a Context,
    plan: &'a Plan,
    groups: Vec<GroupPlan>,
    bootstrap_servers: String,
    slots: Vec<Slot>,
    /// Processes whose slot another one has taken while they stood still.
    superseded: Vec<Running>,
    /// Every process that was started. Its number is the index.
    pub(super) started: Vec<Started>,
    pub(super) counts: CastCounts,
}

/// The number of times that each fault was done to a process.
#[derive(Clone, Copy, Default)]
pub(super) struct CastCounts {
    pub(super) killed: u64,
    pub(super) paused: u64,
    pub(super) superseded: u64,
    /// The processes that ended because their client could not go on, mostly because another one had their transactional id.
    pub(super) fenced: u64,
}

/// A process that was started.
pub(super) struct Started {
    pub(super) name: String,
    pub(super) role: Role,
    /// The file of its history.
    pub(super) history: PathBuf,
    /// The number of records that were acknowledged to it, as it said last.
    acknowledged_count: u64,
}

struct Slot {
    program: &'static HistoryProgram,
    role: Role,
    state: State,
}

enum State {
    Runs(Running),
    Absent { until: Instant },
    Ended,
}

struct Running {
    number: usize,
    process: Process,
    paused_until: Option<Instant>,
    is_stopping: bool,
    /// Whether it has said why it ends.
    has_reason: bool,
}

impl<'a> Cast<'a> {
    /// Returns all slots, of which each starts its process at the next [`Cast::tick`].
    pub(super) fn new(context: &'a Context, plan: &'a Plan, bootstrap_servers: &str) -> Cast<'a> {
        let groups = plan.groups();
        let joins = (0..groups.len()).map(|group| Role::Join { group });
        let slots = [Role::Produce, Role::Transact]
            .into_iter()
            .chain(joins)
            .flat_map(|role| PROGRAMS.iter().map(move |program| (program, role)))
            .map(|(program, role)| Slot {
                program,
                role,
                state: State::Absent {
                    until: Instant::now(),
                },
            })
            .collect();
        Cast {
            context,
            plan,
            groups,
            bootstrap_servers: bootstrap_servers.to_owned(),
            slots,
            superseded: Vec::new(),
            started: Vec::new(),
            counts: CastCounts::default(),
        }
    }

    pub(super) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// Returns the number of records that were acknowledged to the producers of the input.
    pub(super) fn acknowledged_count(&self) -> u64 {
        self.started.iter().map(|one| one.acknowledged_count).sum()
    }

    /// Kills the process of a slot; another one starts after `absence`. A slot without a process is left alone.
    pub(super) fn kill(&mut self, slot: usize, absence: Duration) {
        let state = &mut self.slots[slot].state;
        if matches!(state, State::Runs(_)) {
            // Dropping it kills the process.
            *state = State::Absent {
                until: Instant::now() + absence,
            };
            self.counts.killed += 1;
        }
    }

    /// Lets the process of a slot stand still for `length`.
    pub(super) fn pause(&mut self, slot: usize, length: Duration) {
        if let State::Runs(running) = &mut self.slots[slot].state
            && running.paused_until.is_none()
        {
            running.pause(length);
            self.counts.paused += 1;
        }
    }

    /// Lets the process of a slot stand still for `length`, and starts another one in its place.
    pub(super) fn supersede(&mut self, slot: usize, length: Duration) {
        let now = State::Absent {
            until: Instant::now(),
        };
        match std::mem::replace(&mut self.slots[slot].state, now) {
            State::Runs(mut running) => {
                running.pause(length);
                self.superseded.push(running);
                self.counts.superseded += 1;
            }
            other => self.slots[slot].state = other,
        }
    }

    /// Reads what the processes report, and starts and resumes those whose time has come.
    ///
    /// # Panics
    /// If a process reports an error, or has ended without a reason.
    pub(super) fn tick(&mut self) {
        for index in 0..self.slots.len() {
            match std::mem::replace(&mut self.slots[index].state, State::Ended) {
                State::Runs(mut running) => {
                    let has_ended = self.read(&mut running);
                    self.slots[index].state = match (has_ended, running.is_stopping) {
                        (false, _) => State::Runs(running),
                        (true, false) => State::Runs(self.start(index)),
                        (true, true) => State::Ended,
                    };
                }
                State::Absent { until } if until <= Instant::now() => {
                    self.slots[index].state = State::Runs(self.start(index));
                }
                other => self.slots[index].state = other,
            }
        }
        let superseded = std::mem::take(&mut self.superseded);
        for mut running in superseded {
            if !self.read(&mut running) {
                self.superseded.push(running);
            }
        }
    }

    /// Reads what a process reports, and resumes it if its time has come. Returns whether it has ended.
    fn read(&mut self, running: &mut Running) -> bool {
        if running.paused_until.is_some_and(|until| until <= Instant::now()) {
            running.resume();
        }
        let (reports, status) = running.process.reports();
        for report in reports {
            match report["event"].as_str() {
                Some("progress") => {
                    let count = report["records"].as_u64().unwrap_or_default();
                    self.started[running.number].acknowledged_count = count;
                }
                Some("fenced") => {
                    self.counts.fenced += 1;
                    running.has_reason = true;
                }
                Some("stopped") if running.is_stopping => running.has_reason = true,
                _ => panic!("{} reports {report}", running.process.name()),
            }
        }
        if let Some(status) = status {
            let name = running.process.name();
            assert!(
                running.has_reason && status.success(),
                "{name} ended with {status}"
            );
        }
        status.is_some()
    }

    /// Ends all disturbances: resumes and starts the processes until each slot has one.
    pub(super) fn settle(&mut self) {
        for slot in &mut self.slots {
            match &mut slot.state {
                State::Absent { until } => *until = Instant::now(),
                State::Runs(running) => running.resume(),
                State::Ended => {}
            }
        }
        self.superseded.iter_mut().for_each(Running::resume);
        self.tick();
    }

    /// Asks the processes of some roles to stop, and waits for their end.
    ///
    /// # Panics
    /// If one does not end before `deadline`.
    pub(super) fn stop(&mut self, chosen: impl Fn(Role) -> bool, deadline: Instant) {
        let slots = self.slots.iter_mut().filter_map(|slot| match &mut slot.state {
            State::Runs(running) => Some(running),
            _ => None,
        });
        for running in slots.chain(&mut self.superseded) {
            if chosen(self.started[running.number].role) {
                running.is_stopping = true;
                running.process.close_stdin();
            }
        }
        while let Some(name) = self.stopping() {
            assert!(Instant::now() < deadline, "{name} does not stop");
            std::thread::sleep(Duration::from_millis(5));
            self.tick();
        }
    }

    /// Returns the name of a process that was asked to stop and has not ended.
    fn stopping(&self) -> Option<&str> {
        let slots = self.slots.iter().filter_map(|slot| match &slot.state {
            State::Runs(running) => Some(running),
            _ => None,
        });
        slots
            .chain(&self.superseded)
            .find(|running| running.is_stopping)
            .map(|running| running.process.name())
    }

    /// Starts the next process of a slot.
    fn start(&mut self, index: usize) -> Running {
        let Slot { program, role, .. } = self.slots[index];
        let number = self.started.len();
        let name = format!("{number}-{}-{}", self.purpose(role), program.name);
        let history = self.context.log_dir.join("histories").join(&name);
        let mut command = self.context.setup.command(program.toolchain, program.program);
        command.arg(self.mode(role)).arg(
            self.argument(index, number, &history.to_string_lossy())
                .to_string(),
        );
        let process = Process::start(&name, &mut command, &self.context.log_dir);
        self.started.push(Started {
            name,
            role,
            history,
            acknowledged_count: 0,
        });
        Running {
            number,
            process,
            paused_until: None,
            is_stopping: false,
            has_reason: false,
        }
    }

    fn purpose(&self, role: Role) -> &'static str {
        match role {
            Role::Produce => "produce",
            Role::Transact => "transact",
            Role::Join { group } => self.groups[group].name,
        }
    }

    fn mode(&self, role: Role) -> &'static str {
        match role {
            Role::Produce | Role::Transact => "produce",
            Role::Join { group } if self.groups[group].output.is_some() => "transform",
            Role::Join { .. } => "consume",
        }
    }

    /// Returns the argument of a program. Each mode uses a part of it.
    fn argument(&self, slot: usize, number: usize, history: &str) -> Value {
        let Slot { program, role, .. } = &self.slots[slot];
        let group = match role {
            Role::Join { group } => Some(&self.groups[*group]),
            _ => None,
        };
        let output = group.and_then(|group| group.output);
        let is_transactional = output.is_some() || matches!(role, Role::Transact);
        json!({
            "bootstrap": self.bootstrap_servers,
            "history": history,
            "topic": INPUT,
            "partitions": PARTITION_COUNT,
            "producer": number,
            "seed": Rng::with_seed(self.plan.seed ^ number as u64).u32(..),
            "compression": program.compression,
            "records_per_second": self.plan.records_per_second,
            "transactional_id": is_transactional.then(|| format!("slot-{slot}")),
            "transaction_timeout_ms": TIMEOUT.as_millis() as u64,
            "group": group.map(|group| group.name),
            "protocol": group.map(|group| group.protocol),
            "assignor": group.map(|group| group.assignor),
            "isolation": group.map(|group| group.isolation.name()),
            "session_timeout_ms": TIMEOUT.as_millis() as u64,
            "output": output,
        })
    }
}

impl Running {
    fn pause(&mut self, length: Duration) {
        self.process.pause();
        self.paused_until = Some(Instant::now() + length);
    }

    fn resume(&mut self) {
        if self.paused_until.take().is_some() {
            self.process.resume();
        }
    }
}
