//! The run of variants that share an instance: those of one poller group, or one alone. All of them end together, so that they are billed for
//! the same time.

use super::{Observer, PROGRESS_INTERVAL, PROGRESS_PER_LOOK, SimulationError, VariantRun};
use crate::Mapping;
use crate::simulate::{Progress, RunEnding, VariantOutcome};
use futures_util::future::try_join_all;
use std::time::Duration;

/// Runs the variants, of which there is one at least.
///
/// # Errors
/// [`SimulationError`] of the first one that failed.
pub(super) async fn run(
    runs: &[VariantRun<'_>],
    observer: Observer<'_>,
) -> Result<Vec<VariantOutcome>, SimulationError> {
    let mut workloads = Vec::new();
    for run in runs {
        workloads.push(run.prepare().await?);
    }
    // After the backlogs, which the mappings have to find when they start, as in AWS's announcement.
    // In this task, so that two runs of the same seed are the same.
    let mappings = try_join_all(runs.iter().map(VariantRun::create_mapping)).await?;
    // The mappings are Enabled now, and all times of a scenario count from here.
    let start = runs[0].esmeralda.elapsed();
    let ends = runs.iter().zip(&mut workloads).zip(&mappings);
    let ends = ends.map(|((run, workload), mapping)| run.run_to_the_end(workload, mapping, start));
    let is_stopped = tokio::select! {
        biased;
        ended = try_join_all(ends) => {
            ended?;
            false
        }
        stopped = follow(runs, &mappings, start, observer) => {
            stopped?;
            true
        }
    };
    let mut outcomes = Vec::new();
    for (run, mapping) in runs.iter().zip(&mappings) {
        let mut outcome = run.outcome(mapping).await?;
        if is_stopped {
            outcome.ending = RunEnding::Stopped;
        }
        outcomes.push(outcome);
        let now = run.progress(mapping, start).await;
        (observer.progress)(Progress { is_done: true, ..now });
    }
    Ok(outcomes)
}

/// Tells the progress, and returns when one of the runs is not wanted any more.
async fn follow(
    runs: &[VariantRun<'_>],
    mappings: &[Mapping],
    start: Duration,
    observer: Observer<'_>,
) -> Result<(), SimulationError> {
    for turn in 1u32.. {
        for (run, mapping) in runs.iter().zip(mappings) {
            (observer.progress)(run.progress(mapping, start).await);
        }
        runs[0].esmeralda.sleep(PROGRESS_INTERVAL).await;
        if !turn.is_multiple_of(PROGRESS_PER_LOOK) {
            continue;
        }
        for (run, mapping) in runs.iter().zip(mappings) {
            let trace = mapping.trace().await;
            let trace = trace.map_err(|source| run.mapping_error(source))?;
            if !(observer.wanted)(&trace) {
                return Ok(());
            }
        }
    }
    unreachable!("a run of 2^32 intervals is longer than any scenario")
}
