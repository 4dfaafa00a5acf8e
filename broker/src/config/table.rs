//! A table of configs: what Kafka's own classes say of each, which is generated, beside what each does here, which is written by hand.

use super::definition::{Definition, Value};

/// All configs of one kind. `S` is the type that holds honoured values.
#[derive(Debug)]
pub(crate) struct Table<S: 'static> {
    /// Sorted by name.
    definitions: &'static [Definition],
    /// The same names in the same order.
    settings: &'static [Setting<S>],
}

/// A config's effect, and its description.
#[derive(Debug)]
pub(crate) struct Setting<S: 'static> {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect<S>,
    pub(crate) documentation: &'static str,
}

/// The effect of setting a config in this cluster.
#[derive(Debug)]
pub(crate) enum Effect<S: 'static> {
    /// The value is stored in `S`.
    Honoured(fn(&mut S, &Value)),
    /// The value is read by its name where it is needed.
    Read,
    /// The value is the default of a topic config, which is honoured.
    TopicDefault,
    /// The cluster decides the value itself, so it cannot be set; with the reason.
    Decided(&'static str),
    /// The value is checked and described, but has no effect; with the reason.
    None(&'static str),
}

impl<S> Table<S> {
    /// Joins the two halves of a table. A test holds them to the same names.
    pub(crate) const fn new(definitions: &'static [Definition], settings: &'static [Setting<S>]) -> Self {
        Self {
            definitions,
            settings,
        }
    }

    /// Returns the definition of the config of that name.
    pub(crate) fn definition(&self, name: &str) -> Option<&'static Definition> {
        Some(&self.definitions[self.index(name)?])
    }

    /// Returns the effect and description of the config of that name.
    pub(crate) fn setting(&self, name: &str) -> Option<&'static Setting<S>> {
        let setting = &self.settings[self.index(name)?];
        debug_assert_eq!(setting.name, name, "both halves have the same names");
        Some(setting)
    }

    /// Returns the definitions, by name.
    pub(crate) fn definitions(&self) -> &'static [Definition] {
        self.definitions
    }

    /// Returns each config with its effect, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Definition, &'static Setting<S>)> + use<S> {
        self.definitions.iter().zip(self.settings)
    }

    /// Returns the text that describes a config.
    pub(crate) fn documentation(&self, name: &str) -> Option<&'static str> {
        Some(self.setting(name)?.documentation)
    }

    /// Returns the name that is closest to `name`, if it is close enough to be a typing error.
    pub(crate) fn similar(&self, name: &str) -> Option<&'static str> {
        // Environment variables and other tools spell the names with underscores or hyphens.
        let name = name.to_ascii_lowercase().replace(['_', '-'], ".");
        self.definitions
            .iter()
            .map(|definition| (distance(&name, definition.name), definition.name))
            .min()
            .filter(|(distance, known)| *distance <= 2.max(known.len() / 5))
            .map(|(_, known)| known)
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.definitions
            .binary_search_by(|definition| definition.name.cmp(name))
            .ok()
    }
}

/// Returns the setting of a config that goes into `S`.
pub(crate) const fn honoured<S>(
    name: &'static str,
    documentation: &'static str,
    set: fn(&mut S, &Value),
) -> Setting<S> {
    setting(name, Effect::Honoured(set), documentation)
}

/// Returns the setting of a config that is read by its name where it is needed.
pub(crate) const fn read<S>(name: &'static str, documentation: &'static str) -> Setting<S> {
    setting(name, Effect::Read, documentation)
}

/// Returns the setting of a config that topics take the default of one of their own configs from.
pub(crate) const fn for_topics<S>(name: &'static str, documentation: &'static str) -> Setting<S> {
    setting(name, Effect::TopicDefault, documentation)
}

/// Returns the setting of a config whose value the cluster decides for each broker.
pub(crate) const fn decided<S>(
    name: &'static str,
    reason: &'static str,
    documentation: &'static str,
) -> Setting<S> {
    setting(name, Effect::Decided(reason), documentation)
}

/// Returns the setting of a config that is accepted and described only.
pub(crate) const fn no_effect<S>(
    name: &'static str,
    reason: &'static str,
    documentation: &'static str,
) -> Setting<S> {
    setting(name, Effect::None(reason), documentation)
}

const fn setting<S>(name: &'static str, effect: Effect<S>, documentation: &'static str) -> Setting<S> {
    Setting {
        name,
        effect,
        documentation,
    }
}

/// Returns the number of letters to add, drop or replace to turn one word into the other (Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other_letter) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other_letter);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
