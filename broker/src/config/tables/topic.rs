//! Topic configs, and the broker configs behind them. Source: Kafka's `LogConfig` and `ServerTopicConfigSynonyms`.

// Written by broker/configs/generate.py from the classes of Apache Kafka 4.4.0. Do not edit.

use crate::config::definition::Check::*;
use crate::config::definition::ConfigType::*;
use crate::config::definition::Update::*;
use crate::config::definition::{Definition, Synonym, define};

/// Every config of this kind, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static TOPIC: &[Definition] = &[
    define("cleanup.policy", List, Some("delete"), ValidList(&["compact", "delete"]), ClusterWide, false, 16),
    define("compression.gzip.level", Int, Some("-1"), GzipLevel, ClusterWide, false, 20),
    define("compression.lz4.level", Int, Some("9"), Between(1, 17), ClusterWide, false, 21),
    define("compression.type", String, Some("producer"), OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), ClusterWide, false, 19),
    define("compression.zstd.level", Int, Some("3"), Between(-131072, 22), ClusterWide, false, 22),
    define("delete.retention.ms", Long, Some("86400000"), AtLeast(0), ClusterWide, false, 11),
    define("errors.deadletterqueue.group.enable", Boolean, Some("false"), Anything, ClusterWide, false, 36),
    define("file.delete.delay.ms", Long, Some("60000"), AtLeast(0), ClusterWide, false, 14),
    define("flush.messages", Long, Some("9223372036854775807"), AtLeast(1), ClusterWide, false, 4),
    define("flush.ms", Long, Some("9223372036854775807"), AtLeast(0), ClusterWide, false, 5),
    define("follower.replication.throttled.replicas", List, Some(""), Replicas, ClusterWide, false, 28),
    define("index.interval.bytes", Int, Some("4096"), AtLeast(0), ClusterWide, false, 10),
    define("internal.segment.bytes", Int, None, Anything, ClusterWide, true, 37),
    define("leader.replication.throttled.replicas", List, Some(""), Replicas, ClusterWide, false, 27),
    define("local.retention.bytes", Long, Some("-2"), AtLeast(-2), ClusterWide, false, 31),
    define("local.retention.ms", Long, Some("-2"), AtLeast(-2), ClusterWide, false, 30),
    define("max.compaction.lag.ms", Long, Some("9223372036854775807"), AtLeast(1), ClusterWide, false, 13),
    define("max.decompressed.message.bytes", Int, Some("2147483639"), Between(1, 2147483639), ClusterWide, false, 9),
    define("max.message.bytes", Int, Some("1048588"), AtLeast(0), ClusterWide, false, 8),
    define("message.timestamp.after.max.ms", Long, Some("3600000"), AtLeast(0), ClusterWide, false, 26),
    define("message.timestamp.before.max.ms", Long, Some("9223372036854775807"), AtLeast(0), ClusterWide, false, 25),
    define("message.timestamp.type", String, Some("CreateTime"), OneOf(&["CreateTime", "LogAppendTime"]), ClusterWide, false, 24),
    define("min.cleanable.dirty.ratio", Double, Some("0.5"), DoubleBetween(0.0, 1.0), ClusterWide, false, 15),
    define("min.compaction.lag.ms", Long, Some("0"), AtLeast(0), ClusterWide, false, 12),
    define("min.insync.replicas", Int, Some("1"), AtLeast(1), ClusterWide, false, 18),
    define("preallocate", Boolean, Some("false"), Anything, ClusterWide, false, 23),
    define("remote.copy.lag.bytes", Long, Some("-1"), AtLeast(-1), ClusterWide, false, 34),
    define("remote.copy.lag.ms", Long, Some("0"), AtLeast(-1), ClusterWide, false, 33),
    define("remote.log.copy.disable", Boolean, Some("false"), Anything, ClusterWide, false, 32),
    define("remote.log.delete.on.disable", Boolean, Some("false"), Anything, ClusterWide, false, 35),
    define("remote.storage.enable", Boolean, Some("false"), Anything, ClusterWide, false, 29),
    define("retention.bytes", Long, Some("-1"), Anything, ClusterWide, false, 6),
    define("retention.ms", Long, Some("604800000"), AtLeast(-1), ClusterWide, false, 7),
    define("segment.bytes", Int, Some("1073741824"), AtLeast(1048576), ClusterWide, false, 0),
    define("segment.index.bytes", Int, Some("10485760"), AtLeast(4), ClusterWide, false, 3),
    define("segment.jitter.ms", Long, Some("0"), AtLeast(0), ClusterWide, false, 2),
    define("segment.ms", Long, Some("604800000"), AtLeast(1), ClusterWide, false, 1),
    define("unclean.leader.election.enable", Boolean, Some("false"), Anything, ClusterWide, false, 17),
];

/// The broker configs that a config may get its value from, the one that counts most first, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static TOPIC_SYNONYMS: &[(&str, &[Synonym])] = &[
    ("cleanup.policy", &[Synonym { name: "log.cleanup.policy", factor: 1 }]),
    ("compression.gzip.level", &[Synonym { name: "compression.gzip.level", factor: 1 }]),
    ("compression.lz4.level", &[Synonym { name: "compression.lz4.level", factor: 1 }]),
    ("compression.type", &[Synonym { name: "compression.type", factor: 1 }]),
    ("compression.zstd.level", &[Synonym { name: "compression.zstd.level", factor: 1 }]),
    ("delete.retention.ms", &[Synonym { name: "log.cleaner.delete.retention.ms", factor: 1 }]),
    ("file.delete.delay.ms", &[Synonym { name: "log.segment.delete.delay.ms", factor: 1 }]),
    ("flush.messages", &[Synonym { name: "log.flush.interval.messages", factor: 1 }]),
    ("flush.ms", &[Synonym { name: "log.flush.interval.ms", factor: 1 }, Synonym { name: "log.flush.scheduler.interval.ms", factor: 1 }]),
    ("index.interval.bytes", &[Synonym { name: "log.index.interval.bytes", factor: 1 }]),
    ("local.retention.bytes", &[Synonym { name: "log.local.retention.bytes", factor: 1 }]),
    ("local.retention.ms", &[Synonym { name: "log.local.retention.ms", factor: 1 }]),
    ("max.compaction.lag.ms", &[Synonym { name: "log.cleaner.max.compaction.lag.ms", factor: 1 }]),
    ("max.decompressed.message.bytes", &[Synonym { name: "max.decompressed.message.bytes", factor: 1 }]),
    ("max.message.bytes", &[Synonym { name: "message.max.bytes", factor: 1 }]),
    ("message.timestamp.after.max.ms", &[Synonym { name: "log.message.timestamp.after.max.ms", factor: 1 }]),
    ("message.timestamp.before.max.ms", &[Synonym { name: "log.message.timestamp.before.max.ms", factor: 1 }]),
    ("message.timestamp.type", &[Synonym { name: "log.message.timestamp.type", factor: 1 }]),
    ("min.cleanable.dirty.ratio", &[Synonym { name: "log.cleaner.min.cleanable.ratio", factor: 1 }]),
    ("min.compaction.lag.ms", &[Synonym { name: "log.cleaner.min.compaction.lag.ms", factor: 1 }]),
    ("min.insync.replicas", &[Synonym { name: "min.insync.replicas", factor: 1 }]),
    ("preallocate", &[Synonym { name: "log.preallocate", factor: 1 }]),
    ("remote.copy.lag.bytes", &[Synonym { name: "log.remote.copy.lag.bytes", factor: 1 }]),
    ("remote.copy.lag.ms", &[Synonym { name: "log.remote.copy.lag.ms", factor: 1 }]),
    ("retention.bytes", &[Synonym { name: "log.retention.bytes", factor: 1 }]),
    ("retention.ms", &[Synonym { name: "log.retention.ms", factor: 1 }, Synonym { name: "log.retention.minutes", factor: 60000 }, Synonym { name: "log.retention.hours", factor: 3600000 }]),
    ("segment.bytes", &[Synonym { name: "log.segment.bytes", factor: 1 }]),
    ("segment.index.bytes", &[Synonym { name: "log.index.size.max.bytes", factor: 1 }]),
    ("segment.jitter.ms", &[Synonym { name: "log.roll.jitter.ms", factor: 1 }, Synonym { name: "log.roll.jitter.hours", factor: 3600000 }]),
    ("segment.ms", &[Synonym { name: "log.roll.ms", factor: 1 }, Synonym { name: "log.roll.hours", factor: 3600000 }]),
    ("unclean.leader.election.enable", &[Synonym { name: "unclean.leader.election.enable", factor: 1 }]),
];
