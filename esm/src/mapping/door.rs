//! The ways to a mapping that runs: its owner's handle, and the door for requests.

use super::{DefinitionPlace, Mapping};
use crate::config::{ApiError, MappingDefinition, MappingState, MappingStatus, MappingView};
use crate::poller::PollerContext;
use crate::source::{ConsumerGroup, Progress};
use crate::trace::{Trace, TraceSettings};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Number of requests that may wait for a mapping; further ones wait to be sent.
const COMMANDS: usize = 16;

/// The state that a mapping publishes.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) definition: Arc<MappingDefinition>,
    pub(crate) status: MappingStatus,
    /// Number of pollers.
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
        /// The definition that the new one was made from.
        base: Arc<MappingDefinition>,
        // Boxed, because the other commands are small.
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
    ShowMetrics {
        reply: oneshot::Sender<()>,
    },
    Progress {
        reply: oneshot::Sender<Option<Progress>>,
    },
    Stop,
}

/// Numbers of a fleet that are measured when they are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FleetNumbers {
    /// Number of pollers that processed an event in the last five minutes.
    pub(crate) active_pollers: usize,
    /// Event poller units that were billed in the last bucket.
    pub(crate) event_poller_units: u64,
}

/// The settings that all mappings of an engine share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MappingSettings {
    /// The shortest time for which a transient state is shown.
    pub(crate) transition_delay: Duration,
    pub(crate) trace: TraceSettings,
}

/// The owner of a mapping that runs. Dropping it ends the mapping at once.
#[derive(Debug)]
pub(crate) struct MappingHandle {
    commands: mpsc::Sender<Command>,
    shown: watch::Receiver<Shown>,
    task: JoinHandle<()>,
}

/// A way to a mapping for requests, which does not own it.
#[derive(Clone, Debug)]
pub(crate) struct MappingDoor {
    commands: mpsc::Sender<Command>,
    shown: watch::Receiver<Shown>,
}

impl MappingHandle {
    /// Starts the mapping of a definition, whose pollers are members of `group`.
    pub(crate) fn start<G: ConsumerGroup>(
        place: DefinitionPlace,
        group: G,
        context: Arc<PollerContext>,
        settings: MappingSettings,
    ) -> Self {
        let (commands, received) = mpsc::channel(COMMANDS);
        let (mapping, shown) = Mapping::new(place, group, context, settings, received);
        Self {
            commands,
            shown,
            task: tokio::spawn(mapping.run()),
        }
    }

    /// Returns its published state.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Returns whether it is the mapping with this UUID.
    pub(crate) fn has_uuid(&self, uuid: &str) -> bool {
        self.shown.borrow().definition.uuid == uuid
    }

    /// Returns a door for requests.
    pub(crate) fn door(&self) -> MappingDoor {
        MappingDoor {
            commands: self.commands.clone(),
            shown: self.shown.clone(),
        }
    }

    /// Returns whether it has ended: it was deleted, or stopped.
    pub(crate) fn is_gone(&self) -> bool {
        // It takes no command a moment before its task has finished, which is what [`MappingDoor::ended`] waits for.
        self.task.is_finished() || self.commands.is_closed()
    }

    /// Stops it: what is in flight finishes and is committed, then the members leave. An invocation may take minutes, so the caller sets a
    /// limit and drops the future after it.
    pub(crate) async fn stop(mut self) {
        // A mapping that has ended by itself takes no command and needs none.
        let _ = self.commands.send(Command::Stop).await;
        if let Err(error) = (&mut self.task).await {
            let shown = self.shown.borrow();
            tracing::error!(
                uuid = shown.definition.uuid,
                function_name = shown.definition.config.function_name,
                %error,
                "a mapping ended by an internal error"
            );
        }
    }
}

impl Drop for MappingHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MappingDoor {
    /// Returns its published state.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Waits until its state is a stable one, and returns its view.
    pub(crate) async fn settled(mut self) -> Result<MappingView, ApiError> {
        let settled = self.shown.wait_for(|shown| is_stable(shown.status.state)).await;
        settled
            .map(|shown| shown.view())
            .map_err(|_| ApiError::mapping_not_found())
    }

    /// Waits until it has ended: it was deleted, or stopped.
    pub(crate) async fn ended(self) {
        self.commands.closed().await;
    }

    /// Replaces the definition `base` by `definition`, which was made from it.
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

    /// Deletes it. It is gone when what is in flight has finished.
    pub(crate) async fn delete(&self) -> Result<MappingView, ApiError> {
        self.request(|reply| Command::Delete { reply }).await
    }

    /// Returns how it scaled since it last became Enabled.
    pub(crate) async fn trace(&self) -> Result<Trace, ApiError> {
        self.ask(|reply| Command::Trace { reply }).await
    }

    /// Returns the numbers of its fleet.
    pub(crate) async fn numbers(&self) -> Result<FleetNumbers, ApiError> {
        self.ask(|reply| Command::Numbers { reply }).await
    }

    /// Writes its metrics until now to the store.
    pub(crate) async fn show_metrics(&self) -> Result<(), ApiError> {
        self.ask(|reply| Command::ShowMetrics { reply }).await
    }

    /// Returns the progress of its group, or `None` while the cluster cannot tell it, as when the topic does not exist.
    pub(crate) async fn progress(&self) -> Result<Option<Progress>, ApiError> {
        self.ask(|reply| Command::Progress { reply }).await
    }

    async fn request(&self, command: impl FnOnce(Reply) -> Command) -> Result<MappingView, ApiError> {
        self.ask(command).await?
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        // A mapping that takes no command, or does not answer, has ended.
        let sent = self.commands.send(command(reply)).await;
        sent.map_err(|_| ApiError::mapping_not_found())?;
        answer.await.map_err(|_| ApiError::mapping_not_found())
    }
}

/// Returns whether a state lasts until a request changes it.
pub(super) fn is_stable(state: MappingState) -> bool {
    matches!(state, MappingState::Enabled | MappingState::Disabled)
}
