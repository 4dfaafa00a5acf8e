//! The wire values of the sources of configs. Source: Kafka's `DescribeConfigsResponse.ConfigSource`.

use crate::config::layers::Source;

/// Returns the code of a source, as in DescribeConfigs and CreateTopics.
pub(crate) fn config_source(source: Source) -> i8 {
    match source {
        Source::DynamicTopic => 1,
        Source::DynamicBroker => 2,
        Source::DynamicDefaultBroker => 3,
        Source::StaticBroker => 4,
        Source::Default => 5,
        Source::ClientMetrics => 7,
        Source::Group => 8,
    }
}
