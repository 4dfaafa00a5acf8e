//! The findings of an import in a file: errors, what is left out, and what was changed.

use std::fmt;

/// A sentence about a line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, counted from 1; `None` if it is about the whole file.
    pub line: Option<usize>,
    /// Whether it is an error.
    pub severity: Severity,
    /// The mapping that it is about, by its name in the file; empty if it is about none.
    pub mapping: String,
    /// The sentence.
    pub message: String,
}

/// The weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// AWS would refuse it, or a value is missing. There is no configuration.
    Error,
    /// The configuration differs in what a function sees.
    Warning,
    /// The configuration differs in what makes no difference here.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl Finding {
    /// Returns the line that compilers and editors know: `FILE:LINE: SEVERITY: MAPPING: MESSAGE`.
    pub fn in_file(&self, file: &str) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let about = match self.mapping.as_str() {
            "" => String::new(),
            mapping => format!("{mapping}: "),
        };
        format!("{file}{line}: {}: {about}{}", self.severity, self.message)
    }
}

/// Findings in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding about a line and a mapping.
    pub(super) fn add(&mut self, severity: Severity, line: usize, mapping: &str, message: impl Into<String>) {
        self.push(severity, Some(line), mapping, message);
    }

    /// Adds a finding about the whole file.
    pub(super) fn add_for_file(&mut self, severity: Severity, message: impl Into<String>) {
        self.push(severity, None, "", message);
    }

    fn push(&mut self, severity: Severity, line: Option<usize>, mapping: &str, message: impl Into<String>) {
        self.0.push(Finding {
            line,
            severity,
            mapping: mapping.to_owned(),
            message: message.into(),
        });
    }

    /// Returns the number of errors.
    pub(super) fn errors(&self) -> usize {
        let errors = self
            .0
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        errors.count()
    }

    /// Returns the findings by line; those about the whole file come last.
    pub(super) fn sorted(self) -> Vec<Finding> {
        let mut findings = self.0;
        findings.sort_by_key(|finding| (finding.line.unwrap_or(usize::MAX), finding.severity));
        findings
    }
}
