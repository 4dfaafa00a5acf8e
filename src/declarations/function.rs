//! One `[[functions]]`: a function behind the Lambda Invoke API, or one that is simulated.

mod duration;
#[cfg(test)]
mod tests;

use duration::{Drawn, Milliseconds, TimeoutSeconds};
use esmeralda_esm::invoker::{DurationModel, SimulatedFunction};
use serde::Deserialize;
use std::time::Duration;

/// A function that mappings may name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "FunctionText")]
pub enum FunctionEntry {
    /// `type = "http"`: a function behind the Lambda Invoke API.
    Http {
        /// The function's name.
        name: String,
        /// The URL to invoke; without a path it gets `/2015-03-31/functions/NAME/invocations`.
        endpoint: String,
        /// The longest time of an invocation; that of `--function-timeout` if not given.
        timeout: Option<Duration>,
        /// The number of invocations at once; `None` is no limit.
        concurrency: Option<u32>,
    },
    /// `type = "simulated"`, or no type: a function that does nothing but take its time.
    Simulated {
        /// The function's name.
        name: String,
        /// The function's behaviour.
        function: SimulatedFunction,
        /// The seed that decides which invocations fail and how long they take.
        seed: u64,
    },
}

impl FunctionEntry {
    /// Returns the function's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Http { name, .. } | Self::Simulated { name, .. } => name,
        }
    }
}

/// An entry as it is written. It is one table for both types, because serde reports an unknown key of an untagged enum without its line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionText {
    name: String,
    r#type: Option<FunctionType>,
    endpoint: Option<String>,
    timeout_s: Option<TimeoutSeconds>,
    duration_ms: Option<Milliseconds>,
    duration: Option<Drawn>,
    error_rate: Option<Share>,
    concurrency: Option<u32>,
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FunctionType {
    Http,
    Simulated,
}

impl FunctionType {
    /// Returns the words for functions of this type.
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Simulated => "simulated",
        }
    }
}

impl TryFrom<FunctionText> for FunctionEntry {
    type Error = String;

    fn try_from(text: FunctionText) -> Result<Self, String> {
        let kind = text.r#type.unwrap_or(FunctionType::Simulated);
        text.check_keys(kind)?;
        match kind {
            FunctionType::Http => text.http(),
            FunctionType::Simulated => text.simulated(),
        }
    }
}

impl FunctionText {
    /// Checks that every key belongs to functions of the type.
    fn check_keys(&self, kind: FunctionType) -> Result<(), String> {
        use FunctionType::{Http, Simulated};
        let keys: [(&str, bool, &[FunctionType]); 6] = [
            ("endpoint", self.endpoint.is_some(), &[Http]),
            ("timeout_s", self.timeout_s.is_some(), &[Http]),
            ("duration_ms", self.duration_ms.is_some(), &[Simulated]),
            ("duration", self.duration.is_some(), &[Simulated]),
            ("error_rate", self.error_rate.is_some(), &[Simulated]),
            ("seed", self.seed.is_some(), &[Simulated]),
        ];
        let foreign = keys
            .into_iter()
            .find(|(_, is_given, kinds)| *is_given && !kinds.contains(&kind));
        match foreign {
            None => Ok(()),
            Some((key, _, kinds)) => Err(format!(
                "function `{}`: `{key}` is only allowed for {} functions, and this one is {}",
                self.name,
                kinds
                    .iter()
                    .map(|kind| kind.name())
                    .collect::<Vec<_>>()
                    .join(" and "),
                kind.name()
            )),
        }
    }

    fn http(self) -> Result<FunctionEntry, String> {
        let name = self.name;
        let endpoint = self.endpoint.ok_or_else(|| {
            format!("function `{name}`: type \"http\" requires `endpoint`, the URL to invoke")
        })?;
        Ok(FunctionEntry::Http {
            name,
            endpoint,
            timeout: self.timeout_s.map(|timeout| timeout.0),
            concurrency: self.concurrency,
        })
    }

    fn simulated(self) -> Result<FunctionEntry, String> {
        let name = self.name;
        let duration = match (self.duration_ms, self.duration) {
            (Some(_), Some(_)) => {
                return Err(format!(
                    "function `{name}`: `duration_ms` gives a fixed duration and `duration` a drawn one; only one of them is allowed"
                ));
            }
            (_, Some(drawn)) => drawn.0,
            (fixed, None) => DurationModel::Fixed(fixed.map_or(Duration::ZERO, |fixed| fixed.0)),
        };
        Ok(FunctionEntry::Simulated {
            name,
            function: SimulatedFunction {
                duration,
                error_rate: self.error_rate.map_or(0.0, |share| share.0),
                concurrency: self.concurrency,
            },
            seed: self.seed.unwrap_or(0),
        })
    }
}

/// A share of the invocations, 0.0 to 1.0.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Share(f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share))
        } else {
            Err(format!("invalid share {share}: must be between 0.0 and 1.0"))
        }
    }
}
