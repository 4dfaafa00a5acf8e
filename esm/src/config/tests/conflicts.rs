//! Mappings that may not exist beside each other.

use super::*;

#[test]
fn mappings_conflict_over_function_topic_and_a_common_server() {
    let endpoints = |servers: &[&str]| json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } });
    let existing = create(body(
        json!({ "SelfManagedEventSource": endpoints(&["localhost:9092"]) }),
    ))
    .unwrap();
    let with = |members: Value| {
        let mut members = members;
        members["SelfManagedKafkaEventSourceConfig"] = json!({ "ConsumerGroupId": "other" });
        create(body(members)).unwrap().check_conflict(&existing)
    };
    assert_eq!(
        with(json!({ "SelfManagedEventSource": endpoints(&["localhost:9092", "kafka.test:9093"]) })),
        Err(ApiError::conflict(format!(
            "An event source mapping with event source (\"localhost:9092,kafka.test:9093\"), function \
             (\"arn:aws:lambda:eu-west-1:000000000000:function:f\"), topics (\"orders\") already exists. Please update or delete the \
             existing mapping with UUID {UUID}"
        )))
    );
    assert_eq!(
        with(json!({ "SelfManagedEventSource": endpoints(&["kafka.test:9093"]) })),
        Ok(())
    );
    assert_eq!(with(json!({ "Topics": ["payments"] })), Ok(()));
    assert_eq!(with(json!({ "FunctionName": "g" })), Ok(()));
}

#[test]
fn a_consumer_group_belongs_to_one_mapping() {
    let group = json!({ "ConsumerGroupId": "group" });
    let existing = create(body(json!({ "SelfManagedKafkaEventSourceConfig": group }))).unwrap();
    let other = create(body(
        json!({ "FunctionName": "g", "SelfManagedKafkaEventSourceConfig": group }),
    ))
    .unwrap();
    assert_eq!(
        other.check_conflict(&existing),
        Err(ApiError::invalid_parameter(format!(
            "ConsumerGroupId group is already used by the event source mapping with UUID {UUID}."
        )))
    );
}
