//! The pollers of a mapping: how many there are, and their tasks.
//!
//! Growing and shrinking is a rebalance of the mapping's group, because members come or go. From the change on the fleet stands still
//! (or, with the cooperative protocol, the partitions that move stand still) until [`Fleet::go_on`]. The mapping decides on the number of
//! pollers and on the length of the standstill.
//!
//! A mapping has at most as many pollers as the topic has partitions. The surplus of a larger minimum is not started here. On AWS it would
//! be allocated, idle and billed.

use crate::cloudwatch::PollerLog;
use crate::config::MappingConfig;
use crate::poller::{Activity, Orders, Phase, Poller, PollerContext, PollerStatus, Report, Standstill};
use crate::profile::RebalanceProtocol;
use crate::source::ConsumerGroup;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// An invocation that has been running for longer is shown in LastProcessingResult. Lambda shows nothing of the kind and ends a function after
/// 15 minutes at most; a test that waits for a function that hangs should not have to wait for that.
const HANGING_AFTER: Duration = Duration::from_secs(60);

/// The pollers of one mapping. Dropping it ends them at once.
#[derive(Debug)]
pub(crate) struct Fleet<G> {
    group: G,
    uuid: String,
    context: Arc<PollerContext>,
    config: Arc<MappingConfig>,
    rebalances: u64,
    standstill: Standstill,
    /// The generation before the rebalance that is under way, which ends in a later one.
    generation_before: i32,
    /// Poller `n` is at index `n`.
    pollers: Vec<Member>,
    tasks: JoinSet<()>,
    changes: watch::Sender<()>,
    /// The last reports of the pollers that are gone.
    past: PollerStatus,
}

#[derive(Debug)]
struct Member {
    orders: watch::Sender<Orders>,
    status: watch::Receiver<PollerStatus>,
    activity: Activity,
}

impl<G: ConsumerGroup> Fleet<G> {
    /// Returns a fleet without pollers.
    pub(crate) fn new(group: G, uuid: &str, context: Arc<PollerContext>, config: Arc<MappingConfig>) -> Self {
        group.decode(config.decoding.clone());
        Self {
            group,
            uuid: uuid.to_owned(),
            context,
            config,
            rebalances: 0,
            standstill: Standstill::None,
            generation_before: -1,
            pollers: Vec::new(),
            tasks: JoinSet::new(),
            changes: watch::Sender::new(()),
            past: PollerStatus::default(),
        }
    }

    /// Returns the group that the pollers are members of.
    pub(crate) fn group(&self) -> &G {
        &self.group
    }

    /// Returns the number of pollers, without those that are leaving.
    pub(crate) fn size(&self) -> usize {
        self.pollers.len()
    }

    /// Changes the number of pollers to `target`: new ones join, or the last ones finish what is in flight, commit and leave. Those that
    /// stay stand still until [`Fleet::go_on`].
    pub(crate) fn resize(&mut self, target: usize) {
        // Without a change there is no rebalance, so nothing has to stand still.
        if target == self.pollers.len() {
            return;
        }
        tracing::info!(from = self.pollers.len(), to = target, "the fleet changes");
        self.standstill = match self.context.profile.rebalance_protocol {
            // The first member of an empty group is assigned every partition, and would have to give most of them back.
            _ if self.pollers.is_empty() => Standstill::Fleet,
            RebalanceProtocol::Eager => Standstill::Fleet,
            RebalanceProtocol::Cooperative => Standstill::Moved,
        };
        let generation = self.generation();
        let mut is_rebalance = target > self.pollers.len();
        // The last ones leave, because the number of a poller is its index and part of its client id.
        for leaving in self.pollers.drain(target.min(self.pollers.len())..) {
            leaving.orders.send_modify(|orders| orders.is_stopping = true);
            let status = leaving.status.borrow();
            is_rebalance |= status.generation >= 0;
            remember(&mut self.past, &status);
        }
        // A poller that never was a member leaves without a rebalance.
        self.generation_before = if is_rebalance { generation } else { -1 };
        // The members that stay have to take part in the rebalance, and are told now instead of by their next heartbeat.
        self.rebalances += 1;
        for member in &self.pollers {
            member.orders.send_modify(|orders| {
                orders.rebalances = self.rebalances;
                orders.standstill = self.standstill;
            });
        }
        while self.pollers.len() < target {
            self.start_poller();
        }
    }

    /// Ends the standstill.
    pub(crate) fn go_on(&mut self) {
        self.standstill = Standstill::None;
        for member in &self.pollers {
            member
                .orders
                .send_modify(|orders| orders.standstill = Standstill::None);
        }
    }

    /// Returns the newest generation of any poller, or -1.
    fn generation(&self) -> i32 {
        let generations = self
            .pollers
            .iter()
            .map(|member| member.status.borrow().generation);
        generations.max().unwrap_or(-1)
    }

    fn start_poller(&mut self) {
        // Lambda's system logs show pollers under the same client ids.
        let source = self
            .group
            .member(&format!("{}-{}", self.uuid, self.pollers.len()));
        let (orders, orders_received) = watch::channel(Orders {
            config: Arc::clone(&self.config),
            standstill: self.standstill,
            is_stopping: false,
            rebalances: self.rebalances,
        });
        let (status_sent, status) = watch::channel(PollerStatus::default());
        let activity = Activity::new(self.context.counters.pollers.add());
        let log = PollerLog::new(&self.context.system_log, self.pollers.len());
        let report = Report::new(status_sent, activity.clone(), log);
        let poller = Poller::new(source, Arc::clone(&self.context), orders_received, report);
        let mut news = status.clone();
        let changes = self.changes.clone();
        self.tasks.spawn(async move {
            // Each change of a poller is a change of the fleet.
            let forward = async {
                while news.changed().await.is_ok() {
                    changes.send_replace(());
                }
            };
            // Both end together, because the poller owns the sender of its status.
            tokio::join!(poller.run(), forward);
        });
        self.pollers.push(Member {
            orders,
            status,
            activity,
        });
    }

    /// Lets the pollers work by another configuration of the same source.
    pub(crate) fn configure(&mut self, config: Arc<MappingConfig>) {
        self.group.decode(config.decoding.clone());
        for member in &self.pollers {
            member
                .orders
                .send_modify(|orders| orders.config = Arc::clone(&config));
        }
        self.config = config;
    }

    /// Returns whether pollers that were told to leave have not ended yet.
    pub(crate) fn has_leaving(&self) -> bool {
        self.tasks.len() > self.pollers.len()
    }

    /// Waits until every poller that was told to leave has ended. Cancel safe.
    pub(crate) async fn left(&mut self) {
        while self.has_leaving() {
            match self.tasks.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    tracing::error!(%error, "a poller ended by an internal error");
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Removes pollers that ended without being told to, and those after them, so that the next [`Fleet::resize`] starts others. Returns
    /// whether there were any.
    pub(crate) fn remove_ended(&mut self) -> bool {
        // A poller's channel closes when its task is over.
        let is_alive = |member: &Member| !member.orders.is_closed();
        let alive = self.pollers.iter().take_while(|member| is_alive(member)).count();
        let has_lost = alive < self.pollers.len();
        self.resize(alive);
        has_lost
    }

    /// Returns a receiver of the changes in any poller's status.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Returns the status of each poller, by number.
    pub(crate) fn samples(&self) -> Vec<PollerStatus> {
        self.pollers
            .iter()
            .map(|member| member.status.borrow().clone())
            .collect()
    }

    /// Returns whether the rebalance is over: every poller owns its share in the same generation, or says why it cannot, and those that
    /// had to leave have left.
    pub(crate) fn is_settled(&self) -> bool {
        let generation = self.generation();
        let is_current = |status: &PollerStatus| {
            status.phase == Phase::Assigned
                && status.generation == generation
                && generation > self.generation_before
        };
        let mut samples = self.samples().into_iter();
        !self.has_leaving() && samples.all(|status| is_current(&status) || status.source_problem.is_some())
    }

    /// Returns LastProcessingResult. The words are AWS's where AWS documents any.
    pub(crate) fn last_processing_result(&self) -> String {
        let mut summary = if self.pollers.is_empty() {
            self.past.clone()
        } else {
            // A problem ends with the poller that had it, once others are there.
            PollerStatus {
                has_processed: self.past.has_processed,
                ..PollerStatus::default()
            }
        };
        for member in &self.pollers {
            remember(&mut summary, &member.status.borrow());
        }
        let problem = summary
            .source_problem
            .or_else(|| self.hanging_function())
            .or(summary.function_problem);
        match problem {
            Some(problem) => format!("PROBLEM: {problem}"),
            None if summary.has_processed => "OK".to_owned(),
            None => "No records processed".to_owned(),
        }
    }

    /// Returns the problem of an invocation that has been running for longer than [`HANGING_AFTER`].
    fn hanging_function(&self) -> Option<String> {
        let now = self.context.clock.elapsed();
        let running = self
            .pollers
            .iter()
            .map(|member| member.activity.longest_invocation(now));
        let longest = running.max().filter(|longest| *longest >= HANGING_AFTER)?;
        Some(format!(
            "Function call has been running for {} seconds.",
            longest.as_secs()
        ))
    }
}

fn remember(summary: &mut PollerStatus, status: &PollerStatus) {
    summary.has_processed |= status.has_processed;
    summary.source_problem = status
        .source_problem
        .clone()
        .or_else(|| summary.source_problem.take());
    summary.function_problem = status
        .function_problem
        .clone()
        .or_else(|| summary.function_problem.take());
}

/// Waits for a change; for ever once the sender is gone. Cancel safe: a change that was not awaited stays unseen in the receiver.
pub(crate) async fn changed(receiver: &mut watch::Receiver<()>) {
    if receiver.changed().await.is_err() {
        pending::<()>().await;
    }
}
