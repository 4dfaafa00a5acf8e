//! A plan: which bounds of provisioned mode, batch size and window drain a scenario in time, and which of them cost least.
//!
//! This module decides which settings are tried and judges their outcomes. It does not run them: [`Plan::scenario`] is an ordinary
//! scenario with a variant for each setting, and [`Plan::outcome`] judges the outcome of running it.

mod error;
#[cfg(test)]
mod example;
mod front;
mod grid;
mod json;
mod outcome;
mod picture;
mod table;
mod text;
mod tried;

pub use error::PlanError;
pub use grid::{PlanSetting, SettingGrid};
pub use json::json;
pub use outcome::{PlanOutcome, PollerPrice};
pub use text::text;
pub use tried::TriedSetting;

use super::run::simulate_while;
use super::scenario::{LONGEST_UNTIL_DRAINED, Scenario, TopicScenario, VariantScenario};
use super::{Progress, RunSettings, SimulationError, SimulationOutcome};
use esmeralda_esm::trace::Trace;
use grid::DEFAULT_BATCH_SIZE;
use serde_json::{Map, Value, json as value};
use std::time::Duration;

/// Members that on-demand mode does not take. They are removed when it is tried, and so are a schema registry and a Kafka topic as the
/// on-failure destination.
const PROVISIONED_ONLY: [&str; 5] = [
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "LoggingConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
];

/// Time that a run goes on, uncharged, after the time that records may wait: a commit in the last moment is then still seen.
const GRACE: Duration = Duration::from_secs(1);

/// The request for a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRequest {
    /// The longest time that a record may wait between its arrival and its commit.
    pub within: Duration,
    /// The name of the variant whose members all settings share; `None` for the scenario's first variant.
    pub variant: Option<String>,
    /// The values to try.
    pub grid: SettingGrid,
}

/// A scenario with a variant for each setting that is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    scenario: Scenario,
    within: Duration,
    length: Duration,
    settings: Vec<PlanSetting>,
}

impl Plan {
    /// Makes a variant for each setting of `request`, based on one variant of `scenario`. All settings run, and are charged, for the same
    /// length: the scenario's `run_for_s`, or until the last record has arrived and has waited for `within`.
    ///
    /// # Errors
    /// [`PlanError`] if no setting can be tried, or if the run is too short to show a result.
    pub fn new(scenario: Scenario, request: &PlanRequest) -> Result<Self, PlanError> {
        let within = request.within;
        if within.is_zero() {
            return Err(PlanError::NoTime);
        }
        let base = base(&scenario, request.variant.as_deref())?.clone();
        if let Some(group) = base.poller_group() {
            return Err(PlanError::PollerGroup {
                variant: base.name.clone(),
                group: group.to_owned(),
            });
        }
        let topic = scenario.topics.iter().find(|topic| topic.name == base.topic);
        let topic = topic.expect("variants name topics of their scenario");
        // All settings run for the same length, because their costs could not be compared otherwise.
        let length = length(scenario.run_for, topic, within)?;
        let run_for = scenario.run_for.unwrap_or(length.saturating_add(GRACE));
        if run_for > LONGEST_UNTIL_DRAINED {
            return Err(PlanError::RunTooLong { length: run_for });
        }
        let settings = request.grid.settings(topic.partitions, own(&base))?;
        let variants = settings.iter().map(|setting| variant(&base, setting)).collect();
        Ok(Self {
            scenario: Scenario {
                run_for: Some(run_for),
                variants,
                ..scenario
            },
            within,
            length,
            settings,
        })
    }

    /// Returns the scenario to run.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Runs every setting, until it is over or a record has waited for too long: the setting cannot be chosen then. Calls `progress` as
    /// [`simulate`](super::simulate) does.
    ///
    /// # Errors
    /// [`SimulationError`] of the first setting that failed.
    pub fn run(
        &self,
        settings: RunSettings,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<PlanOutcome, SimulationError> {
        let wanted = |trace: &Trace| trace.longest_wait() <= self.within;
        Ok(self.outcome(&simulate_while(&self.scenario, settings, progress, &wanted)?))
    }

    /// Judges the outcome of running [`Plan::scenario`].
    ///
    /// # Panics
    /// If `simulated` is the outcome of another scenario.
    pub fn outcome(&self, simulated: &SimulationOutcome) -> PlanOutcome {
        let (ours, theirs) = (self.settings.len(), simulated.variants.len());
        assert_eq!(ours, theirs, "each setting is one variant");
        let unit = &self.scenario.scaling.profile.event_poller_unit;
        let price = PollerPrice {
            pollers_per_unit: unit.pollers,
            usd_per_unit_hour: unit.usd_per_hour,
        };
        let profile = &self.scenario.scaling.profile;
        let tried = self.settings.iter().zip(&simulated.variants);
        let mut settings: Vec<TriedSetting> = tried
            .map(|(setting, variant)| TriedSetting::new(*setting, variant, self.length, profile))
            .collect();
        front::mark(&mut settings, self.within);
        PlanOutcome {
            title: simulated.title.clone(),
            profile: simulated.profile.clone(),
            seed: simulated.seed,
            within: self.within,
            length: self.length,
            price,
            chosen: front::cheapest(&settings, self.within),
            settings,
        }
    }
}

fn base<'a>(scenario: &'a Scenario, name: Option<&str>) -> Result<&'a VariantScenario, PlanError> {
    let variants = || scenario.variants.iter();
    let found = match name {
        None => variants().next(),
        Some(name) => variants().find(|variant| variant.name == name),
    };
    found.ok_or_else(|| PlanError::UnknownVariant {
        name: name.unwrap_or_default().to_owned(),
        known: variants().map(|variant| variant.name.clone()).collect(),
    })
}

/// Returns the length that each setting is charged for. A run that is shorter than records may wait would show nothing.
fn length(run_for: Option<Duration>, topic: &TopicScenario, within: Duration) -> Result<Duration, PlanError> {
    let ends = topic.workload.iter().filter_map(|arrivals| arrivals.end_s());
    match run_for {
        Some(run_for) if run_for < within => Err(PlanError::RunTooShort { run_for, within }),
        Some(run_for) => Ok(run_for),
        None => Ok(Duration::from_secs_f64(ends.fold(0.0, f64::max)).saturating_add(within)),
    }
}

/// Returns the batch size and window that the scenario itself sets.
fn own(base: &VariantScenario) -> PlanSetting {
    let number = |name: &str| base.members.get(name).and_then(Value::as_u64);
    let number = |name| number(name).and_then(|number| u32::try_from(number).ok());
    PlanSetting {
        bounds: None,
        batch_size: number("BatchSize").unwrap_or(DEFAULT_BATCH_SIZE),
        maximum_batching_window_s: number("MaximumBatchingWindowInSeconds"),
    }
}

fn variant(base: &VariantScenario, setting: &PlanSetting) -> VariantScenario {
    let mut members = base.members.clone();
    members.insert("BatchSize".to_owned(), setting.batch_size.into());
    if let Some(window_s) = setting.maximum_batching_window_s {
        members.insert("MaximumBatchingWindowInSeconds".to_owned(), window_s.into());
    }
    match setting.bounds {
        Some(bounds) => {
            let config = value!({ "MinimumPollers": bounds.minimum, "MaximumPollers": bounds.maximum });
            members.insert("ProvisionedPollerConfig".to_owned(), config);
        }
        None => leave_provisioned_mode(&mut members),
    }
    VariantScenario {
        name: setting.to_string(),
        members,
        ..base.clone()
    }
}

fn leave_provisioned_mode(members: &mut Map<String, Value>) {
    members.remove("ProvisionedPollerConfig");
    members.retain(|name, _| !PROVISIONED_ONLY.contains(&name.as_str()));
    if has_destination_topic(members) {
        members.remove("DestinationConfig");
    }
    // A schema registry needs provisioned mode, too, and lies in a config of its own for each kind of cluster.
    for member in members.values_mut().filter_map(Value::as_object_mut) {
        member.remove("SchemaRegistryConfig");
    }
}

/// Returns whether records that are given up go to a Kafka topic. Queues, SNS topics and buckets are destinations in on-demand mode, too.
fn has_destination_topic(members: &Map<String, Value>) -> bool {
    let destination = members
        .get("DestinationConfig")
        .and_then(|config| config.pointer("/OnFailure/Destination"))
        .and_then(Value::as_str);
    destination.is_some_and(|destination| destination.starts_with("kafka://"))
}

#[cfg(test)]
mod tests;
