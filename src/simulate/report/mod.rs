//! Reports of a simulation: a table for the terminal, JSON for programs, a page for people.
//!
//! Each is a pure function of the outcome, so the same outcome gives the same bytes. What the table and the page have in common (the
//! figures, how they are rounded, what is said of a variant that did not drain) is decided once, in `summary.rs` and `quantity.rs`.

#[cfg(test)]
mod example;
mod html;
pub(super) mod json;
pub(super) mod quantity;
mod summary;
mod svg;
pub(super) mod table;

pub use html::html;
pub use json::json;
pub use table::table;
