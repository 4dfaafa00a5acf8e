//! Configs of client metrics subscriptions. Source: Kafka's `ClientMetricsConfigs`.

// Written by broker/configs/generate.py from the classes of Apache Kafka 4.4.0. Do not edit.

use crate::config::definition::Check::*;
use crate::config::definition::ConfigType::*;
use crate::config::definition::Update::*;
use crate::config::definition::{Definition, define};

/// Every config of this kind, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static CLIENT_METRICS: &[Definition] = &[
    define("interval.ms", Int, Some("300000"), Anything, ClusterWide, false, 1),
    define("match", List, Some(""), ValidList(&[]), ClusterWide, false, 2),
    define("metrics", List, Some(""), ValidList(&[]), ClusterWide, false, 0),
];
