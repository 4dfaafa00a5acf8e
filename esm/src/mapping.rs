//! The life of one mapping: its states and its fleet. Nothing else writes its state.
//!
//! A mapping is an actor: requests reach it as commands, and it publishes its state. It passes through AWS's transient states also when
//! there is nothing to wait for, because clients wait for the stable ones. Source: `State` of EventSourceMappingConfiguration.
//!
//! A mapping becomes Enabled when its pollers own their partitions and know where to read them, so that with LATEST every record
//! that is produced after that is delivered. On AWS it can take minutes longer.

mod definitions;
mod door;
mod observation;
mod policy;
mod scaling;
mod trace_memory;

pub(crate) use definitions::{DefinitionPlace, Definitions};
pub(crate) use door::{FleetNumbers, MappingDoor, MappingHandle, MappingSettings, Shown};

use crate::cloudwatch::PollingState;
use crate::config::{ApiError, MappingDefinition, MappingState, MappingStatus, MappingView};
use crate::fleet::{Fleet, changed};
use crate::poller::PollerContext;
use crate::scaler::Bounds;
use crate::source::{ConsumerGroup, Progress, SourceError};
use crate::trace::RebalanceCause;
use door::{Command, is_stable};
use scaling::{FleetState, Scaling};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

/// Time between two counts of the topic's partitions. Not scaled, because people change topics.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// Time after which a mapping is Enabled even if pollers still wait for their group. Not scaled, like the group's protocol.
const START_LIMIT: Duration = Duration::from_secs(10);

struct Mapping<G> {
    // The first field, because it is dropped first: when the mapping is seen to be gone, its place is free.
    place: DefinitionPlace,
    status: MappingStatus,
    fleet: Fleet<G>,
    context: Arc<PollerContext>,
    commands: mpsc::Receiver<Command>,
    published: watch::Sender<Shown>,
    settings: MappingSettings,
    /// The partitions of the topic when they were last counted.
    partitions: usize,
    /// The progress of the group when it was last asked for.
    progress: Progress,
    /// The scaling since the mapping last became Enabled.
    scaling: Option<Scaling>,
    /// The earliest time at which a transient state ends.
    due: Duration,
    survey_due: Duration,
    /// The time at which offsets are logged next, if they are.
    offsets_due: Duration,
    is_stopping: bool,
}

impl<G: ConsumerGroup> Mapping<G> {
    fn new(
        place: DefinitionPlace,
        group: G,
        context: Arc<PollerContext>,
        settings: MappingSettings,
        commands: mpsc::Receiver<Command>,
    ) -> (Self, watch::Receiver<Shown>) {
        let definition = place.definition();
        let config = Arc::new(definition.config.clone());
        let fleet = Fleet::new(group, &definition.uuid, Arc::clone(&context), config);
        let status = MappingStatus {
            // AWS answers a create with `Enabled: false` with Disabled at once, and not with Creating.
            state: if definition.is_enabled {
                MappingState::Creating
            } else {
                MappingState::Disabled
            },
            // The reason that AWS gives for Kafka and SQS. Mappings of Kinesis and DynamoDB have `User action`.
            state_transition_reason: "USER_INITIATED".to_owned(),
            last_processing_result: fleet.last_processing_result(),
            last_modified_ms: context.clock.now_ms(),
        };
        let (published, shown) = watch::channel(Shown {
            definition: Arc::clone(definition),
            status: status.clone(),
            pollers: 0,
        });
        let now = context.clock.elapsed();
        let mapping = Self {
            place,
            status,
            fleet,
            context,
            commands,
            published,
            settings,
            // One until the first survey, so that a mapping of a topic that does not exist yet gets a poller that shows the problem.
            partitions: 1,
            progress: Progress::default(),
            scaling: None,
            due: now + settings.transition_delay,
            survey_due: now,
            offsets_due: now,
            is_stopping: false,
        };
        (mapping, shown)
    }

    async fn run(mut self) {
        self.configure_recorder();
        let mut changes = self.fleet.changes();
        // Without a delay the first step is due already, and nothing else would wake for it.
        let span = self.span();
        self.advance().instrument(span).await;
        self.publish();
        while !self.is_over() {
            // Made anew each time, because an update can change the function that it names.
            let span = self.span();
            self.step(&mut changes).instrument(span).await;
        }
        // The last minute would not be read otherwise.
        self.context.recorder.show(self.context.clock.elapsed());
    }

    fn definition(&self) -> &Arc<MappingDefinition> {
        self.place.definition()
    }

    fn span(&self) -> tracing::Span {
        self.context.span(&self.definition().config.function_name)
    }

    /// Waits until something has happened or is due, and does what follows.
    async fn step(&mut self, changes: &mut watch::Receiver<()>) {
        let wake_at = self.wake_at();
        let clock = self.context.clock.clone();
        let has_leaving = self.fleet.has_leaving();
        select! {
            biased;
            // The order is fixed, because a random one would make two runs of the same seed differ. A mapping that stops reads no more
            // commands: when it has ended, their senders are told that it is gone.
            command = self.commands.recv(), if !self.is_stopping => self.carry_out(command).await,
            () = self.fleet.left(), if has_leaving => {}
            () = changed(changes) => self.wake(),
            () = self.context.rest.noted() => self.wake(),
            () = async { match wake_at { Some(at) => clock.reach(at).await, None => pending().await } } => {}
        }
        self.advance().await;
        self.publish();
    }

    /// Ends the rest of scaling, if it rests.
    fn wake(&mut self) {
        if let Some(scaling) = &mut self.scaling {
            scaling.wake();
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
            // Only the end of the pollers is waited for, and that is an event.
            _ if self.is_stopping => None,
            MappingState::Disabled => None,
            MappingState::Enabled => {
                let scaling = self.scaling.as_ref().map(Scaling::due);
                let offsets = self.context.system_log.logs_offsets().then_some(self.offsets_due);
                scaling.into_iter().chain(offsets).chain([self.survey_due]).min()
            }
            // After the delay a change in the fleet ends the state, or the limit does.
            _ if now < self.due => Some(self.due),
            MappingState::Creating | MappingState::Enabling => Some(self.start_limit()),
            _ => None,
        }
    }

    /// Returns the time at which a mapping that starts is Enabled at the latest.
    fn start_limit(&self) -> Duration {
        self.due + self.context.clock.in_real_time(START_LIMIT)
    }

    /// Carries out a command; without one, the owner is gone and the mapping stops.
    async fn carry_out(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Update {
                base,
                definition,
                reply,
            }) => {
                let answer = self.update(&base, *definition);
                // The change stands even if the client that asked for it is gone.
                let _ = reply.send(answer);
            }
            Some(Command::Delete { reply }) => {
                let answer = self.delete();
                let _ = reply.send(answer);
            }
            Some(Command::Trace { reply }) => {
                let trace = self.trace().await;
                let _ = reply.send(trace);
            }
            Some(Command::Numbers { reply }) => {
                let _ = reply.send(self.numbers());
            }
            Some(Command::ShowMetrics { reply }) => {
                if self.status.state == MappingState::Enabled {
                    self.look().await;
                }
                self.context.recorder.show(self.context.clock.elapsed());
                let _ = reply.send(());
            }
            Some(Command::Progress { reply }) => {
                // Read now: `self.progress` may be old, and a caller who waits for the drain would take it for the present lag.
                let progress = self.fleet.group().progress().await;
                let _ = reply.send(progress.ok());
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
        // Another base means that an update came in between, against which this one was not validated.
        if !self.is_stable() || !Arc::ptr_eq(base, self.definition()) {
            return Err(ApiError::in_use(
                "Cannot update the event source mapping because it is in use.",
            ));
        }
        let was_enabled = self.definition().is_enabled;
        self.place.replace(definition)?;
        // A fleet at its minimum may have a lower one from now on.
        self.wake();
        // The pollers that run take the new configuration over, so that only new bounds need a rebalance.
        self.fleet.configure(Arc::new(self.definition().config.clone()));
        self.configure_recorder();
        match (was_enabled, self.definition().is_enabled) {
            (false, true) => self.enter(MappingState::Enabling),
            (true, false) => {
                self.enter(MappingState::Disabling);
                self.fleet.resize(0);
            }
            _ => self.enter(MappingState::Updating),
        }
        Ok(self.definition().view(&self.status))
    }

    fn delete(&mut self) -> Result<MappingView, ApiError> {
        if !self.is_stable() {
            // Clients such as Terraform expect this error in a transient state, and try again.
            return Err(ApiError::in_use(
                "Cannot delete the event source mapping because it is in use.",
            ));
        }
        self.enter(MappingState::Deleting);
        self.fleet.resize(0);
        Ok(self.definition().view(&self.status))
    }

    /// Enters another state.
    fn enter(&mut self, state: MappingState) {
        tracing::info!(%state, "the mapping changes its state");
        self.status.state = state;
        // AWS's LastModified changes with the state, too.
        self.status.last_modified_ms = self.context.clock.now_ms();
        let now = self.context.clock.elapsed();
        self.due = now + self.settings.transition_delay;
        let polling = match state {
            MappingState::Enabled | MappingState::Updating if self.definition().is_enabled => {
                PollingState::Polls
            }
            _ => PollingState::Rests,
        };
        self.context.recorder.polling(now, polling);
        self.publish();
    }

    /// Does what is due in the present state.
    async fn advance(&mut self) {
        let now = self.context.clock.elapsed();
        if self.is_stopping || (!is_stable(self.status.state) && now < self.due) {
            return;
        }
        match self.status.state {
            MappingState::Creating | MappingState::Enabling => {
                if self.fleet.size() == 0 {
                    self.survey().await;
                    self.fleet.resize(self.bounds().floor());
                }
                if self.fleet.is_settled() || now >= self.start_limit() {
                    // The trace begins while the fleet stands still, so that it has every record.
                    self.begin_scaling().await;
                    self.fleet.go_on();
                    self.enter(MappingState::Enabled);
                }
            }
            MappingState::Enabled => {
                self.log_offsets().await;
                self.scale().await;
            }
            MappingState::Updating if self.definition().is_enabled => {
                self.enter(MappingState::Enabled);
                // New bounds apply now and not only with the next survey.
                self.survey_due = now;
                self.scale().await;
            }
            MappingState::Updating => self.enter(MappingState::Disabled),
            MappingState::Disabling if !self.fleet.has_leaving() => {
                self.end_scaling().await;
                self.enter(MappingState::Disabled);
            }
            _ => {}
        }
    }

    /// Counts the partitions of the topic.
    async fn survey(&mut self) {
        match self.fleet.group().partition_count().await {
            Ok(partitions) => {
                self.partitions = partitions.max(1);
                self.context.system_log.partitions(partitions);
            }
            // One poller is started all the same: it waits for the topic and shows the problem.
            Err(SourceError::UnknownTopic { .. }) => self.partitions = 1,
            // The count of before stands until the cluster answers again.
            Err(_) => {}
        }
        let interval = self.context.clock.in_real_time(SURVEY_INTERVAL);
        self.survey_due = self.context.clock.elapsed() + interval;
    }

    /// Returns the bounds of the fleet.
    fn bounds(&self) -> Bounds {
        if let Some(policy) = &self.context.profile.keda {
            return policy.bounds(self.partitions);
        }
        let (minimum, maximum) = match self.definition().config.provisioned {
            Some(pollers) => (pollers.minimum as usize, pollers.maximum as usize),
            // An on-demand mapping starts with one poller. Source: AWS's announcement of provisioned mode for Kafka.
            None => (1, self.context.profile.on_demand_maximum_pollers),
        };
        Bounds {
            minimum,
            maximum,
            partitions: self.partitions,
        }
    }

    fn fleet_state(&self) -> FleetState {
        FleetState {
            pollers: self.fleet.size(),
            bounds: self.bounds(),
            is_provisioned: self.definition().config.provisioned.is_some(),
        }
    }

    async fn begin_scaling(&mut self) {
        self.look().await;
        let (progress, fleet) = (self.progress.clone(), self.fleet_state());
        self.scaling = Some(Scaling::new(&self.context, self.settings.trace, progress, fleet));
    }

    /// Ends the trace, which can still be asked for.
    async fn end_scaling(&mut self) {
        self.look().await;
        let fleet = self.fleet_state();
        if let Some(scaling) = &mut self.scaling {
            scaling.end(&self.progress, fleet);
        }
    }

    /// Does what is due in scaling: writes the trace, ends a standstill, brings the fleet within its bounds, evaluates the lag.
    async fn scale(&mut self) {
        if self.scaling.as_ref().is_some_and(Scaling::wants_a_look) {
            self.look().await;
        }
        let (is_settled, fleet) = (self.fleet.is_settled(), self.fleet_state());
        if let Some(scaling) = &mut self.scaling {
            // Before the standstill ends, because the bucket that ends now shows what was until now.
            scaling.record_if_due(&self.progress, fleet);
            if scaling.end_rebalance(is_settled) {
                self.fleet.go_on();
            }
        }
        if self.context.clock.elapsed() >= self.survey_due {
            self.survey().await;
            let before = self.fleet.size();
            let has_lost = self.fleet.remove_ended();
            let cause = if has_lost {
                RebalanceCause::LostPollers
            } else {
                RebalanceCause::Bounds
            };
            self.resize(before, self.bounds().clamp(before), cause);
        }
        // The survey may have changed the fleet, and the evaluation has to decide over the present one.
        let fleet = self.fleet_state();
        let scaling = self
            .scaling
            .as_mut()
            .filter(|scaling| scaling.evaluation_is_due());
        if let Some(scaling) = scaling {
            let decision = scaling.evaluate(self.progress.clone(), fleet);
            self.resize(decision.from, decision.to, RebalanceCause::Evaluation);
        }
    }

    /// Gives the fleet of `before` pollers another size. A fleet that has lost pollers stands still already, even if its size stays.
    fn resize(&mut self, before: usize, target: usize, cause: RebalanceCause) {
        if target == before && cause != RebalanceCause::LostPollers {
            return;
        }
        self.fleet.resize(target);
        if let Some(scaling) = &mut self.scaling {
            scaling.rebalance_begins(before, target, cause);
        }
    }

    fn publish(&mut self) {
        self.status.last_processing_result = self.fleet.last_processing_result();
        let pollers = self.fleet.size();
        if self.published.borrow().pollers != pollers {
            self.context
                .recorder
                .pollers(self.context.clock.elapsed(), pollers);
        }
        let definition = self.place.definition();
        self.published.send_if_modified(|shown| {
            // Each change of a poller comes through here, and few of them are visible outside.
            let is_same = shown.status == self.status
                && shown.pollers == pollers
                && Arc::ptr_eq(&shown.definition, definition);
            if !is_same {
                *shown = Shown {
                    definition: Arc::clone(definition),
                    status: self.status.clone(),
                    pollers,
                };
            }
            !is_same
        });
    }
}
