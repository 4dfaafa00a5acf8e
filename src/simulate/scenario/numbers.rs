//! The numbers of a scenario. A number out of range is refused with the line that it is written in.

use serde::Deserialize;

/// The longest duration in a scenario: Kafka's default of `retention.ms`, after which records are deleted.
const LONGEST_S: f64 = 7.0 * 86_400.0;
/// The highest rate. It is far above what one process can append.
const HIGHEST_PER_S: f64 = 1e9;

/// A whole number from `LEAST` to `MOST`, both inclusive.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct WholeNumber<const LEAST: i64, const MOST: i64>(i64);

impl<const LEAST: i64, const MOST: i64> WholeNumber<LEAST, MOST> {
    pub(super) fn get(self) -> u64 {
        self.0.unsigned_abs()
    }
}

impl<const LEAST: i64, const MOST: i64> TryFrom<i64> for WholeNumber<LEAST, MOST> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if (LEAST..=MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("invalid value {number}: must be from {LEAST} to {MOST}"))
        }
    }
}

/// Seconds from the start of the run, or between two moments of it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Seconds(pub(super) f64);

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        if (0.0..=LONGEST_S).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(format!(
                "invalid value {seconds} s: must be from 0 to {LONGEST_S} s"
            ))
        }
    }
}

/// A rate in records a second.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Rate(pub(super) f64);

impl TryFrom<f64> for Rate {
    type Error = String;

    fn try_from(per_s: f64) -> Result<Self, String> {
        if (0.0..=HIGHEST_PER_S).contains(&per_s) {
            Ok(Self(per_s))
        } else {
            Err(format!(
                "invalid value {per_s} records a second: must be from 0 to {HIGHEST_PER_S}"
            ))
        }
    }
}
