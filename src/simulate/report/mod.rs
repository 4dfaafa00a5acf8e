//! Reports of a simulation: a table for the terminal, JSON for programs, a page for people.
//!
//! Each report is a pure function of the outcome, so the same outcome gives the same bytes. `summary.rs` and `quantity.rs` hold what the
//! table and the page share: the figures, their rounding, and the notes about variants that did not drain.

#[cfg(test)]
mod example;
mod html;
pub(super) mod json;
pub(super) mod quantity;
mod summary;
mod svg;
pub(super) mod table;

pub use html::html;
pub use json::{ReportDetail, json};
pub use table::table;
