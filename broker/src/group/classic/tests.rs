//! The rules of classic groups, by Kafka's names.

mod driver;
mod invariants;
mod joining;
mod leaving;
mod offsets;
mod static_members;
mod syncing;
