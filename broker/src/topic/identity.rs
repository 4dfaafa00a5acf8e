//! The ids of topics. The first topic of a name has an id that follows from the cluster id and the name; one that takes the name of a
//! deleted topic gets a random id.
//!
//! Kafka keeps a topic's id over a restart, because it is stored with the topic. Records and topics are gone here, but a client that
//! outlives the restart asks for the topic by the id that it knows (Fetch 13, Produce 13), and some ask for nothing else from then on.
//! So a topic that is declared or created again after a restart has to have the id that it had.

use crate::Entropy;
use std::collections::HashSet;
use uuid::Uuid;

/// The number of deleted topics whose first ids are remembered. A cluster that has deleted more gives out random ids only.
const MAX_RETIRED: usize = 100_000;

/// The first ids of topics that have been deleted. Each stands for its name, and takes less memory.
#[derive(Debug, Default)]
pub(super) struct RetiredIds {
    ids: HashSet<Uuid>,
}

impl RetiredIds {
    /// Returns an id for a new topic: the first one of its name, or `None` if that one was given to a topic that has been deleted.
    pub(super) fn first_id(&self, cluster_id: &str, name: &str) -> Option<Uuid> {
        let id = first_id(cluster_id, name);
        // A client that knew the deleted topic must not take the new one for it, so an id never comes back within a process.
        let is_free = self.ids.len() < MAX_RETIRED && !self.ids.contains(&id);
        is_free.then_some(id)
    }

    /// Notes that the topic of that name has been deleted.
    pub(super) fn retire(&mut self, cluster_id: &str, name: &str) {
        if self.ids.len() < MAX_RETIRED {
            self.ids.insert(first_id(cluster_id, name));
        }
    }
}

/// Returns a random id that Kafka could have drawn.
pub(super) fn random_id(entropy: &Entropy) -> Uuid {
    loop {
        let id = entropy.uuid();
        // Kafka writes ids in base64 and draws none that begins with `-`, which command line tools would take for an option. Source:
        // `org.apache.kafka.common.Uuid.randomUuid`.
        if id.as_bytes()[0] >> 2 != BASE64_DASH {
            return id;
        }
    }
}

/// The value of `-` in the alphabet of base64url.
const BASE64_DASH: u8 = 62;

fn first_id(cluster_id: &str, name: &str) -> Uuid {
    // FNV-1a with 64 bits. Neither part can contain the separator, so no two pairs give the same bytes.
    let bytes = cluster_id.bytes().chain([0]).chain(name.bytes());
    let seed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    random_id(&Entropy::from_seed(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_follows_from_the_cluster_id_and_the_name() {
        let id = first_id("esmeralda", "orders");
        // A constant: another version of the program has to give the same id.
        assert_eq!(id.to_string(), "396cd26c-74b0-4b49-bc58-5a0479f2a491");
        assert_ne!(first_id("esmeralda", "payments"), id);
        assert_ne!(first_id("another", "orders"), id);
        assert_ne!(first_id("a", "bc"), first_id("ab", "c"));
    }

    #[test]
    fn ids_are_random_uuids_and_never_begin_with_a_dash_in_base64() {
        for topic in 0..1_000 {
            let id = first_id("esmeralda", &format!("topic-{topic}"));
            assert_eq!(id.get_version_num(), 4);
            assert_ne!(id.as_bytes()[0] >> 2, BASE64_DASH);
        }
    }

    #[test]
    fn the_id_of_a_deleted_topic_is_never_given_out_again() {
        let mut retired = RetiredIds::default();
        assert_eq!(retired.first_id("c", "a"), Some(first_id("c", "a")));
        retired.retire("c", "a");
        assert_eq!(retired.first_id("c", "a"), None);
        assert_eq!(retired.first_id("c", "b"), Some(first_id("c", "b")));
    }

    #[test]
    fn more_deleted_topics_than_are_remembered_leave_only_random_ids() {
        let mut retired = RetiredIds::default();
        for topic in 0..=MAX_RETIRED {
            retired.retire("c", &topic.to_string());
        }
        assert_eq!(retired.ids.len(), MAX_RETIRED);
        assert_eq!(retired.first_id("c", "never deleted"), None);
    }
}
