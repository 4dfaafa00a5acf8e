//! The metrics of one mapping: what its counters say, and what only the mapping knows.

use crate::mapping::{FleetNumbers, MappingDoor, Shown};
use crate::metrics::{Counters, MappingMetrics};
use crate::source::Progress;

/// Asks a mapping for what only it knows, and returns its metrics.
pub(super) async fn measured(door: &MappingDoor, counters: &Counters) -> MappingMetrics {
    // A mapping that has gone in the meantime has no group and no fleet.
    let progress = door.progress().await.ok().flatten().unwrap_or_default();
    let fleet = door.numbers().await.unwrap_or_default();
    metrics_of(&door.shown(), fleet, counters, progress)
}

fn metrics_of(shown: &Shown, fleet: FleetNumbers, counters: &Counters, progress: Progress) -> MappingMetrics {
    let mut metrics = MappingMetrics {
        uuid: shown.definition.uuid.clone(),
        function_name: shown.definition.config.function_name.clone(),
        topic: shown.definition.config.envelope.topic.clone(),
        state: shown.status.state.to_string(),
        poller_group: shown
            .definition
            .config
            .poller_group
            .as_ref()
            .map(|group| group.name.clone()),
        pollers: shown.pollers,
        active_pollers: fleet.active_pollers,
        event_poller_units: fleet.event_poller_units,
        offset_lag: progress.lags().collect(),
        ..MappingMetrics::default()
    };
    counters.read_into(&mut metrics);
    metrics
}
