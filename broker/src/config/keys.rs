//! The effect of each broker config in this cluster, and its description in our own words. All are accepted and described, so that a cluster
//! starts with the configs of another one; one without an effect says why it has none. The definitions are in `tables::broker`.
//!
//! The file is long because it is a table, with a line for each of Kafka's broker configs.

use super::BrokerConfig;
use super::broker::RACK_AWARE_SELECTOR;
use super::table::{Setting, Table, decided, for_topics, honoured, no_effect, read};
use super::tables::broker::{BROKER, BROKER_SYNONYMS};

// The reasons why the cluster decides a config itself.
const LISTENERS: &str = "the addresses are set for the whole cluster, not by broker configs";
const NUMBERED: &str = "it sets the first broker's id, and the others count up from there";

/// The reasons why configs have no effect.
pub(crate) mod without_effect {
    pub(crate) const FIXED: &str = "the cluster uses a fixed value";
    pub(crate) const IN_MEMORY: &str = "logs live in memory, and nothing is written to a disk";
    pub(crate) const NO_CLASSES: &str = "Java classes are not loaded";
    pub(crate) const NO_CONNECTION_RATE: &str = "connections are accepted as they come";
    pub(crate) const NO_QUOTAS: &str = "there are no quotas";
    pub(crate) const NO_RECOMPRESSION: &str = "batches are stored with the codec that they were sent with";
    pub(crate) const NO_REPLICATION: &str = "brokers do not replicate or fail: all replicas count as in sync";
    pub(crate) const NO_SAMPLES: &str = "metrics are not sampled";
    pub(crate) const NO_SECURITY: &str = "listeners are plain text, and clients are not authenticated";
    pub(crate) const NO_THREAD_POOLS: &str = "requests have no thread pools or queues";
    pub(crate) const NO_SHARE_GROUPS: &str = "there are no share groups";
    pub(crate) const NO_STREAMS_GROUPS: &str = "there are no streams groups";
    pub(crate) const NO_TIERED_STORAGE: &str = "there is no tiered storage";
    pub(crate) const NO_TWO_PHASE_COMMIT: &str =
        "two-phase commit is not stable in Kafka 4.4, and clients cannot ask for it";
    pub(crate) const ONE_PROCESS: &str = "all brokers and the controller are one process";
}
use without_effect::*;

/// Every broker config.
pub(crate) static BROKER_CONFIGS: Table<BrokerConfig> = Table::new(BROKER, SETTINGS);

#[rustfmt::skip] // a config a line
static SETTINGS: &[Setting<BrokerConfig>] = &[
    no_effect("add.partitions.to.txn.retry.backoff.max.ms", ONE_PROCESS, "The longest pause before a leader asks a transaction's coordinator again, in milliseconds."),
    no_effect("add.partitions.to.txn.retry.backoff.ms", ONE_PROCESS, "The first pause before a leader asks a transaction's coordinator again, in milliseconds."),
    read("advertised.listeners", "The addresses that clients are told to dial."),
    no_effect("alter.config.policy.class.name", NO_CLASSES, "A class that may refuse changes of configs; not used here."),
    no_effect("alter.log.dirs.replication.quota.window.num", NO_QUOTAS, "The number of samples in the quota on moves between log directories."),
    no_effect("alter.log.dirs.replication.quota.window.size.seconds", NO_QUOTAS, "The time that a sample of the quota on moves between log directories lasts, in seconds."),
    no_effect("authorizer.class.name", NO_SECURITY, "The class that authorises requests; not used here."),
    honoured("auto.create.topics.enable", "Whether a topic that a client asks for by name is created if it does not exist.", |config, value| config.auto_create_topics = value.boolean()),
    no_effect("auto.leader.rebalance.enable", NO_REPLICATION, "Whether leadership is moved back to the preferred replicas from time to time."),
    no_effect("background.threads", NO_THREAD_POOLS, "Threads for background work; not used here."),
    no_effect("broker.heartbeat.interval.ms", ONE_PROCESS, "The interval at which a broker reports to the controller, in milliseconds."),
    decided("broker.id", NUMBERED, "The broker's id under its old name; node.id is the one that counts."),
    honoured("broker.rack", "The rack of the brokers.", |config, value| config.rack = Some(value.text().to_owned()).filter(|rack| !rack.is_empty())),
    no_effect("broker.session.timeout.ms", ONE_PROCESS, "The time without a report after which the controller fences a broker, in milliseconds."),
    no_effect("client.quota.callback.class", NO_CLASSES, "A class that decides the quotas of clients."),
    no_effect("compression.gzip.level", NO_RECOMPRESSION, "The gzip level of topics whose compression.type is gzip."),
    no_effect("compression.lz4.level", NO_RECOMPRESSION, "The lz4 level of topics whose compression.type is lz4."),
    no_effect("compression.type", NO_RECOMPRESSION, "The codec that batches are stored with; producer keeps the one they were sent with."),
    no_effect("compression.zstd.level", NO_RECOMPRESSION, "The zstd level of topics whose compression.type is zstd."),
    no_effect("config.providers", NO_CLASSES, "Names of classes that replace variables in config values."),
    no_effect("connection.failed.authentication.delay.ms", NO_SECURITY, "The time that a connection stays open after a failed authentication, in milliseconds."),
    honoured("connections.max.idle.ms", "A connection without requests for this long is closed, in milliseconds; below zero never.", |config, value| config.connections_max_idle_ms = value.long()),
    no_effect("connections.max.reauth.ms", NO_SECURITY, "The time after which a SASL client must authenticate again, in milliseconds; 0 means never."),
    no_effect("controlled.shutdown.enable", NO_REPLICATION, "Whether a broker hands its leadership over before it stops."),
    no_effect("controller.listener.names", ONE_PROCESS, "The names of the controllers' listeners."),
    no_effect("controller.performance.always.log.threshold.ms", ONE_PROCESS, "The duration from which on every event of the controller is logged, in milliseconds."),
    no_effect("controller.performance.sample.period.ms", ONE_PROCESS, "The interval at which the controller logs its slowest event, in milliseconds."),
    no_effect("controller.quorum.append.linger.ms", ONE_PROCESS, "The time that the quorum's leader gathers writes, in milliseconds."),
    no_effect("controller.quorum.auto.join.enable", ONE_PROCESS, "Whether a controller that starts joins the voters by itself."),
    no_effect("controller.quorum.bootstrap.servers", ONE_PROCESS, "The first addresses of the quorum's controllers."),
    no_effect("controller.quorum.election.backoff.max.ms", ONE_PROCESS, "The longest pause before a new election of the quorum's leader, in milliseconds."),
    no_effect("controller.quorum.election.timeout.ms", ONE_PROCESS, "The time that a candidate waits for votes, in milliseconds."),
    no_effect("controller.quorum.fetch.max.bytes", ONE_PROCESS, "The most bytes in one fetch from the quorum's log."),
    no_effect("controller.quorum.fetch.snapshot.max.bytes", ONE_PROCESS, "The most bytes in one fetch of a snapshot of the metadata."),
    no_effect("controller.quorum.fetch.timeout.ms", ONE_PROCESS, "The time without a successful fetch after which a voter stands for election, in milliseconds."),
    no_effect("controller.quorum.request.timeout.ms", ONE_PROCESS, "The time that a request among controllers waits for its answer, in milliseconds."),
    no_effect("controller.quorum.retry.backoff.ms", ONE_PROCESS, "The pause before a failed request among controllers is sent again, in milliseconds."),
    no_effect("controller.quorum.voters", ONE_PROCESS, "The controllers of the quorum, as ID@HOST:PORT."),
    no_effect("controller.quota.window.num", NO_QUOTAS, "The number of samples in the quota of controller mutations."),
    no_effect("controller.quota.window.size.seconds", NO_QUOTAS, "The time that a sample of the quota on changes of topics lasts, in seconds."),
    no_effect("controller.socket.timeout.ms", ONE_PROCESS, "The timeout of connections from the controller to brokers, in milliseconds."),
    no_effect("cordoned.log.dirs", IN_MEMORY, "The log directories that get no new partitions; * means all."),
    no_effect("create.topic.policy.class.name", NO_CLASSES, "A class that may refuse new topics; not used here."),
    honoured("default.replication.factor", "The replication factor of topics that do not name one.", |config, value| config.default_replication_factor = value.short()),
    no_effect("delegation.token.expiry.check.interval.ms", NO_SECURITY, "The interval at which expired delegation tokens are removed, in milliseconds."),
    no_effect("delegation.token.expiry.time.ms", NO_SECURITY, "The time for which a delegation token is valid before it must be renewed, in milliseconds."),
    no_effect("delegation.token.max.lifetime.ms", NO_SECURITY, "The time after which a delegation token can no longer be renewed, in milliseconds."),
    no_effect("delegation.token.secret.key", NO_SECURITY, "The key that delegation tokens are signed with."),
    no_effect("delete.records.purgatory.purge.interval.requests", NO_THREAD_POOLS, "The number of requests after which finished waiting DeleteRecords are swept."),
    honoured("delete.topic.enable", "Whether topics may be deleted.", |config, value| config.delete_topics = value.boolean()),
    no_effect("early.start.listeners", FIXED, "The listeners that open before the broker has finished its start."),
    no_effect("errors.deadletterqueue.auto.create.topics.enable", NO_SHARE_GROUPS, "Whether the dead-letter topic of a share group is created if it does not exist."),
    no_effect("errors.deadletterqueue.topic.name.prefix", NO_SHARE_GROUPS, "The beginning that the names of dead-letter topics must have."),
    honoured("fetch.max.bytes", "The most that one fetch returns, in bytes, whatever its client asks for.", |config, value| config.fetch_max_bytes = value.int() as usize),
    no_effect("fetch.purgatory.purge.interval.requests", NO_THREAD_POOLS, "The number of requests after which finished waiting fetches are swept; not used here."),
    no_effect("follower.fetch.last.tiered.offset.enable", NO_TIERED_STORAGE, "Whether an empty follower begins at the last offset in the remote tier."),
    no_effect("follower.replication.throttled.rate", NO_REPLICATION, "The most bytes per second that throttled replicas fetch on this broker."),
    read("group.consumer.assignment.interval.ms", "The least time between two assignments of a consumer group, in milliseconds. Kafka's own default is 1000."),
    no_effect("group.consumer.assignor.offload.enable", NO_THREAD_POOLS, "Whether assignments of consumer groups are computed in a thread of their own."),
    honoured("group.consumer.assignors", "The assignors of the consumer group protocol; the first is the default.", |config, value| config.group_consumer_assignors = value.list().to_vec()),
    read("group.consumer.heartbeat.interval.ms", "The interval at which members of the consumer group protocol send heartbeats, in milliseconds."),
    read("group.consumer.max.assignment.interval.ms", "The largest assignment interval that a consumer group may set, in milliseconds."),
    read("group.consumer.max.heartbeat.interval.ms", "The longest heartbeat interval a group may configure, in milliseconds."),
    read("group.consumer.max.session.timeout.ms", "The longest session timeout a group may configure, in milliseconds."),
    honoured("group.consumer.max.size", "The most members of one consumer group.", |config, value| config.group_consumer_max_size = value.int()),
    honoured("group.consumer.migration.policy", "The protocols between which a group may move while it has members.", |config, value| config.group_consumer_migration_policy = value.text().to_lowercase()),
    read("group.consumer.min.assignment.interval.ms", "The smallest assignment interval that a consumer group may set, in milliseconds."),
    read("group.consumer.min.heartbeat.interval.ms", "The shortest heartbeat interval a group may configure, in milliseconds."),
    read("group.consumer.min.session.timeout.ms", "The shortest session timeout a group may configure, in milliseconds."),
    honoured("group.consumer.regex.refresh.interval.ms", "The interval at which the topics of regular expressions are searched again, in milliseconds.", |config, value| config.group_consumer_regex_refresh_interval_ms = value.int()),
    read("group.consumer.session.timeout.ms", "The time without a heartbeat after which a member of the consumer group protocol is removed, in milliseconds."),
    no_effect("group.coordinator.append.linger.ms", NO_THREAD_POOLS, "The time that the coordinator gathers writes, in milliseconds; not used here."),
    no_effect("group.coordinator.background.threads", NO_THREAD_POOLS, "Threads for slow work of group coordinators, such as assignments."),
    no_effect("group.coordinator.cached.buffer.max.bytes", IN_MEMORY, "The largest write buffer that a group coordinator keeps for reuse, in bytes."),
    honoured("group.coordinator.rebalance.protocols", "The rebalance protocols that groups may use.", |config, value| config.consumer_protocol = value.contains("consumer")),
    no_effect("group.coordinator.threads", NO_THREAD_POOLS, "Threads of the group coordinator; not used here."),
    honoured("group.initial.rebalance.delay.ms", "The time that the first rebalance of an empty group waits for more members, in milliseconds.", |config, value| config.group_initial_rebalance_delay_ms = value.long()),
    honoured("group.max.session.timeout.ms", "The longest session timeout that a member of a classic group may ask for, in milliseconds.", |config, value| config.group_max_session_timeout_ms = value.int()),
    honoured("group.max.size", "The most members of one classic group.", |config, value| config.group_max_size = value.int()),
    honoured("group.min.session.timeout.ms", "The shortest session timeout that a member of a classic group may ask for, in milliseconds.", |config, value| config.group_min_session_timeout_ms = value.int()),
    no_effect("group.share.assignment.interval.ms", NO_SHARE_GROUPS, "The least time between two assignments of a share group, in milliseconds."),
    no_effect("group.share.assignor.offload.enable", NO_SHARE_GROUPS, "Whether assignments of share groups are computed in a thread of their own."),
    no_effect("group.share.assignors", NO_SHARE_GROUPS, "The assignors of share groups: names or classes."),
    no_effect("group.share.delivery.count.limit", NO_SHARE_GROUPS, "The most attempts to deliver a record to a share group."),
    no_effect("group.share.dlq.manager.class.name", NO_CLASSES, "The class that writes records to dead-letter topics."),
    no_effect("group.share.heartbeat.interval.ms", NO_SHARE_GROUPS, "The interval at which members of a share group send heartbeats, in milliseconds."),
    no_effect("group.share.initialize.retry.interval.ms", NO_SHARE_GROUPS, "The interval at which the state of a share group is initialised again after a failure, in milliseconds."),
    no_effect("group.share.max.assignment.interval.ms", NO_SHARE_GROUPS, "The largest assignment interval that a share group may set, in milliseconds."),
    no_effect("group.share.max.delivery.count.limit", NO_SHARE_GROUPS, "The largest delivery count limit that a share group may set."),
    no_effect("group.share.max.heartbeat.interval.ms", NO_SHARE_GROUPS, "The largest heartbeat interval that a share group may set, in milliseconds."),
    no_effect("group.share.max.partition.max.record.locks", NO_SHARE_GROUPS, "The largest number of record locks that a share group may set."),
    no_effect("group.share.max.record.lock.duration.ms", NO_SHARE_GROUPS, "The longest record lock that a share group may set, in milliseconds."),
    no_effect("group.share.max.session.timeout.ms", NO_SHARE_GROUPS, "The largest session timeout that a share group may set, in milliseconds."),
    no_effect("group.share.max.share.sessions", NO_SHARE_GROUPS, "The most share sessions of a broker."),
    no_effect("group.share.max.size", NO_SHARE_GROUPS, "The most members of a share group."),
    no_effect("group.share.min.assignment.interval.ms", NO_SHARE_GROUPS, "The smallest assignment interval that a share group may set, in milliseconds."),
    no_effect("group.share.min.delivery.count.limit", NO_SHARE_GROUPS, "The smallest delivery count limit that a share group may set."),
    no_effect("group.share.min.heartbeat.interval.ms", NO_SHARE_GROUPS, "The smallest heartbeat interval that a share group may set, in milliseconds."),
    no_effect("group.share.min.partition.max.record.locks", NO_SHARE_GROUPS, "The smallest number of record locks that a share group may set."),
    no_effect("group.share.min.record.lock.duration.ms", NO_SHARE_GROUPS, "The shortest record lock that a share group may set, in milliseconds."),
    no_effect("group.share.min.session.timeout.ms", NO_SHARE_GROUPS, "The smallest session timeout that a share group may set, in milliseconds."),
    no_effect("group.share.partition.max.record.locks", NO_SHARE_GROUPS, "The most records of a partition that are locked at once in a share group."),
    no_effect("group.share.persister.class.name", NO_CLASSES, "The class that stores the state of share groups."),
    no_effect("group.share.record.lock.duration.ms", NO_SHARE_GROUPS, "The time for which a member of a share group holds a record, in milliseconds."),
    no_effect("group.share.session.timeout.ms", NO_SHARE_GROUPS, "The time without a heartbeat after which a member of a share group is removed, in milliseconds."),
    no_effect("group.streams.acceptable.recovery.lag", NO_STREAMS_GROUPS, "The lag up to which a client counts as caught up with a task."),
    no_effect("group.streams.assignment.interval.ms", NO_STREAMS_GROUPS, "The least time between two assignments of a streams group, in milliseconds."),
    no_effect("group.streams.assignor.offload.enable", NO_STREAMS_GROUPS, "Whether assignments of streams groups are computed in a thread of their own."),
    no_effect("group.streams.assignors", NO_STREAMS_GROUPS, "The assignors of streams groups: names or classes."),
    no_effect("group.streams.heartbeat.interval.ms", NO_STREAMS_GROUPS, "The interval at which members of a streams group send heartbeats, in milliseconds."),
    no_effect("group.streams.initial.rebalance.delay.ms", NO_STREAMS_GROUPS, "The time that a new streams group waits for more members, in milliseconds."),
    no_effect("group.streams.max.assignment.interval.ms", NO_STREAMS_GROUPS, "The largest assignment interval that a streams group may set, in milliseconds."),
    no_effect("group.streams.max.heartbeat.interval.ms", NO_STREAMS_GROUPS, "The largest heartbeat interval that a streams group may set, in milliseconds."),
    no_effect("group.streams.max.session.timeout.ms", NO_STREAMS_GROUPS, "The largest session timeout that a streams group may set, in milliseconds."),
    no_effect("group.streams.max.size", NO_STREAMS_GROUPS, "The most members of a streams group."),
    no_effect("group.streams.max.standby.replicas", NO_STREAMS_GROUPS, "The most standby replicas that a streams group may set."),
    no_effect("group.streams.max.warmup.replicas", NO_STREAMS_GROUPS, "The most warm-up replicas that a streams group may set."),
    no_effect("group.streams.min.assignment.interval.ms", NO_STREAMS_GROUPS, "The smallest assignment interval that a streams group may set, in milliseconds."),
    no_effect("group.streams.min.heartbeat.interval.ms", NO_STREAMS_GROUPS, "The smallest heartbeat interval that a streams group may set, in milliseconds."),
    no_effect("group.streams.min.session.timeout.ms", NO_STREAMS_GROUPS, "The smallest session timeout that a streams group may set, in milliseconds."),
    no_effect("group.streams.min.task.offset.interval.ms", NO_STREAMS_GROUPS, "The smallest task offset interval that a streams group may set, in milliseconds."),
    no_effect("group.streams.num.standby.replicas", NO_STREAMS_GROUPS, "The standby replicas of each task of a streams group."),
    no_effect("group.streams.num.warmup.replicas", NO_STREAMS_GROUPS, "The most warm-up tasks of a streams group."),
    no_effect("group.streams.rack.aware.assignment.tags", NO_STREAMS_GROUPS, "The client tags over which standby replicas of a streams group are spread."),
    no_effect("group.streams.session.timeout.ms", NO_STREAMS_GROUPS, "The time without a heartbeat after which a member of a streams group is removed, in milliseconds."),
    no_effect("group.streams.task.offset.interval.ms", NO_STREAMS_GROUPS, "The interval at which clients of a streams group report the offsets of their tasks, in milliseconds."),
    no_effect("group.streams.topology.description.plugin.class", NO_CLASSES, "A class that receives the topologies of streams groups."),
    no_effect("initial.broker.registration.timeout.ms", ONE_PROCESS, "The time in which a broker that starts must reach the controller, in milliseconds."),
    no_effect("inter.broker.listener.name", NO_REPLICATION, "The listener that brokers use among themselves."),
    no_effect("internal.metadata.delete.delay.millis", IN_MEMORY, "The time before a dropped file of the metadata log leaves the disk, in milliseconds."),
    no_effect("internal.metadata.log.segment.bytes", IN_MEMORY, "The segment size of the metadata log, in bytes, without a lower bound."),
    no_effect("internal.metadata.max.batch.size.in.bytes", IN_MEMORY, "The largest batch of the metadata log, in bytes."),
    no_effect("kafka.metrics.polling.interval.secs", NO_CLASSES, "The interval at which the classes in kafka.metrics.reporters report, in seconds."),
    no_effect("kafka.metrics.reporters", NO_CLASSES, "Classes that receive the broker's older kind of metrics."),
    no_effect("leader.imbalance.check.interval.seconds", NO_REPLICATION, "The interval at which the balance of leaders is checked, in seconds."),
    no_effect("leader.replication.throttled.rate", NO_REPLICATION, "The most bytes per second that this broker sends to throttled replicas."),
    no_effect("listener.security.protocol.map", NO_SECURITY, "The security protocol of each listener."),
    decided("listeners", LISTENERS, "The addresses that the broker listens on."),
    honoured("log.cleaner.backoff.ms", "The time that the cleaner sleeps when nothing is dirty, in milliseconds.", |config, value| config.cleaner_backoff_ms = value.long()),
    no_effect("log.cleaner.dedupe.buffer.size", FIXED, "The cleaner's memory for finding the last record of each key, in bytes."),
    for_topics("log.cleaner.delete.retention.ms", "The time that compacted topics keep tombstones, in milliseconds."),
    honoured("log.cleaner.enable", "Whether compacted topics are compacted.", |config, value| config.cleaner_enabled = value.boolean()),
    no_effect("log.cleaner.io.buffer.load.factor", FIXED, "The part of its memory that the cleaner may fill."),
    no_effect("log.cleaner.io.buffer.size", FIXED, "The cleaner's buffers for reading and writing, in bytes."),
    no_effect("log.cleaner.io.max.bytes.per.second", FIXED, "The most bytes that the cleaner reads and writes per second."),
    for_topics("log.cleaner.max.compaction.lag.ms", "The time after which a record becomes due for compaction at the latest, in milliseconds."),
    for_topics("log.cleaner.min.cleanable.ratio", "The part of a compacted log that must be dirty before it is cleaned."),
    for_topics("log.cleaner.min.compaction.lag.ms", "The least time that a record stays uncompacted, in milliseconds."),
    no_effect("log.cleaner.threads", NO_THREAD_POOLS, "Threads of the cleaner; not used here."),
    for_topics("log.cleanup.policy", "The treatment of old segments: delete, compact or both."),
    no_effect("log.dir", IN_MEMORY, "The directory of the logs. Nothing is written: this cluster lives in memory."),
    no_effect("log.dir.failure.timeout.ms", IN_MEMORY, "The time after which a broker stops if the controller has not heard of a failed log directory, in milliseconds."),
    no_effect("log.dirs", IN_MEMORY, "The directories of the logs; log.dir if it is not set."),
    no_effect("log.flush.interval.messages", IN_MEMORY, "The number of records after which a log is forced to disk; not used here."),
    no_effect("log.flush.interval.ms", IN_MEMORY, "The time after which a log is forced to disk, in milliseconds; not used here."),
    no_effect("log.flush.offset.checkpoint.interval.ms", IN_MEMORY, "The interval at which the point of recovery is written, in milliseconds; not used here."),
    no_effect("log.flush.scheduler.interval.ms", IN_MEMORY, "The interval at which logs are checked for being forced to disk, in milliseconds; not used here."),
    no_effect("log.flush.start.offset.checkpoint.interval.ms", IN_MEMORY, "The interval at which the log start offsets are written, in milliseconds; not used here."),
    no_effect("log.index.interval.bytes", IN_MEMORY, "The number of bytes between two entries of the offset index."),
    no_effect("log.index.size.max.bytes", IN_MEMORY, "The size of a segment's offset index, in bytes."),
    no_effect("log.initial.task.delay.ms", FIXED, "The time from the start to the first sweep of the logs, in milliseconds."),
    no_effect("log.local.retention.bytes", NO_TIERED_STORAGE, "With tiered storage, the most bytes of a partition that stay local."),
    no_effect("log.local.retention.ms", NO_TIERED_STORAGE, "With tiered storage, the time that a segment stays local, in milliseconds."),
    for_topics("log.message.timestamp.after.max.ms", "The longest time that a record's timestamp may lie after the broker's time, in milliseconds."),
    for_topics("log.message.timestamp.before.max.ms", "The longest time that a record's timestamp may lie before the broker's time, in milliseconds."),
    for_topics("log.message.timestamp.type", "Whether records keep their producer's timestamp or get the time at which they were appended."),
    no_effect("log.preallocate", IN_MEMORY, "Whether a new segment's file takes its whole size at once."),
    no_effect("log.remote.copy.lag.bytes", NO_TIERED_STORAGE, "With tiered storage, the bytes behind the end of a partition from which on segments are copied; -1 leaves it to the local retention."),
    no_effect("log.remote.copy.lag.ms", NO_TIERED_STORAGE, "With tiered storage, the age from which on segments are copied, in milliseconds; -1 leaves it to the local retention."),
    for_topics("log.retention.bytes", "The most bytes that a partition keeps; -1 keeps all."),
    honoured("log.retention.check.interval.ms", "The interval at which the logs are swept for segments that are too old or too many, in milliseconds.", |config, value| config.retention_check_interval_ms = value.long()),
    for_topics("log.retention.hours", "The time that segments are kept, in hours, unless minutes or ms are set."),
    for_topics("log.retention.minutes", "The time that segments are kept, in minutes, unless ms is set."),
    for_topics("log.retention.ms", "The time that segments are kept, in milliseconds; -1 keeps them for ever."),
    for_topics("log.roll.hours", "The age at which a segment is closed, in hours, unless ms is set."),
    no_effect("log.roll.jitter.hours", FIXED, "The most random hours that are subtracted from the age at which a segment is closed, unless ms is set."),
    no_effect("log.roll.jitter.ms", FIXED, "The most random milliseconds that are subtracted from the age at which a segment is closed."),
    for_topics("log.roll.ms", "The age at which a segment is closed, in milliseconds."),
    for_topics("log.segment.bytes", "The size at which a segment is closed, in bytes."),
    no_effect("log.segment.delete.delay.ms", IN_MEMORY, "The time that a dropped segment's files stay on disk, in milliseconds; not used here."),
    no_effect("max.connection.creation.rate", NO_CONNECTION_RATE, "The most connections accepted per second."),
    read("max.connections", "The most connections of a broker."),
    read("max.connections.per.ip", "The most connections from one address."),
    read("max.connections.per.ip.overrides", "Other bounds for single hosts, as HOST:COUNT pairs. A name stands for the first of its addresses."),
    for_topics("max.decompressed.message.bytes", "The largest record that a compressed batch may hold, decompressed, in bytes."),
    honoured("max.incremental.fetch.session.cache.slots", "The most incremental fetch sessions of a broker.", |config, value| config.fetch_session_slots = value.int()),
    honoured("max.request.partition.size.limit", "The most partitions that one answer to DescribeTopicPartitions lists.", |config, value| config.described_partitions_limit = value.int()),
    for_topics("message.max.bytes", "The largest batch that is accepted, compressed, with its header, in bytes."),
    no_effect("metadata.log.dir", IN_MEMORY, "The directory of the metadata log; not used here."),
    no_effect("metadata.log.max.record.bytes.between.snapshots", IN_MEMORY, "The bytes of the metadata log after which a snapshot is written."),
    no_effect("metadata.log.max.snapshot.interval.ms", IN_MEMORY, "The time after which a snapshot of the metadata is written, in milliseconds."),
    no_effect("metadata.log.segment.bytes", IN_MEMORY, "The segment size of the metadata log, in bytes."),
    no_effect("metadata.log.segment.ms", IN_MEMORY, "The age at which a segment of the metadata log is closed, in milliseconds."),
    no_effect("metadata.max.idle.interval.ms", IN_MEMORY, "The time without a change after which an empty record goes to the metadata log, in milliseconds."),
    no_effect("metadata.max.retention.bytes", IN_MEMORY, "The most bytes of the metadata log and its snapshots."),
    no_effect("metadata.max.retention.ms", IN_MEMORY, "The time for which the metadata log is kept, in milliseconds."),
    no_effect("metric.reporters", NO_CLASSES, "Classes that receive the broker's metrics; not used here."),
    no_effect("metrics.num.samples", NO_SAMPLES, "The number of samples in the metrics."),
    no_effect("metrics.recording.level", NO_SAMPLES, "The level of metrics that are recorded."),
    no_effect("metrics.sample.window.ms", NO_SAMPLES, "The time that a sample of the metrics lasts, in milliseconds."),
    no_effect("min.insync.replicas", NO_REPLICATION, "The number of replicas that must have a record before a producer with acks=all is answered."),
    decided("node.id", NUMBERED, "The broker's id."),
    no_effect("num.io.threads", NO_THREAD_POOLS, "Threads that work on requests; not used here."),
    no_effect("num.network.threads", NO_THREAD_POOLS, "Threads that read and write sockets; not used here."),
    honoured("num.partitions", "The number of partitions of a new topic that does not set it.", |config, value| config.default_partitions = value.int()),
    no_effect("num.recovery.threads.per.data.dir", NO_THREAD_POOLS, "Threads that load the logs; not used here."),
    no_effect("num.replica.alter.log.dirs.threads", NO_REPLICATION, "Threads that move replicas; not used here."),
    no_effect("num.replica.fetchers", NO_REPLICATION, "Threads that fetch from each leader; not used here."),
    honoured("offset.metadata.max.bytes", "The longest metadata that may be committed with an offset, in bytes.", |config, value| config.offset_metadata_max_bytes = value.int()),
    no_effect("offsets.commit.timeout.ms", NO_REPLICATION, "The time that a commit waits for its replicas, in milliseconds; not used here."),
    no_effect("offsets.load.buffer.size", IN_MEMORY, "The size of batches when offsets are loaded, in bytes; not used here."),
    honoured("offsets.retention.check.interval.ms", "The interval at which the groups are swept for expired offsets, in milliseconds.", |config, value| config.offsets_retention_check_interval_ms = value.long()),
    honoured("offsets.retention.minutes", "The time that a group's offsets are kept once it has no members, in minutes.", |config, value| config.offsets_retention_minutes = value.int()),
    honoured("offsets.topic.compression.codec", "The codec of the batches in __consumer_offsets: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.", |config, value| config.offsets_topic_compression_codec = value.int()),
    honoured("offsets.topic.num.partitions", "The number of partitions of __consumer_offsets.", |config, value| config.offsets_topic_partitions = value.int()),
    honoured("offsets.topic.replication.factor", "The replication factor of __consumer_offsets; the number of brokers if they are fewer.", |config, value| config.offsets_topic_replication_factor = value.short()),
    honoured("offsets.topic.segment.bytes", "The size of a segment of __consumer_offsets, in bytes.", |config, value| config.offsets_topic_segment_bytes = value.int()),
    no_effect("principal.builder.class", NO_CLASSES, "The class that names the client of a connection."),
    no_effect("process.roles", ONE_PROCESS, "The roles of the process: broker, controller or both."),
    honoured("producer.id.expiration.check.interval.ms", "The interval at which partitions forget producer ids that have expired, in milliseconds.", |config, value| config.producer_id_expiration_check_interval_ms = value.int()),
    read("producer.id.expiration.ms", "The time without a batch after which a producer id is forgotten, in milliseconds."),
    no_effect("producer.purgatory.purge.interval.requests", NO_THREAD_POOLS, "The number of requests after which finished waiting produces are swept; not used here."),
    no_effect("queued.max.request.bytes", NO_THREAD_POOLS, "The most bytes of waiting requests; -1 means no limit."),
    no_effect("queued.max.requests", NO_THREAD_POOLS, "The most requests that wait for a thread; not used here."),
    no_effect("quota.window.num", NO_QUOTAS, "The number of samples in the quotas of clients."),
    no_effect("quota.window.size.seconds", NO_QUOTAS, "The time that a sample of the quotas lasts, in seconds."),
    no_effect("remote.fetch.max.wait.ms", NO_TIERED_STORAGE, "The longest that a fetch waits for the remote tier, in milliseconds."),
    no_effect("remote.list.offsets.request.timeout.ms", NO_TIERED_STORAGE, "The longest that a search for an offset waits for the remote tier, in milliseconds."),
    no_effect("remote.log.index.file.cache.total.size.bytes", NO_TIERED_STORAGE, "The most bytes of indexes that are cached from the remote tier."),
    no_effect("remote.log.index.file.cache.ttl.ms", NO_TIERED_STORAGE, "The time for which an unused index of the remote tier stays cached, in milliseconds."),
    no_effect("remote.log.manager.copier.thread.pool.size", NO_TIERED_STORAGE, "Threads that copy segments to the remote tier."),
    no_effect("remote.log.manager.copy.max.bytes.per.second", NO_TIERED_STORAGE, "The most bytes per second that are copied to the remote tier."),
    no_effect("remote.log.manager.copy.quota.window.num", NO_TIERED_STORAGE, "The number of samples in the quota on copies to the remote tier."),
    no_effect("remote.log.manager.copy.quota.window.size.seconds", NO_TIERED_STORAGE, "The time that a sample of the quota on copies to the remote tier lasts, in seconds."),
    no_effect("remote.log.manager.expiration.thread.pool.size", NO_TIERED_STORAGE, "Threads that delete segments from the remote tier."),
    no_effect("remote.log.manager.fetch.max.bytes.per.second", NO_TIERED_STORAGE, "The most bytes per second that are read from the remote tier."),
    no_effect("remote.log.manager.fetch.quota.window.num", NO_TIERED_STORAGE, "The number of samples in the quota on reads from the remote tier."),
    no_effect("remote.log.manager.fetch.quota.window.size.seconds", NO_TIERED_STORAGE, "The time that a sample of the quota on reads from the remote tier lasts, in seconds."),
    no_effect("remote.log.manager.follower.thread.pool.size", NO_TIERED_STORAGE, "Threads that keep followers' knowledge of the remote tier."),
    no_effect("remote.log.manager.task.interval.ms", NO_TIERED_STORAGE, "The interval at which segments are looked at for copies and deletions, in milliseconds."),
    no_effect("remote.log.manager.task.retry.backoff.max.ms", NO_TIERED_STORAGE, "The longest pause before failed work on the remote tier is tried again, in milliseconds."),
    no_effect("remote.log.manager.task.retry.backoff.ms", NO_TIERED_STORAGE, "The first pause before failed work on the remote tier is tried again, in milliseconds."),
    no_effect("remote.log.manager.task.retry.jitter", NO_TIERED_STORAGE, "The random part of the pause before failed work on the remote tier is tried again."),
    no_effect("remote.log.manager.thread.pool.size", NO_TIERED_STORAGE, "Threads for work on the remote tier that has no pool of its own."),
    no_effect("remote.log.metadata.custom.metadata.max.bytes", NO_TIERED_STORAGE, "The most bytes that a storage plugin may add to the metadata of a segment."),
    no_effect("remote.log.metadata.manager.class.name", NO_TIERED_STORAGE, "The class that keeps the metadata of the remote tier."),
    no_effect("remote.log.metadata.manager.class.path", NO_TIERED_STORAGE, "The path that the class for the metadata of the remote tier is loaded from."),
    no_effect("remote.log.metadata.manager.impl.prefix", NO_TIERED_STORAGE, "The beginning of the names of configs that go to the class for the metadata of the remote tier."),
    no_effect("remote.log.metadata.manager.listener.name", NO_TIERED_STORAGE, "The listener over which the class for the metadata of the remote tier reaches brokers."),
    no_effect("remote.log.reader.max.pending.tasks", NO_TIERED_STORAGE, "The most reads that wait for the remote tier."),
    no_effect("remote.log.reader.threads", NO_TIERED_STORAGE, "Threads that read from the remote tier."),
    no_effect("remote.log.storage.manager.class.name", NO_TIERED_STORAGE, "The class that stores segments in the remote tier."),
    no_effect("remote.log.storage.manager.class.path", NO_TIERED_STORAGE, "The path that the class for segments in the remote tier is loaded from."),
    no_effect("remote.log.storage.manager.impl.prefix", NO_TIERED_STORAGE, "The beginning of the names of configs that go to the class for segments in the remote tier."),
    no_effect("remote.log.storage.system.enable", NO_TIERED_STORAGE, "Whether brokers have tiered storage, which this cluster does not."),
    no_effect("replica.alter.log.dirs.io.max.bytes.per.second", NO_REPLICATION, "The most bytes per second that move between the broker's log directories."),
    no_effect("replica.fetch.backoff.ms", NO_REPLICATION, "The time that a follower waits after a failed fetch, in milliseconds; not used here."),
    no_effect("replica.fetch.max.bytes", NO_REPLICATION, "The most bytes that a follower fetches from a partition at once; not used here."),
    no_effect("replica.fetch.min.bytes", NO_REPLICATION, "The least bytes that a follower's fetch waits for; not used here."),
    no_effect("replica.fetch.response.max.bytes", NO_REPLICATION, "The most bytes that a follower fetches at once; not used here."),
    no_effect("replica.fetch.wait.max.ms", NO_REPLICATION, "The time that a follower's fetch waits, in milliseconds; not used here."),
    no_effect("replica.high.watermark.checkpoint.interval.ms", IN_MEMORY, "The interval at which high watermarks are written to disk, in milliseconds."),
    no_effect("replica.lag.time.max.ms", NO_REPLICATION, "The time behind its leader after which a replica leaves the in-sync set, in milliseconds; not used here."),
    honoured("replica.selector.class", "The class that picks the replica a consumer reads from: Kafka's selector by rack, or none.", |config, value| config.selects_replicas_by_rack = value.text() == RACK_AWARE_SELECTOR),
    no_effect("replica.socket.receive.buffer.bytes", NO_REPLICATION, "The receive buffer of connections to leaders, in bytes."),
    no_effect("replica.socket.timeout.ms", NO_REPLICATION, "A follower's timeout, in milliseconds; not used here."),
    no_effect("replication.quota.window.num", NO_REPLICATION, "The number of samples in the quota on replication."),
    no_effect("replication.quota.window.size.seconds", NO_REPLICATION, "The time that a sample of the quota on replication lasts, in seconds."),
    no_effect("request.timeout.ms", NO_REPLICATION, "The time that a broker waits for an answer, in milliseconds."),
    no_effect("sasl.client.callback.handler.class", NO_SECURITY, "The class that answers the client side of SASL."),
    no_effect("sasl.enabled.mechanisms", NO_SECURITY, "The SASL mechanisms that are served."),
    no_effect("sasl.jaas.config", NO_SECURITY, "The JAAS login of the SASL listeners."),
    no_effect("sasl.kerberos.kinit.cmd", NO_SECURITY, "The path of the kinit program."),
    no_effect("sasl.kerberos.min.time.before.relogin", NO_SECURITY, "The least time between two logins to Kerberos, in milliseconds."),
    no_effect("sasl.kerberos.principal.to.local.rules", NO_SECURITY, "Rules that shorten Kerberos principals to names; the first that fits is used."),
    no_effect("sasl.kerberos.service.name", NO_SECURITY, "The Kerberos principal that the broker runs as."),
    no_effect("sasl.kerberos.ticket.renew.jitter", NO_SECURITY, "The random part of the time before a Kerberos ticket is renewed."),
    no_effect("sasl.kerberos.ticket.renew.window.factor", NO_SECURITY, "The part of a Kerberos ticket's life after which it is renewed."),
    no_effect("sasl.login.callback.handler.class", NO_SECURITY, "The class that answers a SASL login."),
    no_effect("sasl.login.class", NO_SECURITY, "The class that logs in for SASL."),
    no_effect("sasl.login.connect.timeout.ms", NO_SECURITY, "The time that a SASL login waits for its connection, in milliseconds."),
    no_effect("sasl.login.read.timeout.ms", NO_SECURITY, "The time that a SASL login waits for an answer, in milliseconds."),
    no_effect("sasl.login.refresh.buffer.seconds", NO_SECURITY, "The time before a credential's end at which it is renewed at the latest, in seconds."),
    no_effect("sasl.login.refresh.min.period.seconds", NO_SECURITY, "The least time before a credential is renewed, in seconds."),
    no_effect("sasl.login.refresh.window.factor", NO_SECURITY, "The part of a credential's life after which it is renewed."),
    no_effect("sasl.login.refresh.window.jitter", NO_SECURITY, "The random part of a credential's life that is added before it is renewed."),
    no_effect("sasl.login.retry.backoff.max.ms", NO_SECURITY, "The longest pause before a failed SASL login is tried again, in milliseconds."),
    no_effect("sasl.login.retry.backoff.ms", NO_SECURITY, "The first pause before a failed SASL login is tried again, in milliseconds."),
    no_effect("sasl.mechanism.controller.protocol", NO_SECURITY, "The SASL mechanism of connections to controllers."),
    no_effect("sasl.mechanism.inter.broker.protocol", NO_SECURITY, "The SASL mechanism that brokers use among themselves."),
    no_effect("sasl.oauthbearer.allow.unverified.audience", NO_SECURITY, "Whether an OAuth token is taken without a check of its audience."),
    no_effect("sasl.oauthbearer.allow.unverified.issuer", NO_SECURITY, "Whether an OAuth token is taken without a check of its issuer."),
    no_effect("sasl.oauthbearer.assertion.algorithm", NO_SECURITY, "The algorithm that a JWT assertion is signed with."),
    no_effect("sasl.oauthbearer.assertion.claim.aud", NO_SECURITY, "The audience in a JWT assertion."),
    no_effect("sasl.oauthbearer.assertion.claim.exp.seconds", NO_SECURITY, "The time for which a JWT assertion is valid, in seconds."),
    no_effect("sasl.oauthbearer.assertion.claim.iss", NO_SECURITY, "The issuer in a JWT assertion."),
    no_effect("sasl.oauthbearer.assertion.claim.jti.include", NO_SECURITY, "Whether a JWT assertion has an id of its own."),
    no_effect("sasl.oauthbearer.assertion.claim.nbf.seconds", NO_SECURITY, "The time before now from which on a JWT assertion is valid, in seconds."),
    no_effect("sasl.oauthbearer.assertion.claim.sub", NO_SECURITY, "The subject in a JWT assertion."),
    no_effect("sasl.oauthbearer.assertion.file", NO_SECURITY, "The file with a finished JWT assertion."),
    no_effect("sasl.oauthbearer.assertion.private.key.file", NO_SECURITY, "The file with the key that JWT assertions are signed with."),
    no_effect("sasl.oauthbearer.assertion.private.key.passphrase", NO_SECURITY, "The password of the key that JWT assertions are signed with."),
    no_effect("sasl.oauthbearer.assertion.template.file", NO_SECURITY, "The file with headers and claims that JWT assertions begin from."),
    no_effect("sasl.oauthbearer.client.credentials.client.id", NO_SECURITY, "The client's id at the OAuth server."),
    no_effect("sasl.oauthbearer.client.credentials.client.secret", NO_SECURITY, "The client's secret at the OAuth server."),
    no_effect("sasl.oauthbearer.clock.skew.seconds", NO_SECURITY, "The difference between clocks that is allowed in OAuth tokens, in seconds."),
    no_effect("sasl.oauthbearer.expected.audience", NO_SECURITY, "The audiences that an OAuth token may have."),
    no_effect("sasl.oauthbearer.expected.issuer", NO_SECURITY, "The issuer that an OAuth token must have."),
    no_effect("sasl.oauthbearer.jwks.endpoint.refresh.ms", NO_SECURITY, "The interval at which the keys of the OAuth server are read again, in milliseconds."),
    no_effect("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", NO_SECURITY, "The longest pause before the keys of the OAuth server are read again after a failure, in milliseconds."),
    no_effect("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", NO_SECURITY, "The first pause before the keys of the OAuth server are read again after a failure, in milliseconds."),
    no_effect("sasl.oauthbearer.jwks.endpoint.url", NO_SECURITY, "The URL of the OAuth server's keys."),
    no_effect("sasl.oauthbearer.jwt.retriever.class", NO_SECURITY, "The class that gets OAuth tokens."),
    no_effect("sasl.oauthbearer.jwt.validator.class", NO_SECURITY, "The class that checks OAuth tokens."),
    no_effect("sasl.oauthbearer.scope", NO_SECURITY, "The scope that is asked of the OAuth server."),
    no_effect("sasl.oauthbearer.scope.claim.name", NO_SECURITY, "The claim of an OAuth token with its scope."),
    no_effect("sasl.oauthbearer.sub.claim.name", NO_SECURITY, "The claim of an OAuth token with its subject."),
    no_effect("sasl.oauthbearer.token.endpoint.url", NO_SECURITY, "The URL that OAuth tokens come from."),
    no_effect("sasl.server.callback.handler.class", NO_SECURITY, "The class that answers the server side of SASL."),
    no_effect("sasl.server.max.receive.size", NO_SECURITY, "The largest message that is taken during authentication, in bytes."),
    no_effect("security.inter.broker.protocol", NO_SECURITY, "The protocol that brokers use among themselves."),
    no_effect("security.providers", NO_SECURITY, "Classes that offer security algorithms."),
    no_effect("server.max.startup.time.ms", ONE_PROCESS, "The longest that a start may take, in milliseconds."),
    no_effect("share.coordinator.append.linger.ms", NO_SHARE_GROUPS, "The time that the share coordinator gathers writes, in milliseconds; -1 adapts it to the load."),
    no_effect("share.coordinator.cached.buffer.max.bytes", NO_SHARE_GROUPS, "The largest write buffer that the share coordinator keeps for reuse, in bytes."),
    no_effect("share.coordinator.cold.partition.snapshot.interval.ms", NO_SHARE_GROUPS, "The interval at which share partitions without changes are written again, in milliseconds."),
    no_effect("share.coordinator.load.buffer.size", NO_SHARE_GROUPS, "The size of batches when the state of share groups is loaded, in bytes."),
    no_effect("share.coordinator.snapshot.update.records.per.snapshot", NO_SHARE_GROUPS, "The number of updates of a share partition between two snapshots."),
    no_effect("share.coordinator.state.topic.compression.codec", NO_SHARE_GROUPS, "The codec of the topic with the state of share groups."),
    no_effect("share.coordinator.state.topic.min.isr", NO_SHARE_GROUPS, "The least in-sync replicas of the topic with the state of share groups."),
    no_effect("share.coordinator.state.topic.num.partitions", NO_SHARE_GROUPS, "The partitions of the topic with the state of share groups."),
    no_effect("share.coordinator.state.topic.prune.interval.ms", NO_SHARE_GROUPS, "The interval at which superseded records of the state of share groups are deleted, in milliseconds."),
    no_effect("share.coordinator.state.topic.replication.factor", NO_SHARE_GROUPS, "The replication factor of the topic with the state of share groups."),
    no_effect("share.coordinator.state.topic.segment.bytes", NO_SHARE_GROUPS, "The segment size of the topic with the state of share groups, in bytes."),
    no_effect("share.coordinator.threads", NO_SHARE_GROUPS, "Threads of the share coordinator."),
    no_effect("share.coordinator.write.timeout.ms", NO_SHARE_GROUPS, "The time that a write of the share coordinator may take, in milliseconds."),
    no_effect("share.fetch.purgatory.purge.interval.requests", NO_SHARE_GROUPS, "The number of requests after which finished waiting share fetches are swept."),
    no_effect("socket.connection.setup.timeout.max.ms", NO_REPLICATION, "The longest a broker waits for a connection it opens, in milliseconds."),
    no_effect("socket.connection.setup.timeout.ms", NO_REPLICATION, "The time that a broker waits for a connection it opens, in milliseconds."),
    no_effect("socket.listen.backlog.size", FIXED, "The most connections that wait to be accepted."),
    no_effect("socket.receive.buffer.bytes", FIXED, "The sockets' receive buffer, in bytes; -1 leaves it to the system."),
    honoured("socket.request.max.bytes", "The largest request that is accepted, in bytes.", |config, value| config.socket_request_max_bytes = value.int()),
    no_effect("socket.send.buffer.bytes", FIXED, "The sockets' send buffer, in bytes; -1 leaves it to the system."),
    no_effect("ssl.allow.dn.changes", NO_SECURITY, "Whether a new key of the broker may have another distinguished name."),
    no_effect("ssl.allow.san.changes", NO_SECURITY, "Whether a new key of the broker may have other alternative names."),
    no_effect("ssl.cipher.suites", NO_SECURITY, "The cipher suites that are offered."),
    no_effect("ssl.client.auth", NO_SECURITY, "Whether clients show a certificate."),
    no_effect("ssl.enabled.protocols", NO_SECURITY, "The versions of TLS that are offered."),
    no_effect("ssl.endpoint.identification.algorithm", NO_SECURITY, "The algorithm that compares a host name with its certificate."),
    no_effect("ssl.engine.factory.class", NO_SECURITY, "The class that makes TLS engines."),
    no_effect("ssl.key.password", NO_SECURITY, "The password of the private key."),
    no_effect("ssl.keymanager.algorithm", NO_SECURITY, "The algorithm of the key manager."),
    no_effect("ssl.keystore.certificate.chain", NO_SECURITY, "The broker's certificates, as text."),
    no_effect("ssl.keystore.key", NO_SECURITY, "The broker's private key, as text."),
    no_effect("ssl.keystore.location", NO_SECURITY, "The file with the broker's key."),
    no_effect("ssl.keystore.password", NO_SECURITY, "The password of the file with the broker's key."),
    no_effect("ssl.keystore.type", NO_SECURITY, "The format of the file with the broker's key."),
    no_effect("ssl.principal.mapping.rules", NO_SECURITY, "Rules that shorten the names in certificates."),
    no_effect("ssl.protocol", NO_SECURITY, "The version of TLS that engines are made with."),
    no_effect("ssl.provider", NO_SECURITY, "The security provider of TLS."),
    no_effect("ssl.secure.random.implementation", NO_SECURITY, "The source of random numbers of TLS."),
    no_effect("ssl.trustmanager.algorithm", NO_SECURITY, "The algorithm of the trust manager."),
    no_effect("ssl.truststore.certificates", NO_SECURITY, "The trusted certificates, as text."),
    no_effect("ssl.truststore.location", NO_SECURITY, "The file with the certificates that are trusted."),
    no_effect("ssl.truststore.password", NO_SECURITY, "The password of the file with the certificates that are trusted."),
    no_effect("ssl.truststore.type", NO_SECURITY, "The format of the file with the certificates that are trusted."),
    read("telemetry.max.bytes", "The most bytes of metrics that a client may push at once."),
    honoured("transaction.abort.timed.out.transaction.cleanup.interval.ms", "The interval at which transactions that have timed out are aborted, in milliseconds.", |config, value| config.transaction_timeout_check_interval_ms = value.int()),
    honoured("transaction.max.timeout.ms", "The longest transaction timeout that a producer may ask for, in milliseconds.", |config, value| config.transaction_max_timeout_ms = value.int()),
    honoured("transaction.partition.verification.enable", "Whether a leader asks the coordinator if a transaction is open before it appends.", |config, value| config.verifies_transactions = value.boolean()),
    honoured("transaction.remove.expired.transaction.cleanup.interval.ms", "The interval at which expired transactional ids are forgotten, in milliseconds.", |config, value| config.transactional_id_expiration_check_interval_ms = value.int()),
    no_effect("transaction.state.log.load.buffer.size", IN_MEMORY, "The size of batches when transactions are loaded, in bytes."),
    honoured("transaction.state.log.min.isr", "The min.insync.replicas of __transaction_state.", |config, value| config.transaction_topic_min_isr = value.int()),
    honoured("transaction.state.log.num.partitions", "The number of partitions of __transaction_state.", |config, value| config.transaction_topic_partitions = value.int()),
    honoured("transaction.state.log.replication.factor", "The replication factor of __transaction_state; the number of brokers if they are fewer.", |config, value| config.transaction_topic_replication_factor = value.short()),
    honoured("transaction.state.log.segment.bytes", "The size of a segment of __transaction_state, in bytes.", |config, value| config.transaction_topic_segment_bytes = value.int()),
    no_effect("transaction.two.phase.commit.enable", NO_TWO_PHASE_COMMIT, "Whether transactions may take part in two-phase commits."),
    honoured("transactional.id.expiration.ms", "The time without use after which a transactional id is forgotten, in milliseconds.", |config, value| config.transactional_id_expiration_ms = value.int()),
    no_effect("unclean.leader.election.enable", NO_REPLICATION, "Whether a replica that is not in sync may become the leader when no other is left, losing records."),
    no_effect("unclean.leader.election.interval.ms", NO_REPLICATION, "The interval at which partitions without a leader are looked at for an unclean election, in milliseconds."),
    no_effect("unstable.api.versions.enable", FIXED, "Whether versions of APIs that are not final are offered."),
    no_effect("unstable.feature.versions.enable", FIXED, "Whether versions of features that are not final are allowed."),
];

/// Configs of a listener whose name may have a mechanism's prefix. Source: Kafka's `DynamicBrokerConfig.LISTENER_MECHANISM_CONFIGS`.
const OF_MECHANISMS: &[&str] = &[
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "sasl.server.callback.handler.class",
    "connections.max.reauth.ms",
];

/// Returns the configs that one broker config may get its value from, itself among them, the one that counts most first. Source: Kafka's
/// `DynamicBrokerConfig.brokerConfigSynonyms`.
pub(crate) fn synonyms(name: &str) -> Vec<&str> {
    if let Ok(index) = BROKER_SYNONYMS.binary_search_by(|(config, _)| (*config).cmp(name)) {
        return BROKER_SYNONYMS[index]
            .1
            .iter()
            .map(|synonym| synonym.name)
            .collect();
    }
    match without_listener(name) {
        Some(base) => {
            let of_mechanism = OF_MECHANISMS.iter().find(|config| base.ends_with(**config));
            vec![name, of_mechanism.copied().unwrap_or(base)]
        }
        None => vec![name],
    }
}

/// Returns the configs that, when they are set while running, take the place of a value of `name`.
pub(crate) fn hiders(name: &str) -> impl Iterator<Item = &'static str> {
    BROKER_SYNONYMS
        .iter()
        .filter(move |(_, synonyms)| synonyms.iter().any(|synonym| synonym.name == name))
        .map(|(config, _)| *config)
}

/// Returns the rest of a name that begins with `listener.name.` and a listener's name.
pub(crate) fn without_listener(name: &str) -> Option<&str> {
    let (listener, base) = name.strip_prefix("listener.name.")?.split_once('.')?;
    (!listener.is_empty() || !base.is_empty()).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_broker_configs_is_sorted_and_its_defaults_are_right() {
        let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        let defined: Vec<_> = BROKER.iter().map(|definition| definition.name).collect();
        assert_eq!(names, defined);
        assert!(names.is_sorted_by(|one, other| one < other));
        for definition in BROKER {
            if let Some(default) = definition
                .default
                .filter(|_| definition.name != "sasl.oauthbearer.jwks.endpoint.url")
            {
                definition.parse(default).expect(definition.name);
            }
        }
    }
}
