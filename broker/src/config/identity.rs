//! The ids of the brokers: they count up from the first one's. Source: Kafka's `node.id` and `broker.id`.

use super::{Config, ConfigError};
use crate::ids::NodeId;

/// Kafka's names of the config: the one that counts, and the older one, which must then be the same.
const KEYS: [&str; 2] = ["node.id", "broker.id"];

/// The id of the first broker if none is set. Kafka has no default; its own tests and examples begin with 1 or 0.
const FIRST_ID: i32 = 1;

impl Config {
    /// Takes the id of the first broker out of the properties, because it is not the same for all brokers as other properties are.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not a number of 0 or more that leaves room for the ids of all brokers, or if both names are set with
    /// different values.
    pub(crate) fn take_first_node_id(&mut self) -> Result<NodeId, ConfigError> {
        let mut first = None;
        for name in KEYS {
            let Some(text) = self.properties.remove(name) else {
                continue;
            };
            let id = self.parse_id(name, &text)?;
            if first.is_some_and(|first| first != id) {
                return Err(ConfigError::Conflict {
                    reason: format!("broker.id is {id}, and node.id is another id: must be the same"),
                });
            }
            first = Some(id);
        }
        Ok(NodeId(first.unwrap_or(FIRST_ID)))
    }

    fn parse_id(&self, name: &str, text: &str) -> Result<i32, ConfigError> {
        let last = i32::MAX - self.nodes.len() as i32;
        let id = text.trim().parse().ok();
        id.filter(|id| (0..=last).contains(id))
            .ok_or_else(|| ConfigError::Invalid {
                name: name.to_owned(),
                value: text.to_owned(),
                reason: format!("it must be the id of the first broker, a whole number from 0 to {last}"),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(properties: &[(&str, &str)]) -> Result<i32, String> {
        let mut config = Config {
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Config::default()
        };
        let first = config.take_first_node_id();
        assert!(first.is_err() || config.properties.is_empty());
        first.map(|id| id.0).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_id_is_1_or_the_one_that_is_set() {
        for (properties, expected) in [
            (&[][..], Ok(1)),
            (&[("node.id", "0")], Ok(0)),
            (&[("broker.id", " 7 ")], Ok(7)),
            (&[("broker.id", "7"), ("node.id", "7")], Ok(7)),
            (
                &[("node.id", "-1")],
                Err(
                    "invalid value `-1` for broker config `node.id`: it must be the id of the first broker, a whole number from 0 to 2147483646",
                ),
            ),
            (
                &[("broker.id", "7"), ("node.id", "0")],
                Err(
                    "conflict between broker configs: broker.id is 7, and node.id is another id: must be the same",
                ),
            ),
        ] {
            assert_eq!(
                first(properties),
                expected.map_err(str::to_owned),
                "{properties:?}"
            );
        }
    }
}
