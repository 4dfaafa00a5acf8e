//! The Lambda API for event source mappings over HTTP, as SDKs use it: paths, status codes, headers and bodies.

mod cloudwatch;
mod destinations;
mod errors;
mod filter;
mod mappings;
mod service;
mod trace;
