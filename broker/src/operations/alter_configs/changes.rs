//! The requested changes of one resource's configs, and their application to the present values. Source: Kafka's `ConfigAdminManager` and
//! `ConfigurationControlManager`.

use super::AlterConfigsError;
use crate::config::definition::Definition;
use crate::config::java::hash_order;
use crate::config::layers::Values;
use std::collections::HashSet;

/// The change of one config: its name, the operation and the value.
type IncrementalChange = (String, ConfigOperation, Option<String>);

/// The changes of a resource's configs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// Replaces all values: configs that are not named return to their defaults (AlterConfigs).
    Replace(Vec<(String, Option<String>)>),
    /// Changes single configs (IncrementalAlterConfigs).
    Incremental(Vec<IncrementalChange>),
}

/// The change of one config. Source: Kafka's `AlterConfigOp.OpType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigOperation {
    Set,
    Delete,
    /// An addition to a list.
    Append,
    /// A removal from a list.
    Subtract,
    /// An unknown operation, with its code in the request.
    Other(i8),
}

impl ConfigOperation {
    /// Returns Kafka's name of an operation on lists.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Append => "APPEND",
            _ => "SUBTRACT",
        }
    }
}

impl Changes {
    /// Checks the request alone, without the present values.
    pub(super) fn check(&self) -> Result<(), AlterConfigsError> {
        let mut seen = HashSet::new();
        let (names, nulls): (Vec<_>, Vec<_>) = match self {
            Self::Replace(values) => values
                .iter()
                .map(|(name, value)| (name.as_str(), value.is_none()))
                .unzip(),
            Self::Incremental(changes) => changes
                .iter()
                .map(|(name, operation, value)| {
                    (
                        name.as_str(),
                        *operation != ConfigOperation::Delete && value.is_none(),
                    )
                })
                .unzip(),
        };
        if !names.iter().all(|name| seen.insert(*name)) {
            return Err(AlterConfigsError::DuplicateKeys);
        }
        let nulls = names.iter().zip(nulls).filter(|(_, is_null)| *is_null);
        let names: Vec<_> = nulls.map(|(name, _)| (*name).to_owned()).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(AlterConfigsError::Null { names })
    }

    /// Returns the code of the first unknown operation, if there is one.
    pub(super) fn unknown_operation(&self) -> Option<i8> {
        let Self::Incremental(changes) = self else {
            return None;
        };
        changes.iter().find_map(|(_, operation, _)| match operation {
            ConfigOperation::Other(code) => Some(*code),
            _ => None,
        })
    }

    /// Returns whether Kafka's controller fails on these changes: it comes to an unknown operation before it comes to one on a config that is
    /// no list.
    pub(super) fn fail_the_controller(
        &self,
        definition: impl Fn(&str) -> Option<&'static Definition>,
    ) -> bool {
        let Self::Incremental(changes) = self else {
            return false;
        };
        for name in hash_order(changes.iter().map(|(name, ..)| name.as_str())) {
            let change = changes.iter().find(|(changed, ..)| changed == name);
            match change.map(|(_, operation, _)| *operation) {
                Some(ConfigOperation::Other(_)) => return true,
                Some(ConfigOperation::Append | ConfigOperation::Subtract)
                    if !definition(name).is_some_and(Definition::is_list) =>
                {
                    return false;
                }
                _ => (),
            }
        }
        false
    }

    /// Returns the config that is deleted, or replaced by nothing, if it is `name`.
    pub(super) fn removes(&self, current: &Values, name: &str) -> bool {
        match self {
            Self::Replace(values) => {
                current.contains_key(name) && values.iter().all(|(changed, _)| changed != name)
            }
            Self::Incremental(changes) => changes
                .iter()
                .any(|(changed, operation, _)| changed == name && *operation == ConfigOperation::Delete),
        }
    }

    /// Returns whether the changes name a config.
    pub(super) fn names(&self, name: &str) -> bool {
        match self {
            Self::Replace(values) => values.iter().any(|(changed, _)| changed == name),
            Self::Incremental(changes) => changes.iter().any(|(changed, ..)| changed == name),
        }
    }

    /// Returns the values after these changes to the present values. `no_list` makes the error for a config that is no list. Kafka's
    /// controller holds the changes of a resource in a map, and finds the first wrong one in its order.
    pub(super) fn apply(
        &self,
        current: &Values,
        definition: impl Fn(&str) -> Option<&'static Definition>,
        no_list: impl Fn(&str, ConfigOperation) -> AlterConfigsError,
    ) -> Result<Values, AlterConfigsError> {
        self.apply_in(
            |changes| hash_order(changes.iter().map(|(name, ..)| name.as_str())),
            current,
            &definition,
            &no_list,
        )
    }

    /// Returns what [`Self::apply`] does. The first wrong change is that of the request, as for Kafka's broker.
    pub(super) fn apply_in_order(
        &self,
        current: &Values,
        definition: impl Fn(&str) -> Option<&'static Definition>,
        no_list: impl Fn(&str, ConfigOperation) -> AlterConfigsError,
    ) -> Result<Values, AlterConfigsError> {
        self.apply_in(
            |changes| changes.iter().map(|(name, ..)| name.as_str()).collect(),
            current,
            &definition,
            &no_list,
        )
    }

    fn apply_in(
        &self,
        order: fn(&[IncrementalChange]) -> Vec<&str>,
        current: &Values,
        definition: &dyn Fn(&str) -> Option<&'static Definition>,
        no_list: &dyn Fn(&str, ConfigOperation) -> AlterConfigsError,
    ) -> Result<Values, AlterConfigsError> {
        let changes = match self {
            Self::Replace(values) => {
                let values = values.iter().cloned();
                return Ok(values.filter_map(|(name, value)| Some((name, value?))).collect());
            }
            Self::Incremental(changes) => changes,
        };
        let mut values = current.clone();
        for name in order(changes) {
            let change = changes.iter().find(|(changed, ..)| changed == name);
            let (name, operation, value) = change.expect("its name was just listed");
            let value = value.as_deref().unwrap_or_default();
            let list = || {
                let definition = definition(name).filter(|definition| definition.is_list());
                let definition = definition.ok_or_else(|| no_list(name, *operation))?;
                // The list starts from the default if no value is set, or appending one policy would remove the default one.
                let now = values.get(name).map(String::as_str).or(definition.default);
                Ok::<_, AlterConfigsError>(present(now.unwrap_or_default()))
            };
            let changed = match operation {
                ConfigOperation::Set => value.to_owned(),
                ConfigOperation::Delete => {
                    values.remove(name);
                    continue;
                }
                ConfigOperation::Append => appended(list()?, value),
                ConfigOperation::Subtract => subtracted(list()?, value),
                ConfigOperation::Other(code) => {
                    return Err(AlterConfigsError::UnknownOperation { code: *code });
                }
            };
            values.insert(name.clone(), changed);
        }
        Ok(values)
    }
}

fn present(list: &str) -> Vec<String> {
    let parts = list.split(',').filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// Adds the parts that the list does not have.
fn appended(mut list: Vec<String>, value: &str) -> String {
    for part in java_split(value) {
        if !list.iter().any(|present| present == part) {
            list.push(part.to_owned());
        }
    }
    list.join(",")
}

/// Removes the first occurrence of each part.
fn subtracted(mut list: Vec<String>, value: &str) -> String {
    for part in java_split(value) {
        if let Some(index) = list.iter().position(|present| present == part) {
            list.remove(index);
        }
    }
    list.join(",")
}

/// Splits at commas as Java's `String.split` does: without the empty parts at the end, but an empty text is one part.
fn java_split(text: &str) -> Vec<&str> {
    let mut parts: Vec<_> = text.split(',').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    if text.contains(',') && parts == [""] {
        parts.clear();
    }
    parts
}
