//! What files declare: functions, mappings and scaling, in the same words in a config file and in a scenario of a simulation.

mod file;
mod function;
mod mapping;
mod scaling;

pub use file::{FileError, check_names, parse, read_text};
pub use function::FunctionEntry;
pub use mapping::{MappingEntry, VariantEntry};
pub use scaling::{ConstantText, ProfileText, Scaling};
