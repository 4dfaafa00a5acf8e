//! The definitions of all configs, read from Kafka's own classes. The files beside this one are written by `broker/configs/generate.py`.

pub(crate) mod broker;
pub(crate) mod client_metrics;
pub(crate) mod group;
pub(crate) mod topic;
