//! The routes that the client knows in the cluster: its brokers, the partitions' leaders and the groups' coordinators. Each entry is true until a
//! broker says otherwise. Pure.

use super::endpoint::Endpoint;
use kafka_protocol::messages::MetadataResponse;
use std::collections::{BTreeMap, BTreeSet};

/// UNKNOWN_TOPIC_OR_PARTITION.
pub(super) const UNKNOWN_TOPIC: i16 = 3;

/// The routes to the brokers that answer for topics and groups.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The endpoint that answered a request that any broker can answer last.
    preferred: Option<Endpoint>,
    brokers: BTreeSet<Endpoint>,
    /// The leaders of each topic by partition; `None` for a partition without a leader.
    leaders: BTreeMap<String, Vec<Option<Endpoint>>>,
    coordinators: BTreeMap<String, Endpoint>,
}

impl Routes {
    /// Returns the endpoints to try for a request that any broker can answer, in order: the last that answered, the
    /// bootstrap servers, and the brokers of the last metadata.
    pub(super) fn candidates(&self, bootstrap_servers: &[Endpoint]) -> Vec<Endpoint> {
        let mut candidates: Vec<Endpoint> = Vec::new();
        let all = self
            .preferred
            .iter()
            .chain(bootstrap_servers)
            .chain(&self.brokers);
        for endpoint in all {
            if !candidates.contains(endpoint) {
                candidates.push(endpoint.clone());
            }
        }
        candidates
    }

    /// Notes the endpoint that answered.
    pub(super) fn prefer(&mut self, endpoint: Endpoint) {
        self.preferred = Some(endpoint);
    }

    /// Notes the leaders of a topic. Returns their number.
    ///
    /// # Errors
    /// The code of the topic.
    pub(super) fn learn(&mut self, topic: &str, metadata: &MetadataResponse) -> Result<usize, i16> {
        let brokers: BTreeMap<i32, Endpoint> = metadata
            .brokers
            .iter()
            .filter_map(|broker| Some((broker.node_id.0, Endpoint::of(&broker.host, broker.port)?)))
            .collect();
        self.brokers = brokers.values().cloned().collect();
        let named = |name: Option<&str>| name == Some(topic);
        let found = metadata
            .topics
            .iter()
            .find(|found| named(found.name.as_ref().map(|name| name.as_str())));
        let Some(found) = found else {
            return Err(UNKNOWN_TOPIC);
        };
        if found.error_code != 0 {
            self.leaders.remove(topic);
            return Err(found.error_code);
        }
        let mut leaders = vec![None; found.partitions.len()];
        for partition in &found.partitions {
            let index = usize::try_from(partition.partition_index).unwrap_or(usize::MAX);
            if let Some(leader) = leaders.get_mut(index) {
                *leader = brokers.get(&partition.leader_id.0).cloned();
            }
        }
        let count = leaders.len();
        self.leaders.insert(topic.to_owned(), leaders);
        Ok(count)
    }

    /// Returns the leader of each of `partitions`, in their order; `None` if one of them is not known.
    pub(super) fn leaders(&self, topic: &str, partitions: &[i32]) -> Option<Vec<Endpoint>> {
        let leaders = self.leaders.get(topic)?;
        let leader = |partition: &i32| leaders.get(usize::try_from(*partition).ok()?)?.clone();
        partitions.iter().map(leader).collect()
    }

    /// Returns the leader of a partition, if it is known.
    pub(super) fn leader(&self, topic: &str, partition: i32) -> Option<Endpoint> {
        self.leaders(topic, &[partition])?.pop()
    }

    /// Forgets the leaders of a topic, because one of them is not the leader or does not answer.
    pub(super) fn forget_leaders(&mut self, topic: &str) {
        self.leaders.remove(topic);
    }

    /// Returns the coordinator of a group, if it is known.
    pub(super) fn coordinator(&self, group_id: &str) -> Option<Endpoint> {
        self.coordinators.get(group_id).cloned()
    }

    /// Notes the coordinator of a group.
    pub(super) fn set_coordinator(&mut self, group_id: &str, coordinator: Endpoint) {
        self.coordinators.insert(group_id.to_owned(), coordinator);
    }

    /// Forgets the coordinator of a group, because it is not the coordinator or does not answer.
    pub(super) fn forget_coordinator(&mut self, group_id: &str) {
        self.coordinators.remove(group_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::metadata_response::{
        MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
    };
    use kafka_protocol::protocol::StrBytes;

    fn endpoint(port: u16) -> Endpoint {
        Endpoint {
            host: "kafka".to_owned(),
            port,
        }
    }

    /// Brokers 1 and 2 on ports of the same number; leaders by partition, -1 for none.
    fn metadata(topic: &'static str, error_code: i16, leaders: &[i32]) -> MetadataResponse {
        let broker = |id: i32| {
            MetadataResponseBroker::default()
                .with_node_id(id.into())
                .with_host(StrBytes::from_static_str("kafka"))
                .with_port(id)
        };
        let partition = |(index, leader): (usize, &i32)| {
            MetadataResponsePartition::default()
                .with_partition_index(index as i32)
                .with_leader_id((*leader).into())
        };
        let topic = MetadataResponseTopic::default()
            .with_name(Some(StrBytes::from_static_str(topic).into()))
            .with_error_code(error_code)
            .with_partitions(leaders.iter().enumerate().map(partition).collect());
        MetadataResponse::default()
            .with_brokers(vec![broker(1), broker(2)])
            .with_topics(vec![topic])
    }

    #[test]
    fn leaders_are_known_until_they_are_forgotten() {
        let mut routes = Routes::default();
        assert_eq!(routes.leaders("orders", &[0]), None);
        assert_eq!(routes.learn("orders", &metadata("orders", 0, &[2, -1, 1])), Ok(3));
        assert_eq!(
            routes.leaders("orders", &[2, 0]),
            Some(vec![endpoint(1), endpoint(2)])
        );
        assert_eq!(
            routes.leaders("orders", &[0, 1]),
            None,
            "partition 1 has no leader"
        );
        assert_eq!(routes.leaders("orders", &[3]), None);
        assert_eq!(routes.leader("orders", 0), Some(endpoint(2)));
        routes.forget_leaders("orders");
        assert_eq!(routes.leader("orders", 0), None);
    }

    #[test]
    fn the_error_of_a_topic_is_told() {
        let mut routes = Routes::default();
        assert_eq!(routes.learn("orders", &metadata("orders", 5, &[])), Err(5));
        assert_eq!(
            routes.learn("orders", &metadata("others", 0, &[1])),
            Err(UNKNOWN_TOPIC)
        );
    }

    #[test]
    fn the_endpoint_that_answered_last_is_asked_first_and_all_others_after_it() {
        let mut routes = Routes::default();
        let bootstrap_servers = [endpoint(9), endpoint(2)];
        assert_eq!(routes.candidates(&bootstrap_servers), bootstrap_servers);
        routes
            .learn("orders", &metadata("orders", 0, &[]))
            .expect("no error");
        routes.prefer(endpoint(2));
        let expected = [endpoint(2), endpoint(9), endpoint(1)];
        assert_eq!(routes.candidates(&bootstrap_servers), expected);
    }

    #[test]
    fn a_coordinator_is_known_until_it_is_forgotten() {
        let mut routes = Routes::default();
        routes.set_coordinator("group", endpoint(1));
        assert_eq!(routes.coordinator("group"), Some(endpoint(1)));
        assert_eq!(routes.coordinator("other"), None);
        routes.forget_coordinator("group");
        assert_eq!(routes.coordinator("group"), None);
    }
}
