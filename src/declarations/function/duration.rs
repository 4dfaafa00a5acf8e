//! The durations of invocations: fixed, and drawn from a distribution.

use esmeralda_esm::invoker::DurationModel;
use serde::Deserialize;
use std::time::Duration;

/// The longest time that Lambda lets a function run. Source: Lambda quotas.
const LONGEST_MS: u64 = 900_000;

/// The duration of an invocation.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Milliseconds(pub(super) Duration);

impl TryFrom<u64> for Milliseconds {
    type Error = String;

    fn try_from(milliseconds: u64) -> Result<Self, String> {
        if milliseconds > LONGEST_MS {
            return Err(format!(
                "{milliseconds} ms exceeds the longest duration of a Lambda function, {LONGEST_MS} ms"
            ));
        }
        Ok(Self(Duration::from_millis(milliseconds)))
    }
}

/// The timeout of a function, in whole seconds as in Lambda.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct TimeoutSeconds(pub(super) Duration);

impl TryFrom<u64> for TimeoutSeconds {
    type Error = String;

    fn try_from(seconds: u64) -> Result<Self, String> {
        if (1..=LONGEST_MS / 1_000).contains(&seconds) {
            Ok(Self(Duration::from_secs(seconds)))
        } else {
            Err(format!(
                "invalid timeout of {seconds} s: must be between 1 and 900"
            ))
        }
    }
}

/// A distribution of durations.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "DrawnText")]
pub(super) struct Drawn(pub(super) DurationModel);

#[derive(Deserialize)]
enum DrawnText {
    #[serde(rename = "uniform_ms")]
    Uniform([Milliseconds; 2]),
    #[serde(rename = "normal_ms")]
    Normal([Milliseconds; 2]),
    #[serde(rename = "exponential_ms")]
    Exponential(Milliseconds),
}

impl TryFrom<DrawnText> for Drawn {
    type Error = String;

    fn try_from(text: DrawnText) -> Result<Self, String> {
        Ok(Self(match text {
            DrawnText::Uniform([Milliseconds(from), Milliseconds(to)]) => {
                if from > to {
                    return Err(format!(
                        "invalid uniform_ms = [{}, {}]: the shortest duration comes first",
                        from.as_millis(),
                        to.as_millis()
                    ));
                }
                DurationModel::Uniform { from, to }
            }
            DrawnText::Normal([Milliseconds(mean), Milliseconds(deviation)]) => {
                DurationModel::Normal { mean, deviation }
            }
            DrawnText::Exponential(Milliseconds(mean)) => DurationModel::Exponential { mean },
        }))
    }
}
