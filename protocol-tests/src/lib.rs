//! Conformance tests: real Kafka clients of several languages, and AWS's own tools, against the running binary.
//!
//! Owns the processes of a test run: the product, its clients, and the places where clients are set up. Refuses
//! to know the product from inside: it starts the binary and speaks to it over TCP only.
//!
//! A client program reports as JSON lines what it saw; the cases here assert the exact values. The programs
//! themselves are in `clients/`, one file each, except those in Rust, which are in `src/clients/` and run as a
//! child of the test binary.
#![allow(
    clippy::disallowed_methods,
    reason = "outside clients keep real time, and their output is read by threads"
)]

pub mod case;
pub mod cases;
pub mod clients;
pub mod command;
pub mod context;
pub mod http;
pub mod kafka;
pub mod process;
pub mod product;
pub mod runner;
pub mod server;
pub mod setup;
pub mod wire;
