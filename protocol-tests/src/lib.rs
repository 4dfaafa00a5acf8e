//! Conformance tests: real Kafka clients of several languages, and AWS's own tools, against the running binary.
//!
//! This crate owns the processes of a test run: the product, its clients, and the directories where clients are set up. It knows nothing of
//! the product's inside: it starts the binary and only speaks to it over TCP.
//!
//! A client program prints JSON lines about everything that it sees, and the cases here assert the exact values. The programs are in
//! `clients/`, one file each. Those in Rust are in `src/clients/` and run as a child of the test binary.
#![allow(
    clippy::disallowed_methods,
    reason = "outside clients run in real time, and threads read their output"
)]

pub mod apache_kafka;
pub mod case;
pub mod cases;
pub mod clients;
pub mod command;
pub mod context;
pub mod history;
pub mod http;
pub mod kafka;
pub mod process;
pub mod product;
pub mod recorded;
pub mod runner;
pub mod server;
pub mod setup;
mod wait;
pub mod wire;
