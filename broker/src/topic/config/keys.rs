//! The effect of each topic config in this cluster, and its description in our own words. The definitions are in `config::tables::topic`.

use crate::config::definition::Synonym;
use crate::config::keys::without_effect::*;
use crate::config::table::{Setting, Table, honoured, no_effect, read};
use crate::config::tables::topic::{TOPIC, TOPIC_SYNONYMS};
use crate::log::LogSettings;

/// Every topic config.
pub(crate) static TOPIC_CONFIGS: Table<LogSettings> = Table::new(TOPIC, SETTINGS);

#[rustfmt::skip] // a config a line
static SETTINGS: &[Setting<LogSettings>] = &[
    honoured("cleanup.policy", "The treatment of old segments: delete drops them by age and size, compact keeps the last record of each key; both may be given.", |settings, value| { settings.compacted = value.contains("compact"); settings.deletes = value.contains("delete"); }),
    no_effect("compression.gzip.level", NO_RECOMPRESSION, "The gzip level when compression.type is gzip; -1 is the codec's default."),
    no_effect("compression.lz4.level", NO_RECOMPRESSION, "The lz4 level when compression.type is lz4."),
    no_effect("compression.type", NO_RECOMPRESSION, "The codec that batches are stored with; producer keeps the one they were sent with."),
    no_effect("compression.zstd.level", NO_RECOMPRESSION, "The zstd level when compression.type is zstd."),
    honoured("delete.retention.ms", "The time that a compacted topic keeps tombstones, in milliseconds.", |settings, value| settings.delete_retention_ms = value.long()),
    no_effect("errors.deadletterqueue.group.enable", NO_SHARE_GROUPS, "Whether the topic may receive records that share groups could not process."),
    no_effect("file.delete.delay.ms", IN_MEMORY, "The time that a dropped segment's files stay on disk, in milliseconds."),
    no_effect("flush.messages", IN_MEMORY, "The number of records after which the log is forced to disk."),
    no_effect("flush.ms", IN_MEMORY, "The time, in milliseconds, after which the log is forced to disk."),
    no_effect("follower.replication.throttled.replicas", NO_REPLICATION, "The replicas whose replication is throttled on the follower: PARTITION:BROKER pairs, or * for all."),
    no_effect("index.interval.bytes", IN_MEMORY, "The number of bytes between two entries of the offset index."),
    // Read by `TopicDefaults::settings`, because it counts more than segment.bytes.
    read("internal.segment.bytes", "The size at which a segment is closed, in bytes, without the lower bound of segment.bytes; for tests."),
    no_effect("leader.replication.throttled.replicas", NO_REPLICATION, "The replicas whose replication is throttled on the leader: PARTITION:BROKER pairs, or * for all."),
    no_effect("local.retention.bytes", NO_TIERED_STORAGE, "With tiered storage, the most bytes of a partition that stay local; -2 means retention.bytes."),
    no_effect("local.retention.ms", NO_TIERED_STORAGE, "With tiered storage, the time that a segment stays local, in milliseconds; -2 means retention.ms."),
    honoured("max.compaction.lag.ms", "The time, in milliseconds, after which a record becomes due for compaction at the latest.", |settings, value| settings.max_compaction_lag_ms = value.long()),
    honoured("max.decompressed.message.bytes", "The largest record that a compressed batch may hold, decompressed, in bytes.", |settings, value| settings.max_decompressed_message_bytes = value.int()),
    honoured("max.message.bytes", "The largest batch that is accepted, compressed, with its header, in bytes.", |settings, value| settings.max_message_bytes = value.int()),
    honoured("message.timestamp.after.max.ms", "The longest time that a record's timestamp may lie after the broker's time, in milliseconds; not checked under LogAppendTime.", |settings, value| settings.timestamp_after_max_ms = value.long()),
    honoured("message.timestamp.before.max.ms", "The longest time that a record's timestamp may lie before the broker's time, in milliseconds; not checked under LogAppendTime.", |settings, value| settings.timestamp_before_max_ms = value.long()),
    honoured("message.timestamp.type", "Whether a record keeps its producer's timestamp or gets the time at which it was appended.", |settings, value| settings.log_append_time = value.text() == "LogAppendTime"),
    honoured("min.cleanable.dirty.ratio", "The part of a compacted log that must be dirty before it is cleaned.", |settings, value| settings.min_cleanable_dirty_ratio = value.double()),
    honoured("min.compaction.lag.ms", "The least time that a record stays uncompacted, in milliseconds.", |settings, value| settings.min_compaction_lag_ms = value.long()),
    no_effect("min.insync.replicas", NO_REPLICATION, "The number of replicas that must have a record before a producer with acks=all is answered."),
    no_effect("preallocate", IN_MEMORY, "Whether a new segment's file takes its whole size at once."),
    no_effect("remote.copy.lag.bytes", NO_TIERED_STORAGE, "With tiered storage, the bytes behind the end of a partition from which on segments are copied; -1 leaves it to the local retention."),
    no_effect("remote.copy.lag.ms", NO_TIERED_STORAGE, "With tiered storage, the age from which on segments are copied, in milliseconds; -1 leaves it to the local retention."),
    no_effect("remote.log.copy.disable", NO_TIERED_STORAGE, "With tiered storage, stops copying segments to the remote tier."),
    no_effect("remote.log.delete.on.disable", NO_TIERED_STORAGE, "Whether the remote data goes when tiered storage is turned off for the topic."),
    no_effect("remote.storage.enable", NO_TIERED_STORAGE, "Whether the topic uses tiered storage, which this cluster does not have."),
    honoured("retention.bytes", "The most bytes of a partition under the delete policy; -1 keeps all.", |settings, value| settings.retention_bytes = value.long()),
    honoured("retention.ms", "The time that a segment is kept, in milliseconds, under the delete policy; -1 keeps it for ever.", |settings, value| settings.retention_ms = value.long()),
    honoured("segment.bytes", "The size at which a segment is closed, in bytes; retention drops whole segments.", |settings, value| settings.segment_bytes = value.int()),
    no_effect("segment.index.bytes", IN_MEMORY, "The size of a segment's offset index, in bytes."),
    no_effect("segment.jitter.ms", FIXED, "The most random milliseconds that are subtracted from segment.ms, so that segments do not all close together."),
    honoured("segment.ms", "The age at which a segment is closed even if it is not full, in milliseconds.", |settings, value| settings.segment_ms = value.long()),
    no_effect("unclean.leader.election.enable", NO_REPLICATION, "Whether a replica that is not in sync may become the leader when no other is left, losing records."),
];

/// Returns the broker configs behind a topic config, the one that counts most first.
pub(crate) fn synonyms(topic_config: &str) -> &'static [Synonym] {
    TOPIC_SYNONYMS
        .binary_search_by(|(name, _)| (*name).cmp(topic_config))
        .map_or(&[], |index| TOPIC_SYNONYMS[index].1)
}
