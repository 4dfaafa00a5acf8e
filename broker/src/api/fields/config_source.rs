//! Where a config's value comes from, on the wire. Source: Kafka's `DescribeConfigsResponse.ConfigSource`.

use crate::config::layers::Source;

/// Where a config's value comes from, as DescribeConfigs and CreateTopics number it.
pub(crate) fn config_source(source: Source) -> i8 {
    match source {
        Source::DynamicTopic => 1,
        Source::DynamicBroker => 2,
        Source::DynamicDefaultBroker => 3,
        Source::StaticBroker => 4,
        Source::Default => 5,
    }
}
