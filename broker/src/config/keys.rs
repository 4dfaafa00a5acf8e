//! The table of broker configs: those that clients and tools commonly set, with Kafka 4.1's types, bounds and defaults. All are accepted
//! and described; those of [`BrokerConfig`](super::BrokerConfig) and those behind topic configs have an effect. Source: Kafka's
//! `KafkaConfig` and the definitions that it is merged from; which may change while running: `DynamicBrokerConfig`.

use super::definition::{Definition, Kind, Update};

const INT_MAX: i64 = i32::MAX as i64;
const LONG_MAX: i64 = i64::MAX;

const fn key(
    name: &'static str,
    kind: Kind,
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
        Kind::Int { min, max: INT_MAX },
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
        Kind::Long { min, max: LONG_MAX },
        Some(default),
        documentation,
    )
}

const fn boolean(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, Kind::Boolean, Some(default), documentation)
}

const fn text(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, Kind::String, Some(default), documentation)
}

const fn list(name: &'static str, default: &'static str, documentation: &'static str) -> Definition {
    key(name, Kind::List, Some(default), documentation)
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

const CODECS: Kind = Kind::Word(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]);
const INT_MAX_TEXT: &str = "2147483647";
const LONG_MAX_TEXT: &str = "9223372036854775807";

/// Every broker config that is known, sorted by name.
#[rustfmt::skip] // a config a line
pub(crate) static BROKER_CONFIGS: &[Definition] = &[
    per_broker(unset(text("advertised.listeners", "", "The addresses that clients are told to dial."))),
    unset(key("alter.config.policy.class.name", Kind::Class, None, "A class that may refuse changes of configs; not used here.")),
    text("authorizer.class.name", "", "The class that decides who may do what; not used here."),
    boolean("auto.create.topics.enable", "true", "Whether a topic that a client asks for by name is created if it does not exist."),
    boolean("auto.leader.rebalance.enable", "true", "Whether leadership is moved back to the preferred replicas from time to time."),
    dynamic(int("background.threads", 1, "10", "Threads for background work; not used here.")),
    int("broker.id", i32::MIN as i64, "-1", "The broker's id under its old name; node.id is the one that counts."),
    unset(text("broker.rack", "", "The rack that the brokers are said to stand in.")),
    dynamic(key("compression.gzip.level", Kind::Int { min: -1, max: 9 }, Some("-1"), "The gzip level of topics whose compression.type is gzip.")),
    dynamic(key("compression.lz4.level", Kind::Int { min: 1, max: 17 }, Some("9"), "The lz4 level of topics whose compression.type is lz4.")),
    dynamic(key("compression.type", CODECS, Some("producer"), "The codec that batches are stored with; producer keeps the one they were sent with.")),
    dynamic(key("compression.zstd.level", Kind::Int { min: -131_072, max: 22 }, Some("3"), "The zstd level of topics whose compression.type is zstd.")),
    long("connection.failed.authentication.delay.ms", 0, "100", "How long a connection stays open after a failed authentication, in milliseconds."),
    long("connections.max.idle.ms", i64::MIN, "600000", "A connection without requests for this long is closed, in milliseconds; below zero never."),
    long("connections.max.reauth.ms", i64::MIN, "0", "After how long a SASL client must authenticate again, in milliseconds; 0 never."),
    boolean("controlled.shutdown.enable", "true", "Whether a broker hands its leadership over before it stops."),
    int("controlled.shutdown.max.retries", i32::MIN as i64, "3", "How often a handover at the end is tried."),
    list("controller.listener.names", "", "The names of the controllers' listeners."),
    list("controller.quorum.bootstrap.servers", "", "Where the controllers of the quorum are found at first."),
    list("controller.quorum.voters", "", "The controllers of the quorum, as ID@HOST:PORT."),
    int("controller.quota.window.num", 1, "11", "How many samples the quota of controller mutations remembers."),
    key("create.topic.policy.class.name", Kind::Class, None, "A class that may refuse new topics; not used here."),
    int("default.replication.factor", 1, "1", "The replication factor of topics that do not name one."),
    boolean("delete.topic.enable", "true", "Whether topics may be deleted."),
    int("fetch.max.bytes", 1024, "57671680", "The most that one fetch returns, in bytes, whatever its client asks for."),
    int("fetch.purgatory.purge.interval.requests", i32::MIN as i64, "1000", "After how many requests finished waiting fetches are swept; not used here."),
    list("group.consumer.assignors", "uniform,range", "The assignors of the consumer group protocol."),
    int("group.consumer.heartbeat.interval.ms", 1, "5000", "How often members of the consumer group protocol send heartbeats, in milliseconds."),
    int("group.consumer.max.heartbeat.interval.ms", 1, "15000", "The longest heartbeat interval a group may configure, in milliseconds."),
    int("group.consumer.max.session.timeout.ms", 1, "60000", "The longest session timeout a group may configure, in milliseconds."),
    int("group.consumer.max.size", 1, INT_MAX_TEXT, "The most members of one consumer group."),
    text("group.consumer.migration.policy", "bidirectional", "Between which protocols a group may move while it has members."),
    int("group.consumer.min.heartbeat.interval.ms", 1, "5000", "The shortest heartbeat interval a group may configure, in milliseconds."),
    int("group.consumer.min.session.timeout.ms", 1, "45000", "The shortest session timeout a group may configure, in milliseconds."),
    int("group.consumer.session.timeout.ms", 1, "45000", "After how long without a heartbeat a member of the consumer group protocol is removed, in milliseconds."),
    int("group.coordinator.append.linger.ms", 0, "10", "How long the coordinator gathers writes, in milliseconds; not used here."),
    key("group.coordinator.rebalance.protocols", Kind::Words(&["classic", "consumer", "share", "streams"]), Some("classic,consumer,streams"), "The rebalance protocols that groups may use."),
    int("group.coordinator.threads", 1, "4", "Threads of the group coordinator; not used here."),
    int("group.initial.rebalance.delay.ms", 0, "0", "How long the first rebalance of an empty group waits for more members, in milliseconds. Kafka's own default is 3000."),
    int("group.max.session.timeout.ms", 0, "1800000", "The longest session timeout that a member of a classic group may ask for, in milliseconds."),
    int("group.max.size", 1, INT_MAX_TEXT, "The most members of one classic group."),
    int("group.min.session.timeout.ms", 0, "6000", "The shortest session timeout that a member of a classic group may ask for, in milliseconds."),
    text("inter.broker.listener.name", "PLAINTEXT", "The listener that brokers use among themselves."),
    int("leader.imbalance.check.interval.seconds", 1, "300", "How often the balance of leaders is checked, in seconds."),
    per_broker(text("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL", "Which security protocol each listener speaks.")),
    per_broker(text("listeners", "PLAINTEXT://:9092", "The addresses that the broker listens on.")),
    dynamic(long("log.cleaner.backoff.ms", 0, "15000", "How long the cleaner sleeps when nothing is dirty, in milliseconds.")),
    dynamic(long("log.cleaner.dedupe.buffer.size", i64::MIN, "134217728", "The cleaner's memory for finding the last record of each key, in bytes.")),
    dynamic(long("log.cleaner.delete.retention.ms", 0, "86400000", "How long compacted topics keep tombstones, in milliseconds.")),
    boolean("log.cleaner.enable", "true", "Whether compacted topics are compacted."),
    dynamic(key("log.cleaner.io.buffer.load.factor", Kind::Double { min: f64::MIN, max: f64::MAX }, Some("0.9"), "How full the cleaner's memory may get.")),
    dynamic(int("log.cleaner.io.buffer.size", 0, "524288", "The cleaner's buffers for reading and writing, in bytes.")),
    dynamic(key("log.cleaner.io.max.bytes.per.second", Kind::Double { min: f64::MIN, max: f64::MAX }, Some("1.7976931348623157E308"), "How much the cleaner may read and write in a second, in bytes.")),
    dynamic(long("log.cleaner.max.compaction.lag.ms", 1, LONG_MAX_TEXT, "After how long a record becomes due for compaction at the latest, in milliseconds.")),
    dynamic(key("log.cleaner.min.cleanable.ratio", Kind::Double { min: 0.0, max: 1.0 }, Some("0.5"), "What part of a compacted log must be dirty before it is cleaned.")),
    dynamic(long("log.cleaner.min.compaction.lag.ms", 0, "0", "How long a record stays uncompacted at least, in milliseconds.")),
    dynamic(int("log.cleaner.threads", 0, "1", "Threads of the cleaner; not used here.")),
    dynamic(key("log.cleanup.policy", Kind::Words(&["compact", "delete"]), Some("delete"), "What becomes of old segments: delete, compact or both.")),
    text("log.dir", "/tmp/kafka-logs", "The directory of the logs. Nothing is written: this cluster lives in memory."),
    unset(text("log.dirs", "", "The directories of the logs; log.dir if it is not set.")),
    dynamic(long("log.flush.interval.messages", 1, LONG_MAX_TEXT, "After how many records a log is forced to disk; not used here.")),
    dynamic(unset(long("log.flush.interval.ms", 0, "", "After how long a log is forced to disk, in milliseconds; not used here."))),
    int("log.flush.offset.checkpoint.interval.ms", 0, "60000", "How often the point of recovery is written, in milliseconds; not used here."),
    long("log.flush.scheduler.interval.ms", i64::MIN, LONG_MAX_TEXT, "How often logs are checked for being forced to disk, in milliseconds; not used here."),
    int("log.flush.start.offset.checkpoint.interval.ms", 0, "60000", "How often the log start offsets are written, in milliseconds; not used here."),
    dynamic(int("log.index.interval.bytes", 0, "4096", "How many bytes lie between two entries of the offset index.")),
    dynamic(int("log.index.size.max.bytes", 4, "10485760", "The size of a segment's offset index, in bytes.")),
    long("log.initial.task.delay.ms", 0, "30000", "How long after the start the first sweep of the logs comes, in milliseconds."),
    dynamic(long("log.local.retention.bytes", -2, "-2", "With tiered storage, how much of a partition stays local, in bytes.")),
    dynamic(long("log.local.retention.ms", -2, "-2", "With tiered storage, how long a segment stays local, in milliseconds.")),
    dynamic(long("log.message.timestamp.after.max.ms", 0, "3600000", "How far a record's timestamp may lie after the broker's time, in milliseconds.")),
    dynamic(long("log.message.timestamp.before.max.ms", 0, LONG_MAX_TEXT, "How far a record's timestamp may lie before the broker's time, in milliseconds.")),
    dynamic(key("log.message.timestamp.type", Kind::Word(&["CreateTime", "LogAppendTime"]), Some("CreateTime"), "Whether records keep their producer's timestamp or get the time at which they were appended.")),
    dynamic(boolean("log.preallocate", "false", "Whether a new segment's file takes its whole size at once.")),
    dynamic(long("log.retention.bytes", i64::MIN, "-1", "How much a partition keeps, in bytes; -1 keeps all.")),
    long("log.retention.check.interval.ms", 1, "300000", "How often the logs are swept for segments that are too old or too many, in milliseconds."),
    int("log.retention.hours", i32::MIN as i64, "168", "How long segments are kept, in hours, unless minutes or ms are set."),
    unset(int("log.retention.minutes", i32::MIN as i64, "", "How long segments are kept, in minutes, unless ms is set.")),
    dynamic(unset(long("log.retention.ms", i64::MIN, "", "How long segments are kept, in milliseconds; -1 keeps them for ever."))),
    int("log.roll.hours", 1, "168", "The age at which a segment is closed, in hours, unless ms is set."),
    int("log.roll.jitter.hours", 0, "0", "At most so many random hours are taken off the age at which a segment is closed, unless ms is set."),
    dynamic(unset(long("log.roll.jitter.ms", 0, "", "At most so many random milliseconds are taken off the age at which a segment is closed."))),
    dynamic(unset(long("log.roll.ms", 1, "", "The age at which a segment is closed, in milliseconds."))),
    dynamic(int("log.segment.bytes", 14, "1073741824", "The size at which a segment is closed, in bytes.")),
    dynamic(long("log.segment.delete.delay.ms", 0, "60000", "How long a dropped segment's files stay on disk, in milliseconds; not used here.")),
    dynamic(int("max.connection.creation.rate", 0, INT_MAX_TEXT, "How many connections a second are accepted at most.")),
    dynamic(int("max.connections", 0, INT_MAX_TEXT, "The most connections of a broker.")),
    dynamic(int("max.connections.per.ip", 0, INT_MAX_TEXT, "The most connections from one address.")),
    dynamic(text("max.connections.per.ip.overrides", "", "Other bounds for single addresses, as HOST:COUNT pairs.")),
    int("max.incremental.fetch.session.cache.slots", 0, "1000", "The most incremental fetch sessions of a broker."),
    int("max.request.partition.size.limit", 1, "2000", "The most partitions that one answer to DescribeTopicPartitions lists."),
    dynamic(int("message.max.bytes", 0, "1048588", "The largest batch that is accepted, compressed, with its header, in bytes.")),
    unset(text("metadata.log.dir", "", "The directory of the metadata log; not used here.")),
    dynamic(list("metric.reporters", "", "Classes that receive the broker's metrics; not used here.")),
    int("metrics.num.samples", 1, "2", "How many samples the metrics remember."),
    text("metrics.recording.level", "INFO", "Which metrics are recorded."),
    long("metrics.sample.window.ms", 1, "30000", "How long a sample of the metrics lasts, in milliseconds."),
    dynamic(int("min.insync.replicas", 1, "1", "How many replicas must have a record before a producer with acks=all is answered.")),
    unset(int("node.id", 0, "", "The broker's id.")),
    dynamic(int("num.io.threads", 1, "8", "Threads that work on requests; not used here.")),
    dynamic(int("num.network.threads", 1, "3", "Threads that read and write sockets; not used here.")),
    int("num.partitions", 1, "1", "How many partitions a topic gets that does not say."),
    dynamic(int("num.recovery.threads.per.data.dir", 1, "2", "Threads that load the logs; not used here.")),
    unset(int("num.replica.alter.log.dirs.threads", i32::MIN as i64, "", "Threads that move replicas; not used here.")),
    dynamic(int("num.replica.fetchers", i32::MIN as i64, "1", "Threads that fetch from each leader; not used here.")),
    int("offset.metadata.max.bytes", 0, "4096", "The longest metadata that may be committed with an offset, in bytes."),
    int("offsets.commit.timeout.ms", 1, "5000", "How long a commit waits for its replicas, in milliseconds; not used here."),
    int("offsets.load.buffer.size", 1, "5242880", "The size of batches when offsets are loaded, in bytes; not used here."),
    long("offsets.retention.check.interval.ms", 1, "600000", "How often the groups are swept for offsets that expired, in milliseconds."),
    int("offsets.retention.minutes", 1, "10080", "How long a group's offsets are kept once it has no members, in minutes."),
    int("offsets.topic.compression.codec", i32::MIN as i64, "0", "The codec of the offsets topic, which this cluster does not have."),
    int("offsets.topic.num.partitions", 1, "50", "The partitions of the offsets topic, which this cluster does not have."),
    key("offsets.topic.replication.factor", Kind::Short { min: 1, max: i16::MAX as i64 }, Some("3"), "The replication factor of the offsets topic, which this cluster does not have."),
    int("offsets.topic.segment.bytes", 1, "104857600", "The segments of the offsets topic, which this cluster does not have."),
    list("process.roles", "", "The roles of the process: broker, controller or both."),
    dynamic(int("producer.id.expiration.ms", 1, "86400000", "After how long without a batch a producer id is forgotten, in milliseconds.")),
    int("producer.purgatory.purge.interval.requests", i32::MIN as i64, "1000", "After how many requests finished waiting produces are swept; not used here."),
    long("queued.max.request.bytes", i64::MIN, "-1", "How many bytes of requests may wait; -1 has no bound."),
    int("queued.max.requests", 1, "500", "How many requests may wait for a thread; not used here."),
    int("quota.window.num", 1, "11", "How many samples the quotas of clients remember."),
    int("quota.window.size.seconds", 1, "1", "How long a sample of the quotas lasts, in seconds."),
    boolean("remote.log.storage.system.enable", "false", "Whether brokers have tiered storage, which this cluster does not."),
    int("replica.fetch.backoff.ms", 0, "1000", "How long a follower waits after a failed fetch, in milliseconds; not used here."),
    int("replica.fetch.max.bytes", 0, "1048576", "What a follower fetches of a partition at once, in bytes; not used here."),
    int("replica.fetch.min.bytes", i32::MIN as i64, "1", "What a follower's fetch waits for, in bytes; not used here."),
    int("replica.fetch.response.max.bytes", 0, "10485760", "What a follower fetches at once, in bytes; not used here."),
    int("replica.fetch.wait.max.ms", i32::MIN as i64, "500", "How long a follower's fetch waits, in milliseconds; not used here."),
    long("replica.lag.time.max.ms", i64::MIN, "30000", "After how long behind its leader a replica leaves the in-sync set, in milliseconds; not used here."),
    unset(key("replica.selector.class", Kind::Class, None, "The class that picks the replica a consumer reads from; not used here.")),
    int("replica.socket.timeout.ms", i32::MIN as i64, "30000", "A follower's timeout, in milliseconds; not used here."),
    int("request.timeout.ms", i32::MIN as i64, "30000", "How long a broker waits for an answer, in milliseconds."),
    key("sasl.enabled.mechanisms", Kind::List, Some("GSSAPI"), "The SASL mechanisms that are served."),
    key("sasl.jaas.config", Kind::Password, None, "The JAAS login of the SASL listeners."),
    text("sasl.mechanism.inter.broker.protocol", "GSSAPI", "The SASL mechanism that brokers use among themselves."),
    text("security.inter.broker.protocol", "PLAINTEXT", "The protocol that brokers use among themselves."),
    int("socket.connection.setup.timeout.max.ms", i32::MIN as i64, "30000", "The longest a broker waits for a connection it opens, in milliseconds."),
    int("socket.listen.backlog.size", 1, "50", "How many connections may wait to be accepted."),
    int("socket.receive.buffer.bytes", i32::MIN as i64, "102400", "The sockets' receive buffer, in bytes; -1 leaves it to the system."),
    int("socket.request.max.bytes", 1, "104857600", "The largest request that is accepted, in bytes."),
    int("socket.send.buffer.bytes", i32::MIN as i64, "102400", "The sockets' send buffer, in bytes; -1 leaves it to the system."),
    per_broker(key("ssl.client.auth", Kind::Word(&["required", "requested", "none"]), Some("none"), "Whether clients show a certificate.")),
    per_broker(key("ssl.key.password", Kind::Password, None, "The password of the private key.")),
    per_broker(unset(text("ssl.keystore.location", "", "The file with the broker's key."))),
    per_broker(key("ssl.keystore.password", Kind::Password, None, "The password of the file with the broker's key.")),
    per_broker(text("ssl.keystore.type", "JKS", "The format of the file with the broker's key.")),
    per_broker(unset(text("ssl.truststore.location", "", "The file with the certificates that are trusted."))),
    per_broker(key("ssl.truststore.password", Kind::Password, None, "The password of the file with the certificates that are trusted.")),
    per_broker(text("ssl.truststore.type", "JKS", "The format of the file with the certificates that are trusted.")),
    int("transaction.max.timeout.ms", 1, "900000", "The longest transaction timeout that a producer may ask for, in milliseconds."),
    dynamic(boolean("transaction.partition.verification.enable", "true", "Whether a leader asks the coordinator if a transaction is open before it appends.")),
    int("transaction.state.log.min.isr", 1, "2", "The least replicas of the transaction topic, which this cluster does not have."),
    int("transaction.state.log.num.partitions", 1, "50", "The partitions of the transaction topic, which this cluster does not have."),
    key("transaction.state.log.replication.factor", Kind::Short { min: 1, max: i16::MAX as i64 }, Some("3"), "The replication factor of the transaction topic, which this cluster does not have."),
    int("transaction.state.log.segment.bytes", 1, "104857600", "The segments of the transaction topic, which this cluster does not have."),
    int("transactional.id.expiration.ms", 1, "604800000", "After how long without use a transactional id is forgotten, in milliseconds."),
    dynamic(boolean("unclean.leader.election.enable", "false", "Whether a replica that is not in sync may become the leader when no other is left, losing records.")),
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
        assert!(BROKER_CONFIGS.is_sorted_by(|one, other| one.name < other.name));
        for definition in BROKER_CONFIGS {
            if let Some(default) = definition.default {
                definition.parse(default).expect(definition.name);
            }
        }
    }
}
