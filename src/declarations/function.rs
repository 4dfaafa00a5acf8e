//! One `[[functions]]`: a function behind the Lambda Invoke API, one that is a command, or one that is simulated.

mod duration;
#[cfg(test)]
mod tests;

use duration::{Drawn, Milliseconds, TimeoutSeconds};
use esmeralda_esm::invoker::{DurationModel, SimulatedFunction};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
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
    /// `type = "command"`: processes of a command on this machine.
    Command {
        /// The function's name.
        name: String,
        /// The command.
        command: CommandEntry,
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
            Self::Http { name, .. } | Self::Command { name, .. } | Self::Simulated { name, .. } => name,
        }
    }
}

/// The command of a function, as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandEntry {
    /// The program and its arguments; not empty.
    pub command: Vec<String>,
    /// The directory that it runs in, relative to the file's; `None` is the file's.
    pub directory: Option<PathBuf>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// The value of `_HANDLER`.
    pub handler: Option<String>,
    /// The memory that a process may occupy, in MiB.
    pub memory_mb: u32,
    /// The longest time of an invocation; that of `--function-timeout` if not given.
    pub timeout: Option<Duration>,
    /// The number of invocations at once; `None` is no limit.
    pub concurrency: Option<u32>,
}

/// An entry as it is written. It is one table for both types, because serde reports an unknown key of an untagged enum without its line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionText {
    name: String,
    r#type: Option<FunctionType>,
    endpoint: Option<String>,
    command: Option<Vec<String>>,
    directory: Option<PathBuf>,
    environment: Option<BTreeMap<String, String>>,
    handler: Option<String>,
    memory_mb: Option<MemorySize>,
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
    Command,
    Simulated,
}

impl FunctionType {
    /// Returns the words for functions of this type.
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Command => "command",
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
            FunctionType::Command => text.command(),
            FunctionType::Simulated => text.simulated(),
        }
    }
}

impl FunctionText {
    /// Checks that every key belongs to functions of the type.
    fn check_keys(&self, kind: FunctionType) -> Result<(), String> {
        use FunctionType::{Command, Http, Simulated};
        let keys: [(&str, bool, &[FunctionType]); 11] = [
            ("endpoint", self.endpoint.is_some(), &[Http]),
            ("command", self.command.is_some(), &[Command]),
            ("directory", self.directory.is_some(), &[Command]),
            ("environment", self.environment.is_some(), &[Command]),
            ("handler", self.handler.is_some(), &[Command]),
            ("memory_mb", self.memory_mb.is_some(), &[Command]),
            ("timeout_s", self.timeout_s.is_some(), &[Http, Command]),
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

    fn command(self) -> Result<FunctionEntry, String> {
        let name = self.name;
        let command = self.command.filter(|command| !command.is_empty());
        let command = command.ok_or_else(|| {
            format!("function `{name}`: type \"command\" requires `command`, a list of the program and its arguments")
        })?;
        let command = CommandEntry {
            command,
            directory: self.directory,
            environment: self.environment.unwrap_or_default(),
            handler: self.handler,
            memory_mb: self.memory_mb.map_or(DEFAULT_MEMORY_MB, |memory| memory.0),
            timeout: self.timeout_s.map(|timeout| timeout.0),
            concurrency: self.concurrency,
        };
        Ok(FunctionEntry::Command { name, command })
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

/// `memory_mb` of a function that gives none, which is Lambda's default.
const DEFAULT_MEMORY_MB: u32 = 128;

/// The memory of a function in MiB, within Lambda's limits.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
struct MemorySize(u32);

impl TryFrom<u32> for MemorySize {
    type Error = String;

    fn try_from(megabytes: u32) -> Result<Self, String> {
        if (128..=10_240).contains(&megabytes) {
            Ok(Self(megabytes))
        } else {
            Err(format!(
                "invalid memory of {megabytes} MB: must be between 128 and 10240"
            ))
        }
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
