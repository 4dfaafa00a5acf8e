//! Recorded answers of Apache Kafka, sent again to the product and compared, without Kafka and without Java.
//!
//! `wire/` records them: `recording` reads its file, `replay` sends the requests in their order, `shape` takes an answer apart by the
//! fields that the recording names, `names` knows which ids each broker chose, and `normal` makes two answers comparable by the rules
//! of `wire/accepted.txt`. This folder knows nothing of what an API means.

mod names;
mod normal;
mod recording;
mod replay;
mod rules;
mod shape;

pub use recording::Recording;
pub use replay::differences;
pub use rules::{Rule, Rules};
