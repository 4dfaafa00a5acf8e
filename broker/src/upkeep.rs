//! Sweeps by time: `retention.ms`, expired offsets. One task, owned by the broker.
