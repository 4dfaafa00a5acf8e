//! The pollers of a mapping: how many there are, and their tasks.
