//! The run of variants that share an instance: those of one poller group, or one alone. All of them end together, so that they are billed for
//! the same time.

use super::{Observer, PROGRESS_INTERVAL, PROGRESS_PER_LOOK, SimulationError, VariantRun};
use crate::Mapping;
use crate::simulate::{Progress, RunEnding, VariantOutcome};
use std::future::{Future, poll_fn};
use std::task::Poll;
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
    let mappings = all(runs.iter().map(VariantRun::create_mapping)).await?;
    // The mappings are Enabled now, and all times of a scenario count from here.
    let start = runs[0].esmeralda.elapsed();
    let ends = runs.iter().zip(&mut workloads).zip(&mappings);
    let ends = ends.map(|((run, workload), mapping)| run.run_to_the_end(workload, mapping, start));
    let is_stopped = tokio::select! {
        biased;
        ended = all(ends) => {
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

/// Waits until all have ended, in one task, so that two runs of the same seed are the same. Returns what they returned, in their order.
async fn all<F, T>(futures: impl Iterator<Item = F>) -> Result<Vec<T>, SimulationError>
where
    F: Future<Output = Result<T, SimulationError>>,
{
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut has_ended = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(ended) => *output = Some(ended),
                    Poll::Pending => has_ended = false,
                }
            }
        }
        if has_ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}
