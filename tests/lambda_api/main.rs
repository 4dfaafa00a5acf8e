//! The HTTP port as clients use it: the Lambda API for event source mappings and the schema registry; paths, status codes, headers, bodies.

mod cloudwatch;
mod destinations;
mod errors;
mod filter;
mod mappings;
mod schema_registry;
mod service;
mod trace;
