//! The broker configs that are honoured, as typed values with Kafka's defaults.

/// The only value of `replica.selector.class`.
pub(super) const RACK_AWARE_SELECTOR: &str = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

/// The broker configs that are honoured, typed. Source: Kafka's `KafkaConfig`, `ServerLogConfigs`, `GroupCoordinatorConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrokerConfig {
    /// `auto.create.topics.enable`; default true.
    pub(crate) auto_create_topics: bool,
    /// `num.partitions`; at least 1, default 1.
    pub(crate) default_partitions: i32,
    /// `default.replication.factor`; at least 1, default 1.
    pub(crate) default_replication_factor: i16,
    /// `delete.topic.enable`; default true.
    pub(crate) delete_topics: bool,
    /// `broker.rack`, the same for every broker; none by default.
    pub(crate) rack: Option<String>,
    /// `group.initial.rebalance.delay.ms`; 0 unless set (Kafka's own default is 3,000).
    pub(crate) group_initial_rebalance_delay_ms: i64,
    /// `group.min.session.timeout.ms`; default 6,000.
    pub(crate) group_min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`; default 1,800,000.
    pub(crate) group_max_session_timeout_ms: i32,
    /// `group.max.size`; default 2,147,483,647.
    pub(crate) group_max_size: i32,
    /// `group.consumer.max.size`; default 2,147,483,647.
    pub(crate) group_consumer_max_size: i32,
    /// `group.consumer.assignors`, at least one; default `uniform,range`.
    pub(crate) group_consumer_assignors: Vec<String>,
    /// `group.consumer.migration.policy`; default `bidirectional`.
    pub(crate) group_consumer_migration_policy: String,
    /// `group.consumer.regex.refresh.interval.ms`; default 600,000.
    pub(crate) group_consumer_regex_refresh_interval_ms: i32,
    /// Whether `group.coordinator.rebalance.protocols` has `consumer`; default true.
    pub(crate) consumer_protocol: bool,
    /// `fetch.max.bytes`, at least 1,024; default 57,671,680.
    pub(crate) fetch_max_bytes: usize,
    /// Whether `replica.selector.class` is Kafka's selector by rack; default false, as there is none.
    pub(crate) selects_replicas_by_rack: bool,
    /// `offset.metadata.max.bytes`; default 4,096.
    pub(crate) offset_metadata_max_bytes: i32,
    /// `offsets.topic.num.partitions`; default 50.
    pub(crate) offsets_topic_partitions: i32,
    /// `offsets.topic.replication.factor`, at most the number of brokers; default 3.
    pub(crate) offsets_topic_replication_factor: i16,
    /// `offsets.topic.segment.bytes`; default 104,857,600.
    pub(crate) offsets_topic_segment_bytes: i32,
    /// `offsets.topic.compression.codec`, by its number in a batch's attributes; default 0, none.
    pub(crate) offsets_topic_compression_codec: i32,
    /// `transaction.state.log.num.partitions`; default 50.
    pub(crate) transaction_topic_partitions: i32,
    /// `transaction.state.log.replication.factor`, at most the number of brokers; default 3.
    pub(crate) transaction_topic_replication_factor: i16,
    /// `transaction.state.log.min.isr`; default 2.
    pub(crate) transaction_topic_min_isr: i32,
    /// `transaction.state.log.segment.bytes`; default 104,857,600.
    pub(crate) transaction_topic_segment_bytes: i32,
    /// `offsets.retention.minutes`; default 10,080.
    pub(crate) offsets_retention_minutes: i32,
    /// `offsets.retention.check.interval.ms`: how often groups drop expired offsets; default 600,000.
    pub(crate) offsets_retention_check_interval_ms: i64,
    /// `transaction.max.timeout.ms`; default 900,000.
    pub(crate) transaction_max_timeout_ms: i32,
    /// `transaction.partition.verification.enable`; default true.
    pub(crate) verifies_transactions: bool,
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`; default 10,000.
    pub(crate) transaction_timeout_check_interval_ms: i32,
    /// `transactional.id.expiration.ms`; default 604,800,000.
    pub(crate) transactional_id_expiration_ms: i32,
    /// `producer.id.expiration.check.interval.ms`; default 600,000.
    pub(crate) producer_id_expiration_check_interval_ms: i32,
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`; default 3,600,000.
    pub(crate) transactional_id_expiration_check_interval_ms: i32,
    /// `socket.request.max.bytes`: the largest frame accepted; default 104,857,600.
    pub(crate) socket_request_max_bytes: i32,
    /// `max.incremental.fetch.session.cache.slots`, per broker; default 1,000.
    pub(crate) fetch_session_slots: i32,
    /// `connections.max.idle.ms`; default 600,000.
    pub(crate) connections_max_idle_ms: i64,
    /// `log.retention.check.interval.ms`; default 300,000.
    pub(crate) retention_check_interval_ms: i64,
    /// `log.cleaner.enable`; default true.
    pub(crate) cleaner_enabled: bool,
    /// `log.cleaner.backoff.ms`; default 15,000.
    pub(crate) cleaner_backoff_ms: i64,
    /// `max.request.partition.size.limit`: the most partitions in one answer to DescribeTopicPartitions; default 2,000.
    pub(crate) described_partitions_limit: i32,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            // A test compares these values with the defaults in the table of configs.
            auto_create_topics: true,
            default_partitions: 1,
            default_replication_factor: 1,
            delete_topics: true,
            rack: None,
            group_initial_rebalance_delay_ms: 0,
            group_min_session_timeout_ms: 6_000,
            group_max_session_timeout_ms: 1_800_000,
            group_max_size: i32::MAX,
            group_consumer_max_size: i32::MAX,
            group_consumer_assignors: vec!["uniform".to_owned(), "range".to_owned()],
            group_consumer_migration_policy: "bidirectional".to_owned(),
            group_consumer_regex_refresh_interval_ms: 600_000,
            consumer_protocol: true,
            fetch_max_bytes: 57_671_680,
            selects_replicas_by_rack: false,
            offset_metadata_max_bytes: 4_096,
            offsets_topic_partitions: 50,
            offsets_topic_replication_factor: 3,
            offsets_topic_segment_bytes: 104_857_600,
            offsets_topic_compression_codec: 0,
            transaction_topic_partitions: 50,
            transaction_topic_replication_factor: 3,
            transaction_topic_min_isr: 2,
            transaction_topic_segment_bytes: 104_857_600,
            offsets_retention_minutes: 10_080,
            offsets_retention_check_interval_ms: 600_000,
            transaction_max_timeout_ms: 900_000,
            verifies_transactions: true,
            transaction_timeout_check_interval_ms: 10_000,
            transactional_id_expiration_ms: 604_800_000,
            producer_id_expiration_check_interval_ms: 600_000,
            transactional_id_expiration_check_interval_ms: 3_600_000,
            socket_request_max_bytes: 104_857_600,
            fetch_session_slots: 1_000,
            connections_max_idle_ms: 600_000,
            retention_check_interval_ms: 300_000,
            cleaner_enabled: true,
            cleaner_backoff_ms: 15_000,
            described_partitions_limit: 2_000,
        }
    }
}
