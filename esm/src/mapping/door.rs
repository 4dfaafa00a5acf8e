//! The ways to a mapping that runs: its owner's, and that of requests.

use super::Mapping;
use crate::config::{ApiError, MappingDefinition, MappingState, MappingStatus, MappingView};
use crate::poller::PollerContext;
use crate::source::ConsumerGroup;
use crate::trace::{Trace, TraceSettings};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

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

pub(super) type Reply = oneshot::Sender<Result<MappingView, ApiError>>;

pub(super) enum Command {
    Update {
        /// The definition that the new one was made of.
        base: Arc<MappingDefinition>,
        definition: Box<MappingDefinition>,
        reply: Reply,
    },
    Delete {
        reply: Reply,
    },
    Trace {
        reply: oneshot::Sender<Trace>,
    },
    Numbers {
        reply: oneshot::Sender<FleetNumbers>,
    },
    Stop,
}

/// What is measured of a fleet when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FleetNumbers {
    /// Pollers that processed an event lately.
    pub(crate) active_pollers: usize,
    /// Event poller units that were billed last.
    pub(crate) event_poller_units: u64,
}

/// What all mappings of an engine have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MappingSettings {
    /// How long a transient state is shown at least.
    pub(crate) transition_delay: Duration,
    /// Of its trace.
    pub(crate) trace: TraceSettings,
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
        context: Arc<PollerContext>,
        settings: MappingSettings,
    ) -> Self {
        let (commands, received) = mpsc::channel(COMMANDS);
        let (mapping, shown) = Mapping::new(definition, group, context, settings, received);
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
        self.request(command).await
    }

    /// Deletes it; it is gone when what is in flight has finished.
    pub(crate) async fn delete(&self) -> Result<MappingView, ApiError> {
        self.request(|reply| Command::Delete { reply }).await
    }

    /// How it scaled since it last became Enabled.
    pub(crate) async fn trace(&self) -> Result<Trace, ApiError> {
        self.ask(|reply| Command::Trace { reply }).await
    }

    /// What is measured of its fleet.
    pub(crate) async fn numbers(&self) -> Result<FleetNumbers, ApiError> {
        self.ask(|reply| Command::Numbers { reply }).await
    }

    async fn request(&self, command: impl FnOnce(Reply) -> Command) -> Result<MappingView, ApiError> {
        self.ask(command).await?
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        // Whoever does not answer is gone.
        let sent = self.commands.send(command(reply)).await;
        sent.map_err(|_| ApiError::mapping_not_found())?;
        answer.await.map_err(|_| ApiError::mapping_not_found())
    }
}

/// Whether a state lasts until somebody asks for another.
pub(super) fn is_stable(state: MappingState) -> bool {
    matches!(state, MappingState::Enabled | MappingState::Disabled)
}
