//! A topic that early versions of a request name, and later ones give by its id.

use super::wire;
use crate::topic::TopicKey;
use kafka_protocol::messages::TopicName;
use uuid::Uuid;

/// Returns the key of a topic in a request: its id if the version has it, its name otherwise.
pub(crate) fn topic_key(has_id: bool, name: &str, id: Uuid) -> TopicKey {
    if has_id {
        TopicKey::Id(id)
    } else {
        TopicKey::Name(name.into())
    }
}

/// Returns the name and the id of a topic for the answer, of which the version has only the one that the request had.
pub(crate) fn name_and_id(key: TopicKey) -> (TopicName, Uuid) {
    match key {
        TopicKey::Name(name) => (TopicName(wire(&name)), Uuid::nil()),
        TopicKey::Id(id) => (TopicName::default(), id),
    }
}
