//! The delivery of records: every record once and in order, and a failed batch before the records after it.

use std::collections::BTreeMap;

use serde_json::json;

use super::aws::Boto;
use super::function::Function;
use super::{TOPIC, assert_committed_to_the_end, create_arguments, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::server::Server;
use crate::setup::Toolchain;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(
            "boto3",
            "a_mapping_delivers_every_record_once_and_in_order",
            &[Toolchain::Python],
            every_record_once,
        ),
        Case::with(
            "boto3",
            "a_failed_batch_is_sent_again_before_its_partitions_go_on",
            &[Toolchain::Python],
            failed_batch,
        ),
    ]
}

fn every_record_once(context: &Context) {
    const EACH: i64 = 500;
    const PARTITION_COUNT: i32 = 4;
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, PARTITION_COUNT);
    let produce = || {
        let records: Vec<Sent<'_>> = (0..EACH)
            .flat_map(|_| {
                (0..PARTITION_COUNT).map(|partition| Sent::new(partition, Some("key"), Some("value")))
            })
            .collect();
        kafka::produce(&server.bootstrap_servers, TOPIC, &records);
    };
    // Half of the records are produced before the mapping exists, half while it runs.
    produce();
    let mut boto = Boto::start(context, &server);
    let created = boto.call("create_event_source_mapping", &create_arguments(&server));
    let uuid = uuid_of(&created);
    boto.wait_for_state(&uuid, "Enabled");
    produce();
    let total = 2 * EACH as usize * PARTITION_COUNT as usize;
    function.wait_for(total, context.deadline);
    assert_committed_to_the_end(context, &server, &uuid, PARTITION_COUNT);
    assert_eq!(
        boto.wait_for_state(&uuid, "Enabled")["LastProcessingResult"],
        "OK"
    );
    server.stop();
    function.pump();

    let received = function.received();
    assert_eq!(received.len(), total, "every record once");
    let mut by_partition: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    received
        .iter()
        .for_each(|(partition, offset)| by_partition.entry(*partition).or_default().push(*offset));
    for partition in 0..i64::from(PARTITION_COUNT) {
        assert_eq!(
            by_partition[&partition],
            (0..2 * EACH).collect::<Vec<_>>(),
            "partition {partition}"
        );
    }
    let largest = function.invocations.iter().map(|one| one.records.len()).max();
    assert!(largest <= Some(100), "a batch of {largest:?} records");
}

fn failed_batch(context: &Context) {
    let mut function = Function::start(context, 2);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    kafka::produce(
        &server.bootstrap_servers,
        TOPIC,
        &[Sent::new(0, None, Some("value")); 5],
    );
    let mut boto = Boto::start(context, &server);
    let mut arguments = create_arguments(&server);
    arguments["BatchSize"] = json!(3);
    let uuid = uuid_of(&boto.call("create_event_source_mapping", &arguments));
    function.wait_for(5, context.deadline);
    let records: Vec<Vec<(i64, i64)>> = function
        .invocations
        .iter()
        .map(|one| one.records.clone())
        .collect();
    let first = vec![(0, 0), (0, 1), (0, 2)];
    assert_eq!(
        records,
        [first.clone(), first.clone(), first, vec![(0, 3), (0, 4)]]
    );
    assert_committed_to_the_end(context, &server, &uuid, 1);
    server.stop();
}
