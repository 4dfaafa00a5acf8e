//! The highest contiguous finished offset per partition: what may be committed. Pure.
