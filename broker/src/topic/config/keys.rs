//! The table of topic configs of Kafka 4.1: the definition of each, its effect here, and the broker configs that their defaults
//! come from. Source: Kafka's `TopicConfig`, `LogConfig` and `ServerTopicConfigSynonyms`.

use crate::config::definition::{ConfigType, Definition, Effect, Setting, Update, Value};
use crate::config::keys::without_effect::*;
use crate::log::LogSettings;

const INT_MAX: i64 = i32::MAX as i64;
const LONG_MAX: i64 = i64::MAX;

const fn key(
    name: &'static str,
    kind: ConfigType,
    default: &'static str,
    documentation: &'static str,
) -> Definition {
    Definition {
        name,
        kind,
        default: Some(default),
        update: Update::ClusterWide,
        documentation,
    }
}

const fn int(name: &'static str, min: i64, default: &'static str, documentation: &'static str) -> Definition {
    key(
        name,
        ConfigType::Int { min, max: INT_MAX },
        default,
        documentation,
    )
}

const fn long(
    name: &'static str,
    min: i64,
    default: &'static str,
    documentation: &'static str,
) -> Definition {
    key(
        name,
        ConfigType::Long { min, max: LONG_MAX },
        default,
        documentation,
    )
}

const fn boolean(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, ConfigType::Boolean, default, documentation)
}

/// A config that goes into [`LogSettings`].
const fn honoured(definition: Definition, set: fn(&mut LogSettings, &Value)) -> Setting<LogSettings> {
    Setting {
        definition,
        effect: Effect::Honoured(set),
    }
}

/// A config that is accepted and described only.
const fn no_effect(definition: Definition, reason: &'static str) -> Setting<LogSettings> {
    Setting {
        definition,
        effect: Effect::None(reason),
    }
}

/// Every topic config, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static TOPIC_CONFIGS: &[Setting<LogSettings>] = &[
    honoured(key("cleanup.policy", ConfigType::Words(&["compact", "delete"]), "delete", "The treatment of old segments: delete drops them by age and size, compact keeps the last record of each key; both may be given."), |settings, value| { settings.compacted = value.contains("compact"); settings.deletes = value.contains("delete"); }),
    no_effect(key("compression.gzip.level", ConfigType::Int { min: -1, max: 9 }, "-1", "The gzip level when compression.type is gzip; -1 is the codec's default."), NO_RECOMPRESSION),
    no_effect(key("compression.lz4.level", ConfigType::Int { min: 1, max: 17 }, "9", "The lz4 level when compression.type is lz4."), NO_RECOMPRESSION),
    no_effect(key("compression.type", ConfigType::Word(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), "producer", "The codec that batches are stored with; producer keeps the one they were sent with."), NO_RECOMPRESSION),
    no_effect(key("compression.zstd.level", ConfigType::Int { min: -131_072, max: 22 }, "3", "The zstd level when compression.type is zstd."), NO_RECOMPRESSION),
    no_effect(long("delete.retention.ms", 0, "86400000", "The time that a compacted topic keeps tombstones, in milliseconds."), NO_COMPACTION),
    no_effect(long("file.delete.delay.ms", 0, "60000", "The time that a dropped segment's files stay on disk, in milliseconds."), IN_MEMORY),
    no_effect(long("flush.messages", 1, "9223372036854775807", "The number of records after which the log is forced to disk."), IN_MEMORY),
    no_effect(long("flush.ms", 0, "9223372036854775807", "The time, in milliseconds, after which the log is forced to disk."), IN_MEMORY),
    no_effect(key("follower.replication.throttled.replicas", ConfigType::Replicas, "", "The replicas whose replication is throttled on the follower: PARTITION:BROKER pairs, or * for all."), NO_REPLICATION),
    no_effect(int("index.interval.bytes", 0, "4096", "The number of bytes between two entries of the offset index."), IN_MEMORY),
    no_effect(key("leader.replication.throttled.replicas", ConfigType::Replicas, "", "The replicas whose replication is throttled on the leader: PARTITION:BROKER pairs, or * for all."), NO_REPLICATION),
    no_effect(long("local.retention.bytes", -2, "-2", "With tiered storage, the most bytes of a partition that stay local; -2 means retention.bytes."), NO_TIERED_STORAGE),
    no_effect(long("local.retention.ms", -2, "-2", "With tiered storage, the time that a segment stays local, in milliseconds; -2 means retention.ms."), NO_TIERED_STORAGE),
    no_effect(long("max.compaction.lag.ms", 1, "9223372036854775807", "The time, in milliseconds, after which a record becomes due for compaction at the latest."), NO_COMPACTION),
    honoured(int("max.message.bytes", 0, "1048588", "The largest batch that is accepted, compressed, with its header, in bytes."), |settings, value| settings.max_message_bytes = value.int()),
    honoured(long("message.timestamp.after.max.ms", 0, "3600000", "The longest time that a record's timestamp may lie after the broker's time, in milliseconds; not checked under LogAppendTime."), |settings, value| settings.timestamp_after_max_ms = value.long()),
    honoured(long("message.timestamp.before.max.ms", 0, "9223372036854775807", "The longest time that a record's timestamp may lie before the broker's time, in milliseconds; not checked under LogAppendTime."), |settings, value| settings.timestamp_before_max_ms = value.long()),
    honoured(key("message.timestamp.type", ConfigType::Word(&["CreateTime", "LogAppendTime"]), "CreateTime", "Whether a record keeps its producer's timestamp or gets the time at which it was appended."), |settings, value| settings.log_append_time = value.text() == "LogAppendTime"),
    no_effect(key("min.cleanable.dirty.ratio", ConfigType::Double { min: 0.0, max: 1.0 }, "0.5", "The part of a compacted log that must be dirty before it is cleaned."), NO_COMPACTION),
    no_effect(long("min.compaction.lag.ms", 0, "0", "The least time that a record stays uncompacted, in milliseconds."), NO_COMPACTION),
    no_effect(int("min.insync.replicas", 1, "1", "The number of replicas that must have a record before a producer with acks=all is answered."), NO_REPLICATION),
    no_effect(boolean("preallocate", "false", "Whether a new segment's file takes its whole size at once."), IN_MEMORY),
    no_effect(boolean("remote.log.copy.disable", "false", "With tiered storage, stops copying segments to the remote tier."), NO_TIERED_STORAGE),
    no_effect(boolean("remote.log.delete.on.disable", "false", "Whether the remote data goes when tiered storage is turned off for the topic."), NO_TIERED_STORAGE),
    no_effect(boolean("remote.storage.enable", "false", "Whether the topic uses tiered storage, which this cluster does not have."), NO_TIERED_STORAGE),
    // Kafka sets no bound for this one: every negative value keeps all.
    honoured(key("retention.bytes", ConfigType::Long { min: i64::MIN, max: LONG_MAX }, "-1", "The most bytes of a partition under the delete policy; -1 keeps all."), |settings, value| settings.retention_bytes = value.long()),
    honoured(long("retention.ms", -1, "604800000", "The time that a segment is kept, in milliseconds, under the delete policy; -1 keeps it for ever."), |settings, value| settings.retention_ms = value.long()),
    honoured(int("segment.bytes", MIN_SEGMENT_BYTES, "1073741824", "The size at which a segment is closed, in bytes; retention drops whole segments."), |settings, value| settings.segment_bytes = value.int()),
    no_effect(int("segment.index.bytes", 4, "10485760", "The size of a segment's offset index, in bytes."), IN_MEMORY),
    no_effect(long("segment.jitter.ms", 0, "0", "The most random milliseconds that are subtracted from segment.ms, so that segments do not all close together."), FIXED),
    honoured(long("segment.ms", 1, "604800000", "The age at which a segment is closed even if it is not full, in milliseconds."), |settings, value| settings.segment_ms = value.long()),
    no_effect(boolean("unclean.leader.election.enable", "false", "Whether a replica that is not in sync may become the leader when no other is left, losing records."), NO_REPLICATION),
];

/// Kafka's least `segment.bytes` since KIP-1030 is 1 MiB. Here it is 14, as it was before, since tests of retention want small segments.
const MIN_SEGMENT_BYTES: i64 = 14;

/// A broker config that a topic config takes its default from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Synonym {
    pub(crate) name: &'static str,
    /// The factor from the unit of the broker config to that of the topic config (hours to milliseconds).
    pub(crate) factor: i64,
}

const fn same(name: &'static str) -> Synonym {
    Synonym { name, factor: 1 }
}

const fn hours(name: &'static str) -> Synonym {
    Synonym {
        name,
        factor: 3_600_000,
    }
}

const fn minutes(name: &'static str) -> Synonym {
    Synonym { name, factor: 60_000 }
}

/// The broker configs behind a topic config, the one that counts most first.
pub(crate) fn synonyms(topic_config: &str) -> &'static [Synonym] {
    const PLAIN: &[(&str, &[Synonym])] = &[
        ("cleanup.policy", &[same("log.cleanup.policy")]),
        ("compression.gzip.level", &[same("compression.gzip.level")]),
        ("compression.lz4.level", &[same("compression.lz4.level")]),
        ("compression.type", &[same("compression.type")]),
        ("compression.zstd.level", &[same("compression.zstd.level")]),
        ("delete.retention.ms", &[same("log.cleaner.delete.retention.ms")]),
        ("file.delete.delay.ms", &[same("log.segment.delete.delay.ms")]),
        ("flush.messages", &[same("log.flush.interval.messages")]),
        (
            "flush.ms",
            &[
                same("log.flush.interval.ms"),
                // Kafka flushes at the scheduler's interval if no other is set.
                same("log.flush.scheduler.interval.ms"),
            ],
        ),
        ("index.interval.bytes", &[same("log.index.interval.bytes")]),
        ("local.retention.bytes", &[same("log.local.retention.bytes")]),
        ("local.retention.ms", &[same("log.local.retention.ms")]),
        (
            "max.compaction.lag.ms",
            &[same("log.cleaner.max.compaction.lag.ms")],
        ),
        ("max.message.bytes", &[same("message.max.bytes")]),
        (
            "message.timestamp.after.max.ms",
            &[same("log.message.timestamp.after.max.ms")],
        ),
        (
            "message.timestamp.before.max.ms",
            &[same("log.message.timestamp.before.max.ms")],
        ),
        ("message.timestamp.type", &[same("log.message.timestamp.type")]),
        (
            "min.cleanable.dirty.ratio",
            &[same("log.cleaner.min.cleanable.ratio")],
        ),
        (
            "min.compaction.lag.ms",
            &[same("log.cleaner.min.compaction.lag.ms")],
        ),
        ("min.insync.replicas", &[same("min.insync.replicas")]),
        ("preallocate", &[same("log.preallocate")]),
        ("retention.bytes", &[same("log.retention.bytes")]),
        (
            "retention.ms",
            &[
                same("log.retention.ms"),
                minutes("log.retention.minutes"),
                hours("log.retention.hours"),
            ],
        ),
        ("segment.bytes", &[same("log.segment.bytes")]),
        ("segment.index.bytes", &[same("log.index.size.max.bytes")]),
        (
            "segment.jitter.ms",
            &[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")],
        ),
        ("segment.ms", &[same("log.roll.ms"), hours("log.roll.hours")]),
        (
            "unclean.leader.election.enable",
            &[same("unclean.leader.election.enable")],
        ),
    ];
    PLAIN
        .iter()
        .find(|(name, _)| *name == topic_config)
        .map_or(&[], |(_, synonyms)| synonyms)
}
