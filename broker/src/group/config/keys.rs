//! The effect of each group config in this cluster, and its description in our own words. The definitions are in `config::tables::group`.

use super::ConsumerGroupConfig;
use crate::config::keys::without_effect::*;
use crate::config::table::{Setting, Table, honoured, no_effect};
use crate::config::tables::group::{GROUP, GROUP_SYNONYMS};

/// Every group config.
pub(crate) static GROUP_CONFIGS: Table<ConsumerGroupConfig> = Table::new(GROUP, SETTINGS);

#[rustfmt::skip] // a config a line
static SETTINGS: &[Setting<ConsumerGroupConfig>] = &[
    honoured("consumer.assignment.interval.ms", "The least time between two assignments of the consumer group, in milliseconds.", |config, value| config.assignment_interval_ms = value.int()),
    no_effect("consumer.assignor.offload.enable", NO_THREAD_POOLS, "Whether assignments of the consumer group are computed in a thread of their own."),
    honoured("consumer.heartbeat.interval.ms", "The interval at which members of the consumer group send heartbeats, in milliseconds.", |config, value| config.heartbeat_interval_ms = value.int()),
    honoured("consumer.session.timeout.ms", "The time without a heartbeat after which a member of the consumer group is removed, in milliseconds.", |config, value| config.session_timeout_ms = value.int()),
    no_effect("errors.deadletterqueue.copy.record.enable", NO_SHARE_GROUPS, "Whether a record that goes to the dead-letter topic goes with its content, or only as a description."),
    no_effect("errors.deadletterqueue.topic.name", NO_SHARE_GROUPS, "The topic for records that the share group could not process; empty for none."),
    no_effect("share.assignment.interval.ms", NO_SHARE_GROUPS, "The least time between two assignments of the share group, in milliseconds."),
    no_effect("share.assignor.offload.enable", NO_SHARE_GROUPS, "Whether assignments of the share group are computed in a thread of their own."),
    no_effect("share.auto.offset.reset", NO_SHARE_GROUPS, "The place where the share group begins in a partition: earliest, latest, or by_duration with a time before now."),
    no_effect("share.delivery.count.limit", NO_SHARE_GROUPS, "The most attempts to deliver a record to the share group."),
    no_effect("share.heartbeat.interval.ms", NO_SHARE_GROUPS, "The interval at which members of the share group send heartbeats, in milliseconds."),
    no_effect("share.isolation.level", NO_SHARE_GROUPS, "Whether the share group gets records of transactions that are open or aborted."),
    no_effect("share.partition.max.record.locks", NO_SHARE_GROUPS, "The most records of a partition that are locked at once in the share group."),
    no_effect("share.record.lock.duration.ms", NO_SHARE_GROUPS, "The time for which a member of the share group holds a record, in milliseconds."),
    no_effect("share.renew.acknowledge.enable", NO_SHARE_GROUPS, "Whether a member of the share group may renew its hold on a record."),
    no_effect("share.session.timeout.ms", NO_SHARE_GROUPS, "The time without a heartbeat after which a member of the share group is removed, in milliseconds."),
    no_effect("streams.acceptable.recovery.lag", NO_STREAMS_GROUPS, "The lag up to which a client counts as caught up with a task."),
    no_effect("streams.assignment.interval.ms", NO_STREAMS_GROUPS, "The least time between two assignments of the streams group, in milliseconds."),
    no_effect("streams.assignor.name", NO_STREAMS_GROUPS, "The assignor of the streams group."),
    no_effect("streams.assignor.offload.enable", NO_STREAMS_GROUPS, "Whether assignments of the streams group are computed in a thread of their own."),
    no_effect("streams.heartbeat.interval.ms", NO_STREAMS_GROUPS, "The interval at which members of the streams group send heartbeats, in milliseconds."),
    no_effect("streams.initial.rebalance.delay.ms", NO_STREAMS_GROUPS, "The time that the new streams group waits for more members, in milliseconds."),
    no_effect("streams.num.standby.replicas", NO_STREAMS_GROUPS, "The standby replicas of each task."),
    no_effect("streams.num.warmup.replicas", NO_STREAMS_GROUPS, "The most warm-up tasks of the group."),
    no_effect("streams.rack.aware.assignment.tags", NO_STREAMS_GROUPS, "The client tags over which standby replicas are spread."),
    no_effect("streams.session.timeout.ms", NO_STREAMS_GROUPS, "The time without a heartbeat after which a member of the streams group is removed, in milliseconds."),
    no_effect("streams.task.offset.interval.ms", NO_STREAMS_GROUPS, "The interval at which clients of the streams group report the offsets of their tasks, in milliseconds."),
];

/// Returns the broker config that a group config gets its default from, if any.
pub(crate) fn synonym(name: &str) -> Option<&'static str> {
    let index = GROUP_SYNONYMS
        .binary_search_by(|(config, _)| (*config).cmp(name))
        .ok()?;
    Some(GROUP_SYNONYMS[index].1.first()?.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_group_configs_is_sorted_and_its_defaults_are_right() {
        let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        let defined: Vec<_> = GROUP.iter().map(|definition| definition.name).collect();
        assert_eq!(names, defined);
        assert!(names.is_sorted_by(|one, other| one < other));
        for definition in GROUP {
            if let Some(default) = definition.default {
                definition.parse(default).expect(definition.name);
            }
        }
    }
}
