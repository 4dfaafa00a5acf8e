//! Mappings in AWS's own member names, each of which is checked, at every depth.

use super::KedaEntry;
use esmeralda_esm::KnownMembers;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
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
    /// The value of the key `keda`: the fleet is scaled by KEDA's rules instead of Lambda's.
    pub keda: Option<KedaEntry>,
}

const NAME: &str = "name";
const KEDA: &str = "keda";

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
        let known = KnownMembers::top();
        while let Some(name) = map.next_key_seed(MemberName(known))? {
            let value = map.next_value_seed(MemberValue(known.below(&name)))?;
            members.insert(name, value);
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
        let (mut name, mut keda, mut members) = (None, None, Map::new());
        let known = KnownMembers::top();
        while let Some(key) = map.next_key_seed(VariantKey(known))? {
            if key == NAME {
                name = Some(map.next_value()?);
            } else if key == KEDA {
                keda = Some(map.next_value()?);
            } else {
                let value = map.next_value_seed(MemberValue(known.below(&key)))?;
                members.insert(key, value);
            }
        }
        let name = name.ok_or_else(|| A::Error::missing_field(NAME))?;
        Ok(VariantEntry { name, members, keda })
    }
}

/// A key that is checked while it is read, because serde's error then has the key's line.
struct MemberName(KnownMembers);

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        check(self.0, String::deserialize(deserializer)?)
    }
}

/// A key of a variant: `name`, `keda`, or a member.
struct VariantKey(KnownMembers);

impl<'de> DeserializeSeed<'de> for VariantKey {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let key = String::deserialize(deserializer)?;
        if key == NAME || key == KEDA {
            Ok(key)
        } else {
            check(self.0, key)
        }
    }
}

fn check<E: Error>(known: KnownMembers, name: String) -> Result<String, E> {
    let names = known.names();
    if names.contains(&name.as_str()) {
        Ok(name)
    } else {
        let expected = names.join("`, `");
        Err(E::custom(format!(
            "unknown field `{name}`, expected one of `{expected}`"
        )))
    }
}

/// The value of a member, with the members that are allowed below it; `None` for a member whose keys are free.
struct MemberValue(Option<KnownMembers>);

impl<'de> DeserializeSeed<'de> for MemberValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0 {
            Some(_) => deserializer.deserialize_any(self),
            None => Value::deserialize(deserializer),
        }
    }
}

/// A value of another type than the member's is taken as it is: AWS's error comes when the mapping is created.
impl<'de> Visitor<'de> for MemberValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a member of CreateEventSourceMapping")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Self(self.0))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let known = self
            .0
            .expect("a value is only visited with the members that are allowed below it");
        let mut members = Map::new();
        while let Some(name) = map.next_key_seed(MemberName(known))? {
            let value = map.next_value_seed(MemberValue(known.below(&name)))?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
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
            keda: None,
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

    #[test]
    fn a_nested_member_that_aws_does_not_have_is_named_with_its_line() {
        let cases = [
            (
                "[ProvisionedPollerConfig]\nMinimumPollers = 1\nMinimumPolers = 2\n",
                3,
                "unknown field `MinimumPolers`, expected one of `MaximumPollers`, `MinimumPollers`, `PollerGroupName`",
            ),
            (
                "BatchSize = 1\nFilterCriteria = { Filters = [{ Pattern = '{}' }, { Patern = '{}' }] }\n",
                2,
                "unknown field `Patern`, expected one of `Pattern`",
            ),
            (
                "\nSelfManagedKafkaEventSourceConfig = { SchemaRegistryConfig = { Uri = 'x' } }\n",
                2,
                "unknown field `Uri`, expected one of `AccessConfigs`, `EventRecordFormat`, `SchemaRegistryURI`, \
                 `SchemaValidationConfigs`",
            ),
            (
                "BatchSize = 1\nQueues = ['q']\n",
                2,
                "unknown field `Queues`, expected one of `AmazonManagedKafkaEventSourceConfig`, `BatchSize`, ",
            ),
        ];
        for (text, line, message) in cases {
            let parsed: Result<MappingEntry, _> = toml::from_str(text);
            let error = parsed.expect_err(text).to_string();
            assert!(
                error.contains(&format!("line {line}")) && error.contains(message),
                "{error}"
            );
        }
    }

    #[test]
    fn free_keys_and_values_of_any_type_are_taken_as_they_are() {
        let parsed: MappingEntry = toml::from_str(
            "Tags = { anything = 'x' }\nFilterCriteria = 3\nProvisionedPollerConfig = { MinimumPollers = 'many' }\nEnabled = true\n\
             SelfManagedEventSource = { Endpoints = { KAFKA_BOOTSTRAP_SERVERS = ['a:1'] } }\n",
        )
        .expect("known members");
        let expected = json!({
            "Tags": { "anything": "x" },
            "FilterCriteria": 3,
            "ProvisionedPollerConfig": { "MinimumPollers": "many" },
            "Enabled": true,
            "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["a:1"] } },
        });
        assert_eq!(Value::Object(parsed.0), expected);
    }
}
