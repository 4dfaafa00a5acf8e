//! Numbers of scenarios, refused where they stand when they are out of range.

use serde::Deserialize;

/// The longest that anything in a scenario may last: records are kept for so long unless a topic's configs say otherwise.
const LONGEST_S: f64 = 7.0 * 86_400.0;
/// The highest rate, far above what one process could append.
const HIGHEST_PER_S: f64 = 1e9;

/// A whole number from `LEAST` to `MOST`, both included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Whole<const LEAST: i64, const MOST: i64>(i64);

impl<const LEAST: i64, const MOST: i64> Whole<LEAST, MOST> {
    pub(super) fn get(self) -> u64 {
        self.0.unsigned_abs()
    }
}

impl<const LEAST: i64, const MOST: i64> TryFrom<i64> for Whole<LEAST, MOST> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if (LEAST..=MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("{number} is not between {LEAST} and {MOST}"))
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
            Err(format!("{seconds} s is not between 0 and {LONGEST_S} s"))
        }
    }
}

/// Records a second.
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
                "{per_s} records a second are not between 0 and {HIGHEST_PER_S}"
            ))
        }
    }
}
