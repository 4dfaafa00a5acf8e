//! The rules of consumer groups as sequences of heartbeats.

mod driver;
mod exploring;
mod joining;
mod leaving;
mod migrating;
mod offsets;
mod reconciling;
mod records;
mod topics;

use super::*;
use assignment::Partitions;
use driver::{Driver, partitions};
use member::MemberState;
