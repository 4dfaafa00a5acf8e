//! Runs a scenario: each variant in a runtime and on a thread of its own, in virtual time. Those of one poller group run together.
//!
//! Records are stored in the embedded cluster's log, read through the mapping's group, batched, turned into events and passed to the
//! simulated function, which audits them. Runs share nothing, so their outcomes do not depend on how many there are at once.

mod together;

use super::error::SimulationError;
use super::evaluation::FinishedRun;
use super::inputs::inputs;
use super::outcome::{SimulationOutcome, VariantOutcome};
use super::scenario::{FunctionScenario, LONGEST_UNTIL_DRAINED, Scenario, TopicScenario, VariantScenario};
use super::workload::{Workload, WorkloadError};
use crate::{Esmeralda, Mapping, NewMapping, NewTopic, Options};
use esmeralda_broker::Entropy;
use esmeralda_esm::invoker::{Audit, AuditSummary, SimulatedInvoker};
use esmeralda_esm::profile::ModeProfile;
use esmeralda_esm::trace::Trace;
use esmeralda_esm::{ApiError, KedaPolicy, Payloads, ScalingProfile};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The interval of progress reports, in virtual time.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Number of progress reports between two looks at whether a run is still wanted, which reads its whole trace.
const PROGRESS_PER_LOOK: u32 = 12;

/// The settings of a run, which are not part of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct RunSettings {
    /// Whether events are built or only measured.
    pub payloads: Payloads,
    /// Number of variants that run at once, 1 or more; more than one per core is of no use.
    pub threads: usize,
    /// The memory that the brokers, records and events of one variant may hold.
    pub memory_limit_bytes: usize,
}

impl Default for RunSettings {
    /// Returns the settings that build events and run one variant per core, with 16 GiB each.
    fn default() -> Self {
        Self {
            payloads: Payloads::Built,
            threads: thread::available_parallelism().map_or(1, usize::from),
            memory_limit_bytes: Options::simulated().memory_limit_bytes,
        }
    }
}

/// The progress of a variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The variant's index in the scenario.
    pub variant: usize,
    /// Virtual time since its mapping became Enabled.
    pub elapsed: Duration,
    /// OffsetLag, the sum over all partitions.
    pub lag: u64,
    /// Number of pollers.
    pub pollers: usize,
    /// Whether the variant has ended.
    pub is_done: bool,
}

/// Runs all variants. Calls `progress` every few seconds of virtual time, on the threads that run the variants.
///
/// # Errors
/// [`SimulationError`] of the first variant, in the scenario's order, that failed.
pub fn simulate(
    scenario: &Scenario,
    settings: RunSettings,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<SimulationOutcome, SimulationError> {
    simulate_while(scenario, settings, progress, &|_| true)
}

/// Runs all variants as [`simulate`] does, each as long as its trace is `wanted`, which is asked once a minute of virtual time.
///
/// # Errors
/// [`SimulationError`] of the first variant, in the scenario's order, that failed.
pub(super) fn simulate_while(
    scenario: &Scenario,
    settings: RunSettings,
    progress: &(dyn Fn(Progress) + Sync),
    wanted: &(dyn Fn(&Trace) -> bool + Sync),
) -> Result<SimulationOutcome, SimulationError> {
    for variant in &scenario.variants {
        // Before any run, so that no time is spent on the others.
        variant.check().map_err(|source| mapping_error(variant, source))?;
    }
    let observer = Observer { progress, wanted };
    let runs = scenario.runs();
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let work = || {
        // A thread takes the next run when it is free, because they differ in how long they take.
        while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ended = run_variants(scenario, run, settings, observer);
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            match ended {
                Ok(ended) => outcomes.extend(run.iter().copied().zip(ended.into_iter().map(Ok))),
                Err(error) => outcomes.push((run[0], Err(error))),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..settings.threads.clamp(1, runs.len()) {
            scope.spawn(work);
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Threads finish in any order, and a report has the scenario's.
    outcomes.sort_by_key(|(index, _)| *index);
    let variants: Result<Vec<VariantOutcome>, SimulationError> =
        outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    Ok(SimulationOutcome {
        title: scenario.title.clone(),
        profile: scenario.scaling.to_string(),
        seed: scenario.seed,
        inputs: inputs(scenario),
        variants: variants?,
    })
}

/// The functions that follow the runs.
#[derive(Clone, Copy)]
struct Observer<'a> {
    progress: &'a (dyn Fn(Progress) + Sync),
    wanted: &'a (dyn Fn(&Trace) -> bool + Sync),
}

/// Runs the variants of one poller group, or one variant alone.
fn run_variants(
    scenario: &Scenario,
    run: &[usize],
    settings: RunSettings,
    observer: Observer<'_>,
) -> Result<Vec<VariantOutcome>, SimulationError> {
    let options = Options {
        // Variants of one poller group are scaled by the scenario's profile, because KEDA has no such groups.
        scaling: profile(scenario, &scenario.variants[run[0]]),
        payloads: settings.payloads,
        memory_limit_bytes: settings.memory_limit_bytes,
        ..Options::simulated()
    };
    Esmeralda::simulated_with(options, scenario.seed, |esmeralda| async move {
        let variant_run = |&index: &usize| {
            let variant = &scenario.variants[index];
            VariantRun {
                scenario,
                index,
                variant,
                topic: named(&scenario.topics, |topic| topic.name == variant.topic),
                function: named(&scenario.functions, |function| function.name == variant.function),
                esmeralda: &esmeralda,
                audit: Arc::default(),
            }
        };
        let runs: Vec<_> = run.iter().map(variant_run).collect();
        together::run(&runs, observer).await
    })
}

/// Returns the scaling profile of a variant: that of the scenario, or KEDA's rules with it.
fn profile(scenario: &Scenario, variant: &VariantScenario) -> ScalingProfile {
    let profile = scenario.scaling.profile.clone();
    let Some(keda) = &variant.keda else {
        return profile;
    };
    ScalingProfile {
        evaluation_interval: KedaPolicy::SYNC_INTERVAL,
        first_evaluation: KedaPolicy::SYNC_INTERVAL,
        // A consumer reads as fast as it processes, one batch after another.
        poller_bytes_per_second: 0,
        on_demand: ModeProfile {
            overhead: keda.overhead,
            invocations_in_flight: 1,
            ..profile.on_demand
        },
        keda: Some(keda.policy.clone()),
        ..profile
    }
}

fn named<T>(items: &[T], is_it: impl FnMut(&&T) -> bool) -> &T {
    let found = items.iter().find(is_it);
    found.expect("variants name topics and functions of their scenario")
}

/// The run of one variant, on an instance of its own or with the others of its poller group.
struct VariantRun<'a> {
    scenario: &'a Scenario,
    index: usize,
    variant: &'a VariantScenario,
    topic: &'a TopicScenario,
    function: &'a FunctionScenario,
    esmeralda: &'a Esmeralda,
    audit: Arc<Audit>,
}

impl VariantRun<'_> {
    /// Creates the topic, appends its backlog and registers the function.
    async fn prepare(&self) -> Result<Workload, SimulationError> {
        let topic = NewTopic {
            name: self.topic.name.clone(),
            // A scenario has at most 200,000 partitions.
            partitions: i32::try_from(self.topic.partitions).ok(),
            configs: self.topic.configs.clone(),
        };
        let created = self.esmeralda.create_topic(topic).await;
        created.map_err(|source| SimulationError::Topic {
            variant: self.variant.name.clone(),
            topic: self.topic.name.clone(),
            source,
        })?;
        let mut workload = Workload::new(self.topic, self.scenario.seed);
        let filled = workload
            .fill(self.esmeralda.client(), self.esmeralda.clock())
            .await;
        filled.map_err(|source| self.workload_error(source))?;
        // The scenario's seed is mixed in, so that another seed changes the functions, too.
        let entropy = Entropy::from_seed(self.scenario.seed.rotate_left(32) ^ self.function.seed);
        let invoker = SimulatedInvoker::new(self.function.function, self.esmeralda.clock().clone(), entropy);
        let invoker = invoker.audited(Arc::clone(&self.audit));
        self.esmeralda
            .register_invoker(&self.function.name, Arc::new(invoker));
        Ok(workload)
    }

    async fn create_mapping(&self) -> Result<Mapping, SimulationError> {
        let mapping = NewMapping::from_members(self.variant.members.clone());
        let created = self.esmeralda.create_mapping(mapping).await;
        created.map_err(|source| self.mapping_error(source))
    }

    /// Runs the workload and waits for the end of the run: `run_for`, or until all records have arrived and are drained.
    async fn run_to_the_end(
        &self,
        workload: &mut Workload,
        mapping: &Mapping,
        start: Duration,
    ) -> Result<(), SimulationError> {
        let (client, clock) = (self.esmeralda.client(), self.esmeralda.clock());
        let run = workload.run(client, clock, start, self.scenario.run_for);
        run.await.map_err(|source| self.workload_error(source))?;
        match self.scenario.run_for {
            Some(run_for) => clock.reach(start + run_for).await,
            None => tokio::select! {
                biased;
                drained = mapping.drained() => drained.map_err(|source| self.mapping_error(source))?,
                // A function that always fails leaves a lag for ever, and the run has to end all the same.
                () = clock.reach(start + LONGEST_UNTIL_DRAINED) => {}
            },
        }
        Ok(())
    }

    async fn progress(&self, mapping: &Mapping, start: Duration) -> Progress {
        // A mapping that has gone has no lag.
        let mapping = mapping.metrics().await.ok();
        let elapsed = self.esmeralda.elapsed() - start;
        let mapping = mapping.as_ref();
        Progress {
            variant: self.index,
            elapsed,
            lag: mapping.map_or(0, |mapping| mapping.offset_lag.iter().sum()),
            pollers: mapping.map_or(0, |mapping| mapping.pollers),
            is_done: false,
        }
    }

    async fn outcome(&self, mapping: &Mapping) -> Result<VariantOutcome, SimulationError> {
        let described = mapping.describe().await;
        let described = described.map_err(|source| self.mapping_error(source))?;
        let trace = mapping.trace().await;
        let trace = trace.map_err(|source| self.mapping_error(source))?;
        let audit = self.audit.summary();
        self.check(&audit)?;
        let finished = FinishedRun {
            scenario: self.scenario,
            variant: self.variant,
            topic: self.topic,
            function: self.function,
            profile: &profile(self.scenario, self.variant),
            pollers: described.0.get("ProvisionedPollerConfig"),
            trace,
            audit,
        };
        Ok(finished.outcome())
    }

    fn check(&self, audit: &AuditSummary) -> Result<(), SimulationError> {
        match audit.errors.first() {
            None => Ok(()),
            Some(first) => Err(SimulationError::Audit {
                variant: self.variant.name.clone(),
                count: audit.error_count,
                first: first.clone(),
            }),
        }
    }

    fn mapping_error(&self, source: ApiError) -> SimulationError {
        mapping_error(self.variant, source)
    }

    fn workload_error(&self, source: WorkloadError) -> SimulationError {
        SimulationError::Workload {
            variant: self.variant.name.clone(),
            source,
        }
    }
}

fn mapping_error(variant: &VariantScenario, source: ApiError) -> SimulationError {
    SimulationError::Mapping {
        place: variant.place.clone(),
        variant: variant.name.clone(),
        source,
    }
}
