//! Mappings in AWS's own member names, each of which is checked.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The members of CreateEventSourceMapping. Their values are checked when the mapping is created, as AWS's are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MappingEntry(pub Map<String, Value>);

/// A named variant of a mapping: members that are added to the mapping's or replace them.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantEntry {
    /// The value of the key `name`.
    pub name: String,
    /// The members that differ from the mapping's.
    pub members: Map<String, Value>,
}

/// The members of CreateEventSourceMapping that apply to Kafka.
const MEMBERS: &[&str] = &[
    "AmazonManagedKafkaEventSourceConfig",
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "LoggingConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Tags",
    "Topics",
];

const NAME: &str = "name";

impl<'de> Deserialize<'de> for MappingEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

impl<'de> Deserialize<'de> for VariantEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedMembers)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table with the members of CreateEventSourceMapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some(MemberName(name)) = map.next_key()? {
            members.insert(name, map.next_value()?);
        }
        Ok(members)
    }
}

struct NamedMembers;

impl<'de> Visitor<'de> for NamedMembers {
    type Value = VariantEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table with a name and members of CreateEventSourceMapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VariantEntry, A::Error> {
        let (mut name, mut members) = (None, Map::new());
        while let Some(key) = map.next_key()? {
            match key {
                VariantKey::Name => name = Some(map.next_value()?),
                VariantKey::Member(member) => {
                    members.insert(member, map.next_value()?);
                }
            }
        }
        let name = name.ok_or_else(|| A::Error::missing_field(NAME))?;
        Ok(VariantEntry { name, members })
    }
}

/// A key that is checked while it is read, because serde's error then has the key's line.
struct MemberName(String);

impl<'de> Deserialize<'de> for MemberName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        member(String::deserialize(deserializer)?).map(Self)
    }
}

enum VariantKey {
    Name,
    Member(String),
}

impl<'de> Deserialize<'de> for VariantKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        if key == NAME {
            Ok(Self::Name)
        } else {
            member(key).map(Self::Member)
        }
    }
}

fn member<E: Error>(name: String) -> Result<String, E> {
    if MEMBERS.contains(&name.as_str()) {
        Ok(name)
    } else {
        Err(E::unknown_field(&name, MEMBERS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variant(text: &str) -> Result<VariantEntry, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_variant_is_a_name_and_members() {
        let parsed = variant("name = 'few'\nProvisionedPollerConfig = { MinimumPollers = 2 }\n");
        let members = json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } });
        let expected = VariantEntry {
            name: "few".to_owned(),
            members: members.as_object().cloned().unwrap_or_default(),
        };
        assert_eq!(parsed, Ok(expected));
    }

    #[test]
    fn a_member_that_aws_does_not_have_is_named_with_its_line() {
        let error = variant("name = 'few'\nBatchsize = 3\n").expect_err("no such member");
        assert!(
            error.contains("line 2") && error.contains("`Batchsize`"),
            "{error}"
        );
        let error = variant("BatchSize = 3\n").expect_err("no name");
        assert!(error.contains("missing field `name`"), "{error}");
        let mapping: Result<MappingEntry, _> = toml::from_str("name = 'few'\n");
        assert!(mapping.is_err(), "mappings have no name");
    }
}
