//! What an invocation's result means for its batch. Pure.

use crate::invoker::InvocationResult;

/// What becomes of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All records are finished.
    Succeeded,
    /// The function failed: an attempt at the whole batch.
    Failed {
        /// In the function's words.
        reason: String,
    },
    /// 429: not an attempt.
    Throttled,
    /// The function was not reached: not an attempt.
    Unreachable {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Reads a result.
    pub fn of(result: &InvocationResult) -> Self {
        let _ = result;
        todo!("lambda")
    }
}
