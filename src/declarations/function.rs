//! One `[[functions]]`: a function behind the Lambda Invoke API, or one that is simulated.

use esmeralda_esm::invoker::{DurationModel, SimulatedFunction};
use serde::Deserialize;
use std::time::Duration;

/// The longest time that Lambda lets a function run. Source: Lambda quotas.
const LONGEST_MS: u64 = 900_000;

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
    duration_ms: Option<Milliseconds>,
    duration: Option<Drawn>,
    error_rate: Option<Share>,
    concurrency: Option<u32>,
    seed: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FunctionType {
    Http,
    Simulated,
}

impl TryFrom<FunctionText> for FunctionEntry {
    type Error = String;

    fn try_from(text: FunctionText) -> Result<Self, String> {
        match text.r#type.unwrap_or(FunctionType::Simulated) {
            FunctionType::Http => text.http(),
            FunctionType::Simulated => text.simulated(),
        }
    }
}

impl FunctionText {
    fn http(self) -> Result<FunctionEntry, String> {
        let simulated = [
            ("duration_ms", self.duration_ms.is_some()),
            ("duration", self.duration.is_some()),
            ("error_rate", self.error_rate.is_some()),
            ("concurrency", self.concurrency.is_some()),
            ("seed", self.seed.is_some()),
        ];
        let name = self.name;
        if let Some((key, _)) = simulated.into_iter().find(|(_, is_given)| *is_given) {
            return Err(format!(
                "function `{name}`: `{key}` is only allowed for simulated functions, and this one has type \"http\""
            ));
        }
        let endpoint = self.endpoint.ok_or_else(|| {
            format!("function `{name}`: type \"http\" requires `endpoint`, the URL to invoke")
        })?;
        Ok(FunctionEntry::Http { name, endpoint })
    }

    fn simulated(self) -> Result<FunctionEntry, String> {
        let name = self.name;
        if self.endpoint.is_some() {
            return Err(format!(
                "function `{name}`: `endpoint` is only allowed with type = \"http\", and this function is simulated"
            ));
        }
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

/// The duration of an invocation.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct Milliseconds(Duration);

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

/// A distribution of durations.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "DrawnText")]
struct Drawn(DurationModel);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        functions: Vec<FunctionEntry>,
    }

    fn parse(text: &str) -> Result<FunctionEntry, String> {
        let file = toml::from_str(&format!("[[functions]]\n{text}"));
        let mut file: File = file.map_err(|error| error.to_string())?;
        Ok(file.functions.remove(0))
    }

    fn simulated(text: &str) -> SimulatedFunction {
        match parse(text) {
            Ok(FunctionEntry::Simulated { function, .. }) => function,
            other => panic!("{text}: {other:?}"),
        }
    }

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_simulated_function_has_a_fixed_or_a_drawn_duration() {
        let fixed = SimulatedFunction::fixed;
        let drawn = |duration| SimulatedFunction {
            duration,
            ..fixed(Duration::ZERO)
        };
        let (uniform, normal) = (
            DurationModel::Uniform {
                from: MS(80),
                to: MS(120),
            },
            DurationModel::Normal {
                mean: MS(100),
                deviation: MS(15),
            },
        );
        let cases = [
            ("", fixed(Duration::ZERO)),
            ("duration_ms = 100", fixed(MS(100))),
            ("duration = { uniform_ms = [80, 120] }", drawn(uniform)),
            ("duration = { normal_ms = [100, 15] }", drawn(normal)),
            (
                "duration = { exponential_ms = 100 }",
                drawn(DurationModel::Exponential { mean: MS(100) }),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(simulated(&format!("name = \"f\"\n{text}\n")), expected, "{text}");
        }
        let all = parse("name = 'f'\ntype = 'simulated'\nerror_rate = 0.5\nconcurrency = 50\nseed = 7\n");
        let function = SimulatedFunction {
            error_rate: 0.5,
            concurrency: Some(50),
            ..fixed(Duration::ZERO)
        };
        let name = "f".to_owned();
        assert_eq!(
            all,
            Ok(FunctionEntry::Simulated {
                name,
                function,
                seed: 7
            })
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_what_would_be_right() {
        let cases = [
            (
                "duration_ms = 1000000",
                3,
                "1000000 ms exceeds the longest duration of a Lambda function, 900000 ms",
            ),
            ("duration_ms = -1", 3, "invalid value: integer `-1`"),
            (
                "error_rate = 1.5",
                3,
                "invalid share 1.5: must be between 0.0 and 1.0",
            ),
            ("concurrency = -1", 3, "invalid value: integer `-1`"),
            (
                "duration = { uniform_ms = [120, 80] }",
                3,
                "invalid uniform_ms = [120, 80]: the shortest duration comes first",
            ),
            (
                "duration = { pareto_ms = 3 }",
                3,
                "unknown variant `pareto_ms`, expected one of `uniform_ms`, `normal_ms`, `exponential_ms`",
            ),
            (
                "duration_ms = 1\nduration = { exponential_ms = 1 }",
                1,
                "function `f`: `duration_ms` gives a fixed duration and `duration` a drawn one",
            ),
            (
                "endpoint = 'http://a'",
                1,
                "`endpoint` is only allowed with type = \"http\"",
            ),
            ("type = 'http'", 1, "type \"http\" requires `endpoint`"),
            (
                "type = 'http'\nendpoint = 'http://a'\nseed = 1",
                1,
                "`seed` is only allowed for simulated functions",
            ),
            (
                "type = 'magic'",
                3,
                "unknown variant `magic`, expected `http` or `simulated`",
            ),
            ("duration_s = 3", 3, "unknown field `duration_s`"),
        ];
        for (text, line, expected) in cases {
            let error = parse(&format!("name = 'f'\n{text}\n")).expect_err(text);
            assert!(
                error.contains(expected) && error.contains(&format!("line {line}")),
                "{text}: {error}"
            );
        }
    }
}
