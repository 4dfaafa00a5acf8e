//! The table of broker configs: those that clients and tools commonly set, with Kafka 4.1's types, bounds and defaults, and what
//! each does here. All are accepted and described, so that a cluster starts with the configs of another one; an entry without an
//! effect says why it has none. Source: Kafka's `KafkaConfig` and the definitions that it is merged from; which may change while
//! running: `DynamicBrokerConfig`.

use super::BrokerConfig;
use super::definition::{ConfigType, Definition, Effect, Setting, Update, Value};

// Kafka bounds most configs from below only, so the upper bound is the type's. The least value of the type stands for no lower bound.
const INT_MAX: i64 = i32::MAX as i64;
const LONG_MAX: i64 = i64::MAX;

const fn key(
    name: &'static str,
    kind: ConfigType,
    default: Option<&'static str>,
    documentation: &'static str,
) -> Definition {
    Definition {
        name,
        kind,
        default,
        update: Update::ReadOnly,
        documentation,
    }
}

const fn int(name: &'static str, min: i64, default: &'static str, documentation: &'static str) -> Definition {
    key(
        name,
        ConfigType::Int { min, max: INT_MAX },
        Some(default),
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
        Some(default),
        documentation,
    )
}

const fn boolean(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, ConfigType::Boolean, Some(default), documentation)
}

const fn text(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, ConfigType::String, Some(default), documentation)
}

const fn list(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, ConfigType::List, Some(default), documentation)
}

/// A config that may change while running, for one broker or for all.
const fn dynamic(definition: Definition) -> Definition {
    Definition {
        update: Update::ClusterWide,
        ..definition
    }
}

const fn per_broker(definition: Definition) -> Definition {
    Definition {
        update: Update::PerBroker,
        ..definition
    }
}

/// Without a value unless one is set.
const fn unset(definition: Definition) -> Definition {
    Definition {
        default: None,
        ..definition
    }
}

/// A config that goes into [`BrokerConfig`].
const fn honoured(definition: Definition, set: fn(&mut BrokerConfig, &Value)) -> Setting<BrokerConfig> {
    Setting {
        definition,
        effect: Effect::Honoured(set),
    }
}

/// A config that topics take the default of one of their own configs from.
const fn for_topics(definition: Definition) -> Setting<BrokerConfig> {
    Setting {
        definition,
        effect: Effect::TopicDefault,
    }
}

/// A config whose value the cluster decides for each broker.
const fn decided(definition: Definition, reason: &'static str) -> Setting<BrokerConfig> {
    Setting {
        definition,
        effect: Effect::Decided(reason),
    }
}

/// A config that is accepted and described only.
const fn no_effect(definition: Definition, reason: &'static str) -> Setting<BrokerConfig> {
    Setting {
        definition,
        effect: Effect::None(reason),
    }
}

// The reasons why the cluster decides a config itself.
const LISTENERS: &str = "the addresses are set for the whole cluster, not by broker configs";
const NUMBERED: &str = "the brokers are numbered 1, 2, ... in the order of their addresses";

/// The reasons why configs have no effect.
pub(crate) mod without_effect {
    pub(crate) const FIXED: &str = "the cluster uses a fixed value";
    pub(crate) const IN_MEMORY: &str = "logs live in memory, and nothing is written to a disk";
    pub(crate) const NO_CLASSES: &str = "Java classes are not loaded";
    pub(crate) const NO_COMPACTION: &str = "logs are not compacted";
    pub(crate) const NO_CONNECTION_LIMITS: &str = "connections are bounded by the memory limit only";
    pub(crate) const GROUP_CONFIGS: &str = "groups have no configs of their own yet, which it would bound";
    pub(crate) const NO_QUOTAS: &str = "there are no quotas";
    pub(crate) const NO_RECOMPRESSION: &str = "batches are stored with the codec that they were sent with";
    pub(crate) const NO_REPLICATION: &str = "brokers do not replicate or fail: all replicas count as in sync";
    pub(crate) const NO_SAMPLES: &str = "metrics are not sampled";
    pub(crate) const NO_SECURITY: &str = "listeners are plain text, and clients are not authenticated";
    pub(crate) const NO_THREAD_POOLS: &str = "requests have no thread pools or queues";
    pub(crate) const NO_TIERED_STORAGE: &str = "there is no tiered storage";
    pub(crate) const NO_TRANSACTIONS: &str = "there are no transactions";
    pub(crate) const ONE_PROCESS: &str = "all brokers and the controller are one process";
}
use without_effect::*;

const CODECS: ConfigType = ConfigType::Word(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]);
const INT_MAX_TEXT: &str = "2147483647";
const LONG_MAX_TEXT: &str = "9223372036854775807";

/// Every broker config that is known, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static BROKER_CONFIGS: &[Setting<BrokerConfig>] = &[
    // Read by `Advertised::by_node`, beside the other settings that say where the brokers are.
    honoured(per_broker(unset(text("advertised.listeners", "", "The addresses that clients are told to dial."))), |_, _| ()),
    no_effect(unset(key("alter.config.policy.class.name", ConfigType::Class, None, "A class that may refuse changes of configs; not used here.")), NO_CLASSES),
    no_effect(text("authorizer.class.name", "", "The class that authorises requests; not used here."), NO_SECURITY),
    honoured(boolean("auto.create.topics.enable", "true", "Whether a topic that a client asks for by name is created if it does not exist."), |config, value| config.auto_create_topics = value.boolean()),
    no_effect(boolean("auto.leader.rebalance.enable", "true", "Whether leadership is moved back to the preferred replicas from time to time."), NO_REPLICATION),
    no_effect(dynamic(int("background.threads", 1, "10", "Threads for background work; not used here.")), NO_THREAD_POOLS),
    decided(int("broker.id", i32::MIN as i64, "-1", "The broker's id under its old name; node.id is the one that counts."), NUMBERED),
    honoured(unset(text("broker.rack", "", "The rack of the brokers.")), |config, value| config.rack = Some(value.text().to_owned()).filter(|rack| !rack.is_empty())),
    no_effect(dynamic(key("compression.gzip.level", ConfigType::Int { min: -1, max: 9 }, Some("-1"), "The gzip level of topics whose compression.type is gzip.")), NO_RECOMPRESSION),
    no_effect(dynamic(key("compression.lz4.level", ConfigType::Int { min: 1, max: 17 }, Some("9"), "The lz4 level of topics whose compression.type is lz4.")), NO_RECOMPRESSION),
    no_effect(dynamic(key("compression.type", CODECS, Some("producer"), "The codec that batches are stored with; producer keeps the one they were sent with.")), NO_RECOMPRESSION),
    no_effect(dynamic(key("compression.zstd.level", ConfigType::Int { min: -131_072, max: 22 }, Some("3"), "The zstd level of topics whose compression.type is zstd.")), NO_RECOMPRESSION),
    no_effect(long("connection.failed.authentication.delay.ms", 0, "100", "The time that a connection stays open after a failed authentication, in milliseconds."), NO_SECURITY),
    honoured(long("connections.max.idle.ms", i64::MIN, "600000", "A connection without requests for this long is closed, in milliseconds; below zero never."), |config, value| config.connections_max_idle_ms = value.long()),
    no_effect(long("connections.max.reauth.ms", i64::MIN, "0", "The time after which a SASL client must authenticate again, in milliseconds; 0 means never."), NO_SECURITY),
    no_effect(boolean("controlled.shutdown.enable", "true", "Whether a broker hands its leadership over before it stops."), NO_REPLICATION),
    no_effect(int("controlled.shutdown.max.retries", i32::MIN as i64, "3", "The number of attempts to hand over leadership before the stop."), NO_REPLICATION),
    no_effect(list("controller.listener.names", "", "The names of the controllers' listeners."), ONE_PROCESS),
    no_effect(list("controller.quorum.bootstrap.servers", "", "The first addresses of the quorum's controllers."), ONE_PROCESS),
    no_effect(list("controller.quorum.voters", "", "The controllers of the quorum, as ID@HOST:PORT."), ONE_PROCESS),
    no_effect(int("controller.quota.window.num", 1, "11", "The number of samples in the quota of controller mutations."), NO_QUOTAS),
    no_effect(key("create.topic.policy.class.name", ConfigType::Class, None, "A class that may refuse new topics; not used here."), NO_CLASSES),
    honoured(int("default.replication.factor", 1, "1", "The replication factor of topics that do not name one."), |config, value| config.default_replication_factor = value.short()),
    honoured(boolean("delete.topic.enable", "true", "Whether topics may be deleted."), |config, value| config.delete_topics = value.boolean()),
    no_effect(int("fetch.max.bytes", 1024, "57671680", "The most that one fetch returns, in bytes, whatever its client asks for."), FIXED),
    no_effect(int("fetch.purgatory.purge.interval.requests", i32::MIN as i64, "1000", "The number of requests after which finished waiting fetches are swept; not used here."), NO_THREAD_POOLS),
    honoured(int("group.consumer.assignment.interval.ms", 0, "0", "The least time between two assignments of a consumer group, in milliseconds. Kafka's own default is 1000."), |config, value| config.group_consumer_assignment_interval_ms = value.int()),
    honoured(key("group.consumer.assignors", ConfigType::Words(&["uniform", "range"]), Some("uniform,range"), "The assignors of the consumer group protocol; the first is the default."), |config, value| config.group_consumer_assignors = value.list().to_vec()),
    honoured(int("group.consumer.heartbeat.interval.ms", 1, "5000", "The interval at which members of the consumer group protocol send heartbeats, in milliseconds."), |config, value| config.group_consumer_heartbeat_interval_ms = value.int()),
    no_effect(int("group.consumer.max.heartbeat.interval.ms", 1, "15000", "The longest heartbeat interval a group may configure, in milliseconds."), GROUP_CONFIGS),
    no_effect(int("group.consumer.max.session.timeout.ms", 1, "60000", "The longest session timeout a group may configure, in milliseconds."), GROUP_CONFIGS),
    honoured(int("group.consumer.max.size", 1, INT_MAX_TEXT, "The most members of one consumer group."), |config, value| config.group_consumer_max_size = value.int()),
    honoured(key("group.consumer.migration.policy", ConfigType::Word(&["bidirectional", "upgrade", "downgrade", "disabled"]), Some("bidirectional"), "The protocols between which a group may move while it has members."), |config, value| config.group_consumer_migration_policy = value.text().to_owned()),
    no_effect(int("group.consumer.min.heartbeat.interval.ms", 1, "5000", "The shortest heartbeat interval a group may configure, in milliseconds."), GROUP_CONFIGS),
    no_effect(int("group.consumer.min.session.timeout.ms", 1, "45000", "The shortest session timeout a group may configure, in milliseconds."), GROUP_CONFIGS),
    honoured(int("group.consumer.regex.refresh.interval.ms", 10_000, "600000", "The interval at which the topics of regular expressions are searched again, in milliseconds."), |config, value| config.group_consumer_regex_refresh_interval_ms = value.int()),
    honoured(int("group.consumer.session.timeout.ms", 1, "45000", "The time without a heartbeat after which a member of the consumer group protocol is removed, in milliseconds."), |config, value| config.group_consumer_session_timeout_ms = value.int()),
    no_effect(int("group.coordinator.append.linger.ms", 0, "10", "The time that the coordinator gathers writes, in milliseconds; not used here."), NO_THREAD_POOLS),
    honoured(key("group.coordinator.rebalance.protocols", ConfigType::Words(&["classic", "consumer", "share", "streams"]), Some("classic,consumer,streams"), "The rebalance protocols that groups may use."), |config, value| config.consumer_protocol = value.contains("consumer")),
    no_effect(int("group.coordinator.threads", 1, "4", "Threads of the group coordinator; not used here."), NO_THREAD_POOLS),
    // Kafka's `server.properties` sets 0 as well, for development and tests. Its own default avoids rebalances while a large application
    // starts.
    honoured(int("group.initial.rebalance.delay.ms", 0, "0", "The time that the first rebalance of an empty group waits for more members, in milliseconds. Kafka's own default is 3000."), |config, value| config.group_initial_rebalance_delay_ms = value.long()),
    honoured(int("group.max.session.timeout.ms", 0, "1800000", "The longest session timeout that a member of a classic group may ask for, in milliseconds."), |config, value| config.group_max_session_timeout_ms = value.int()),
    honoured(int("group.max.size", 1, INT_MAX_TEXT, "The most members of one classic group."), |config, value| config.group_max_size = value.int()),
    honoured(int("group.min.session.timeout.ms", 0, "6000", "The shortest session timeout that a member of a classic group may ask for, in milliseconds."), |config, value| config.group_min_session_timeout_ms = value.int()),
    no_effect(text("inter.broker.listener.name", "PLAINTEXT", "The listener that brokers use among themselves."), NO_REPLICATION),
    no_effect(int("leader.imbalance.check.interval.seconds", 1, "300", "The interval at which the balance of leaders is checked, in seconds."), NO_REPLICATION),
    no_effect(per_broker(text("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL", "The security protocol of each listener.")), NO_SECURITY),
    decided(per_broker(text("listeners", "PLAINTEXT://:9092", "The addresses that the broker listens on.")), LISTENERS),
    no_effect(dynamic(long("log.cleaner.backoff.ms", 0, "15000", "The time that the cleaner sleeps when nothing is dirty, in milliseconds.")), NO_COMPACTION),
    no_effect(dynamic(long("log.cleaner.dedupe.buffer.size", i64::MIN, "134217728", "The cleaner's memory for finding the last record of each key, in bytes.")), NO_COMPACTION),
    no_effect(dynamic(long("log.cleaner.delete.retention.ms", 0, "86400000", "The time that compacted topics keep tombstones, in milliseconds.")), NO_COMPACTION),
    no_effect(boolean("log.cleaner.enable", "true", "Whether compacted topics are compacted."), NO_COMPACTION),
    no_effect(dynamic(key("log.cleaner.io.buffer.load.factor", ConfigType::Double { min: f64::MIN, max: f64::MAX }, Some("0.9"), "The part of its memory that the cleaner may fill.")), NO_COMPACTION),
    no_effect(dynamic(int("log.cleaner.io.buffer.size", 0, "524288", "The cleaner's buffers for reading and writing, in bytes.")), NO_COMPACTION),
    no_effect(dynamic(key("log.cleaner.io.max.bytes.per.second", ConfigType::Double { min: f64::MIN, max: f64::MAX }, Some("1.7976931348623157E308"), "The most bytes that the cleaner reads and writes per second.")), NO_COMPACTION),
    no_effect(dynamic(long("log.cleaner.max.compaction.lag.ms", 1, LONG_MAX_TEXT, "The time after which a record becomes due for compaction at the latest, in milliseconds.")), NO_COMPACTION),
    no_effect(dynamic(key("log.cleaner.min.cleanable.ratio", ConfigType::Double { min: 0.0, max: 1.0 }, Some("0.5"), "The part of a compacted log that must be dirty before it is cleaned.")), NO_COMPACTION),
    no_effect(dynamic(long("log.cleaner.min.compaction.lag.ms", 0, "0", "The least time that a record stays uncompacted, in milliseconds.")), NO_COMPACTION),
    no_effect(dynamic(int("log.cleaner.threads", 0, "1", "Threads of the cleaner; not used here.")), NO_THREAD_POOLS),
    for_topics(dynamic(key("log.cleanup.policy", ConfigType::Words(&["compact", "delete"]), Some("delete"), "The treatment of old segments: delete, compact or both."))),
    no_effect(text("log.dir", "/tmp/kafka-logs", "The directory of the logs. Nothing is written: this cluster lives in memory."), IN_MEMORY),
    no_effect(unset(text("log.dirs", "", "The directories of the logs; log.dir if it is not set.")), IN_MEMORY),
    no_effect(dynamic(long("log.flush.interval.messages", 1, LONG_MAX_TEXT, "The number of records after which a log is forced to disk; not used here.")), IN_MEMORY),
    no_effect(dynamic(unset(long("log.flush.interval.ms", 0, "", "The time after which a log is forced to disk, in milliseconds; not used here."))), IN_MEMORY),
    no_effect(int("log.flush.offset.checkpoint.interval.ms", 0, "60000", "The interval at which the point of recovery is written, in milliseconds; not used here."), IN_MEMORY),
    no_effect(long("log.flush.scheduler.interval.ms", i64::MIN, LONG_MAX_TEXT, "The interval at which logs are checked for being forced to disk, in milliseconds; not used here."), IN_MEMORY),
    no_effect(int("log.flush.start.offset.checkpoint.interval.ms", 0, "60000", "The interval at which the log start offsets are written, in milliseconds; not used here."), IN_MEMORY),
    no_effect(dynamic(int("log.index.interval.bytes", 0, "4096", "The number of bytes between two entries of the offset index.")), IN_MEMORY),
    no_effect(dynamic(int("log.index.size.max.bytes", 4, "10485760", "The size of a segment's offset index, in bytes.")), IN_MEMORY),
    no_effect(long("log.initial.task.delay.ms", 0, "30000", "The time from the start to the first sweep of the logs, in milliseconds."), FIXED),
    no_effect(dynamic(long("log.local.retention.bytes", -2, "-2", "With tiered storage, the most bytes of a partition that stay local.")), NO_TIERED_STORAGE),
    no_effect(dynamic(long("log.local.retention.ms", -2, "-2", "With tiered storage, the time that a segment stays local, in milliseconds.")), NO_TIERED_STORAGE),
    for_topics(dynamic(long("log.message.timestamp.after.max.ms", 0, "3600000", "The longest time that a record's timestamp may lie after the broker's time, in milliseconds."))),
    for_topics(dynamic(long("log.message.timestamp.before.max.ms", 0, LONG_MAX_TEXT, "The longest time that a record's timestamp may lie before the broker's time, in milliseconds."))),
    for_topics(dynamic(key("log.message.timestamp.type", ConfigType::Word(&["CreateTime", "LogAppendTime"]), Some("CreateTime"), "Whether records keep their producer's timestamp or get the time at which they were appended."))),
    no_effect(dynamic(boolean("log.preallocate", "false", "Whether a new segment's file takes its whole size at once.")), IN_MEMORY),
    for_topics(dynamic(long("log.retention.bytes", i64::MIN, "-1", "The most bytes that a partition keeps; -1 keeps all."))),
    honoured(long("log.retention.check.interval.ms", 1, "300000", "The interval at which the logs are swept for segments that are too old or too many, in milliseconds."), |config, value| config.retention_check_interval_ms = value.long()),
    for_topics(int("log.retention.hours", i32::MIN as i64, "168", "The time that segments are kept, in hours, unless minutes or ms are set.")),
    for_topics(unset(int("log.retention.minutes", i32::MIN as i64, "", "The time that segments are kept, in minutes, unless ms is set."))),
    for_topics(dynamic(unset(long("log.retention.ms", i64::MIN, "", "The time that segments are kept, in milliseconds; -1 keeps them for ever.")))),
    for_topics(int("log.roll.hours", 1, "168", "The age at which a segment is closed, in hours, unless ms is set.")),
    no_effect(int("log.roll.jitter.hours", 0, "0", "The most random hours that are subtracted from the age at which a segment is closed, unless ms is set."), FIXED),
    no_effect(dynamic(unset(long("log.roll.jitter.ms", 0, "", "The most random milliseconds that are subtracted from the age at which a segment is closed."))), FIXED),
    for_topics(dynamic(unset(long("log.roll.ms", 1, "", "The age at which a segment is closed, in milliseconds.")))),
    // 14 bytes are the least record of message format 0, Kafka's bound until 4.1.
    for_topics(dynamic(int("log.segment.bytes", 14, "1073741824", "The size at which a segment is closed, in bytes."))),
    no_effect(dynamic(long("log.segment.delete.delay.ms", 0, "60000", "The time that a dropped segment's files stay on disk, in milliseconds; not used here.")), IN_MEMORY),
    no_effect(dynamic(int("max.connection.creation.rate", 0, INT_MAX_TEXT, "The most connections accepted per second.")), NO_CONNECTION_LIMITS),
    no_effect(dynamic(int("max.connections", 0, INT_MAX_TEXT, "The most connections of a broker.")), NO_CONNECTION_LIMITS),
    no_effect(dynamic(int("max.connections.per.ip", 0, INT_MAX_TEXT, "The most connections from one address.")), NO_CONNECTION_LIMITS),
    no_effect(dynamic(text("max.connections.per.ip.overrides", "", "Other bounds for single addresses, as HOST:COUNT pairs.")), NO_CONNECTION_LIMITS),
    honoured(int("max.incremental.fetch.session.cache.slots", 0, "1000", "The most incremental fetch sessions of a broker."), |config, value| config.fetch_session_slots = value.int()),
    honoured(int("max.request.partition.size.limit", 1, "2000", "The most partitions that one answer to DescribeTopicPartitions lists."), |config, value| config.described_partitions_limit = value.int()),
    // The default is 1 MiB and the 12 bytes of a batch's offset and length (`Records.LOG_OVERHEAD`).
    for_topics(dynamic(int("message.max.bytes", 0, "1048588", "The largest batch that is accepted, compressed, with its header, in bytes."))),
    no_effect(unset(text("metadata.log.dir", "", "The directory of the metadata log; not used here.")), IN_MEMORY),
    no_effect(dynamic(list("metric.reporters", "", "Classes that receive the broker's metrics; not used here.")), NO_CLASSES),
    no_effect(int("metrics.num.samples", 1, "2", "The number of samples in the metrics."), NO_SAMPLES),
    no_effect(text("metrics.recording.level", "INFO", "The level of metrics that are recorded."), NO_SAMPLES),
    no_effect(long("metrics.sample.window.ms", 1, "30000", "The time that a sample of the metrics lasts, in milliseconds."), NO_SAMPLES),
    no_effect(dynamic(int("min.insync.replicas", 1, "1", "The number of replicas that must have a record before a producer with acks=all is answered.")), NO_REPLICATION),
    decided(unset(int("node.id", 0, "", "The broker's id.")), NUMBERED),
    no_effect(dynamic(int("num.io.threads", 1, "8", "Threads that work on requests; not used here.")), NO_THREAD_POOLS),
    no_effect(dynamic(int("num.network.threads", 1, "3", "Threads that read and write sockets; not used here.")), NO_THREAD_POOLS),
    honoured(int("num.partitions", 1, "1", "The number of partitions of a new topic that does not set it."), |config, value| config.default_partitions = value.int()),
    no_effect(dynamic(int("num.recovery.threads.per.data.dir", 1, "2", "Threads that load the logs; not used here.")), NO_THREAD_POOLS),
    no_effect(unset(int("num.replica.alter.log.dirs.threads", i32::MIN as i64, "", "Threads that move replicas; not used here.")), NO_REPLICATION),
    no_effect(dynamic(int("num.replica.fetchers", i32::MIN as i64, "1", "Threads that fetch from each leader; not used here.")), NO_REPLICATION),
    honoured(int("offset.metadata.max.bytes", 0, "4096", "The longest metadata that may be committed with an offset, in bytes."), |config, value| config.offset_metadata_max_bytes = value.int()),
    no_effect(int("offsets.commit.timeout.ms", 1, "5000", "The time that a commit waits for its replicas, in milliseconds; not used here."), NO_REPLICATION),
    no_effect(int("offsets.load.buffer.size", 1, "5242880", "The size of batches when offsets are loaded, in bytes; not used here."), IN_MEMORY),
    honoured(long("offsets.retention.check.interval.ms", 1, "600000", "The interval at which the groups are swept for expired offsets, in milliseconds."), |config, value| config.offsets_retention_check_interval_ms = value.long()),
    honoured(int("offsets.retention.minutes", 1, "10080", "The time that a group's offsets are kept once it has no members, in minutes."), |config, value| config.offsets_retention_minutes = value.int()),
    honoured(int("offsets.topic.compression.codec", i32::MIN as i64, "0", "The codec of the batches in __consumer_offsets: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."), |config, value| config.offsets_topic_compression_codec = value.int()),
    honoured(int("offsets.topic.num.partitions", 1, "50", "The number of partitions of __consumer_offsets."), |config, value| config.offsets_topic_partitions = value.int()),
    honoured(key("offsets.topic.replication.factor", ConfigType::Short { min: 1, max: i16::MAX as i64 }, Some("3"), "The replication factor of __consumer_offsets; the number of brokers if they are fewer."), |config, value| config.offsets_topic_replication_factor = value.short()),
    honoured(int("offsets.topic.segment.bytes", 1, "104857600", "The size of a segment of __consumer_offsets, in bytes."), |config, value| config.offsets_topic_segment_bytes = value.int()),
    no_effect(list("process.roles", "", "The roles of the process: broker, controller or both."), ONE_PROCESS),
    honoured(dynamic(int("producer.id.expiration.ms", 1, "86400000", "The time without a batch after which a producer id is forgotten, in milliseconds.")), |config, value| config.producer_id_expiration_ms = value.long()),
    no_effect(int("producer.purgatory.purge.interval.requests", i32::MIN as i64, "1000", "The number of requests after which finished waiting produces are swept; not used here."), NO_THREAD_POOLS),
    no_effect(long("queued.max.request.bytes", i64::MIN, "-1", "The most bytes of waiting requests; -1 means no limit."), NO_THREAD_POOLS),
    no_effect(int("queued.max.requests", 1, "500", "The most requests that wait for a thread; not used here."), NO_THREAD_POOLS),
    no_effect(int("quota.window.num", 1, "11", "The number of samples in the quotas of clients."), NO_QUOTAS),
    no_effect(int("quota.window.size.seconds", 1, "1", "The time that a sample of the quotas lasts, in seconds."), NO_QUOTAS),
    no_effect(boolean("remote.log.storage.system.enable", "false", "Whether brokers have tiered storage, which this cluster does not."), NO_TIERED_STORAGE),
    no_effect(int("replica.fetch.backoff.ms", 0, "1000", "The time that a follower waits after a failed fetch, in milliseconds; not used here."), NO_REPLICATION),
    no_effect(int("replica.fetch.max.bytes", 0, "1048576", "The most bytes that a follower fetches from a partition at once; not used here."), NO_REPLICATION),
    no_effect(int("replica.fetch.min.bytes", i32::MIN as i64, "1", "The least bytes that a follower's fetch waits for; not used here."), NO_REPLICATION),
    no_effect(int("replica.fetch.response.max.bytes", 0, "10485760", "The most bytes that a follower fetches at once; not used here."), NO_REPLICATION),
    no_effect(int("replica.fetch.wait.max.ms", i32::MIN as i64, "500", "The time that a follower's fetch waits, in milliseconds; not used here."), NO_REPLICATION),
    no_effect(long("replica.lag.time.max.ms", i64::MIN, "30000", "The time behind its leader after which a replica leaves the in-sync set, in milliseconds; not used here."), NO_REPLICATION),
    no_effect(unset(key("replica.selector.class", ConfigType::Class, None, "The class that picks the replica a consumer reads from; not used here.")), NO_CLASSES),
    no_effect(int("replica.socket.timeout.ms", i32::MIN as i64, "30000", "A follower's timeout, in milliseconds; not used here."), NO_REPLICATION),
    no_effect(int("request.timeout.ms", i32::MIN as i64, "30000", "The time that a broker waits for an answer, in milliseconds."), NO_REPLICATION),
    no_effect(key("sasl.enabled.mechanisms", ConfigType::List, Some("GSSAPI"), "The SASL mechanisms that are served."), NO_SECURITY),
    no_effect(key("sasl.jaas.config", ConfigType::Password, None, "The JAAS login of the SASL listeners."), NO_SECURITY),
    no_effect(text("sasl.mechanism.inter.broker.protocol", "GSSAPI", "The SASL mechanism that brokers use among themselves."), NO_SECURITY),
    no_effect(text("security.inter.broker.protocol", "PLAINTEXT", "The protocol that brokers use among themselves."), NO_SECURITY),
    no_effect(int("socket.connection.setup.timeout.max.ms", i32::MIN as i64, "30000", "The longest a broker waits for a connection it opens, in milliseconds."), NO_REPLICATION),
    no_effect(int("socket.listen.backlog.size", 1, "50", "The most connections that wait to be accepted."), FIXED),
    no_effect(int("socket.receive.buffer.bytes", i32::MIN as i64, "102400", "The sockets' receive buffer, in bytes; -1 leaves it to the system."), FIXED),
    honoured(int("socket.request.max.bytes", 1, "104857600", "The largest request that is accepted, in bytes."), |config, value| config.socket_request_max_bytes = value.int()),
    no_effect(int("socket.send.buffer.bytes", i32::MIN as i64, "102400", "The sockets' send buffer, in bytes; -1 leaves it to the system."), FIXED),
    no_effect(per_broker(key("ssl.client.auth", ConfigType::Word(&["required", "requested", "none"]), Some("none"), "Whether clients show a certificate.")), NO_SECURITY),
    no_effect(per_broker(key("ssl.key.password", ConfigType::Password, None, "The password of the private key.")), NO_SECURITY),
    no_effect(per_broker(unset(text("ssl.keystore.location", "", "The file with the broker's key."))), NO_SECURITY),
    no_effect(per_broker(key("ssl.keystore.password", ConfigType::Password, None, "The password of the file with the broker's key.")), NO_SECURITY),
    no_effect(per_broker(text("ssl.keystore.type", "JKS", "The format of the file with the broker's key.")), NO_SECURITY),
    no_effect(per_broker(unset(text("ssl.truststore.location", "", "The file with the certificates that are trusted."))), NO_SECURITY),
    no_effect(per_broker(key("ssl.truststore.password", ConfigType::Password, None, "The password of the file with the certificates that are trusted.")), NO_SECURITY),
    no_effect(per_broker(text("ssl.truststore.type", "JKS", "The format of the file with the certificates that are trusted.")), NO_SECURITY),
    no_effect(int("transaction.max.timeout.ms", 1, "900000", "The longest transaction timeout that a producer may ask for, in milliseconds."), NO_TRANSACTIONS),
    no_effect(dynamic(boolean("transaction.partition.verification.enable", "true", "Whether a leader asks the coordinator if a transaction is open before it appends.")), NO_TRANSACTIONS),
    honoured(int("transaction.state.log.min.isr", 1, "2", "The min.insync.replicas of __transaction_state."), |config, value| config.transaction_topic_min_isr = value.int()),
    honoured(int("transaction.state.log.num.partitions", 1, "50", "The number of partitions of __transaction_state."), |config, value| config.transaction_topic_partitions = value.int()),
    honoured(key("transaction.state.log.replication.factor", ConfigType::Short { min: 1, max: i16::MAX as i64 }, Some("3"), "The replication factor of __transaction_state; the number of brokers if they are fewer."), |config, value| config.transaction_topic_replication_factor = value.short()),
    honoured(int("transaction.state.log.segment.bytes", 1, "104857600", "The size of a segment of __transaction_state, in bytes."), |config, value| config.transaction_topic_segment_bytes = value.int()),
    no_effect(int("transactional.id.expiration.ms", 1, "604800000", "The time without use after which a transactional id is forgotten, in milliseconds."), NO_TRANSACTIONS),
    no_effect(dynamic(boolean("unclean.leader.election.enable", "false", "Whether a replica that is not in sync may become the leader when no other is left, losing records.")), NO_REPLICATION),
];

/// The configs that one broker config may get its value from, itself among them, the one that counts most first. Source: Kafka's
/// `DynamicBrokerConfig.brokerConfigSynonyms`.
pub(crate) fn synonyms<'a>(name: &'a &'a str) -> &'a [&'a str] {
    const GROUPS: &[&[&str]] = &[
        &["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
        &["log.roll.jitter.ms", "log.roll.jitter.hours"],
        &["log.roll.ms", "log.roll.hours"],
    ];
    // The scheduler's interval is a default of this one, and not the other way round.
    const FLUSH: &[&str] = &["log.flush.interval.ms", "log.flush.scheduler.interval.ms"];
    if *name == FLUSH[0] {
        return FLUSH;
    }
    let group = GROUPS.iter().find(|group| group.contains(name));
    group.copied().unwrap_or(std::slice::from_ref(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_broker_configs_is_sorted_and_its_defaults_are_right() {
        assert!(BROKER_CONFIGS.is_sorted_by(|one, other| one.definition.name < other.definition.name));
        for Setting { definition, .. } in BROKER_CONFIGS {
            if let Some(default) = definition.default {
                definition.parse(default).expect(definition.name);
            }
        }
    }
}
