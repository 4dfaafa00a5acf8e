//! What an invocation's result means for its batch. Pure.
