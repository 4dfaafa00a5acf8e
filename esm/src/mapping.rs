//! One mapping's life: its states and its fleet. The one writer of its state.
//!
//! An actor: requests reach it as commands, and what it is now is published. It passes through AWS's transient states also when there is
//! nothing to wait for, because clients wait for the stable ones. Source: `State` of EventSourceMappingConfiguration.
//!
//! A mapping becomes Enabled when its pollers own their partitions and know where to read them, so that with LATEST every record
//! that is produced after that is delivered. On AWS it can take minutes longer.

use crate::config::{ApiError, MappingDefinition, MappingState, MappingStatus, MappingView};
use crate::fleet::{Fleet, changed};
use crate::poller::PollerContext;
use crate::source::{ConsumerGroup, SourceError};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// How often the topic's partitions are counted again.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// A mapping is Enabled after so long even if pollers still wait for their group.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Requests that may wait; more are held back at their door.
const COMMANDS: usize = 16;

/// What a mapping is now.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) definition: Arc<MappingDefinition>,
    pub(crate) status: MappingStatus,
    /// How many pollers there are.
    pub(crate) pollers: usize,
}

impl Shown {
    pub(crate) fn view(&self) -> MappingView {
        self.definition.view(&self.status)
    }
}

type Reply = oneshot::Sender<Result<MappingView, ApiError>>;

enum Command {
    Update {
        /// The definition that the new one was made of.
        base: Arc<MappingDefinition>,
        definition: Box<MappingDefinition>,
        reply: Reply,
    },
    Delete {
        reply: Reply,
    },
    Stop,
}

/// The way to a mapping that runs, and its owner: dropping it ends the mapping at once.
#[derive(Debug)]
pub(crate) struct MappingHandle {
    commands: mpsc::Sender<Command>,
    shown: watch::Receiver<Shown>,
    task: JoinHandle<()>,
}

/// The way to a mapping, without its ownership.
#[derive(Clone, Debug)]
pub(crate) struct MappingDoor {
    commands: mpsc::Sender<Command>,
    shown: watch::Receiver<Shown>,
}

impl MappingHandle {
    /// Starts a mapping over the members of `group`.
    pub(crate) fn start<G: ConsumerGroup>(
        definition: MappingDefinition,
        group: G,
        context: PollerContext,
        transition_delay: Duration,
    ) -> Self {
        let (commands, received) = mpsc::channel(COMMANDS);
        let (mapping, shown) = Mapping::new(definition, group, context, transition_delay, received);
        Self {
            commands,
            shown,
            task: tokio::spawn(mapping.run()),
        }
    }

    /// What it is now.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Whether it is the mapping of that UUID.
    pub(crate) fn has_uuid(&self, uuid: &str) -> bool {
        self.shown.borrow().definition.uuid == uuid
    }

    /// A way for requests.
    pub(crate) fn door(&self) -> MappingDoor {
        MappingDoor {
            commands: self.commands.clone(),
            shown: self.shown.clone(),
        }
    }

    /// It was deleted, or stopped.
    pub(crate) fn is_gone(&self) -> bool {
        self.task.is_finished()
    }

    /// Stops it: what is in flight finishes and is committed, members leave. To be called within a limit of time, and dropped after it.
    pub(crate) async fn stop(mut self) {
        // A mapping that has ended by itself takes no command and needs none.
        let _ = self.commands.send(Command::Stop).await;
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "a mapping ended by an internal error");
        }
    }
}

impl Drop for MappingHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MappingDoor {
    /// What it is now.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Waits until its state is a stable one.
    pub(crate) async fn settled(mut self) -> Result<MappingView, ApiError> {
        let settled = self.shown.wait_for(|shown| is_stable(shown.status.state)).await;
        settled
            .map(|shown| shown.view())
            .map_err(|_| ApiError::mapping_not_found())
    }

    /// Puts `definition`, which was made of `base`, in its place.
    pub(crate) async fn update(
        &self,
        base: Arc<MappingDefinition>,
        definition: MappingDefinition,
    ) -> Result<MappingView, ApiError> {
        let command = |reply| Command::Update {
            base,
            definition: Box::new(definition),
            reply,
        };
        self.ask(command).await
    }

    /// Deletes it; it is gone when what is in flight has finished.
    pub(crate) async fn delete(&self) -> Result<MappingView, ApiError> {
        self.ask(|reply| Command::Delete { reply }).await
    }

    async fn ask(&self, command: impl FnOnce(Reply) -> Command) -> Result<MappingView, ApiError> {
        let (reply, answer) = oneshot::channel();
        // Whoever does not answer is gone.
        let gone = |()| ApiError::mapping_not_found();
        self.commands.send(command(reply)).await.map_err(|_| gone(()))?;
        answer.await.map_err(|_| gone(()))?
    }
}

struct Mapping<G> {
    definition: Arc<MappingDefinition>,
    status: MappingStatus,
    fleet: Fleet<G>,
    context: PollerContext,
    commands: mpsc::Receiver<Command>,
    published: watch::Sender<Shown>,
    transition_delay: Duration,
    /// When a transient state may end at the earliest.
    due: Duration,
    survey_due: Duration,
    is_stopping: bool,
}

impl<G: ConsumerGroup> Mapping<G> {
    fn new(
        definition: MappingDefinition,
        group: G,
        context: PollerContext,
        transition_delay: Duration,
        commands: mpsc::Receiver<Command>,
    ) -> (Self, watch::Receiver<Shown>) {
        let definition = Arc::new(definition);
        let config = Arc::new(definition.config.clone());
        let fleet = Fleet::new(group, &definition.uuid, context.clone(), config);
        let status = MappingStatus {
            state: match definition.is_enabled {
                true => MappingState::Creating,
                false => MappingState::Disabled,
            },
            state_transition_reason: "USER_INITIATED".to_owned(),
            last_processing_result: fleet.last_processing_result(),
            last_modified_ms: context.clock.now_ms(),
        };
        let (published, shown) = watch::channel(Shown {
            definition: Arc::clone(&definition),
            status: status.clone(),
            pollers: 0,
        });
        let now = context.clock.elapsed();
        let mapping = Self {
            definition,
            status,
            fleet,
            context,
            commands,
            published,
            transition_delay,
            due: now + transition_delay,
            survey_due: now,
            is_stopping: false,
        };
        (mapping, shown)
    }

    async fn run(mut self) {
        let mut news = self.fleet.changes();
        // Without a delay the first step is due already, and nothing else would wake for it.
        self.advance().await;
        self.publish();
        while !self.is_over() {
            let wake_at = self.wake_at();
            let clock = self.context.clock.clone();
            let has_leaving = self.fleet.has_leaving();
            select! {
                biased;
                command = self.commands.recv(), if !self.is_stopping => self.obey(command),
                () = self.fleet.left(), if has_leaving => {}
                () = changed(&mut news) => {}
                () = async { match wake_at { Some(at) => clock.reach(at).await, None => pending().await } } => {}
            }
            self.advance().await;
            self.publish();
        }
    }

    fn is_over(&self) -> bool {
        let has_gone = self.is_stopping
            || (self.status.state == MappingState::Deleting && self.context.clock.elapsed() >= self.due);
        has_gone && self.fleet.size() == 0 && !self.fleet.has_leaving()
    }

    fn wake_at(&self) -> Option<Duration> {
        let now = self.context.clock.elapsed();
        match self.status.state {
            _ if self.is_stopping => None,
            MappingState::Disabled => None,
            MappingState::Enabled => Some(self.survey_due),
            // Afterwards a change in the fleet ends the state, or its limit does.
            _ if now < self.due => Some(self.due),
            MappingState::Creating | MappingState::Enabling => Some(self.due + START_LIMIT),
            _ => None,
        }
    }

    fn obey(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Update {
                base,
                definition,
                reply,
            }) => {
                let answer = self.update(&base, *definition);
                // Whoever asked may have gone; the change stands.
                let _ = reply.send(answer);
            }
            Some(Command::Delete { reply }) => {
                let answer = self.delete();
                let _ = reply.send(answer);
            }
            Some(Command::Stop) | None => {
                self.is_stopping = true;
                self.fleet.resize(0);
            }
        }
    }

    fn is_stable(&self) -> bool {
        !self.is_stopping && is_stable(self.status.state)
    }

    fn update(
        &mut self,
        base: &Arc<MappingDefinition>,
        definition: MappingDefinition,
    ) -> Result<MappingView, ApiError> {
        if !self.is_stable() || !Arc::ptr_eq(base, &self.definition) {
            return Err(ApiError::in_use(
                "Cannot update the event source mapping because it is in use.",
            ));
        }
        let was_enabled = self.definition.is_enabled;
        self.definition = Arc::new(definition);
        self.fleet.configure(Arc::new(self.definition.config.clone()));
        match (was_enabled, self.definition.is_enabled) {
            (false, true) => self.enter(MappingState::Enabling),
            (true, false) => {
                self.enter(MappingState::Disabling);
                self.fleet.resize(0);
            }
            _ => self.enter(MappingState::Updating),
        }
        Ok(self.definition.view(&self.status))
    }

    fn delete(&mut self) -> Result<MappingView, ApiError> {
        if !self.is_stable() {
            return Err(ApiError::in_use(
                "Cannot delete the event source mapping because it is in use.",
            ));
        }
        self.enter(MappingState::Deleting);
        self.fleet.resize(0);
        Ok(self.definition.view(&self.status))
    }

    fn enter(&mut self, state: MappingState) {
        tracing::info!(uuid = self.definition.uuid, %state, "a mapping's state changes");
        self.status.state = state;
        self.status.last_modified_ms = self.context.clock.now_ms();
        self.due = self.context.clock.elapsed() + self.transition_delay;
        self.publish();
    }

    /// Does what has become due in the present state.
    async fn advance(&mut self) {
        let now = self.context.clock.elapsed();
        if self.is_stopping || now < self.due {
            return;
        }
        match self.status.state {
            MappingState::Creating | MappingState::Enabling => {
                if self.fleet.size() == 0 {
                    self.survey().await;
                }
                if self.fleet.is_ready() || now >= self.due + START_LIMIT {
                    self.enter(MappingState::Enabled);
                }
            }
            MappingState::Enabled if now >= self.survey_due => {
                self.fleet.bury();
                self.survey().await;
            }
            MappingState::Updating if self.definition.is_enabled => {
                self.survey().await;
                self.enter(MappingState::Enabled);
            }
            MappingState::Updating => self.enter(MappingState::Disabled),
            MappingState::Disabling if !self.fleet.has_leaving() => self.enter(MappingState::Disabled),
            _ => {}
        }
    }

    /// Counts the partitions and gives the fleet its size.
    async fn survey(&mut self) {
        let wanted = match self.definition.config.provisioned {
            Some(pollers) => pollers.minimum as usize,
            None => 1,
        };
        let target = match self.fleet.group().partition_count().await {
            Ok(partitions) => wanted.min(partitions).max(1),
            // One poller waits for the topic and says what is wrong.
            Err(SourceError::UnknownTopic { .. }) => 1,
            Err(_) => self.fleet.size().max(1),
        };
        self.fleet.resize(target);
        self.survey_due = self.context.clock.elapsed() + SURVEY_INTERVAL;
    }

    fn publish(&mut self) {
        self.status.last_processing_result = self.fleet.last_processing_result();
        let pollers = self.fleet.size();
        self.published.send_if_modified(|shown| {
            let is_same = shown.status == self.status
                && shown.pollers == pollers
                && Arc::ptr_eq(&shown.definition, &self.definition);
            if !is_same {
                *shown = Shown {
                    definition: Arc::clone(&self.definition),
                    status: self.status.clone(),
                    pollers,
                };
            }
            !is_same
        });
    }
}

fn is_stable(state: MappingState) -> bool {
    matches!(state, MappingState::Enabled | MappingState::Disabled)
}
