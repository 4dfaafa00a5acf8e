//! What files declare: functions and mappings, in the same words in a config file and in a scenario of a simulation.

mod function;
mod mapping;

pub use function::FunctionEntry;
pub use mapping::{MappingEntry, VariantEntry};

/// The first name that stands a second time.
pub fn first_repeated<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}
