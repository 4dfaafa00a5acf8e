//! Group configs, and the broker configs behind them. Source: Kafka's `GroupConfig`.

// Written by broker/configs/generate.py from the classes of Apache Kafka 4.4.0. Do not edit.

use crate::config::definition::Check::*;
use crate::config::definition::ConfigType::*;
use crate::config::definition::Update::*;
use crate::config::definition::{Definition, Synonym, define};

/// Every config of this kind, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static GROUP: &[Definition] = &[
    define("consumer.assignment.interval.ms", Int, Some("1000"), AtLeast(0), ClusterWide, false, 2),
    define("consumer.assignor.offload.enable", Boolean, Some("true"), Anything, ClusterWide, true, 3),
    define("consumer.heartbeat.interval.ms", Int, Some("5000"), AtLeast(1), ClusterWide, false, 1),
    define("consumer.session.timeout.ms", Int, Some("45000"), AtLeast(1), ClusterWide, false, 0),
    define("errors.deadletterqueue.copy.record.enable", Boolean, Some("false"), Anything, ClusterWide, false, 26),
    define("errors.deadletterqueue.topic.name", String, Some(""), Anything, ClusterWide, false, 25),
    define("share.assignment.interval.ms", Int, Some("1000"), AtLeast(0), ClusterWide, false, 12),
    define("share.assignor.offload.enable", Boolean, Some("true"), Anything, ClusterWide, true, 13),
    define("share.auto.offset.reset", String, Some("latest"), OffsetReset, ClusterWide, false, 9),
    define("share.delivery.count.limit", Int, Some("5"), AtLeast(2), ClusterWide, false, 7),
    define("share.heartbeat.interval.ms", Int, Some("5000"), AtLeast(1), ClusterWide, false, 5),
    define("share.isolation.level", String, Some("read_uncommitted"), OneOf(&["read_committed", "read_uncommitted"]), ClusterWide, false, 10),
    define("share.partition.max.record.locks", Int, Some("2000"), AtLeast(100), ClusterWide, false, 8),
    define("share.record.lock.duration.ms", Int, Some("30000"), AtLeast(1000), ClusterWide, false, 6),
    define("share.renew.acknowledge.enable", Boolean, Some("true"), Anything, ClusterWide, false, 11),
    define("share.session.timeout.ms", Int, Some("45000"), AtLeast(1), ClusterWide, false, 4),
    define("streams.acceptable.recovery.lag", Long, Some("10000"), AtLeast(0), ClusterWide, true, 23),
    define("streams.assignment.interval.ms", Int, Some("1000"), AtLeast(0), ClusterWide, false, 18),
    define("streams.assignor.name", String, None, Anything, ClusterWide, false, 24),
    define("streams.assignor.offload.enable", Boolean, Some("true"), Anything, ClusterWide, true, 19),
    define("streams.heartbeat.interval.ms", Int, Some("5000"), AtLeast(1), ClusterWide, false, 15),
    define("streams.initial.rebalance.delay.ms", Int, Some("3000"), AtLeast(0), ClusterWide, false, 17),
    define("streams.num.standby.replicas", Int, Some("0"), AtLeast(0), ClusterWide, false, 16),
    define("streams.num.warmup.replicas", Int, Some("2"), AtLeast(0), ClusterWide, true, 21),
    define("streams.rack.aware.assignment.tags", List, Some(""), ValidList(&[]), ClusterWide, false, 22),
    define("streams.session.timeout.ms", Int, Some("45000"), AtLeast(1), ClusterWide, false, 14),
    define("streams.task.offset.interval.ms", Int, Some("60000"), AtLeast(1), ClusterWide, true, 20),
];

/// The broker configs that a config may get its value from, the one that counts most first, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static GROUP_SYNONYMS: &[(&str, &[Synonym])] = &[
    ("consumer.assignment.interval.ms", &[Synonym { name: "group.consumer.assignment.interval.ms", factor: 1 }]),
    ("consumer.assignor.offload.enable", &[Synonym { name: "group.consumer.assignor.offload.enable", factor: 1 }]),
    ("consumer.heartbeat.interval.ms", &[Synonym { name: "group.consumer.heartbeat.interval.ms", factor: 1 }]),
    ("consumer.session.timeout.ms", &[Synonym { name: "group.consumer.session.timeout.ms", factor: 1 }]),
    ("share.assignment.interval.ms", &[Synonym { name: "group.share.assignment.interval.ms", factor: 1 }]),
    ("share.assignor.offload.enable", &[Synonym { name: "group.share.assignor.offload.enable", factor: 1 }]),
    ("share.delivery.count.limit", &[Synonym { name: "group.share.delivery.count.limit", factor: 1 }]),
    ("share.heartbeat.interval.ms", &[Synonym { name: "group.share.heartbeat.interval.ms", factor: 1 }]),
    ("share.partition.max.record.locks", &[Synonym { name: "group.share.partition.max.record.locks", factor: 1 }]),
    ("share.record.lock.duration.ms", &[Synonym { name: "group.share.record.lock.duration.ms", factor: 1 }]),
    ("share.session.timeout.ms", &[Synonym { name: "group.share.session.timeout.ms", factor: 1 }]),
    ("streams.acceptable.recovery.lag", &[Synonym { name: "group.streams.acceptable.recovery.lag", factor: 1 }]),
    ("streams.assignment.interval.ms", &[Synonym { name: "group.streams.assignment.interval.ms", factor: 1 }]),
    ("streams.assignor.name", &[Synonym { name: "group.streams.assignors", factor: 1 }]),
    ("streams.assignor.offload.enable", &[Synonym { name: "group.streams.assignor.offload.enable", factor: 1 }]),
    ("streams.heartbeat.interval.ms", &[Synonym { name: "group.streams.heartbeat.interval.ms", factor: 1 }]),
    ("streams.initial.rebalance.delay.ms", &[Synonym { name: "group.streams.initial.rebalance.delay.ms", factor: 1 }]),
    ("streams.num.standby.replicas", &[Synonym { name: "group.streams.num.standby.replicas", factor: 1 }]),
    ("streams.num.warmup.replicas", &[Synonym { name: "group.streams.num.warmup.replicas", factor: 1 }]),
    ("streams.rack.aware.assignment.tags", &[Synonym { name: "group.streams.rack.aware.assignment.tags", factor: 1 }]),
    ("streams.session.timeout.ms", &[Synonym { name: "group.streams.session.timeout.ms", factor: 1 }]),
    ("streams.task.offset.interval.ms", &[Synonym { name: "group.streams.task.offset.interval.ms", factor: 1 }]),
];
