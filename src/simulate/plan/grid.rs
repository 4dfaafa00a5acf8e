//! The settings that a plan tries. Pure.

use super::PlanError;
use crate::simulate::PollerBounds;
use std::collections::BTreeSet;
use std::fmt;

/// AWS's default of BatchSize for Kafka.
pub(super) const DEFAULT_BATCH_SIZE: u32 = 100;

/// AWS's limits, inclusive. Source: Lambda API reference, ProvisionedPollerConfig and CreateEventSourceMapping.
const MINIMUM_RANGE: (u32, u32) = (1, 200);
const MAXIMUM_RANGE: (u32, u32) = (1, 2_000);
const BATCH_SIZE_RANGE: (u32, u32) = (1, 10_000);
const WINDOW_RANGE: (u32, u32) = (0, 300);

/// AWS's default of MaximumPollers.
const DEFAULT_MAXIMUM: u32 = 200;

/// The minimums that are tried by default.
const MINIMUMS: [u32; 8] = [1, 2, 5, 10, 20, 50, 100, 200];
/// The maximums that are tried by default beside [`DEFAULT_MAXIMUM`].
const MAXIMUMS: [u32; 4] = [10, 20, 50, 100];

/// One setting of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanSetting {
    /// `ProvisionedPollerConfig`; `None`: on-demand mode.
    pub bounds: Option<PollerBounds>,
    /// `BatchSize`.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`; `None`: AWS's default for Kafka, 500 ms.
    pub maximum_batching_window_s: Option<u32>,
}

impl fmt::Display for PlanSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bounds {
            Some(PollerBounds { minimum, maximum }) => write!(f, "{minimum} to {maximum} pollers")?,
            None => f.write_str("on-demand")?,
        }
        write!(f, ", batches of {}", self.batch_size)?;
        match self.maximum_batching_window_s {
            Some(window_s) => write!(f, ", window of {window_s} s"),
            None => Ok(()),
        }
    }
}

/// The values to try for each parameter, in every valid combination. An empty list stands for the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingGrid {
    /// `MinimumPollers`, 1 to 200 each; by default 1, 2, 5, 10, 20, 50, 100 and 200, up to the number of partitions, and that number.
    pub minimums: Vec<u32>,
    /// `MaximumPollers`, 1 to 2,000 each; by default 10, 20, 50 and 100 as far as they are above the minimum and below the number of
    /// partitions, and AWS's default of 200. A maximum that equals the minimum switches scaling off, and is tried only if it is given.
    pub maximums: Vec<u32>,
    /// `BatchSize`, 1 to 10,000 each; by default the scenario's.
    pub batch_sizes: Vec<u32>,
    /// `MaximumBatchingWindowInSeconds`, 0 to 300 each; by default the scenario's.
    pub windows_s: Vec<u32>,
}

impl SettingGrid {
    /// Returns all settings, those of on-demand mode last. A fleet never has more pollers than the topic has partitions, so of the maximums
    /// that reach that number only the largest is tried, which allows for more partitions later.
    ///
    /// # Errors
    /// [`PlanError`] for a value that AWS does not allow, or a bound that fits no other bound.
    pub(super) fn settings(&self, partitions: u32, own: PlanSetting) -> Result<Vec<PlanSetting>, PlanError> {
        check("minimum", &self.minimums, MINIMUM_RANGE)?;
        check("maximum", &self.maximums, MAXIMUM_RANGE)?;
        check("batch size", &self.batch_sizes, BATCH_SIZE_RANGE)?;
        check("window", &self.windows_s, WINDOW_RANGE)?;
        self.check_pairs()?;
        let bounds = self.bounds(partitions).into_iter().map(Some).chain([None]);
        let batch_sizes = given_or(&self.batch_sizes, own.batch_size);
        let windows_s = match self.windows_s.as_slice() {
            [] => BTreeSet::from([own.maximum_batching_window_s]),
            given => given.iter().copied().map(Some).collect(),
        };
        let mut settings = Vec::new();
        for bounds in bounds {
            for &batch_size in &batch_sizes {
                settings.extend(windows_s.iter().map(|&maximum_batching_window_s| PlanSetting {
                    bounds,
                    batch_size,
                    maximum_batching_window_s,
                }));
            }
        }
        Ok(settings)
    }

    /// Refuses a given bound that fits no other given bound.
    fn check_pairs(&self) -> Result<(), PlanError> {
        let (minimums, maximums) = (&self.minimums, &self.maximums);
        if minimums.is_empty() || maximums.is_empty() {
            return Ok(());
        }
        let is_too_low = |maximum: &&u32| minimums.iter().all(|minimum| *maximum < minimum);
        if let Some(&maximum) = maximums.iter().find(is_too_low) {
            return Err(PlanError::MaximumTooLow {
                maximum,
                minimums: minimums.clone(),
            });
        }
        let is_too_high = |minimum: &&u32| maximums.iter().all(|maximum| *minimum > maximum);
        match minimums.iter().find(is_too_high) {
            Some(&minimum) => Err(PlanError::MinimumTooHigh {
                minimum,
                maximums: maximums.clone(),
            }),
            None => Ok(()),
        }
    }

    fn bounds(&self, partitions: u32) -> Vec<PollerBounds> {
        let useful = DEFAULT_MAXIMUM.min(partitions);
        let minimums: BTreeSet<u32> = match self.minimums.as_slice() {
            [] => MINIMUMS
                .into_iter()
                .chain([useful])
                .filter(|minimum| *minimum <= useful)
                .collect(),
            given => given.iter().map(|minimum| *minimum.min(&partitions)).collect(),
        };
        let mut bounds = Vec::new();
        for minimum in minimums {
            let mut maximums: Vec<u32> = match self.maximums.as_slice() {
                [] => MAXIMUMS
                    .into_iter()
                    .filter(|maximum| *maximum > minimum)
                    .chain([DEFAULT_MAXIMUM])
                    .collect(),
                given => given
                    .iter()
                    .copied()
                    .filter(|maximum| *maximum >= minimum)
                    .collect(),
            };
            maximums.sort_unstable();
            maximums.dedup();
            // Those that reach the number of partitions are the same fleet.
            let largest = maximums.last().copied();
            maximums.retain(|maximum| *maximum < partitions || Some(*maximum) == largest);
            bounds.extend(
                maximums
                    .into_iter()
                    .map(|maximum| PollerBounds { minimum, maximum }),
            );
        }
        bounds
    }
}

fn given_or(given: &[u32], own: u32) -> BTreeSet<u32> {
    match given {
        [] => BTreeSet::from([own]),
        given => given.iter().copied().collect(),
    }
}

fn check(what: &'static str, values: &[u32], (least, most): (u32, u32)) -> Result<(), PlanError> {
    let wrong = values.iter().find(|value| !(least..=most).contains(*value));
    wrong.map_or(Ok(()), |&value| {
        Err(PlanError::OutOfRange {
            what,
            value,
            least,
            most,
        })
    })
}

#[cfg(test)]
mod tests;
