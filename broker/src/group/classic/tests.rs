//! Kafka's rules by name, as values.

mod driver;
mod invariants;
mod joining;
mod leaving;
mod static_members;
mod syncing;
