//! Declarations of functions, mappings and scaling, written alike in config files and in scenarios of simulations.

mod destinations;
mod file;
mod function;
mod keda;
mod mapping;
mod scaling;

pub use destinations::DestinationsEntry;
pub use file::{FileError, check_names, line_of, parse, read_text};
pub use function::{CommandEntry, FunctionEntry};
pub use keda::KedaEntry;
pub use mapping::{MappingEntry, VariantEntry};
pub use scaling::{ConstantText, ProfileText, Scaling};
