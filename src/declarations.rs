//! What files declare: functions and mappings, in the same words in a config file and in a scenario of a simulation.

mod file;
mod function;
mod mapping;

pub use file::{FileError, check_names, parse, read_text};
pub use function::FunctionEntry;
pub use mapping::{MappingEntry, VariantEntry};
