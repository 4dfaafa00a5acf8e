//! Reports of a simulation: a table for the terminal, JSON for programs.
//!
//! Each is a pure function of the outcome, so the same outcome gives the same bytes.

#[cfg(test)]
mod example;
mod json;
mod quantity;
mod summary;
mod table;

pub use json::json;
pub use table::table;
