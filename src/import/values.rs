//! Values that a file refers to and that are given from outside: with `--set`, or by Esmeralda's own account and region.

use super::tree::{NodeValue, Undecided};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The values, and which of them the file asked for.
#[derive(Debug, Default)]
pub(super) struct Values {
    given: BTreeMap<String, String>,
    asked: RefCell<BTreeSet<String>>,
}

impl Values {
    pub(super) fn new(given: BTreeMap<String, String>) -> Self {
        let asked = RefCell::default();
        Self { given, asked }
    }

    /// Returns the value that was given for a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.given.get(name).map(String::as_str)
    }

    /// Returns the value that was given for a name, or else the name as undecided.
    pub(super) fn or_undecided(&self, name: &str) -> NodeValue {
        match self.get(name) {
            Some(value) => NodeValue::Text(value.to_owned()),
            None => NodeValue::Undecided(Undecided::Named(name.to_owned())),
        }
    }

    /// Returns a pseudo parameter of CloudFormation. The defaults are those of `serve`.
    pub(super) fn pseudo(&self, name: &str) -> Option<String> {
        let default = match name {
            "AWS::Region" => "us-east-1",
            "AWS::AccountId" => "000000000000",
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            _ => return None,
        };
        Some(self.get(name).unwrap_or(default).to_owned())
    }

    /// Returns an ARN in the account and region. `has_place` is false for resources whose ARNs have neither, such as buckets.
    pub(super) fn arn(&self, service: &str, has_place: bool, resource: &str) -> String {
        let pseudo = |name| self.pseudo(name).unwrap_or_default();
        let place = match has_place {
            true => format!("{}:{}", pseudo("AWS::Region"), pseudo("AWS::AccountId")),
            false => ":".to_owned(),
        };
        format!("arn:{}:{service}:{place}:{resource}", pseudo("AWS::Partition"))
    }

    /// Returns the names that were given and that the file did not ask for.
    pub(super) fn unused(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        let names = self.given.keys().filter(|name| !asked.contains(*name));
        names.cloned().collect()
    }
}
