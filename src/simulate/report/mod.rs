//! Reports of a simulation. Each is a pure function of the outcome, so the same outcome gives the same bytes.

#[cfg(test)]
mod example;
mod json;

pub use json::json;
