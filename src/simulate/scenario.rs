//! The scenario of a simulation: a TOML file with topics and their workload, functions, and variants of a mapping that are compared.
//!
//! This module only reads and checks. An error names the line where one line is to blame, and what is allowed.

mod arrivals;
mod numbers;
mod topic;
mod variant;

pub use arrivals::{Arrivals, RateSeries};
pub use topic::{Skew, TopicScenario};
pub use variant::VariantScenario;

use crate::declarations::{
    self, ConstantText, FileError, FunctionEntry, MappingEntry, ProfileText, Scaling, VariantEntry, line_of,
};
use esmeralda_esm::invoker::SimulatedFunction;
use esmeralda_esm::profile::ProfileName;
use numbers::{Seconds, WholeNumber};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use topic::TopicText;

/// The reference workload of AWS's announcement of provisioned mode (2024), in its four modes.
pub(super) const REFERENCE: &str = include_str!("reference.toml");

/// The longest run of a scenario that runs until its backlog is drained: a trace is kept for a day.
pub(super) const LONGEST_UNTIL_DRAINED: Duration = Duration::from_secs(86_400);

/// A checked scenario: it has at least one topic, one function and one variant, names are unique, and variants name functions and topics of
/// the scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The title for people: `title` of the file, or the file's name.
    pub title: String,
    /// The seed of all randomness.
    pub seed: u64,
    /// The virtual time that each variant runs; `None` to run until it is drained, for a day at most.
    pub run_for: Option<Duration>,
    /// The scaling profile, with changed constants.
    pub scaling: Scaling,
    /// The topics with their workloads.
    pub topics: Vec<TopicScenario>,
    /// The simulated functions.
    pub functions: Vec<FunctionScenario>,
    /// The variants of the mapping, which are compared.
    pub variants: Vec<VariantScenario>,
}

/// A simulated function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionScenario {
    /// The function's name.
    pub name: String,
    /// The function's duration, error rate and concurrency.
    pub function: SimulatedFunction,
    /// A seed that is mixed with the scenario's seed.
    pub seed: u64,
}

/// A scenario as it is written in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioText {
    title: Option<String>,
    seed: Option<WholeNumber<0, { i64::MAX }>>,
    run_for_s: Option<Seconds>,
    profile: Option<ProfileText>,
    #[serde(default)]
    scaling: BTreeMap<Spanned<String>, ConstantText>,
    #[serde(default)]
    topics: Vec<Spanned<TopicText>>,
    #[serde(default)]
    functions: Vec<Spanned<FunctionEntry>>,
    #[serde(default)]
    mapping: Option<Spanned<MappingEntry>>,
    #[serde(default)]
    variants: Vec<Spanned<VariantEntry>>,
}

impl Scenario {
    /// Reads and checks a file and the files that it names. Relative paths start at the directory of the file.
    ///
    /// # Errors
    /// [`FileError`] names the file, the line and what is allowed.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        Self::parse(path, &declarations::read_text(path)?, &|path| {
            declarations::read_text(path).map_err(|error| error.to_string())
        })
    }

    /// Returns the reference workload of AWS's announcement of provisioned mode (2024), in its four modes.
    ///
    /// # Panics
    /// Never: a test parses the same text.
    pub fn reference() -> Self {
        let no_files = |path: &Path| {
            Err(format!(
                "the reference scenario names no file, but {} is read",
                path.display()
            ))
        };
        Self::parse(Path::new("reference.toml"), REFERENCE, &no_files).expect("a test parses the same text")
    }

    /// Parses and checks `text`, which came from `path`. `read` returns the text of a file that the scenario names, or an error.
    ///
    /// # Errors
    /// [`FileError`] names the file, the line and what is allowed.
    pub fn parse(
        path: &Path,
        text: &str,
        read: &dyn Fn(&Path) -> Result<String, String>,
    ) -> Result<Self, FileError> {
        let written: ScenarioText = declarations::parse(path, text)?;
        let file = ScenarioFile { path, text };
        let read = |named: &str| read(&path.parent().unwrap_or(Path::new("")).join(named));
        let topics = file.topics(&written.topics, &read)?;
        let functions = file.functions(written.functions)?;
        let variants = file.variants(written.mapping, written.variants, &functions, &topics)?;
        declarations::check_names(
            path,
            "variant",
            variants.iter().map(|variant| variant.name.as_str()),
        )?;
        let scenario = Self {
            title: written.title.unwrap_or_else(|| title(path)),
            seed: written.seed.map_or(0, WholeNumber::get),
            run_for: written
                .run_for_s
                .map(|run_for| Duration::from_secs_f64(run_for.0)),
            scaling: file.scaling(written.profile, &written.scaling)?,
            topics,
            functions,
            variants,
        };
        scenario.check_end().map_err(|message| file.invalid(message))?;
        Ok(scenario)
    }

    /// Returns the variants of each run, as indexes: those of one poller group run together, because they share event poller units.
    pub(super) fn runs(&self) -> Vec<Vec<usize>> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for (index, variant) in self.variants.iter().enumerate() {
            let group = variant.poller_group();
            let mut others = runs.iter_mut();
            let together =
                others.find(|run| group.is_some() && self.variants[run[0]].poller_group() == group);
            match together {
                Some(run) => run.push(index),
                None => runs.push(vec![index]),
            }
        }
        runs
    }

    /// Refuses an endless workload in a run that lasts until it is drained.
    fn check_end(&self) -> Result<(), String> {
        if self.run_for == Some(Duration::ZERO) {
            return Err(
                "invalid run_for_s = 0: must be more than 0, or left out to run until all is drained"
                    .to_owned(),
            );
        }
        let is_endless = |topic: &&TopicScenario| topic.workload.iter().any(|one| one.end_s().is_none());
        match self.topics.iter().find(is_endless) {
            Some(topic) if self.run_for.is_none() => Err(format!(
                "the workload of topic `{}` never ends: set its `to_s`, or the scenario's `run_for_s`",
                topic.name
            )),
            _ => Ok(()),
        }
    }
}

fn title(path: &Path) -> String {
    let stem = path.file_stem().map(PathBuf::from).unwrap_or_default();
    stem.display().to_string()
}

/// The file whose parts are checked, for error messages.
struct ScenarioFile<'a> {
    path: &'a Path,
    text: &'a str,
}

impl ScenarioFile<'_> {
    fn invalid(&self, message: String) -> FileError {
        FileError::Invalid {
            path: self.path.to_owned(),
            message,
        }
    }

    /// Returns an error at `at`, a position in the text.
    fn wrong(&self, at: usize, message: String) -> FileError {
        FileError::at(self.path, self.text, at, &message)
    }

    fn topics(
        &self,
        written: &[Spanned<TopicText>],
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Vec<TopicScenario>, FileError> {
        if written.is_empty() {
            return Err(self.invalid("missing [[topics]]: at least one is required".to_owned()));
        }
        let mut topics = Vec::with_capacity(written.len());
        for text in written {
            let name = &text.as_ref().name;
            let named = |message| format!("topic `{name}`: {message}");
            let topic = text.as_ref().topic();
            let mut topic = topic.map_err(|message| self.wrong(text.span().start, named(message)))?;
            for arrivals in &text.as_ref().workload {
                let read = arrivals.as_ref().arrivals(read);
                let read = read.map_err(|message| self.wrong(arrivals.span().start, named(message)))?;
                topic.workload.extend(read);
            }
            topics.push(topic);
        }
        declarations::check_names(self.path, "topic", topics.iter().map(|topic| topic.name.as_str()))?;
        Ok(topics)
    }

    fn real_function(&self, at: usize, name: &str, kind: &str) -> FileError {
        let message = format!(
            "function `{name}` has type \"{kind}\": virtual time cannot wait for a real function, use type \"simulated\""
        );
        self.wrong(at, message)
    }

    fn functions(&self, written: Vec<Spanned<FunctionEntry>>) -> Result<Vec<FunctionScenario>, FileError> {
        if written.is_empty() {
            return Err(self.invalid("missing [[functions]]: at least one is required".to_owned()));
        }
        let mut functions = Vec::with_capacity(written.len());
        for entry in written {
            let at = entry.span().start;
            match entry.into_inner() {
                FunctionEntry::Http { name, .. } => return Err(self.real_function(at, &name, "http")),
                FunctionEntry::Command { name, .. } => return Err(self.real_function(at, &name, "command")),
                FunctionEntry::Simulated { name, function, seed } => {
                    functions.push(FunctionScenario { name, function, seed })
                }
            }
        }
        let names = functions.iter().map(|function| function.name.as_str());
        declarations::check_names(self.path, "function", names)?;
        Ok(functions)
    }

    fn variants(
        &self,
        mapping: Option<Spanned<MappingEntry>>,
        written: Vec<Spanned<VariantEntry>>,
        functions: &[FunctionScenario],
        topics: &[TopicScenario],
    ) -> Result<Vec<VariantScenario>, FileError> {
        let shared_at = mapping.as_ref().map(|mapping| mapping.span().start);
        let shared = mapping.map(Spanned::into_inner).unwrap_or_default();
        let places: Vec<Option<usize>> = match written.as_slice() {
            [] => vec![shared_at],
            written => written.iter().map(|variant| Some(variant.span().start)).collect(),
        };
        let declared = written.into_iter().map(Spanned::into_inner).collect();
        let variants = variant::variants(shared, declared)
            .into_iter()
            .zip(places.iter().copied());
        let checked = variants.map(|(variant, at)| {
            let named = |message| format!("variant `{}`: {message}", variant.name);
            let mut checked = VariantScenario::new(variant.clone(), functions, topics);
            if let (Ok(checked), Some(at)) = (&mut checked, at) {
                checked.place = format!("{}: line {}: ", self.path.display(), line_of(self.text, at));
            }
            checked.map_err(|message| match at {
                Some(at) => self.wrong(at, named(message)),
                None => self.invalid(named(message)),
            })
        });
        let checked: Vec<VariantScenario> = checked.collect::<Result<_, _>>()?;
        for (index, variant) in checked.iter().enumerate() {
            let mut before = checked[..index].iter();
            if let Err(message) = before.try_for_each(|other| variant.check_beside(other)) {
                let message = format!("variant `{}`: {message}", variant.name);
                return Err(self.wrong(places[index].unwrap_or_default(), message));
            }
        }
        Ok(checked)
    }

    fn scaling(
        &self,
        name: Option<ProfileText>,
        written: &BTreeMap<Spanned<String>, ConstantText>,
    ) -> Result<Scaling, FileError> {
        let name = name.map_or(ProfileName::Current, |name| name.0);
        Scaling::read(name, written).map_err(|(at, error)| self.wrong(at, error.to_string()))
    }
}

#[cfg(test)]
mod tests;
