//! The file of accepted differences: `field | how it is compared | why`. Java reads the same file.

use std::path::Path;

/// One accepted difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The field, as `API.field` or `*.field`, or the beginning of a kind of difference.
    pub what: String,
    /// The way it is compared: `left out`, `named`, `sign`, `clock`, `topic left out`, `config left out` or `kind`.
    pub how: String,
    /// The reason.
    pub why: String,
}

/// All accepted differences.
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads the file.
    ///
    /// # Panics
    /// If a line has not three columns.
    pub fn read(path: &Path) -> Rules {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rule = |line: &str| match line.split(" | ").collect::<Vec<_>>()[..] {
            [what, how, why] => Rule {
                what: what.to_owned(),
                how: how.to_owned(),
                why: why.to_owned(),
            },
            _ => panic!("not three columns: {line}"),
        };
        Rules(lines.map(rule).collect())
    }

    /// Returns all rules, in the order of the file.
    pub fn all(&self) -> &[Rule] {
        &self.0
    }

    /// Returns whether a topic or config is left out of lists.
    pub(super) fn leaves_out(&self, name: &str) -> bool {
        let is_left_out = |rule: &Rule| {
            matches!(rule.how.as_str(), "topic left out" | "config left out") && rule.what == name
        };
        self.0.iter().any(is_left_out)
    }

    /// Returns how a field of an API's answer is compared; `None` for the value itself.
    pub(super) fn how(&self, api: &str, field: &str) -> Option<&str> {
        let find = |what: String| self.0.iter().find(|rule| rule.how != "kind" && rule.what == what);
        find(format!("{api}.{field}"))
            .or_else(|| find(format!("*.{field}")))
            .map(|rule| rule.how.as_str())
    }
}
