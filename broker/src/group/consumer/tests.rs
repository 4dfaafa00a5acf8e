//! The rules of consumer groups as sequences of heartbeats.

mod driver;
mod joining;
mod leaving;
mod offsets;
mod reconciling;
mod records;
mod topics;

use super::*;
use assignment::Partitions;
use driver::{Driver, partitions};
use member::MemberState;
