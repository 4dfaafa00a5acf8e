//! The memory limit: the producer's error, the safety of acknowledged records, and the survival of the process.

use rdkafka::types::RDKafkaErrorCode;

use crate::case::Case;
use crate::context::Context;
use crate::kafka;
use crate::server::Server;
use crate::wait::until;

const TOPIC: &str = "filling";
const VALUE_BYTES: usize = 900_000;
const SENT: usize = 40;
/// Number of values that are kept: records may take three quarters of 32 MiB, and a frame with such a value takes a buffer of 896 KiB.
const KEPT: usize = 27;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "product",
        "at_its_memory_limit_refuses_producers_and_keeps_acknowledged_records",
        &[],
        at_the_limit,
    )]
}

fn value(index: usize) -> Vec<u8> {
    let mut value = vec![index as u8; VALUE_BYTES];
    value[..8].copy_from_slice(&index.to_be_bytes());
    value
}

fn at_the_limit(context: &Context) {
    let server = Server::start(context, &["--memory-limit", "32M"]);
    let bootstrap_servers = &server.bootstrap_servers;
    kafka::create_topic(bootstrap_servers, TOPIC, 1);
    let values: Vec<_> = (0..SENT).map(value).collect();
    let outcomes = kafka::produce_one_by_one(bootstrap_servers, TOPIC, &values);
    let acknowledged: Vec<_> = (0..KEPT as i64).map(Ok).collect();
    let refused = vec![Err(RDKafkaErrorCode::NotEnoughReplicas); SENT - KEPT];
    assert_eq!(outcomes, [acknowledged, refused].concat());

    assert_eq!(kafka::watermarks(bootstrap_servers, TOPIC, 0), (0, KEPT as i64));
    let read = kafka::read(bootstrap_servers, TOPIC, KEPT, context.deadline);
    assert!(
        read == values[..KEPT],
        "acknowledged records are read as they were sent"
    );
    let said = server.log().matches("producers get NOT_ENOUGH_REPLICAS").count();
    assert_eq!(said, 1, "the log reports it once");

    // A deleted topic frees its memory.
    kafka::delete_topic(bootstrap_servers, TOPIC);
    let outcomes = || kafka::produce_one_by_one(bootstrap_servers, "after", &values[..1]);
    until(
        context.deadline,
        || "a producer is acknowledged again".to_owned(),
        || outcomes() == [Ok(0)],
    );
    server.stop();
}
