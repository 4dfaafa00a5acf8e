//! Templates of deployment tools as configuration: SAM, CloudFormation and CDK's output, Terraform's plans, and `serverless.yml`.
//!
//! A file becomes one tree of values with lines (`tree`). The reader of its format resolves references where the file decides them, and
//! finds mappings in AWS's member names (`draft`). Each is reviewed by AWS's rules and by what is built (`review`), and written as TOML
//! (`configuration`). Nothing here reads a file, the environment or the clock.

mod cloudformation;
mod configuration;
mod draft;
mod finding;
mod parser;
mod review;
mod serverless;
mod terraform;
mod tree;
mod values;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Severity};

use cloudformation::Template;
use configuration::Configuration;
use draft::{DraftTopic, Drafts};
use esmeralda_esm::MappingCheck;
use review::Review;
use std::collections::BTreeMap;
use tree::{Node, Undecided};
use values::Values;

/// The settings of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportSettings {
    /// Values of references that the file does not decide, by their names.
    pub values: BTreeMap<String, String>,
    /// The URL at which the functions are invoked; `None` to simulate them.
    pub lambda_endpoint: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The text of a config file; `None` if there are errors.
    pub configuration: Option<String>,
    /// Errors, warnings and notes, by line.
    pub findings: Vec<Finding>,
    /// The number of mappings that were found, with those that have errors.
    pub mappings: usize,
}

impl Import {
    /// Returns the number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.severity == severity).count()
    }
}

/// The reason why a file could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is neither YAML nor JSON.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The parser's message.
        message: String,
    },
    /// It is YAML or JSON of another kind.
    #[error(
        "unknown kind of file: must have Resources (SAM, CloudFormation, CDK's output), planned_values (terraform show -json) or \
         service and functions (serverless.yml)"
    )]
    Format,
}

/// Imports the file called `file` with the content `text`.
///
/// # Errors
/// [`ImportError`] if it is none of the formats. What is wrong with its mappings is among the findings.
pub fn import(file: &str, text: &str, settings: ImportSettings) -> Result<Import, ImportError> {
    let root = parser::parse(text).map_err(|error| ImportError::Syntax {
        line: error.line,
        message: error.message,
    })?;
    let values = Values::new(settings.values);
    let mut drafts = read(&root, &values)?;
    let mut review = Review {
        file,
        values: &values,
        check: MappingCheck::default(),
    };
    let found = drafts.mappings.len();
    let mut mappings = Vec::new();
    for draft in drafts.mappings {
        mappings.extend(review.review(draft, &mut drafts.findings));
    }
    let mut findings = drafts.findings;
    for name in values.unused() {
        let message = format!("--set {name}: the file does not refer to it");
        findings.add_for_file(Severity::Error, message);
    }
    if found == 0 {
        findings.add_for_file(Severity::Warning, "no event source mapping of Kafka");
    } else if settings.lambda_endpoint.is_none() {
        let message =
            "the functions are simulated, and only take time: --lambda-endpoint URL invokes real ones";
        findings.add_for_file(Severity::Note, message);
    }
    let names = |name: fn(&review::ReviewedMapping) -> &String| in_order(mappings.iter().map(name));
    let configuration = Configuration {
        file,
        lambda_endpoint: settings.lambda_endpoint.as_deref(),
        topics: with_topics(drafts.topics, names(|mapping| &mapping.checked.topic)),
        functions: names(|mapping| &mapping.checked.function_name),
        mappings,
    };
    Ok(Import {
        configuration: (findings.errors() == 0).then(|| configuration.to_toml()),
        findings: findings.sorted(),
        mappings: found,
    })
}

/// Reads a file of any format, which its own keys tell.
fn read(root: &Node, values: &Values) -> Result<Drafts, ImportError> {
    let mut drafts = Drafts::default();
    let has = |key| root.get(key).is_some();
    if has("planned_values") || (has("values") && has("terraform_version")) {
        terraform::read(root, values, &mut drafts);
    } else if has("Resources") {
        let functions = BTreeMap::new();
        cloudformation::read(
            &Template {
                root,
                values,
                functions,
            },
            &mut drafts,
        );
    } else if has("service") && (has("functions") || has("resources")) {
        serverless::read(root, values, &mut drafts);
    } else {
        return Err(ImportError::Format);
    }
    Ok(drafts)
}

/// Returns the rest of a sentence about a value that is not known: why, and what to do.
fn way_out(undecided: &Undecided) -> String {
    match undecided {
        Undecided::Named(name) => {
            format!("depends on {name}, which the file does not decide: give --set {name}=VALUE")
        }
        Undecided::Function(function) => {
            format!("uses {function}, which is not evaluated here: write its value into the file")
        }
    }
}

/// Returns names without those that were there before.
fn in_order<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut first: Vec<String> = Vec::new();
    for name in names {
        if !first.contains(name) {
            first.push(name.clone());
        }
    }
    first
}

/// Returns the topics that the file declares, and those that mappings read beside them.
fn with_topics(mut topics: Vec<DraftTopic>, read: Vec<String>) -> Vec<DraftTopic> {
    for name in read {
        if topics.iter().all(|topic| topic.name != name) {
            topics.push(DraftTopic {
                name,
                partitions: None,
                configs: Vec::new(),
            });
        }
    }
    topics
}
