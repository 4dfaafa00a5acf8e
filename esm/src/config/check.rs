//! A check of declared mappings before anything runs: CreateEventSourceMapping by AWS's rules, without an engine.

use super::{ApiError, CreateMapping, MappingDefinition, Surroundings};
use crate::destination::ReachableServices;
use crate::invoker::{ClosureInvoker, Functions};
use crate::secrets::Secrets;
use bytes::Bytes;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A check of mappings that are declared together.
///
/// # Differs from Lambda
/// Every function and every destination exists, every cluster can be read without a secret, and no timestamp is in the future. Members that are not built pass, because AWS allows them.
#[derive(Debug)]
pub struct MappingCheck {
    functions: Functions,
    secrets: Secrets,
    accepted: Vec<MappingDefinition>,
}

/// The parts of an accepted mapping that other declarations have to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedMapping {
    /// The function's name, without qualifier.
    pub function_name: String,
    /// The topic.
    pub topic: String,
}

impl Default for MappingCheck {
    fn default() -> Self {
        let functions = Functions::default();
        let nobody = ClosureInvoker::new(|payload: Bytes| async move { Ok::<_, String>(payload) });
        functions.set_fallback(Arc::new(nobody));
        Self {
            functions,
            secrets: Secrets::default(),
            accepted: Vec::new(),
        }
    }
}

impl MappingCheck {
    /// Checks the members of a CreateEventSourceMapping beside the mappings that were accepted before. Errors of later mappings call
    /// this one `name`, where AWS would have its UUID.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers.
    pub fn create(&mut self, name: &str, members: Map<String, Value>) -> Result<CheckedMapping, ApiError> {
        let servers = named_servers(&members);
        let request: CreateMapping = serde_json::from_value(Value::Object(members))
            .map_err(|error| ApiError::serialization(error.to_string()))?;
        let surroundings = Surroundings {
            account_id: "000000000000",
            region: "us-east-1",
            bootstrap_servers: &servers,
            functions: &self.functions,
            secrets: &self.secrets,
            has_network: true,
            reachable: ReachableServices {
                sqs: true,
                sns: true,
                s3: true,
            },
            // No starting timestamp is in the future.
            now_ms: i64::MAX,
        };
        let definition = MappingDefinition::create_by_aws_rules(request, name, &surroundings)?;
        for accepted in &self.accepted {
            definition.check_conflict(accepted)?;
        }
        definition.check_poller_group(&self.accepted)?;
        let checked = CheckedMapping {
            function_name: definition.config.function_name.clone(),
            topic: definition.config.envelope.topic.clone(),
        };
        self.accepted.push(definition);
        Ok(checked)
    }
}

/// Returns the bootstrap servers that a request names. They count as the embedded cluster's, so that no secret is asked for.
fn named_servers(members: &Map<String, Value>) -> Vec<String> {
    let servers = members
        .get("SelfManagedEventSource")
        .and_then(|source| source.pointer("/Endpoints/KAFKA_BOOTSTRAP_SERVERS"))
        .and_then(Value::as_array);
    let servers = servers.into_iter().flatten();
    servers.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(check: &mut MappingCheck, name: &str, body: Value) -> Result<CheckedMapping, String> {
        let Value::Object(members) = body else {
            panic!("{body}")
        };
        check.create(name, members).map_err(|error| error.message)
    }

    fn body(topic: &str, group: &str) -> Value {
        json!({
            "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
            "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["elsewhere.test:9092"] } },
            "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": group },
            "Topics": [topic],
        })
    }

    #[test]
    fn any_function_and_any_cluster_pass() {
        let checked = create(&mut MappingCheck::default(), "first", body("orders", "g"));
        let expected = CheckedMapping {
            function_name: "f".to_owned(),
            topic: "orders".to_owned(),
        };
        assert_eq!(checked, Ok(expected));
    }

    #[test]
    fn what_is_not_built_passes_and_what_aws_refuses_does_not() {
        let mut queue = body("orders", "g");
        queue["SelfManagedKafkaEventSourceConfig"]["ConsumptionMode"] = "Queue".into();
        assert!(create(&mut MappingCheck::default(), "first", queue).is_ok());
        let mut young = body("orders", "g");
        young["MaximumRecordAgeInSeconds"] = 30.into();
        let error = create(&mut MappingCheck::default(), "first", young).expect_err("AWS refuses 30");
        assert_eq!(
            error,
            "MaximumRecordAgeInSeconds (30) must be -1, or from 60 to 604800."
        );
    }

    #[test]
    fn a_group_of_an_earlier_mapping_is_refused_with_its_name() {
        let mut check = MappingCheck::default();
        create(&mut check, "first", body("orders", "g")).expect("a valid mapping");
        let error = create(&mut check, "second", body("payments", "g")).expect_err("the same group");
        assert_eq!(
            error,
            "ConsumerGroupId g is already used by the event source mapping with UUID first."
        );
    }
}
